"""Photos of a report: sent one by one under their SHA-256, each as often as the network makes necessary.

A photo is acknowledged only when its file is safe on the disk and its row committed, in this order. Format and size
are checked by the first bytes; decoding and re-encoding in a separate process, which also strips what the camera
wrote into the file, is still to come, so what is served here is the original and goes to few.
"""

import hashlib
import re
from datetime import datetime

from core.access.models import Actor
from core.database import Connection
from core.errors import FieldError, InvalidInput, NotFound, Text
from core.events import record_event
from riders import queries
from riders.errors import PhotoFormatNotTaken, PhotoHashMismatch, TooManyPhotos
from riders.models import Photo, rider_id_of
from riders.signup.consents import PHOTO, require_consents

MOST_PHOTOS = 6
LARGEST_PHOTO = 10 * 1024 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")


async def expect_photo(conn: Connection, *, actor: Actor, report_id: int, sha256: str) -> None:
    """Refuse before the body is read what could not be kept after it.

    Raises `NotFound` for another rider's report, `TooManyPhotos`, `ConsentNeeded`, and `InvalidInput` for a malformed
    hash.
    """
    if not _SHA256.fullmatch(sha256):
        reason = Text("应为 64 位小写十六进制 SHA-256。", "Must be a SHA-256 in 64 lower-case hexadecimal digits.")
        raise InvalidInput([FieldError("/path/sha256", reason)])
    await _check_room(conn, actor=actor, report_id=report_id, sha256=sha256)
    await require_consents(conn, actor=actor, needed=[(PHOTO, "/path/sha256")])


def check_photo(data: bytes, *, sha256: str, media_type: str) -> None:
    """Check that the bytes are what the address and Content-Type say.

    Raises `PhotoHashMismatch` (a cut or changed body) or `PhotoFormatNotTaken`.
    """
    actual = hashlib.sha256(data).hexdigest()
    if actual != sha256:
        raise PhotoHashMismatch(pointer="/path/sha256", actual=actual)
    if recognise(data) is None or recognise(data) != media_type:
        raise PhotoFormatNotTaken(pointer="/header/Content-Type")


def recognise(data: bytes) -> str | None:
    """Give the media type that the first bytes show; None for anything but JPEG, PNG and WebP."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


async def record_photo(
    conn: Connection, *, actor: Actor, report_id: int, sha256: str, media_type: str, size: int, now: datetime
) -> Photo:
    """Note that the file is safe on the disk; noting it again changes nothing and answers the same.

    Raises `NotFound`, `TooManyPhotos`.
    """
    await _check_room(conn, actor=actor, report_id=report_id, sha256=sha256)
    is_new = await queries.store_photo(
        conn,
        district_id=actor.district_id,
        report_id=report_id,
        sha256=sha256,
        media_type=media_type,
        size=size,
        now=now,
    )
    if is_new:
        await record_event(
            conn,
            district_id=actor.district_id,
            kind="report.photo_stored",
            subject="report",
            subject_id=report_id,
            actor=actor,
            now=now,
            data={"sha256": sha256},
        )
    photos = await queries.list_photos(conn, district_id=actor.district_id, report_id=report_id)
    return next(photo for photo in photos if photo.sha256 == sha256)


async def _check_room(conn: Connection, *, actor: Actor, report_id: int, sha256: str) -> None:
    """Hold the report, so that parallel photos count one after another, and check that one more is taken."""
    rider_id = rider_id_of(actor)
    if not await queries.lock_own_report(conn, district_id=actor.district_id, rider_id=rider_id, report_id=report_id):
        raise NotFound()
    photos = await queries.list_photos(conn, district_id=actor.district_id, report_id=report_id)
    others = [photo for photo in photos if photo.sha256 != sha256]
    if len(others) >= MOST_PHOTOS:
        raise TooManyPhotos(most=MOST_PHOTOS)
