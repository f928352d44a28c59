"""Opening hours: reads what was typed, and works out the open and closed spans of the coming days.

An expression is OpenStreetMap `opening_hours` syntax; opening-hours-py evaluates it. Two walls stand before that
library, because it knows neither our holidays nor our patience:

- Only words of a short list pass (`_WORD`), at most `MAX_LENGTH` characters. The library is asked for the spans of a
  bounded number of days and for nothing else: its `next_change` may search for seconds up to the year 9999.
- Holidays are rows, so `PH` is replaced by the dates of the window before the library sees the expression, and the
  library's own embedded calendar is never loaded.

Reads no clock and no database.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, State, validate

from core.calendar import Calendar
from core.errors import Text
from station import hours_zh
from station.errors import UnreadableHours

#: OSM's own limit for a tag value; the slowest of 200,000 random expressions within it took 8 ms to read and work out.
MAX_LENGTH = 255

_WORD = re.compile(
    r"\s+|24/7|Mo|Tu|We|Th|Fr|Sa|Su|PH"
    r"|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
    r"|off|closed|open|unknown|\d{1,2}:\d{2}|20\d{2}|\d{1,2}|[-,;]"
)
_LEADING_DAYS = re.compile(
    r"(?P<days>[A-Za-z]{2}(?:-[A-Za-z]{2})?(?:,\s*[A-Za-z]{2}(?:-[A-Za-z]{2})?)*)(?P<tail>\s.*|$)"
)
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_REFERENCE_DAY = date(2026, 1, 1)


class Span(StrEnum):
    """What an expression says of a moment; `unknown` is a word of the syntax ("ask first")."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


