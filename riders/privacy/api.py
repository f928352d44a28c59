"""A rider's rights over HTTP."""

from typing import Literal

from aiohttp import web

from core.http.endpoint import Input
from core.http.wiring import RECORDS, actor, district_id, now, transaction
from riders.models import rider_id_of
from riders.privacy.erase import erase_rider


class ErasureQuery(Input):
    """`confirm=erase`, so that no slip erases anybody."""

    confirm: Literal["erase"]


async def erase_own_account(request: web.Request, query: ErasureQuery) -> None:
    """Erase the rider's personal data at once and for good, and end his sessions; his reports stay without him.

    The same phone may sign up anew, as somebody new.
    """
    who = actor(request)
    async with transaction(request) as conn:
        await erase_rider(
            conn,
            district_id=district_id(request),
            rider_id=rider_id_of(who),
            actor=who,
            reason="",
            records=request.app[RECORDS],
            now=now(request),
        )
