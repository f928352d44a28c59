"""What typed hours come to: the days of a week, for whoever is about to save them. Pure: no clock, no database."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from core.calendar import Calendar
from station.errors import UnreadableHours
from station.hours import Schedule, Span, read_hours, work_out

DAYS = 7


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Part of a day in minutes since midnight, `until` up to 1,440; `state` is open, or unknown ("ask first")."""

    since: int
    until: int
    state: Span


@dataclass(frozen=True, slots=True)
class HoursDay:
    """A day and when the door is open on it."""

    day: date
    is_holiday: bool
    is_makeup_workday: bool
    spans: tuple[DaySpan, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """How typed hours were read (OSM `opening_hours`), and the days that come of them."""

    hours: str
    days: tuple[HoursDay, ...]


def preview(typed: str, *, calendar: Calendar, timezone: ZoneInfo, first_day: date) -> Week:
    """Work out the days from `first_day` on. Raises `UnreadableHours` naming `/query/typed`."""
    try:
        hours = read_hours(typed)
    except UnreadableHours as refusal:
        raise UnreadableHours(refusal.reason, pointer="/query/typed") from None
    schedule = work_out(hours, calendar=calendar, timezone=timezone, first_day=first_day, days=DAYS)
    days = [first_day + timedelta(days=n) for n in range(DAYS)]
    return Week(
        hours,
        tuple(
            HoursDay(day, calendar.is_holiday(day), calendar.is_makeup_workday(day), _spans(schedule, day, timezone))
            for day in days
        ),
    )


def _spans(schedule: Schedule, day: date, timezone: ZoneInfo) -> tuple[DaySpan, ...]:
    begins = datetime.combine(day, time.min, timezone).timestamp()
    ends = datetime.combine(day + timedelta(days=1), time.min, timezone).timestamp()
    edges = [begins, *(edge for edge in schedule.edges if begins < edge < ends), ends]
    found = [(since, until, schedule.at(since)) for since, until in pairwise(edges)]
    return tuple(
        DaySpan(round((since - begins) / 60), round((until - begins) / 60), span)
        for since, until, span in found
        if span is not None and span is not Span.CLOSED
    )
