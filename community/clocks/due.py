"""When a limit runs out: wall-clock minutes, working hours, working days. Pure; no database, no clock of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from community.clocks.models import Extension, Pause
from community.models import Limit, Unit
from core.calendar import Calendar


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The district's working calendar and its time zone."""

    calendar: Calendar
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit runs out, in UTC; `calendar_known` is False where a year without rows was counted by weekday."""

    at: datetime
    calendar_known: bool


def due(
    start: datetime,
    limit: Limit,
    working_time: WorkingTime,
    *,
    changes: Iterable[Pause | Extension] = (),
    fixed_at: datetime | None = None,
) -> Due:
    """Tell when `limit` runs out for what began at `start` (any zone), or a promise of `fixed_at`, after all `changes`.

    Minutes elapse always, working hours only within office hours. Working days follow the Civil Code (articles 201 and
    203): the day it began is not counted, and the last day ends when offices close. A pause gives back the time that
    was left when it began; a pause of working days gives back the working days it went on for. Changes stand in the
    order in which they were made. Never raises for a missing year.
    """
    begun = start.astimezone(working_time.zone)
    calendar = working_time.calendar
    ends = _after(begun, limit, calendar) if fixed_at is None else fixed_at.astimezone(working_time.zone)
    for change in changes:
        if isinstance(change, Extension):
            ends = _after(ends, Limit(change.amount, limit.unit), calendar)
        elif change.ended_at is not None:
            began, ended = (at.astimezone(working_time.zone) for at in (change.began_at, change.ended_at))
            ends = _after_pause(ends, began, ended, limit.unit, calendar)
    known = limit.unit is Unit.MINUTE or all(calendar.knows(year) for year in range(begun.year, ends.year + 1))
    return Due(ends.astimezone(UTC), known)


def _after(start: datetime, limit: Limit, calendar: Calendar) -> datetime:
    if limit.unit is Unit.MINUTE:
        return start + timedelta(minutes=limit.amount)
    if limit.unit is Unit.WORKING_HOUR:
        return _after_working_time(start, timedelta(hours=limit.amount), calendar)
    return _after_working_days(start, limit.amount, calendar)


def _after_pause(ends: datetime, began: datetime, ended: datetime, unit: Unit, calendar: Calendar) -> datetime:
    if began >= ends:  # it had run out already
        return ends
    if unit is Unit.MINUTE:
        return ends + (ended - began)
    if unit is Unit.WORKING_HOUR:
        return _after_working_time(ended, working_time_between(began, ends, calendar), calendar)
    lost = sum(calendar.is_workday(day) for day in _days_after(began.date(), ended.date()))
    later = _after_working_days(ends, lost, calendar) if lost else ends
    return later if later > ended else _after_working_days(ended, 1, calendar)


def _days_after(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range(1, (last - first).days + 1))


def working_time_between(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """Give the working time from `start` to `end`, both in the district's zone; zero where `end` is not later."""
    total, day = timedelta(0), start.date()
    while day <= end.date():
        for opens, closes in calendar.office_hours(day):
            span = min(_at(day, closes, start), end) - max(_at(day, opens, start), start)
            total += max(span, timedelta(0))
        day += timedelta(days=1)
    return total


def _after_working_time(begun: datetime, left: timedelta, calendar: Calendar) -> datetime:
    day = begun.date()
    while True:
        for opens, closes in calendar.office_hours(day):
            since = max(_at(day, opens, begun), begun)
            open_for = max(_at(day, closes, begun) - since, timedelta(0))
            if left <= open_for:
                return since + left
            left -= open_for
        day += timedelta(days=1)


def _after_working_days(begun: datetime, left: int, calendar: Calendar) -> datetime:
    day = begun.date()
    while left:
        day += timedelta(days=1)
        left -= calendar.is_workday(day)
    return _at(day, closing_time(day, calendar), begun)


def closing_time(day: date, calendar: Calendar) -> time:
    """Give when offices close on `day`; on a day off, when they would on the first day of the working week."""
    return (calendar.office_hours(day) or calendar.first_working_day)[-1][1]


def _at(day: date, at: time, like: datetime) -> datetime:
    return datetime.combine(day, at, tzinfo=like.tzinfo)
