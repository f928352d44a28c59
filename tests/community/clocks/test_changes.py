"""Pauses and extensions against a slow, plain oracle that counts worked minutes and worked days."""

from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from community.clocks.due import WorkingTime, due, working_time_between
from community.clocks.models import Extension, Pause
from community.models import Limit, Unit
from core.calendar import NO_HOLIDAYS, Calendar

QINGDAO = ZoneInfo("Asia/Shanghai")
FIRST_DAY = date(2026, 1, 1)

days = st.integers(0, 200).map(lambda n: FIRST_DAY + timedelta(days=n))
calendars = st.builds(
    lambda off, worked, saturday: Calendar(
        frozenset(off),
        frozenset(worked),
        frozenset({2026, 2027}),
        1,
        (
            *[((time(8, 30), time(12)), (time(13, 30), time(17, 30)))] * 5,
            ((time(9), time(11)),) if saturday else (),
            (),
        ),
    ),
    st.sets(days, max_size=40),
    st.sets(days, max_size=40),
    st.booleans(),
)
starts = st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 1)).map(  # noqa: DTZ001 — given its zone below
    lambda at: at.replace(second=0, microsecond=0, tzinfo=QINGDAO)
)
minutes = st.integers(0, 20_000).map(lambda n: timedelta(minutes=n))


def is_worked(minute: datetime, calendar: Calendar) -> bool:
    return any(opens <= minute.time() < closes for opens, closes in calendar.office_hours(minute.date()))


def due_at(start: datetime, limit: Limit, calendar: Calendar, *changes: Pause | Extension) -> datetime:
    return due(start, limit, WorkingTime(calendar, QINGDAO), changes=changes).at


@settings(max_examples=60, deadline=None)
@given(starts, st.integers(1, 12), minutes, minutes, calendars)
def test_a_pause_of_working_hours_agrees_with_counting_worked_minutes_outside_it(
    start: datetime, hours: int, wait: timedelta, length: timedelta, calendar: Calendar
) -> None:
    limit = Limit(hours, Unit.WORKING_HOUR)
    pause = Pause(start + wait, start + wait + length)
    assume(pause.began_at < due_at(start, limit, calendar))
    left = hours * 60
    for minute in (start + timedelta(minutes=n) for n in count()):
        is_paused = pause.began_at <= minute < (pause.ended_at or minute)
        if not is_paused and is_worked(minute, calendar):
            left -= 1
        if left == 0:
            # Where the last worked minute lay before the pause, what is left is nothing, and it is due at its end.
            assert max(minute + timedelta(minutes=1), pause.began_at) <= due_at(start, limit, calendar, pause)
            assert due_at(start, limit, calendar, pause) == minute + timedelta(minutes=1)
            return


@settings(max_examples=200, deadline=None)
@given(starts, st.integers(1, 20), minutes, minutes, calendars)
def test_a_pause_of_working_days_gives_back_the_days_it_went_on_for(
    start: datetime, amount: int, wait: timedelta, length: timedelta, calendar: Calendar
) -> None:
    limit = Limit(amount, Unit.WORKING_DAY)
    before = due_at(start, limit, calendar)
    began, ended = start + wait, start + wait + length
    assume(began < before)
    lost = sum(
        calendar.is_workday(began.date() + timedelta(days=n)) for n in range(1, (ended.date() - began.date()).days + 1)
    )
    day, left = before.astimezone(QINGDAO).date(), lost
    while left:
        day += timedelta(days=1)
        left -= calendar.is_workday(day)
    after = due_at(start, limit, calendar, Pause(began, ended)).astimezone(QINGDAO)
    assert after >= before
    assert after > ended or length == timedelta(0)
    assert after.date() == day or after.date() > ended.date()


@given(starts, st.integers(1, 500), minutes, minutes)
def test_a_pause_of_minutes_gives_back_every_minute(
    start: datetime, amount: int, wait: timedelta, length: timedelta
) -> None:
    assume(wait < timedelta(minutes=amount))
    pause = Pause(start + wait, start + wait + length)
    expected = start + timedelta(minutes=amount) + length
    assert expected == due_at(start, Limit(amount, Unit.MINUTE), NO_HOLIDAYS, pause)


@given(starts, st.integers(1, 30), st.integers(1, 30), st.sampled_from(Unit), calendars)
def test_an_extension_is_the_same_as_a_longer_limit(
    start: datetime, amount: int, more: int, unit: Unit, calendar: Calendar
) -> None:
    longer = due_at(start, Limit(amount + more, unit), calendar)
    assert longer == due_at(start, Limit(amount, unit), calendar, Extension(more, start))


@given(starts, st.integers(1, 30), st.sampled_from(Unit), calendars, minutes)
def test_a_pause_after_it_ran_out_changes_nothing(
    start: datetime, amount: int, unit: Unit, calendar: Calendar, late: timedelta
) -> None:
    limit = Limit(amount, unit)
    before = due_at(start, limit, calendar)
    assert before == due_at(start, limit, calendar, Pause(before + late, before + 2 * late))


@given(starts, minutes, calendars)
def test_working_time_between_two_moments_is_what_a_limit_takes(
    start: datetime, span: timedelta, calendar: Calendar
) -> None:
    end = start + span
    worked = sum(is_worked(start + timedelta(minutes=n), calendar) for n in range(int(span.total_seconds()) // 60))
    assert timedelta(minutes=worked) == working_time_between(start, end, calendar)


def test_a_pause_that_still_goes_on_counts_for_nothing_yet() -> None:
    start = datetime(2026, 3, 10, 10, tzinfo=QINGDAO)
    limit = Limit(4, Unit.WORKING_HOUR)
    assert due_at(start, limit, NO_HOLIDAYS) == due_at(start, limit, NO_HOLIDAYS, Pause(start, None))


def test_a_promised_date_is_extended_and_paused_like_a_limit() -> None:
    start = datetime(2026, 3, 10, 10, tzinfo=QINGDAO)
    promised = datetime(2026, 3, 20, 12, tzinfo=QINGDAO)
    found = due(
        start,
        Limit(2, Unit.WORKING_DAY),
        WorkingTime(NO_HOLIDAYS, QINGDAO),
        fixed_at=promised,
        changes=[Extension(1, start)],
    )
    assert datetime(2026, 3, 23, 17, 30, tzinfo=QINGDAO) == found.at
