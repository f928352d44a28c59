"""Attaching stored photos to a case. The file is safe on the disk before anything here is called."""

from datetime import datetime

from community import queries as case_queries
from community.errors import CaseNotFound, CaseTakesNoPhotos, TooManyCasePhotos
from community.models import ENDED, Case, State
from community.photos import queries
from community.photos.models import CasePhoto, PhotoStage
from community.photos.seen import seen_photos
from community.sight import roles_on
from core.access.models import Actor, Role
from core.database import Connection
from core.errors import NotAllowed, NotFound
from core.events import record_event
from core.photos import StoredPhoto

MOST_CASE_PHOTOS = 60

#: While something can be shown yet: of a closed case, the return visit.
_TAKES_PHOTOS = frozenset(State) - ENDED | {State.CLOSED}


async def attach_photo(
    conn: Connection, *, case_id: int, photo: StoredPhoto, stage: PhotoStage, actor: Actor, now: datetime
) -> CasePhoto:
    """Note that `photo` belongs to the case; noting it again changes nothing. Who may is the caller's business."""
    is_new = await queries.insert_case_photo(
        conn,
        district_id=actor.district_id,
        case_id=case_id,
        photo=photo,
        stage=stage,
        by_kind=actor.kind,
        by_id=actor.id,
        now=now,
    )
    if is_new:
        await record_event(
            conn,
            district_id=actor.district_id,
            kind="case.photo_added",
            subject="case",
            subject_id=case_id,
            actor=actor,
            now=now,
            data={"sha256": photo.sha256, "stage": stage},
        )
    photos = await queries.list_case_photos(conn, district_id=actor.district_id, case_id=case_id)
    return next(each for each in photos if each.sha256 == photo.sha256)


async def expect_case_photo(
    conn: Connection, *, case_id: int, sha256: str, actor: Actor, lock: bool = False
) -> CasePhoto | None:
    """Give the photo if the case has it already, before its body is read once more.

    Raises `CaseNotFound`, `NotAllowed` for who only looks on, `CaseTakesNoPhotos`, `TooManyCasePhotos`. With `lock` the
    photos of the case are counted one after another until the transaction ends.
    """
    if lock:
        await case_queries.lock_cases(conn, district_id=actor.district_id, case_ids=[case_id])
    case = await _get_seen(conn, case_id=case_id, actor=actor)
    if roles_on(actor, case) <= {Role.AUDITOR}:
        raise NotAllowed()
    photos = await queries.list_case_photos(conn, district_id=actor.district_id, case_id=case_id)
    known = next((photo for photo in photos if photo.sha256 == sha256), None)
    if known is None and case.state not in _TAKES_PHOTOS:
        raise CaseTakesNoPhotos(number=case.number, state=case.state.text)
    if known is None and len(photos) >= MOST_CASE_PHOTOS:
        raise TooManyCasePhotos(most=MOST_CASE_PHOTOS)
    return known


async def get_case_photo(conn: Connection, *, case_id: int, sha256: str, actor: Actor) -> CasePhoto:
    """Give a photo that the actor sees of a case in his sight. Raises `CaseNotFound`, `NotFound`."""
    case = await _get_seen(conn, case_id=case_id, actor=actor)
    photos = await queries.list_case_photos(conn, district_id=actor.district_id, case_id=case_id)
    for photo in seen_photos(photos, case=case, actor=actor):
        if photo.sha256 == sha256:
            return photo
    raise NotFound()


async def _get_seen(conn: Connection, *, case_id: int, actor: Actor) -> Case:
    case = await case_queries.find_case(conn, district_id=actor.district_id, case_id=case_id)
    if case is None or not roles_on(actor, case):
        raise CaseNotFound()
    return case
