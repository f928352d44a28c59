"""Oversights over HTTP."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from community.oversights.find import Oversight, find_oversights
from community.sight import sight_of
from core.http.wiring import actor, now, transaction


@dataclass(frozen=True, slots=True)
class Oversights:
    """Every promise that is not kept as of `as_of`; none is the answer it should be."""

    as_of: datetime
    oversights: tuple[Oversight, ...]


async def get_oversights(request: web.Request) -> Oversights:
    """List what should have happened to cases and has not, with the cases concerned."""
    caller, moment = actor(request), now(request)
    async with transaction(request) as conn:
        found = await find_oversights(conn, district_id=caller.district_id, now=moment, sight=sight_of(caller))
    return Oversights(moment, found)
