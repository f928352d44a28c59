"""Photos of a case over HTTP."""

from aiohttp import web
from pydantic import Field

from community.photos import attach
from community.photos.models import CasePhoto, PhotoStage
from core.http.photos import UploadQuery, forget_upload, give_photo, taken_photo
from core.http.wiring import actor, now, transaction
from core.photos import check_hash


class StageQuery(UploadQuery):
    """What the photo shows: the matter before or after handling, the proof of a contact, a look on site."""

    stage: PhotoStage = Field(PhotoStage.AFTER, examples=["after"])


async def put_case_photo(request: web.Request, case_id: int, sha256: str, query: StageQuery) -> CasePhoto:
    """Send one photo as the raw body; its address names its SHA-256, so sending it again is harmless.

    What is kept and served is a JPEG made of its pixels, without place, time and whatever else the camera wrote.
    """
    check_hash(sha256)
    async with transaction(request) as conn:
        known = await attach.expect_case_photo(conn, case_id=case_id, sha256=sha256, actor=actor(request))
    if known is not None:
        forget_upload(request, sha256)
        return known
    async with taken_photo(request, sha256, offset=query.offset) as photo, transaction(request) as conn:
        await attach.expect_case_photo(conn, case_id=case_id, sha256=sha256, actor=actor(request), lock=True)
        return await attach.attach_photo(
            conn, case_id=case_id, photo=photo, stage=query.stage, actor=actor(request), now=now(request)
        )


async def get_case_photo(request: web.Request, case_id: int, sha256: str) -> web.Response:
    """Give a photo to staff who see the case."""
    async with transaction(request) as conn:
        photo = await attach.get_case_photo(conn, case_id=case_id, sha256=sha256, actor=actor(request))
    return await give_photo(request, photo.stored_sha256, photo.media_type)
