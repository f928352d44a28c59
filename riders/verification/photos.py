"""Photos of a look, sent by the rider who holds the task, each as often as the network makes necessary.

They are photos of the case at once, of the stage `check`; the answer names those that have come by then.
"""

from datetime import datetime

from community.errors import TooManyCasePhotos
from community.photos.attach import MOST_CASE_PHOTOS, attach_photo
from community.photos.models import CasePhoto, PhotoStage
from community.photos.queries import list_case_photos
from community.queries import lock_cases
from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.photos import StoredPhoto, check_hash
from riders.models import rider_id_of
from riders.signup.consents import PHOTO, require_consents
from riders.verification.errors import TooManyLookPhotos, VerificationNotHeld
from riders.verification.models import Task, TaskState
from riders.verification.take import get_seen

MOST_LOOK_PHOTOS = 6


async def expect_photo(conn: Connection, *, actor: Actor, task_id: int, sha256: str, now: datetime) -> CasePhoto | None:
    """Give the photo if the rider has sent it for this case already, before its body is read once more.

    Raises `NotFound`, `VerificationNotHeld`, `TooManyLookPhotos`, `TooManyCasePhotos`, `ConsentNeeded`, and
    `InvalidInput` for a malformed hash.
    """
    _, known = await _check_room(conn, actor=actor, task_id=task_id, sha256=sha256, now=now)
    return known


async def record_photo(conn: Connection, *, actor: Actor, task_id: int, photo: StoredPhoto, now: datetime) -> CasePhoto:
    """Note that the file is safe in the store; noting it again changes nothing. Raises what `expect_photo` raises."""
    task, _ = await _check_room(conn, actor=actor, task_id=task_id, sha256=photo.sha256, now=now)
    async with acting(conn, Work.CONSEQUENCE):
        return await attach_photo(conn, case_id=task.case_id, photo=photo, stage=PhotoStage.CHECK, actor=actor, now=now)


async def _check_room(
    conn: Connection, *, actor: Actor, task_id: int, sha256: str, now: datetime
) -> tuple[Task, CasePhoto | None]:
    """Hold the look, check that one more photo is taken for it, and give it with the photo if it is there."""
    check_hash(sha256)
    task = await get_seen(conn, actor=actor, task_id=task_id, now=now)
    await require_consents(conn, actor=actor, needed=[(PHOTO, "/path/sha256")])
    # The case before the task, as everywhere: its photos are counted one after another.
    async with acting(conn, Work.CONSEQUENCE):
        await lock_cases(conn, district_id=actor.district_id, case_ids=[task.case_id])
    task = await get_seen(conn, actor=actor, task_id=task_id, now=now, lock=True)
    async with acting(conn, Work.CONSEQUENCE):
        photos = await list_case_photos(conn, district_id=actor.district_id, case_id=task.case_id)
    own = [photo for photo in photos if (photo.by_kind, photo.by_id) == ("rider", rider_id_of(actor))]
    known = next((photo for photo in own if photo.sha256 == sha256), None)
    if known is not None:
        return task, known
    if task.state is not TaskState.ACCEPTED or task.rider_id != actor.id or task.accepted_at is None:
        raise VerificationNotHeld()
    sent = [photo for photo in own if photo.stage is PhotoStage.CHECK and photo.stored_at >= task.accepted_at]
    if len(sent) >= MOST_LOOK_PHOTOS:
        raise TooManyLookPhotos(most=MOST_LOOK_PHOTOS)
    if len(photos) >= MOST_CASE_PHOTOS and all(photo.sha256 != sha256 for photo in photos):
        raise TooManyCasePhotos(most=MOST_CASE_PHOTOS)
    return task, None
