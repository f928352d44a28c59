"""Photos of a case over HTTP."""

from aiohttp import web
from pydantic import Field

from community.photos import attach
from community.photos.models import CasePhoto, PhotoStage
from core.http.endpoint import Input
from core.http.photos import give_photo, take_photo
from core.http.wiring import actor, now, transaction
from core.photos import check_hash


class StageQuery(Input):
    """What the photo shows: the matter before or after handling, the proof of a contact, a look on site."""

    stage: PhotoStage = Field(PhotoStage.AFTER, examples=["after"])


async def put_case_photo(request: web.Request, case_id: int, sha256: str, query: StageQuery) -> CasePhoto:
    """Send one photo as the raw body; its address names its SHA-256, so sending it again is harmless."""
    check_hash(sha256)
    async with transaction(request) as conn:
        await attach.expect_case_photo(conn, case_id=case_id, sha256=sha256, actor=actor(request))
    photo = await take_photo(request, sha256)
    async with transaction(request) as conn:
        await attach.expect_case_photo(conn, case_id=case_id, sha256=sha256, actor=actor(request), lock=True)
        return await attach.attach_photo(
            conn, case_id=case_id, photo=photo, stage=query.stage, actor=actor(request), now=now(request)
        )


async def get_case_photo(request: web.Request, case_id: int, sha256: str) -> web.FileResponse:
    """Give a photo to staff who see the case."""
    async with transaction(request) as conn:
        photo = await attach.get_case_photo(conn, case_id=case_id, sha256=sha256, actor=actor(request))
    return give_photo(request, photo.sha256, photo.media_type)
