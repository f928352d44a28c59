"""A rider's rights over HTTP."""

from typing import Literal

from aiohttp import hdrs, web
from pydantic import ConfigDict, Field

from core.access.sessions import require_recent_sign_in
from core.access.wall import Work, acting
from core.http.callers import client_address
from core.http.endpoint import Input
from core.http.identity import leave
from core.http.photos import PARTIALS, PHOTO_STORE
from core.http.wiring import POOL, RECORDS, RING, actor, district_id, now, transaction
from riders.models import Rider, rider_id_of
from riders.privacy.copy.write import ListOwn, write_copy
from riders.privacy.erase import erase_rider
from riders.privacy.errors import ExportRunning
from riders.privacy.phone import change_phone
from riders.signup.api import CODE_DESK, DeviceNonce
from riders.signup.codes.send import Asker

#: Riders whose copy is being written by this process; one at a time for each.
EXPORTING: web.AppKey[set[int]] = web.AppKey("exporting")
#: Gives a rider's taps at stations, which another room keeps.
LIST_TAPS: web.AppKey[ListOwn] = web.AppKey("list_taps")


class NewPhoneBody(Input):
    """The new number, and the code that was sent to it (`POST /api/v1/riders/codes`)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"phone": "19900000002", "code": "123456", "device_nonce": "b7c1f09e55aa40d2"}]}
    )

    phone: str = Field(max_length=32)
    device_nonce: DeviceNonce
    code: str = Field(pattern=r"^\s*[0-9]{6}\s*$")


class ErasureQuery(Input):
    """`confirm=erase`, so that no slip erases anybody."""

    confirm: Literal["erase"]


async def erase_own_account(request: web.Request, query: ErasureQuery) -> None:
    """Erase the rider's personal data at once and for good, and end his sessions; his reports stay without him.

    The same phone may sign up anew, as somebody new.
    """
    who = actor(request)
    require_recent_sign_in(who, now(request))
    async with transaction(request) as conn, acting(conn, Work.CONSEQUENCE):
        await erase_rider(
            conn,
            ring=request.app[RING],
            district_id=district_id(request),
            rider_id=rider_id_of(who),
            actor=who,
            reason="",
            records=request.app[RECORDS],
            uploads=request.app[PARTIALS],
            now=now(request),
        )
    leave(request, with_storage=True)


async def export_own_data(request: web.Request) -> web.StreamResponse:
    """Give the rider a ZIP of all that is kept of him: JSON files whose fields a README names, and his photos."""
    require_recent_sign_in(actor(request), now(request))
    rider_id, under_way = rider_id_of(actor(request)), request.app[EXPORTING]
    if rider_id in under_way:
        raise ExportRunning(retry_after_s=10)
    under_way.add(rider_id)
    try:
        answer = web.StreamResponse(
            headers={
                hdrs.CONTENT_TYPE: "application/zip",
                hdrs.CONTENT_DISPOSITION: f'attachment; filename="rider-data-{now(request):%Y%m%d}.zip"',
            }
        )
        await answer.prepare(request)
        async for data in write_copy(
            request.app[POOL],
            ring=request.app[RING],
            actor=actor(request),
            read_photo=request.app[PHOTO_STORE].get,
            list_taps=request.app[LIST_TAPS],
            now=now(request),
        ):
            await answer.write(data)
        await answer.write_eof()
        return answer
    finally:
        under_way.discard(rider_id)


async def change_own_phone(request: web.Request, body: NewPhoneBody) -> Rider:
    """Move the rider's account to a number that he has just proved to hold; he signs in anew everywhere."""
    require_recent_sign_in(actor(request), now(request))
    changed = await change_phone(
        request.app[POOL],
        ring=request.app[RING],
        actor=actor(request),
        phone=body.phone,
        code=body.code,
        asker=Asker(body.device_nonce, client_address(request)),
        desk=request.app[CODE_DESK],
        now=now(request),
    )
    leave(request, with_storage=False)
    return changed
