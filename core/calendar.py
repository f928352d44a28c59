"""Working days and holidays, from rows that an operator can correct and extend.

A year without rows follows the plain weekday rule; `knows(year)` tells callers to raise an alarm. Nothing here reads
the clock or the database beyond `load_calendar`.
"""

import csv
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

from core import queries
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text
from core.models import HolidayRow

Span = tuple[time, time]

#: Monday to Friday, 8:30 to 12:00 and 13:30 to 17:30: what a district begins with.
STANDARD_WEEK: tuple[tuple[Span, ...], ...] = (
    *[((time(8, 30), time(12)), (time(13, 30), time(17, 30)))] * 5,
    (),
    (),
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working week, Monday first, and the days that differ from it; `version` changes whenever any row does."""

    holidays: frozenset[date]
    makeup_workdays: frozenset[date]
    years: frozenset[int]
    version: int
    week: tuple[tuple[Span, ...], ...] = STANDARD_WEEK

    def is_holiday(self, day: date) -> bool:
        """Tell whether `day` is a public holiday by the rows."""
        return day in self.holidays

    def is_makeup_workday(self, day: date) -> bool:
        """Tell whether `day` is a weekend day worked in exchange for a holiday."""
        return day in self.makeup_workdays

    def is_workday(self, day: date) -> bool:
        """Tell whether offices work on `day`: rows first, else the week."""
        if day in self.makeup_workdays:
            return True
        return day not in self.holidays and bool(self.week[day.weekday()])

    def office_hours(self, day: date) -> tuple[Span, ...]:
        """Give the spans in which offices work on `day`, earliest first; none on a day off.

        A day off worked in exchange keeps the hours of the first working day of the week.
        """
        if not self.is_workday(day):
            return ()
        return self.week[day.weekday()] or self.first_working_day

    @property
    def first_working_day(self) -> tuple[Span, ...]:
        """Give the hours of the first day of the week that has any."""
        return next(spans for spans in self.week if spans)

    def knows(self, year: int) -> bool:
        """Tell whether there are rows for `year` at all."""
        return year in self.years


NO_HOLIDAYS = Calendar(frozenset(), frozenset(), frozenset(), version=0)


async def load_calendar(conn: Connection, *, district_id: int) -> Calendar:
    """Read the district's calendar; a few dozen rows a year.

    The edition first: an edit between the statements then leaves an older edition beside newer rows, which is counted
    anew. The other way round, what was counted by the older rows would pass for new.
    """
    version = await queries.get_calendar_version(conn, district_id=district_id)
    rows = await queries.list_holidays(conn, district_id=district_id)
    spans = await queries.list_office_hours(conn, district_id=district_id)
    return Calendar(
        holidays=frozenset(row.day for row in rows if not row.is_workday),
        makeup_workdays=frozenset(row.day for row in rows if row.is_workday),
        years=frozenset(row.day.year for row in rows),
        version=version,
        week=tuple(tuple((row.opens, row.closes) for row in spans if row.weekday == day) for day in range(1, 8)),
    )


def read_holidays(file: Path) -> list[HolidayRow]:
    """Read CSV `day,is_workday,name,source,version` (`true`/`false`). Raises `InvalidInput` naming every wrong line."""
    rows, errors = [], []
    with file.open(newline="", encoding="utf-8-sig") as stream:
        for number, row in enumerate(csv.DictReader(stream), start=2):
            try:
                rows.append(
                    HolidayRow(
                        day=date.fromisoformat(row["day"]),
                        is_workday={"true": True, "false": False}[row["is_workday"]],
                        name=row["name"],
                        source=row["source"],
                        version=int(row["version"]),
                    )
                )
            except (KeyError, TypeError, ValueError) as error:
                reason = Text(f"第 {number} 行有误：{error!r}", f"line {number} is wrong: {error!r}")
                errors.append(FieldError(f"/{number}", reason))
    if errors:
        raise InvalidInput(errors)
    return rows