_SPAN_OF_STATE = {State.OPEN: Span.OPEN, State.CLOSED: Span.CLOSED, State.UNKNOWN: Span.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Schedule:
    """The spans of some days: `spans[i]` holds from `edges[i]` (included) to `edges[i + 1]`, in epoch seconds.

    Knows nothing before its first edge and from `ends` on.
    """

    edges: tuple[float, ...]
    spans: tuple[Span, ...]
    ends: float

    def at(self, moment: float) -> Span | None:
        """Give what holds at `moment` (epoch seconds); None outside the days worked out."""
        place = bisect_right(self.edges, moment) - 1
        return self.spans[place] if place >= 0 and moment < self.ends else None


@dataclass(frozen=True, slots=True)
class OpenSpan:
    """Posted open from `opens_at` to `closes_at`; `is_certain` False where one should ask first."""

    opens_at: datetime
    closes_at: datetime
    is_certain: bool


@dataclass(frozen=True, slots=True)
class OpenDay:
    """The spans that begin on a day, in order; one that lasts beyond a day is cut at midnight."""

    day: date
    is_holiday: bool
    spans: tuple[OpenSpan, ...]


def read_hours(typed: str) -> str:
    """Give the OSM expression for hours typed in OSM syntax or in Chinese; raises `UnreadableHours` with the reason."""
    text = typed.strip()
    if len(text) > MAX_LENGTH:
        raise UnreadableHours(Text(f"超过 {MAX_LENGTH} 个字符", f"longer than {MAX_LENGTH} characters"))
    if not text:
        raise UnreadableHours(Text("没有填写", "nothing was typed"))
    expression = text if _looks_like_osm(text) else hours_zh.to_osm(text)
    _refuse_unless_evaluable(expression)
    return expression


def work_out(expression: str, *, calendar: Calendar, timezone: ZoneInfo, first_day: date, days: int) -> Schedule:
    """Work out the spans of `days` days from midnight of `first_day` in `timezone`.

    Raises `UnreadableHours` for an expression that `read_hours` would not have given.
    """
    window = [first_day + timedelta(days=n) for n in range(days)]
    start = datetime.combine(first_day, time.min, timezone)
    end = datetime.combine(first_day + timedelta(days=days), time.min, timezone)
    evaluated = _evaluate(_with_dates(expression, calendar=calendar, window=window), start, end)
    edges, spans = [start.timestamp()], [Span.CLOSED]
    for begins, span in evaluated:
        if begins <= edges[-1]:
            spans[-1] = span
        elif span is not spans[-1]:
            edges.append(begins)
            spans.append(span)
    return Schedule(edges=tuple(edges), spans=tuple(spans), ends=end.timestamp())


def days_of(schedule: Schedule, *, calendar: Calendar, timezone: ZoneInfo, first_day: date, days: int) -> list[OpenDay]:
    """Tell the posted spans day by day, as a door would show them; `schedule` must reach over all of these days."""
    window = [first_day + timedelta(days=n) for n in range(days)]
    begun: dict[date, list[OpenSpan]] = {day: [] for day in window}
    for opens_at, closes_at, span in _posted(schedule, timezone):
        for start, end in _cut_at_midnights(opens_at, closes_at):
            if start.date() in begun:
                begun[start.date()].append(OpenSpan(start.astimezone(UTC), end.astimezone(UTC), span is Span.OPEN))
    return [OpenDay(day, calendar.is_holiday(day), tuple(begun[day])) for day in window]


def _posted(schedule: Schedule, timezone: ZoneInfo) -> list[tuple[datetime, datetime, Span]]:
    ends = (*schedule.edges[1:], schedule.ends)
    return [
        (datetime.fromtimestamp(begins, timezone), datetime.fromtimestamp(end, timezone), span)
        for begins, end, span in zip(schedule.edges, ends, schedule.spans, strict=True)
        if span is not Span.CLOSED
    ]


def _cut_at_midnights(opens_at: datetime, closes_at: datetime) -> list[tuple[datetime, datetime]]:
    """Cut what lasts beyond a day into days; a night stays whole and belongs to its evening."""
    if closes_at - opens_at <= timedelta(days=1) and opens_at.time() != time.min:
        return [(opens_at, closes_at)]
    pieces = []
    while opens_at < closes_at:
        midnight = datetime.combine(opens_at.date() + timedelta(days=1), time.min, opens_at.tzinfo)
        pieces.append((opens_at, min(midnight, closes_at)))
        opens_at = midnight
    return pieces


def _looks_like_osm(text: str) -> bool:
    return _FOREIGN.search(text) is None and "h" not in text.lower().replace("th", "").replace("ph", "")


def _refuse_unless_evaluable(expression: str) -> None:
    if len(expression) > MAX_LENGTH:
        raise UnreadableHours(Text(f"超过 {MAX_LENGTH} 个字符", f"longer than {MAX_LENGTH} characters"))
    at = 0
    while at < len(expression):
        word = _WORD.match(expression, at)
        if word is None:
            rest = expression[at : at + 20]
            raise UnreadableHours(Text(f"不支持“{rest}”", f"“{rest}” is not supported"))
        at = word.end()
    window = [_REFERENCE_DAY]
    every_day_a_holiday = Calendar(frozenset(window), frozenset(), frozenset(), version=0)
    start = datetime.combine(_REFERENCE_DAY, time.min)
    _evaluate(_with_dates(expression, calendar=every_day_a_holiday, window=window), start, start + timedelta(days=7))


def _evaluate(expression: str, start: datetime, end: datetime) -> list[tuple[float, Span]]:
    if not validate(expression):
        raise UnreadableHours(
            Text(f"“{expression}”不符合 opening_hours 语法", f"“{expression}” is not opening_hours syntax")
        )
    timezone = start.tzinfo if isinstance(start.tzinfo, ZoneInfo) else None
    hours = OpeningHours(expression, timezone=timezone, auto_country=False, auto_timezone=False)
    return [(begins.timestamp(), _SPAN_OF_STATE[state]) for begins, _, state, _ in hours.intervals(start, end)]


def _with_dates(expression: str, *, calendar: Calendar, window: list[date]) -> str:
    """Replace `PH` by the window's holidays, and let State working weeks include the window's make-up days.

    `Mo-Fr` in an expression that also speaks of `PH` is taken for the State's working week: it follows the State's
    calendar, so its rules hold on make-up working days too. A plain `Mo-Fr` stays the five days it names.
    """
    if "PH" not in expression:
        return expression
    holidays = _spell_dates(day for day in window if calendar.is_holiday(day))
    makeup_days = _spell_dates(day for day in window if calendar.is_makeup_workday(day))
    rules: list[str] = []
    makeup_rules: list[str] = []
    for rule in (part.strip() for part in expression.split(";")):
        found = _LEADING_DAYS.fullmatch(rule)
        if found is not None and "PH" in found["days"]:
            others = [name for name in re.split(r",\s*", found["days"]) if name != "PH"]
            rule_days = [",".join(others)] if others else []
            rules += [f"{days}{found['tail']}" for days in (*rule_days, holidays) if days]
            rule = found["tail"]
        elif rule:
            rules.append(rule)
            if found is not None and found["days"] == "Mo-Fr" and makeup_days:
                makeup_rules.append(f"{makeup_days}{found['tail']}")
        if "PH" in rule:
            raise UnreadableHours(Text("PH 只能写在一条规则开头", "PH may stand only at the beginning of a rule"))
    return "; ".join(rules + makeup_rules) or "off"


def _spell_dates(days: Iterable[date]) -> str:
    """Spell days as OSM dates, runs joined: `2026 Oct 01-2026 Oct 07`."""
    ordered = sorted(days)
    if not ordered:
        return ""
    breaks = [n + 1 for n, (day, following) in enumerate(pairwise(ordered)) if following - day > timedelta(days=1)]
    runs = [ordered[first:last] for first, last in pairwise([0, *breaks, len(ordered)])]
    return ",".join(_spell_date(run[0]) + (f"-{_spell_date(run[-1])}" if len(run) > 1 else "") for run in runs)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _spell_date(day: date) -> str:
    return f"{day.year} {_MONTHS[day.month - 1]} {day.day:02}"
