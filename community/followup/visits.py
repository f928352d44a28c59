"""The return visits that staff owe, the one due next first."""

import re
from dataclasses import replace

from community.followup import queries
from community.followup.models import Visit, VisitPage
from community.lists.pages import MAX_PAGE, read_cursor, write_cursor
from community.models import Contact
from community.sight import CONTACT_ROLES, roles_at, sight_of
from core.access.models import Actor
from core.database import Connection

_ORDER = "visits"
#: Every digit but the last two.
_HIDDEN = re.compile(r"\d(?=(?:\D*\d){2})")


async def list_visits(conn: Connection, *, actor: Actor, cursor: str | None, limit: int) -> VisitPage:
    """List the visits owed within the actor's area; `limit` is clamped to 1…200. Raises `UnknownCursor`.

    Who may not contact residents sees that there is someone to reach, and not how.
    """
    limit = max(1, min(limit, MAX_PAGE))
    rows = await queries.list_visits(
        conn,
        district_id=actor.district_id,
        sight=replace(sight_of(actor), department_ids=()),  # visits are the communities' to make
        after=None if cursor is None else read_cursor(cursor, _ORDER),
        limit=limit + 1,
    )
    shown = tuple(_for(actor, visit) for visit in rows[:limit])
    more = len(rows) > limit
    return VisitPage(shown, write_cursor(_ORDER, shown[-1].due_at, shown[-1].case_id) if more else None)


def _for(actor: Actor, visit: Visit) -> Visit:
    if roles_at(actor, visit.area_path) & CONTACT_ROLES:
        return visit
    return replace(visit, contact=mask(visit.contact))


def mask(contact: Contact) -> Contact:
    """Hide all of a name but its first character, and all of a number but its last two digits."""
    return Contact(
        None if contact.name is None else contact.name[:1] + "**",
        None if contact.phone is None else _HIDDEN.sub("*", contact.phone),
    )
