"""Reading a day: sections in the order of what breaches next, each in keyset pages.

A day is what one's own desks answer for, which is less than what one sees: a case lifted to the subdistrict is on the
subdistrict's day alone, and a department's day is what it has been sent and has not finished.
"""

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from community import queries as case_queries
from community.desk.day import queries
from community.desk.day.models import Day, DayLine, DaySection, RunningClock, Section, Span
from community.desk.day.queries import DayRow
from community.detail import offers
from community.errors import UnknownCursor
from community.lists.models import After
from community.lists.pages import MAX_COUNT, bounded, read_cursor, write_cursor
from community.models import Case, CaseLine
from community.sight import Sight, roles_on, sight_of
from core.access.models import Actor, Role
from core.database import Connection
from core.queries import get_timezone

MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who reads his day, and when."""

    conn: Connection
    actor: Actor
    desks: Sight
    spans: dict[Section, Span]
    limit: int
    now: datetime


async def read_day(
    conn: Connection, *, actor: Actor, section: Section | None, cursor: str | None, limit: int, now: datetime
) -> Day:
    """Give the first page of every section, or the page of one; `limit` is clamped to 1…100. Raises `UnknownCursor`."""
    if cursor is not None and section is None:
        raise UnknownCursor(pointer="/query/cursor")
    zone = await get_timezone(conn, district_id=actor.district_id)
    reader = _Reader(conn, actor, desks_of(actor), _spans(now, zone), max(1, min(limit, MAX_PAGE)), now)
    wanted = Section if section is None else (section,)
    return Day(now, tuple([await _read(reader, each, cursor) for each in wanted]))


def desks_of(actor: Actor) -> Sight:
    """Tell for which desks `actor` works: like his sight, without what he may only look at."""
    return sight_of(replace(actor, grants=tuple(grant for grant in actor.grants if grant.role is not Role.AUDITOR)))


def _spans(now: datetime, zone: ZoneInfo) -> dict[Section, Span]:
    """Tell what each section shows of its order; a clock that runs out this very moment is overdue, as in lists."""
    today = now.astimezone(zone).date()
    tomorrow, day_after = (
        datetime.combine(today + timedelta(days=ahead), time(), tzinfo=zone).astimezone(UTC) for ahead in (1, 2)
    )
    just_after = now + timedelta(microseconds=1)
    return {
        Section.OVERDUE: Span(None, just_after),
        Section.DUE_TODAY: Span(just_after, tomorrow),
        Section.DUE_LATER: Span(tomorrow, None),
        Section.HELD: Span(None, day_after),
    }


async def _read(reader: _Reader, section: Section, cursor: str | None) -> DaySection:
    after = None if cursor is None else read_cursor(cursor, section)
    if section is Section.MENTIONS:
        return await _read_mentions(reader, after)
    span = reader.spans.get(section, Span(None, None))
    rows = await queries.list_day(
        reader.conn,
        district_id=reader.actor.district_id,
        desks=reader.desks,
        section=section,
        span=span,
        after=after,
        limit=reader.limit + 1,
    )
    count = None
    if after is None:
        counted = await queries.count_day(
            reader.conn,
            district_id=reader.actor.district_id,
            desks=reader.desks,
            section=section,
            span=span,
            most=MAX_COUNT + 1,
        )
        count = bounded(counted)
    shown = rows[: reader.limit]
    next_cursor = write_cursor(section, shown[-1].at, shown[-1].case_id) if len(rows) > reader.limit else None
    return DaySection(section, section.text, count, await _lines(reader, shown), (), next_cursor)


async def _lines(reader: _Reader, rows: list[DayRow]) -> tuple[DayLine, ...]:
    district_id, case_ids = reader.actor.district_id, [row.case_id for row in rows]
    cases = await case_queries.list_cases_by_id(reader.conn, district_id=district_id, case_ids=case_ids)
    clocks = await queries.list_next_clocks(reader.conn, district_id=district_id, case_ids=case_ids)
    return tuple(_line(reader, row, cases[row.case_id], clocks.get(row.case_id)) for row in rows)


def _line(reader: _Reader, row: DayRow, case: Case, running: RunningClock | None) -> DayLine:
    return DayLine(
        case=CaseLine(**{field.name: getattr(case, field.name) for field in fields(CaseLine)}),
        at=row.at,
        clock=None if running is None else running.clock,
        seconds_left=None if running is None else int((running.due_at - reader.now).total_seconds()),
        verbs=offers(case, roles_on(reader.actor, case)),
    )


async def _read_mentions(reader: _Reader, after: After | None) -> DaySection:
    """Give the unread notes that mention the reader, the newest first; also of cases that he may only look at."""
    district_id, staff_id, sight = reader.actor.district_id, reader.actor.id or 0, sight_of(reader.actor)
    found = await queries.list_unread_mentions(
        reader.conn,
        district_id=district_id,
        staff_id=staff_id,
        sight=sight,
        before_id=None if after is None else after.case_id,
        limit=reader.limit + 1,
    )
    count = None
    if after is None:
        counted = await queries.count_unread_mentions(
            reader.conn, district_id=district_id, staff_id=staff_id, sight=sight, most=MAX_COUNT + 1
        )
        count = bounded(counted)
    section, shown = Section.MENTIONS, tuple(found[: reader.limit])
    next_cursor = write_cursor(section, None, shown[-1].notice_id) if len(found) > reader.limit else None
    return DaySection(section, section.text, count, (), shown, next_cursor)
