"""Open-now truth: schedule x suspension x evidence."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.calendar import NO_HOLIDAYS
from station.hours import work_out
from station.opening import Evidence, Openness, OpenState, Reason, Suspension, draw_timeline

SHANGHAI = ZoneInfo("Asia/Shanghai")
OPEN, CLOSED, LOCKED, UNKNOWN = OpenState.OPEN, OpenState.CLOSED, OpenState.REPORTED_LOCKED, OpenState.UNKNOWN


def clock(text: str) -> datetime:
    """Wednesday 30 September 2026 at `text`, or another day when a day is given."""
    day = "2026-09-30T" if "T" not in text else ""
    return datetime.fromisoformat(day + text).replace(tzinfo=SHANGHAI)


def ask(
    when: str,
    hours: str | None,
    *,
    suspended: tuple[str, str | None] | None = None,
    found_open: str | None = None,
    locked: str | None = None,
) -> Openness:
    day = date(2026, 9, 29)
    schedule = hours and work_out(hours, calendar=NO_HOLIDAYS, timezone=SHANGHAI, first_day=day, days=9)
    timeline = draw_timeline(
        schedule or None,
        begins=clock("2026-09-29T00:00"),
        suspension=suspended and Suspension(clock(suspended[0]), suspended[1] and clock(suspended[1])),
        evidence=Evidence(found_open and clock(found_open), locked and clock(locked)),
    )
    return timeline.at(clock(when).timestamp())


DAY = "08:00-12:00,14:00-18:00"


@pytest.mark.parametrize(
    ("when", "hours", "facts", "state", "reason", "until"),
    [
        ("09:00", DAY, {}, OPEN, Reason.SCHEDULE, "12:00"),
        ("12:00", DAY, {}, CLOSED, Reason.SCHEDULE, "14:00"),
        ("19:00", DAY, {}, CLOSED, Reason.SCHEDULE, "2026-10-01T08:00"),
        ("09:00", "24/7", {}, OPEN, Reason.SCHEDULE, "2026-10-08T00:00"),
        ("09:00", "08:00-18:00 unknown", {}, UNKNOWN, Reason.ASK_FIRST, "18:00"),
        ("09:00", None, {}, UNKNOWN, Reason.HOURS_UNKNOWN, None),
        # A suspension closes whatever else is said, and its start ends an opening.
        ("09:00", DAY, {"suspended": ("08:30", "11:00")}, CLOSED, Reason.SUSPENDED, "11:00"),
        ("11:00", DAY, {"suspended": ("08:30", "11:00")}, OPEN, Reason.SCHEDULE, "12:00"),
        ("08:10", DAY, {"suspended": ("08:30", "11:00")}, OPEN, Reason.SCHEDULE, "08:30"),
        ("09:00", DAY, {"suspended": ("08:30", None)}, CLOSED, Reason.SUSPENDED, None),
        ("09:00", DAY, {"suspended": ("08:30", None), "found_open": "08:50"}, CLOSED, Reason.SUSPENDED, None),
        ("09:00", None, {"suspended": ("08:30", None)}, CLOSED, Reason.SUSPENDED, None),
        # Found locked within posted hours: doubted for four hours, never beyond the posted session.
        ("09:00", DAY, {"locked": "08:55"}, LOCKED, Reason.FOUND_LOCKED, "12:00"),
        ("12:30", DAY, {"locked": "08:55"}, CLOSED, Reason.SCHEDULE, "14:00"),
        ("15:00", DAY, {"locked": "08:55"}, OPEN, Reason.SCHEDULE, "18:00"),
        ("15:00", "24/7", {"locked": "11:01"}, LOCKED, Reason.FOUND_LOCKED, "15:01"),
        ("15:01", "24/7", {"locked": "11:01"}, OPEN, Reason.SCHEDULE, "2026-10-08T00:00"),
        ("08:50", DAY, {"locked": "08:55"}, OPEN, Reason.SCHEDULE, "08:55"),
        ("09:00", "08:00-18:00 unknown", {"locked": "08:55"}, LOCKED, Reason.FOUND_LOCKED, "12:55"),
        # Found locked outside posted hours says nothing new.
        ("14:10", DAY, {"locked": "13:50"}, OPEN, Reason.SCHEDULE, "18:00"),
        # The newer of two findings counts.
        ("09:00", DAY, {"locked": "08:30", "found_open": "08:55"}, OPEN, Reason.SCHEDULE, "12:00"),
        ("09:00", DAY, {"locked": "08:55", "found_open": "08:30"}, LOCKED, Reason.FOUND_LOCKED, "12:00"),
        # A tap never opens a door that is posted closed.
        ("13:00", DAY, {"found_open": "12:55"}, CLOSED, Reason.SCHEDULE, "14:00"),
        # Without hours a finding is all there is, for an hour.
        ("09:00", None, {"found_open": "08:30"}, OPEN, Reason.FOUND_OPEN, "09:30"),
        ("09:30", None, {"found_open": "08:30"}, UNKNOWN, Reason.HOURS_UNKNOWN, None),
        ("09:00", None, {"found_open": "08:30", "locked": "08:40"}, LOCKED, Reason.FOUND_LOCKED, "09:40"),
        # Nothing is promised beyond the days worked out.
        ("2026-10-08T09:00", DAY, {}, UNKNOWN, Reason.BEYOND_FORECAST, None),
    ],
)
def test_the_truth_table(
    when: str, hours: str | None, facts: dict[str, str], state: OpenState, reason: Reason, until: str | None
) -> None:
    expected = Openness(state, reason, until and clock(until).astimezone(UTC))
    assert expected == ask(when, hours, **facts)


def test_only_open_is_open() -> None:
    told_open = [state for state in OpenState if Openness(state, Reason.SCHEDULE, None).is_open]
    assert 1 == len(told_open)
    assert OPEN is told_open[0]


def test_a_timeline_tells_when_its_answer_ends() -> None:
    schedule = work_out(DAY, calendar=NO_HOLIDAYS, timezone=SHANGHAI, first_day=date(2026, 9, 30), days=1)
    timeline = draw_timeline(schedule, begins=clock("00:00"))
    assert clock("12:00").timestamp() == timeline.next_edge(clock("09:00").timestamp())
    assert float("inf") == timeline.next_edge((clock("00:00") + timedelta(days=2)).timestamp())
