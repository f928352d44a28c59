"""Limits against a slow, plain oracle that walks the calendar minute by minute and day by day."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import count, islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from community.clocks.due import WorkingTime, due
from community.models import Limit, Unit
from core.calendar import NO_HOLIDAYS, Calendar

QINGDAO = ZoneInfo("Asia/Shanghai")
FIRST_DAY = date(2026, 1, 1)

days = st.integers(0, 400).map(lambda n: FIRST_DAY + timedelta(days=n))
starts = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20)).map(  # noqa: DTZ001 — given its zone below
    lambda at: at.replace(second=0, microsecond=0, tzinfo=QINGDAO)
)
calendars = st.builds(
    lambda off, worked: Calendar(frozenset(off), frozenset(worked), frozenset({2026, 2027}), 1),
    st.sets(days, max_size=60),
    st.sets(days, max_size=60),
)
units = st.sampled_from([Unit.WORKING_HOUR, Unit.WORKING_DAY])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=QINGDAO)


def due_at(start: datetime, amount: int, unit: Unit, calendar: Calendar = NO_HOLIDAYS) -> datetime:
    return due(start, Limit(amount, unit), WorkingTime(calendar, QINGDAO)).at


def oracle_workday(day: date, calendar: Calendar) -> bool:
    if day in calendar.makeup_workdays:
        return True
    return day.weekday() not in (5, 6) and day not in calendar.holidays


def oracle_minute_is_worked(minute: datetime, calendar: Calendar) -> bool:
    of_day = minute.time()
    morning, afternoon = time(8, 30) <= of_day < time(12, 0), time(13, 30) <= of_day < time(17, 30)
    return (morning or afternoon) and oracle_workday(minute.date(), calendar)


@settings(max_examples=80, deadline=None)
@given(starts, st.integers(1, 24), calendars)
def test_working_hours_agree_with_counting_minutes(start: datetime, hours: int, calendar: Calendar) -> None:
    worked = (
        minute
        for minute in (start + timedelta(minutes=n) for n in count())
        if oracle_minute_is_worked(minute, calendar)
    )
    last = next(islice(worked, hours * 60 - 1, None))
    assert last + timedelta(minutes=1) == due_at(start, hours, Unit.WORKING_HOUR, calendar)


@settings(max_examples=300, deadline=None)
@given(starts, st.integers(1, 40), calendars)
def test_working_days_agree_with_counting_days(start: datetime, amount: int, calendar: Calendar) -> None:
    worked = (day for day in (start.date() + timedelta(days=n) for n in count(1)) if oracle_workday(day, calendar))
    last = next(islice(worked, amount - 1, None))
    assert datetime.combine(last, time(17, 30), QINGDAO) == due_at(start, amount, Unit.WORKING_DAY, calendar)


@given(starts, st.integers(1, 10_000))
def test_minutes_elapse_day_and_night(start: datetime, minutes: int) -> None:
    assert timedelta(minutes=minutes) == due_at(start, minutes, Unit.MINUTE) - start


@given(starts, st.timedeltas(timedelta(0), timedelta(days=9)), st.integers(1, 30), units, calendars)
def test_starting_later_is_never_due_earlier(
    start: datetime, wait: timedelta, amount: int, unit: Unit, calendar: Calendar
) -> None:
    assert due_at(start, amount, unit, calendar) <= due_at(start + wait, amount, unit, calendar)


@given(starts, st.integers(1, 30), units, calendars)
def test_a_longer_limit_is_due_later(start: datetime, amount: int, unit: Unit, calendar: Calendar) -> None:
    assert due_at(start, amount, unit, calendar) < due_at(start, amount + 1, unit, calendar)


@given(starts, st.integers(1, 30), units, calendars, days)
def test_one_more_holiday_never_makes_it_earlier(
    start: datetime, amount: int, unit: Unit, calendar: Calendar, day: date
) -> None:
    more = Calendar(calendar.holidays | {day}, calendar.makeup_workdays - {day}, calendar.years, 2)
    assert due_at(start, amount, unit, calendar) <= due_at(start, amount, unit, more)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2026-03-10T09:00", 2, Unit.WORKING_HOUR, "2026-03-10T11:00"),
        ("2026-03-10T11:00", 1, Unit.WORKING_HOUR, "2026-03-10T12:00"),
        ("2026-03-10T11:00", 2, Unit.WORKING_HOUR, "2026-03-10T14:30"),
        ("2026-03-10T12:30", 1, Unit.WORKING_HOUR, "2026-03-10T14:30"),
        ("2026-03-13T17:00", 4, Unit.WORKING_HOUR, "2026-03-16T12:00"),
        ("2026-03-10T06:00", 1, Unit.WORKING_DAY, "2026-03-11T17:30"),
        ("2026-03-13T16:00", 2, Unit.WORKING_DAY, "2026-03-17T17:30"),
        ("2026-03-14T10:00", 1, Unit.WORKING_DAY, "2026-03-16T17:30"),
    ],
)
def test_worked_examples_of_plain_weeks(start: str, amount: int, unit: Unit, expected: str) -> None:
    assert at(expected) == due_at(at(start), amount, unit)


def test_a_make_up_saturday_is_worked_and_the_holiday_is_not() -> None:
    # The week of 1 October 2026 off, Saturday the 10th worked in exchange.
    week_off = frozenset(date(2026, 10, day) for day in range(1, 8))
    calendar = Calendar(week_off, frozenset({date(2026, 10, 10)}), frozenset({2026}), 1)
    assert at("2026-10-10T17:30") == due_at(at("2026-09-30T09:00"), 3, Unit.WORKING_DAY, calendar)


def test_a_year_without_rows_is_counted_by_weekday_and_says_so() -> None:
    calendar = Calendar(frozenset(), frozenset(), frozenset({2026}), 1)
    found = due(at("2026-12-31T09:00"), Limit(1, Unit.WORKING_DAY), WorkingTime(calendar, QINGDAO))
    assert (at("2027-01-01T17:30"), False) == (found.at, found.calendar_known)


def test_a_known_year_raises_no_alarm() -> None:
    calendar = Calendar(frozenset(), frozenset(), frozenset({2026}), 1)
    assert due(at("2026-03-10T09:00"), Limit(5, Unit.WORKING_DAY), WorkingTime(calendar, QINGDAO)).calendar_known


def test_due_times_are_in_utc() -> None:
    found = [due_at(at("2026-03-10T09:00"), 1, unit) for unit in Unit]
    assert [UTC, UTC, UTC] == [moment.tzinfo for moment in found]
