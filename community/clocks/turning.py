"""Starting, stopping, pausing, resuming and extending the clocks of one case whose row the caller has locked.

A clock is a row. Its due time is always worked out anew from when it began, its rule and all its changes, so that a
correction of the calendar gives the same as if the calendar had been right from the start.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from community.clocks import queries
from community.clocks.due import WorkingTime, due
from community.clocks.models import ClockRule, Deadline, Extension, Pause
from community.clocks.queries import Round
from community.errors import ExtensionNotAllowed, HoldTooLong
from community.models import Case, Clock
from core.access.models import paths_above
from core.calendar import load_calendar
from core.database import Connection
from core.queries import get_timezone

_log = logging.getLogger(__name__)


async def load_working_time(conn: Connection, *, district_id: int) -> WorkingTime:
    """Read the district's calendar and time zone."""
    calendar = await load_calendar(conn, district_id=district_id)
    return WorkingTime(calendar, await get_timezone(conn, district_id=district_id))


async def start_clocks(conn: Connection, *, case: Case, clocks: Collection[Clock], now: datetime) -> None:
    """Begin the next round of each clock that has a rule; a visit is owed only to someone who can be reached."""
    wanted = [clock for clock in clocks if clock is not Clock.FOLLOW_UP or case.contact_owed]
    if not wanted:
        return
    rules = await queries.choose_rules(
        conn,
        district_id=case.district_id,
        clocks=wanted,
        category_code=case.category_code,
        area_paths=("", *paths_above(case.area_path)),
    )
    working_time = await load_working_time(conn, district_id=case.district_id)
    rounds = {clock: _begin(rule, case, working_time, now) for clock, rule in rules.items()}
    await queries.insert_deadlines(
        conn,
        district_id=case.district_id,
        case_id=case.id,
        rounds=rounds,
        started_at=now,
        calendar_version=working_time.calendar.version,
    )


def _begin(rule: ClockRule, case: Case, working_time: WorkingTime, now: datetime) -> Round:
    fixed_at = case.promised_at if rule.clock is Clock.HANDLE else None
    found = due(now, rule.limit, working_time, fixed_at=fixed_at)
    if not found.calendar_known:
        _log.warning("the calendar lacks a year up to %s: weekdays were counted", found.at.year)
    return Round(rule.id, fixed_at, found.at, warning_time(now, found.at, rule.warn_percent), found.calendar_known)


def warning_time(start: datetime, due_at: datetime, percent: int) -> datetime:
    """Give the moment at which `percent` of the time from `start` to `due_at` has passed."""
    return start + (due_at - start) * percent / 100


async def stop_clocks(
    conn: Connection, *, case: Case, meets: Collection[Clock], cancels: Collection[Clock], now: datetime
) -> None:
    """End rounds as kept or as no longer owed; nothing happens where none runs."""
    await queries.stop_deadlines(
        conn, district_id=case.district_id, case_id=case.id, met=tuple(meets), cancelled=tuple(cancels), now=now
    )


async def pause_clocks(conn: Connection, *, case: Case, clocks: Collection[Clock], reason: str, now: datetime) -> None:
    """Let running clocks stand still, each with the reason."""
    for deadline in await _running(conn, case, clocks):
        if deadline.paused_at is None:
            await queries.insert_change(
                conn,
                district_id=case.district_id,
                case_id=case.id,
                deadline=deadline,
                change=Pause(now, None),
                reason=reason,
                now=now,
            )
            await _write(conn, case, replace(deadline, paused_at=now, fires_at=None))


async def resume_clocks(conn: Connection, *, case: Case, clocks: Collection[Clock], now: datetime) -> None:
    """Let paused clocks run on with what was left of them."""
    for deadline in await _running(conn, case, clocks):
        if deadline.paused_at is not None:
            await queries.end_pause(conn, district_id=case.district_id, case_id=case.id, deadline=deadline, now=now)
            await _recount(conn, case, replace(deadline, paused_at=None))


