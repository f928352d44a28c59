"""After an edit of the working calendar: every open clock is counted anew, and it is said which moved.

An edit writes its rows and the next edition, and commits. Each open clock keeps the edition it was counted by, so what
is left to do is itself in the rows: whoever made the edit counts at once to tell what moved, and a sweep finishes
whatever was interrupted.
"""

from datetime import datetime

from community.clocks import queries
from community.clocks.models import Moved
from community.clocks.turning import load_working_time, recount
from community.queries import refresh_next_due
from core.database import Connection
from core.events import record_event

MAX_CASES_PER_RECOUNT = 200


async def recount_open_clocks(
    conn: Connection, *, district_id: int, now: datetime, limit: int = MAX_CASES_PER_RECOUNT
) -> tuple[int, list[Moved]]:
    """Count the clocks of at most `limit` cases by the newest calendar; give how many cases there were, and what moved.

    Call again, each time in a transaction of its own, until there were none.
    """
    working_time = await load_working_time(conn, district_id=district_id)
    numbers = dict(
        await queries.list_cases_counted_before(
            conn, district_id=district_id, version=working_time.calendar.version, limit=limit
        )
    )
    case_ids = tuple(numbers)
    open_clocks = await queries.lock_open_deadlines(conn, district_id=district_id, case_ids=case_ids)
    changes = await queries.list_changes(conn, district_id=district_id, case_ids=case_ids)
    rules = await queries.get_rules(
        conn, district_id=district_id, rule_ids=list({deadline.rule_id for _, deadline in open_clocks})
    )
    moved = []
    for case_id, deadline in open_clocks:
        if deadline.calendar_version >= working_time.calendar.version:  # counted by someone else while we waited
            continue
        made = changes.get((case_id, deadline.clock, deadline.round), [])
        counted = recount(deadline, rules[deadline.rule_id], made, working_time)
        await queries.update_deadline(conn, district_id=district_id, case_id=case_id, deadline=counted)
        if counted.due_at != deadline.due_at:
            moved.append(
                Moved(case_id, numbers[case_id], deadline.clock, deadline.round, deadline.due_at, counted.due_at)
            )
    for each in moved:
        await _record(conn, district_id, each, working_time.calendar.version, now)
        await refresh_next_due(conn, district_id=district_id, case_id=each.case_id)
    return len(case_ids), moved


async def _record(conn: Connection, district_id: int, moved: Moved, version: int, now: datetime) -> None:
    await record_event(
        conn,
        district_id=district_id,
        kind="deadline.moved",
        subject="case",
        subject_id=moved.case_id,
        actor=None,
        now=now,
        data={
            "clock": moved.clock,
            "round": moved.round,
            "due_before": moved.due_before,
            "due_at": moved.due_at,
            "calendar_version": version,
        },
    )
