"""Opening hours: what is read, what is refused, and what holds when."""

import random
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.calendar import NO_HOLIDAYS, Calendar
from station.errors import UnreadableHours
from station.hours import MAX_LENGTH, Span, days_of, read_hours, work_out

SHANGHAI = ZoneInfo("Asia/Shanghai")
STRINGS = Path(__file__).parents[3] / "shared/data/stations/opening_hours_strings.txt"

READINGS = {
    "24小时": "24/7",
    "工作日开放": None,
    "07:30-22:30": "07:30-22:30",
    "05:00-17:30": "05:00-17:30",
    "08:45-23:45": "08:45-23:45",
    "08:00-12:00,14:00-16:00": "08:00-12:00,14:00-16:00",
    "周一至周五 09:00-17:00": "Mo-Fr 09:00-17:00",
    "周一至周五 08:30-12:00,13:00-17:30": "Mo-Fr 08:30-12:00,13:00-17:30",
    "周一至周五 08:00-12:00,14:00-18:00": "Mo-Fr 08:00-12:00,14:00-18:00",
    "开放时间,周一至周日9:00—17:00": "09:00-17:00",
    "上午8点半到12点、下午2点半至6点": "08:30-12:00,14:30-18:00",
    "每日8时到22时": "08:00-22:00",
    "每天从早上8时至下午6时": "08:00-18:00",
    "全天开放": "24/7",
    "非值守时段人脸识别进入，24小时不间断": "24/7",
}
FURTHER_READINGS = {
    "工作日 9:00-17:00": "Mo-Fr 09:00-17:00; PH off",
    "周六、周日 10点-16点；周一至周五 8:30-20:00": "Sa,Su 10:00-16:00; Mo-Fr 08:30-20:00",
    "周一至周五 9:00-17:00，节假日休息": "Mo-Fr 09:00-17:00; PH off",
    "9:00-17:00，周一休息": "09:00-17:00; Mo off",
    "晚上10点到次日6点": "22:00-06:00",
    "九点到十七点": "09:00-17:00",
    "8:00－18:00": "08:00-18:00",  # full-width digits and dash
    "中午12点至下午1点半": "12:00-13:30",
    "工作日24小时": "Mo-Fr 00:00-24:00; PH off",
    "周一至周五全天，周末9:00-12:00": "Mo-Fr 00:00-24:00; Sa-Su 09:00-12:00",
}


def test_the_table_holds_every_spelling_met_in_the_wild() -> None:
    if not STRINGS.exists():
        pytest.skip(f"no {STRINGS.name}: the shared data folder is absent")
    lines = STRINGS.read_text(encoding="utf-8").splitlines()
    assert set(READINGS) == {line.split("\t")[0] for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize(("typed", "expression"), [*READINGS.items(), *FURTHER_READINGS.items()])
def test_a_spelling_has_one_stated_reading(typed: str, expression: str | None) -> None:
    if expression is None:
        with pytest.raises(UnreadableHours, match="no clock times"):
            read_hours(typed)
    else:
        assert expression == read_hours(typed)


@pytest.mark.parametrize("expression", [e for e in (READINGS | FURTHER_READINGS).values() if e])
def test_what_was_read_reads_again_as_itself(expression: str) -> None:
    assert expression == read_hours(expression)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "nothing"),
        ("   ", "nothing"),
        ("8点到6点", "morning or afternoon"),
        ("全天开放 8:00-22:00", "both"),
        ("周一至周五 9:00-17:00(冬季8:00-16:00)", "冬季"),
        ("25点到26点", "no clock time"),
        ("电话预约", "电话预约"),
        ("周一至周五 9:00-17:00，周六", "named last"),
        ("休息", "without naming"),
        ("Mo-Fr sunrise-sunset", "not supported"),
        ("Mo-Fr 25:00-26:00", "not opening_hours syntax"),
        ("Mo-Fr 09:00-17:00 || off", "not supported"),
        ("SH off", "not understood"),
        ("week 01-53/2 Mo 10:00-11:00", "not "),
        ("Jan PH 10:00-12:00", "beginning of a rule"),
        ("Mo 10:00-11:00, PH 10:00-12:00", "beginning of a rule"),
        ("Mo 10:00-11:00;" * 40, f"longer than {MAX_LENGTH}"),
    ],
)
def test_unreadable_hours_are_refused_with_the_reason(typed: str, reason: str) -> None:
    with pytest.raises(UnreadableHours) as refusal:
        read_hours(typed)
    assert reason in refusal.value.reason.en


def at(expression: str, moment: str, calendar: Calendar = NO_HOLIDAYS) -> Span | None:
    schedule = work_out(expression, calendar=calendar, timezone=SHANGHAI, first_day=date(2026, 9, 28), days=14)
    return schedule.at(datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI).timestamp())


NATIONAL_DAY = Calendar(
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
    makeup_workdays=frozenset({date(2026, 10, 10)}),
    years=frozenset({2026}),
    version=1,
)


