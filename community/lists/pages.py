"""A page of cases. Knows nothing of HTTP.

Pages are keyset: the cursor is the sort key of the last row shown, so rows that arrive or vanish in between move no
other row.
"""

import base64
import binascii
from datetime import datetime

from community.errors import UnknownCursor
from community.lists import queries
from community.lists.models import After, CaseFilter, CasePage, Order
from community.models import CaseLine
from community.sight import sight_of
from core.access.models import Actor
from core.database import Connection

MAX_PAGE = 200


async def list_cases(
    conn: Connection,
    *,
    actor: Actor,
    wanted: CaseFilter,
    order: Order,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> CasePage:
    """List the cases that `actor` sees; `limit` is clamped to 1…200. Raises `UnknownCursor`."""
    limit = max(1, min(limit, MAX_PAGE))
    after = None if cursor is None else _read_cursor(cursor, order)
    rows = await queries.list_case_lines(
        conn,
        district_id=actor.district_id,
        sight=sight_of(actor),
        wanted=wanted,
        by_due=order is Order.DUE,
        after=after,
        limit=limit + 1,
        now=now,
    )
    shown = rows[:limit]
    return CasePage(tuple(shown), _write_cursor(shown[-1], order) if len(rows) > limit else None)


def _write_cursor(last: CaseLine, order: Order) -> str:
    due_at = "infinity" if last.next_due_at is None else last.next_due_at.isoformat()
    return base64.urlsafe_b64encode(f"{order}|{due_at}|{last.id}".encode()).decode()


def _read_cursor(cursor: str, order: Order) -> After:
    try:
        of_order, due_at, case_id = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        if due_at != "infinity":
            datetime.fromisoformat(due_at)
        after = After(due_at, int(case_id))
    except (binascii.Error, ValueError):
        raise UnknownCursor(pointer="/query/cursor") from None
    if of_order != order:
        raise UnknownCursor(pointer="/query/cursor")
    return after
