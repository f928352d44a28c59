"""The return visits that staff owe, the one due next first."""

from dataclasses import replace

from community.followup import queries
from community.followup.models import VisitPage
from community.lists.pages import MAX_PAGE, read_cursor, write_cursor
from community.sight import sight_of
from core.access.models import Actor
from core.database import Connection
from core.sealing.ring import KeyRing

_ORDER = "visits"


async def list_visits(conn: Connection, *, ring: KeyRing, actor: Actor, cursor: str | None, limit: int) -> VisitPage:
    """List the visits owed within the actor's area; `limit` is clamped to 1…200. Raises `UnknownCursor`.

    Each shows, masked, that there is somebody to reach; who is about to call asks for the number of that one case.
    """
    limit = max(1, min(limit, MAX_PAGE))
    rows = await queries.list_visits(
        conn,
        ring=ring,
        district_id=actor.district_id,
        sight=replace(sight_of(actor), department_ids=()),  # visits are the communities' to make
        after=None if cursor is None else read_cursor(cursor, _ORDER),
        limit=limit + 1,
    )
    shown = tuple(replace(visit, contact=visit.contact.masked()) for visit in rows[:limit])
    more = len(rows) > limit
    return VisitPage(shown, write_cursor(_ORDER, shown[-1].due_at, shown[-1].case_id) if more else None)
