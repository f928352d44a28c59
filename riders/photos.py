"""Photos of a report: sent one by one under their SHA-256, each as often as the network makes necessary.

A photo is acknowledged only when what is kept of it is safe in the store and its row committed, in this order.
"""

from datetime import datetime

from community.photos.attach import attach_photo
from community.photos.models import PhotoStage
from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import NotFound
from core.events import record_event
from core.photos import StoredPhoto, check_hash
from riders import queries
from riders.errors import TooManyPhotos
from riders.models import Photo, rider_id_of
from riders.signup.consents import PHOTO, require_consents

MOST_PHOTOS = 6


async def expect_photo(conn: Connection, *, actor: Actor, report_id: int, sha256: str) -> Photo | None:
    """Give the photo if it is stored already, before its body is read once more.

    Raises `NotFound` for another rider's report, `TooManyPhotos`, `ConsentNeeded`, and `InvalidInput` for a malformed
    hash.
    """
    check_hash(sha256)
    known = await _check_room(conn, actor=actor, report_id=report_id, sha256=sha256)
    await require_consents(conn, actor=actor, needed=[(PHOTO, "/path/sha256")])
    return known


async def record_photo(conn: Connection, *, actor: Actor, report_id: int, photo: StoredPhoto, now: datetime) -> Photo:
    """Note that the file is safe in the store; noting it again changes nothing and answers the same.

    It is a photo of the report's case too, of how things were before. Raises `NotFound`, `TooManyPhotos`.
    """
    await _check_room(conn, actor=actor, report_id=report_id, sha256=photo.sha256)
    is_new = await queries.store_photo(conn, district_id=actor.district_id, report_id=report_id, photo=photo, now=now)
    case_id = await queries.find_case_of_report(conn, district_id=actor.district_id, report_id=report_id)
    if is_new and case_id is not None:
        async with acting(conn, Work.CONSEQUENCE):
            await attach_photo(conn, case_id=case_id, photo=photo, stage=PhotoStage.BEFORE, actor=actor, now=now)
    if is_new:
        await record_event(
            conn,
            district_id=actor.district_id,
            kind="report.photo_stored",
            subject="report",
            subject_id=report_id,
            actor=actor,
            now=now,
            data={"sha256": photo.sha256},
        )
    photos = await queries.list_photos(conn, district_id=actor.district_id, report_id=report_id)
    return next(each for each in photos if each.sha256 == photo.sha256)


async def _check_room(conn: Connection, *, actor: Actor, report_id: int, sha256: str) -> Photo | None:
    """Hold the report, so that parallel photos count one after another, and check that one more is taken.

    Give the photo if it is stored already.
    """
    rider_id = rider_id_of(actor)
    if not await queries.lock_own_report(conn, district_id=actor.district_id, rider_id=rider_id, report_id=report_id):
        raise NotFound()
    photos = await queries.list_photos(conn, district_id=actor.district_id, report_id=report_id)
    others = [photo for photo in photos if photo.sha256 != sha256]
    if len(others) >= MOST_PHOTOS:
        raise TooManyPhotos(most=MOST_PHOTOS)
    return next((photo for photo in photos if photo.sha256 == sha256 and photo.stored_at is not None), None)