async def extend_clock(conn: Connection, *, case: Case, clock: Clock, amount: int, reason: str, now: datetime) -> None:
    """Give a running clock more time, by at most its own limit and as often as its rule allows.

    Raises `ExtensionNotAllowed`, also where it does not run or has run out already.
    """
    for deadline in await _running(conn, case, [clock]):
        rule = await _rule_of(conn, case, deadline)
        changes = await _changes_of(conn, case, deadline)
        made = sum(isinstance(change, Extension) for change in changes)
        if deadline.due_at <= now or made >= rule.most_extensions or amount > rule.limit.amount:
            break
        await queries.insert_change(
            conn,
            district_id=case.district_id,
            case_id=case.id,
            deadline=deadline,
            change=Extension(amount, now),
            reason=reason,
            now=now,
        )
        await _recount(conn, case, deadline)
        return
    raise ExtensionNotAllowed(pointer="/extend_by")


async def promise(conn: Connection, *, case: Case, clock: Clock, fixed_at: datetime | None, now: datetime) -> None:
    """Put a promised date in place of a running clock's limit, or the limit back where None.

    What was paused or extended before is part of what was promised.
    """
    since = None if fixed_at is None else now
    for deadline in await _running(conn, case, [clock]):
        await _recount(conn, case, replace(deadline, fixed_at=fixed_at, fixed_since=since))


async def check_hold(conn: Connection, *, case: Case, clock: Clock, until: datetime, now: datetime) -> None:
    """Refuse a hold that, with those before it in this round, would be longer than the rule allows.

    Raises `HoldTooLong`.
    """
    for deadline in await _running(conn, case, [clock]):
        rule = await _rule_of(conn, case, deadline)
        held = timedelta(0)
        for change in await _changes_of(conn, case, deadline):
            if isinstance(change, Pause) and change.ended_at is not None:
                held += change.ended_at - change.began_at
        if held + (until - now) > timedelta(days=rule.most_hold_days):
            raise HoldTooLong(pointer="/until", days=rule.most_hold_days)


async def _running(conn: Connection, case: Case, clocks: Collection[Clock]) -> list[Deadline]:
    return await queries.lock_running(conn, district_id=case.district_id, case_id=case.id, clocks=tuple(clocks))


async def _rule_of(conn: Connection, case: Case, deadline: Deadline) -> ClockRule:
    rules = await queries.get_rules(conn, district_id=case.district_id, rule_ids=[deadline.rule_id])
    return rules[deadline.rule_id]


async def _changes_of(conn: Connection, case: Case, deadline: Deadline) -> Sequence[Pause | Extension]:
    changes = await queries.list_changes(conn, district_id=case.district_id, case_ids=[case.id])
    return changes.get((case.id, deadline.clock, deadline.round), [])


async def _recount(conn: Connection, case: Case, deadline: Deadline) -> None:
    working_time = await load_working_time(conn, district_id=case.district_id)
    rule = await _rule_of(conn, case, deadline)
    changes = await _changes_of(conn, case, deadline)
    await _write(conn, case, recount(deadline, rule, changes, working_time))


async def _write(conn: Connection, case: Case, deadline: Deadline) -> None:
    await queries.update_deadline(conn, district_id=case.district_id, case_id=case.id, deadline=deadline)


def recount(
    deadline: Deadline, rule: ClockRule, changes: Sequence[Pause | Extension], working_time: WorkingTime
) -> Deadline:
    """Work out anew when a round is due, warned of and told of next. A breach that was told stays as it is."""
    version = working_time.calendar.version
    if deadline.breached_at is not None:
        return replace(deadline, calendar_version=version, fires_at=next_firing(deadline, rule.escalate_minutes))
    since = deadline.fixed_since
    counted = [change for change in changes if since is None or change.began_at >= since]
    found = due(deadline.started_at, rule.limit, working_time, changes=counted, fixed_at=deadline.fixed_at)
    recounted = replace(
        deadline,
        due_at=found.at,
        warn_at=warning_time(deadline.started_at, found.at, rule.warn_percent),
        calendar_version=version,
        calendar_known=found.calendar_known,
    )
    return replace(recounted, fires_at=next_firing(recounted, rule.escalate_minutes))


def next_firing(deadline: Deadline, escalate_minutes: Sequence[int]) -> datetime | None:
    """Tell when something is to be told next: the warning, the breach, then each escalation; None when all is told."""
    if deadline.paused_at is not None or not deadline.is_running:
        return None
    if deadline.breached_at is None:
        return deadline.warn_at if deadline.warned_at is None else deadline.due_at
    if deadline.escalated < len(escalate_minutes):
        return deadline.due_at + timedelta(minutes=escalate_minutes[deadline.escalated])
    return None
