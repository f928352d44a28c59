"""Clocks as rows: starting and stopping them, and the sweep that finds the late ones.

No timer anywhere: a deadline is a row with its due time in UTC, and `sweep_deadlines` may run never twice, ten times
at once, or hours late, and each breach is still told exactly once.
"""

import logging
from collections.abc import Collection, Mapping
from datetime import datetime

from community import queries
from community.clocks import Due, WorkingTime, due
from community.models import Breach, Case, Category, Clock, Limit, Unit
from core.calendar import load_calendar
from core.database import Connection
from core.events import record_event
from core.queries import get_timezone

_log = logging.getLogger(__name__)

MAX_BREACHES_PER_SWEEP = 500


async def load_working_time(conn: Connection, *, district_id: int) -> WorkingTime:
    """Read the district's calendar and time zone."""
    calendar = await load_calendar(conn, district_id=district_id)
    return WorkingTime(calendar, await get_timezone(conn, district_id=district_id))


def plan_clocks(
    category: Category, clocks: Collection[Clock], working_time: WorkingTime, *, now: datetime
) -> dict[Clock, Due]:
    """Tell when each of `clocks` runs out if it starts now; warn where the calendar lacks a year."""
    limits = {Clock.RESPOND: Limit(category.respond_minutes, Unit.MINUTE), Clock.HANDLE: category.handle}
    dues = {clock: due(now, limits[clock], working_time) for clock in Clock if clock in clocks}
    for found in dues.values():
        if not found.calendar_known:
            _log.warning("the calendar lacks a year up to %s: weekdays were counted", found.at.year)
    return dues


async def start_clocks(
    conn: Connection, *, case: Case, dues: Mapping[Clock, Due], working_time: WorkingTime, now: datetime
) -> None:
    """Begin the next round of each clock in `dues`, noting the calendar it was counted by."""
    await queries.insert_deadlines(
        conn,
        district_id=case.district_id,
        case_id=case.id,
        dues=dues,
        started_at=now,
        calendar_version=working_time.calendar.version,
    )


async def turn_clocks(
    conn: Connection,
    *,
    case: Case,
    starts: Collection[Clock],
    meets: Collection[Clock],
    cancels: Collection[Clock],
    now: datetime,
) -> Case:
    """Stop and start clocks of a case whose row the caller has locked; give the case with its next due time."""
    await queries.stop_deadlines(
        conn, district_id=case.district_id, case_id=case.id, met=tuple(meets), cancelled=tuple(cancels), now=now
    )
    category = await queries.find_category(conn, district_id=case.district_id, code=case.category_code)
    if starts and category is not None:
        working_time = await load_working_time(conn, district_id=case.district_id)
        dues = plan_clocks(category, starts, working_time, now=now)
        await start_clocks(conn, case=case, dues=dues, working_time=working_time, now=now)
    return await queries.refresh_next_due(conn, district_id=case.district_id, case_id=case.id)


async def sweep_deadlines(
    conn: Connection, *, district_id: int, now: datetime, limit: int = MAX_BREACHES_PER_SWEEP
) -> list[Breach]:
    """Mark the deadlines that are late, record `deadline.breached` for each, and give them, earliest first.

    Mark and event stand or fall together in the caller's transaction. Call again while `limit` come back.
    """
    breaches = await queries.mark_breaches(conn, district_id=district_id, now=now, limit=limit)
    for breach in breaches:
        await record_event(
            conn,
            district_id=district_id,
            kind="deadline.breached",
            subject="case",
            subject_id=breach.case_id,
            actor=None,
            now=now,
            data={
                "clock": breach.clock,
                "round": breach.round,
                "due_at": breach.due_at,
                "late_s": (now - breach.due_at).total_seconds(),
            },
        )
    return breaches
