"""When a limit runs out: wall-clock minutes, working hours, working days. Pure; no database, no clock of its own."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from community.models import Limit, Unit
from core.calendar import Calendar

#: Office hours of a working day, local time; the gap is lunch.
OFFICE_HOURS = ((time(8, 30), time(12, 0)), (time(13, 30), time(17, 30)))


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


def due(start: datetime, limit: Limit, working_time: WorkingTime) -> Due:
    """Tell when `limit` runs out for what began at `start` (any zone).

    Minutes elapse always, working hours only within office hours. Working days follow the Civil Code (articles 201 and
    203): the day it began is not counted, and the last day ends when offices close. Never raises for a missing year.
    """
    if limit.unit is Unit.MINUTE:
        return Due(start.astimezone(UTC) + timedelta(minutes=limit.amount), calendar_known=True)
    begun = start.astimezone(working_time.zone)
    calendar = working_time.calendar
    if limit.unit is Unit.WORKING_HOUR:
        ends = _after_working_time(begun, timedelta(hours=limit.amount), calendar)
    else:
        ends = _after_working_days(begun, limit.amount, calendar)
    known = all(calendar.knows(year) for year in range(begun.year, ends.year + 1))
    return Due(ends.astimezone(UTC), known)


def _after_working_time(begun: datetime, left: timedelta, calendar: Calendar) -> datetime:
    day = begun.date()
    while True:
        if calendar.is_workday(day):
            for opens, closes in OFFICE_HOURS:
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
    return _at(day, OFFICE_HOURS[-1][1], begun)


def _at(day: date, at: time, like: datetime) -> datetime:
    return datetime.combine(day, at, tzinfo=like.tzinfo)
