"""A page of cases. Knows nothing of HTTP.

Pages are keyset: the cursor is the sort key of the last row shown, so rows that arrive or vanish in between move no
other row.
"""

import base64
import binascii
from datetime import datetime

import asyncpg

from community.errors import UnknownCursor
from community.lists import queries
from community.lists.models import After, BoundedCount, CaseFilter, CasePage, Order
from community.sight import sight_of
from core.access.models import Actor
from core.database import Connection

MAX_PAGE = 200
#: Further nobody needs to count, and the database would read ever more rows for it.
MAX_COUNT = 1000
COUNT_TIMEOUT_MS = 100


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
    after = None if cursor is None else read_cursor(cursor, order)
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
    return CasePage(
        tuple(shown), write_cursor(order, shown[-1].next_due_at, shown[-1].id) if len(rows) > limit else None
    )


async def count_cases(
    conn: Connection,
    *,
    actor: Actor,
    wanted: CaseFilter,
    order: Order,
    now: datetime,
    timeout_ms: int = COUNT_TIMEOUT_MS,
) -> BoundedCount | None:
    """Count what the list would give, up to `MAX_COUNT`; None where that takes longer than `timeout_ms`."""
    attempt = conn.transaction()
    await attempt.start()
    try:
        count = await queries.count_case_lines(
            conn,
            district_id=actor.district_id,
            sight=sight_of(actor),
            wanted=wanted,
            by_due=order is Order.DUE,
            most=MAX_COUNT + 1,
            now=now,
            timeout_ms=timeout_ms,
        )
    except asyncpg.QueryCanceledError:
        return None
    finally:
        await attempt.rollback()  # takes the time limit back with it
    return bounded(count)


def bounded(count: int) -> BoundedCount:
    """Give a count of up to `MAX_COUNT` + 1 as people read it."""
    return BoundedCount(min(count, MAX_COUNT), or_more=count > MAX_COUNT)


def write_cursor(order: str, due_at: datetime | None, last_id: int) -> str:
    """Write where a page ends: the sort key of its last row, and the order that it belongs to."""
    key = "infinity" if due_at is None else due_at.isoformat()
    return base64.urlsafe_b64encode(f"{order}|{key}|{last_id}".encode()).decode()


def read_cursor(cursor: str, order: str) -> After:
    """Read where the last page ended. Raises `UnknownCursor`, also for a cursor of another order."""
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
