"""My day over HTTP."""

from aiohttp import web
from pydantic import Field

from community.desk.day.models import Day, Section
from community.desk.day.read import read_day
from core.http.endpoint import Input
from core.http.wiring import actor, now, transaction


class DayQuery(Input):
    """Which part of the day: every section from its beginning, or one of them from where `cursor` left off."""

    section: Section | None = None
    cursor: str | None = Field(None, max_length=200)
    limit: int = 20


async def get_my_day(request: web.Request, query: DayQuery) -> Day:
    """Show what the caller's desks owe, ordered by what breaches next, with what he may do about each now.

    Open cases stand in exactly one of `overdue`, `due_today` (by the district's local day), `due_later`, `no_clock`;
    beside them stand holds that end by tomorrow, return visits that are owed, reopenings that were asked for, and
    unread notes that mention the caller. Follow a section's `next_cursor` with `section` to its end; `limit` is at most
    100 a section.
    """
    async with transaction(request) as conn:
        return await read_day(
            conn,
            actor=actor(request),
            section=query.section,
            cursor=query.cursor,
            limit=query.limit,
            now=now(request),
        )
