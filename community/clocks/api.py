"""Rules of clocks and the working calendar over HTTP."""

from dataclasses import dataclass
from datetime import date, time
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field

from community.clocks import queries, recounting, rules
from community.clocks.models import ClockRule, Moved, Recount
from community.models import Clock, Limit, Unit
from core import calendar_edits
from core import queries as core_queries
from core.database import pool_transaction
from core.http.endpoint import Input
from core.http.fields import SHOWN
from core.http.wiring import BACKGROUND, actor, district_id, now, transaction
from core.models import HolidayRow, OfficeHours

_MOST_SHOWN = 200

Minutes = Annotated[int, Field(ge=0, le=43_200)]


class ClockRuleBody(Input):
    """How long a clock may run, when it warns and when it escalates. Without `category` it holds for every one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "clock": "handle",
                    "category": "litter",
                    "area": "370211/001",
                    "amount": 2,
                    "unit": "working_hour",
                    "warn_percent": 75,
                    "escalate_minutes": [0, 60, 240],
                }
            ]
        }
    )

    clock: Clock
    category: str | None = Field(None, max_length=40)
    area: str = Field("", max_length=400)
    amount: int = Field(ge=1, le=10_000)
    unit: Unit
    warn_percent: int = Field(75, ge=1, le=99)
    escalate_minutes: tuple[Minutes, ...] = Field((0, 60, 240), max_length=10)
    most_extensions: int = Field(1, ge=0, le=20)
    most_hold_days: int = Field(30, ge=0, le=365)


class DayBody(Input):
    """A day that differs from the week."""

    day: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
    is_workday: bool
    name: Annotated[str, Field(min_length=1, max_length=40), SHOWN]


class DaysBody(Input):
    """Holidays and days off worked in exchange, by one source, such as the State Council's notice of a year."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "国务院办公厅通知",
                    "days": [{"day": "2027-01-01", "is_workday": False, "name": "元旦"}],
                }
            ]
        }
    )

    source: Annotated[str, Field(min_length=1, max_length=200), SHOWN]
    days: tuple[DayBody, ...] = Field(min_length=1, max_length=400)


class SpanBody(Input):
    """A span in which offices work; what lies between two of a day is lunch."""

    weekday: int = Field(ge=1, le=7)
    opens: time
    closes: time


class WeekBody(Input):
    """The office hours of the whole week; a weekday without a span is a day off."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"source": "区政府通知", "spans": [{"weekday": 1, "opens": "09:00", "closes": "12:00"}]},
            ]
        }
    )

    source: Annotated[str, Field(min_length=1, max_length=200), SHOWN]
    spans: tuple[SpanBody, ...] = Field(max_length=28)


class CalendarQuery(Input):
    """Which year."""

    year: int = Field(ge=2000, le=2100)


class SourceQuery(Input):
    """By which source."""

    source: Annotated[str, Field(min_length=1, max_length=200), SHOWN]


@dataclass(frozen=True, slots=True)
class ClockRules:
    """The rules in force: those for every category first."""

    rules: tuple[ClockRule, ...]


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The hours of the week and the days of a year that differ from it; `is_known` is False where none are entered."""

    version: int
    is_known: bool
    week: tuple[OfficeHours, ...]
    days: tuple[HolidayRow, ...]


async def get_clock_rules(request: web.Request) -> ClockRules:
    """List how long each clock may run, by category and area."""
    async with transaction(request) as conn:
        return ClockRules(tuple(await queries.list_rules(conn, district_id=district_id(request))))


async def put_clock_rule(request: web.Request, body: ClockRuleBody) -> ClockRule:
    """Set how long a clock may run for a category in an area; the version before stays with the clocks it started."""
    draft = rules.RuleDraft(
        clock=body.clock,
        category_code=body.category,
        area_path=body.area,
        limit=Limit(body.amount, body.unit),
        warn_percent=body.warn_percent,
        escalate_minutes=body.escalate_minutes,
        most_extensions=body.most_extensions,
        most_hold_days=body.most_hold_days,
    )
    async with transaction(request) as conn:
        return await rules.set_rule(conn, draft=draft, actor=actor(request), now=now(request))


async def delete_clock_rule(request: web.Request, rule_id: int) -> None:
    """Let the more general rule hold again for the clocks that start from now on."""
    async with transaction(request) as conn:
        await rules.retire_rule(conn, rule_id=rule_id, actor=actor(request), now=now(request))


async def get_calendar(request: web.Request, query: CalendarQuery) -> WorkingCalendar:
    """Show the office hours of the week and the days of a year that differ from it."""
    async with transaction(request) as conn:
        days = await core_queries.list_holidays(conn, district_id=district_id(request))
        week = await core_queries.list_office_hours(conn, district_id=district_id(request))
        version = await core_queries.get_calendar_version(conn, district_id=district_id(request))
    of_year = tuple(row for row in days if row.day.year == query.year)
    return WorkingCalendar(version, bool(of_year), tuple(week), of_year)


async def put_calendar_days(request: web.Request, body: DaysBody) -> Recount:
    """Enter holidays and days worked in exchange, count every open clock anew, and say which moved."""
    days = [HolidayRow(each.day, each.is_workday, each.name, body.source, version=1) for each in body.days]
    async with transaction(request) as conn:
        version = await calendar_edits.set_days(
            conn,
            district_id=district_id(request),
            days=days,
            source=body.source,
            staff_id=actor(request).id,
            now=now(request),
        )
    return await _recount(request, version)


async def delete_calendar_day(request: web.Request, day: date, query: SourceQuery) -> Recount:
    """Let a day follow the week again, count every open clock anew, and say which moved."""
    async with transaction(request) as conn:
        version = await calendar_edits.clear_day(
            conn, day=day, source=query.source, actor=actor(request), now=now(request)
        )
    return await _recount(request, version)


async def put_calendar_week(request: web.Request, body: WeekBody) -> Recount:
    """Set the office hours of the week, count every open clock anew, and say which moved."""
    spans = [OfficeHours(each.weekday, each.opens, each.closes) for each in body.spans]
    async with transaction(request) as conn:
        version = await calendar_edits.set_week(
            conn, spans=spans, source=body.source, actor=actor(request), now=now(request)
        )
    return await _recount(request, version)


async def _recount(request: web.Request, version: int) -> Recount:
    """Count in steps, each committed, as the sweep would; what an interruption leaves, the sweep finishes."""
    moved: list[Moved] = []
    count = None
    while count != 0:
        async with pool_transaction(request.app[BACKGROUND]) as conn:
            count, some = await recounting.recount_open_clocks(conn, district_id=district_id(request), now=now(request))
        moved += some
    return Recount(version, len(moved), tuple(moved[:_MOST_SHOWN]))
