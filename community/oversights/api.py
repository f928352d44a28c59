"""Oversights over HTTP."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from community.oversights.find import Oversight, find_oversights
from core.http.wiring import district_id, now, transaction


@dataclass(frozen=True, slots=True)
class Oversights:
    """Every promise that is not kept as of `as_of`; none is the answer it should be."""

    as_of: datetime
    oversights: tuple[Oversight, ...]


async def get_oversights(request: web.Request) -> Oversights:
    """List what should have happened to cases and has not, with the cases concerned."""
    moment = now(request)
    async with transaction(request) as conn:
        return Oversights(moment, await find_oversights(conn, district_id=district_id(request), now=moment))