@pytest.mark.parametrize(
    ("expression", "moment", "span"),
    [
        ("24/7", "2026-10-01T03:00", Span.OPEN),
        ("08:45-23:45", "2026-09-30T23:44:59", Span.OPEN),
        ("08:45-23:45", "2026-09-30T23:45", Span.CLOSED),
        ("08:45-23:45", "2026-09-30T08:45", Span.OPEN),
        ("22:00-02:00", "2026-09-30T01:59", Span.OPEN),
        ("22:00-02:00", "2026-09-30T02:00", Span.CLOSED),
        ("20:00-26:00", "2026-09-30T01:00", Span.OPEN),
        ("08:00-12:00,14:00-16:00", "2026-09-30T13:00", Span.CLOSED),
        ("08:00-18:00 unknown", "2026-09-30T09:00", Span.UNKNOWN),
        ("Mo-Fr 09:00-17:00", "2026-10-01T10:00", Span.OPEN),  # says nothing of holidays: taken at its word
        ("Mo-Fr 09:00-17:00; PH off", "2026-10-01T10:00", Span.CLOSED),
        ("Mo-Fr 09:00-17:00; PH off", "2026-10-08T10:00", Span.OPEN),
        ("Mo-Fr 09:00-17:00; PH off", "2026-10-10T10:00", Span.OPEN),  # a Saturday worked in exchange
        ("Mo-Fr 09:00-17:00", "2026-10-10T10:00", Span.CLOSED),
        ("Mo-Fr 09:00-17:00; Sa,Su off; PH off", "2026-10-10T10:00", Span.OPEN),
        ("Mo-Fr 09:00-17:00; Sa,PH 10:00-12:00", "2026-10-01T11:00", Span.OPEN),
        ("Mo-Fr 09:00-17:00; Sa,PH 10:00-12:00", "2026-10-01T13:00", Span.CLOSED),
        ("Mo-Fr 09:00-17:00; Sa,PH 10:00-12:00", "2026-10-03T11:00", Span.OPEN),
        ("PH 10:00-12:00", "2026-09-30T11:00", Span.CLOSED),
    ],
)
def test_an_hour_is_open_as_posted_and_as_the_calendar_has_it(expression: str, moment: str, span: Span) -> None:
    assert span is at(expression, moment, NATIONAL_DAY)


def test_without_holiday_rows_the_weekday_rule_holds() -> None:
    assert Span.OPEN is at("Mo-Fr 09:00-17:00; PH off", "2026-10-01T10:00")


def test_a_schedule_knows_only_the_days_worked_out() -> None:
    assert at("24/7", "2026-09-27T23:59") is None
    assert at("24/7", "2026-10-12T00:00") is None


WORDS = [
    "Mo",
    "Tu",
    "Su",
    "Fr-Mo",
    "Mo-Fr",
    "PH",
    "Feb",
    "29",
    "30",
    "31",
    "2026",
    "2027",
    "2030",
    "10:00",
    "00:00",
    "24:00",
    "48:00",
    "-",
    ",",
    ";",
    "off",
    "open",
    "closed",
    "unknown",
    "24/7",
    ":",
    "10:00-12:00",
    "22:00-26:00",
    "00:00-48:00",
    "22:00-06:00",
    "Mo[5]",
    "||",
    "week",
    "easter",
    "SH",
    "+",
    "/",
    "sunrise",
    "(",
    ")",
    '"',
    "周一",
    "8点",
    "至",
    "休息",
]


def test_a_hostile_expression_is_read_or_refused_and_nothing_else() -> None:
    # Bounded work is what keeps the loop alive: spans of some days are asked for, never the library's next change,
    # which searches nine seconds for "easter off;Feb 29 Mo[5] off;Dec 31 off".
    rng = random.Random(20260930)
    read = 0
    for _ in range(4000):
        typed = rng.choice(("", " ")).join(rng.choice(WORDS) for _ in range(rng.randint(1, 14)))
        try:
            expression = read_hours(typed)
        except UnreadableHours:
            continue
        read += 1
        work_out(expression, calendar=NATIONAL_DAY, timezone=SHANGHAI, first_day=date(2026, 9, 28), days=9)
    assert read > 100


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Mo-Su 08:00-12:00,14:00-18:00", ["08:00-12:00 14:00-18:00"] * 2),
        ("24/7", ["00:00-00:00"] * 2),
        ("Mo-Su 17:00-26:00", ["17:00-02:00"] * 2),
        ("Mo-Fr 20:00-06:00", ["20:00-06:00"] * 2),
        ("Mo-Fr 08:00-18:00; PH off", ["08:00-18:00", ""]),
        ("We 00:00-24:00", ["00:00-00:00", ""]),
    ],
)
def test_a_door_shows_each_day_what_begins_on_it(expression: str, expected: list[str]) -> None:
    """Wednesday 30 September and the first day of the holidays: a night belongs to its evening."""
    first_day = date(2026, 9, 29)
    schedule = work_out(expression, calendar=NATIONAL_DAY, timezone=SHANGHAI, first_day=first_day, days=9)
    days = days_of(schedule, calendar=NATIONAL_DAY, timezone=SHANGHAI, first_day=date(2026, 9, 30), days=2)
    told = [
        " ".join(
            f"{span.opens_at.astimezone(SHANGHAI):%H:%M}-{span.closes_at.astimezone(SHANGHAI):%H:%M}"
            for span in day.spans
        )
        for day in days
    ]
    assert expected == told
    assert [False, True] == [day.is_holiday for day in days]
