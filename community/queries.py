"""All SQL about categories, cases and their deadlines; lists, routing, appeals and notices are beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from community.clocks import Due
from community.models import (
    Breach,
    Case,
    Category,
    Choice,
    Clock,
    Deadline,
    Limit,
    Origin,
    Place,
    Question,
    Route,
    State,
    Unit,
)
from core.database import Connection
from geo.models import Located

_CATEGORY = """
    code, zh, en, questions, respond_minutes, handle_amount, handle_unit, default_department_id, is_active
"""

_CASE = """
    id, district_id, number, origin, origin_ref, category_code, state, description, lon, lat,
    received_lon, received_lat, received_datum, accuracy_m, area_code, area_path, area_names, generation_id, candidates,
    metres_to_line, needs_confirmation, located_reason, desk_path, suggested_department_id, department_id, assignee_id,
    duplicate_of, reporter_kind, reporter_id, result, opened_at, updated_at, closed_at, next_due_at, version
"""


def _category(row: asyncpg.Record) -> Category:
    questions = tuple(
        Question(**question | {"values": tuple(Choice(**choice) for choice in question.get("values", ()))})
        for question in row["questions"]
    )
    return Category(
        code=row["code"],
        zh=row["zh"],
        en=row["en"],
        questions=questions,
        respond_minutes=row["respond_minutes"],
        handle=Limit(row["handle_amount"], Unit(row["handle_unit"])),
        default_department_id=row["default_department_id"],
        is_active=row["is_active"],
    )


def _case(row: asyncpg.Record) -> Case:
    values = dict(row)
    values["origin"] = Origin(values["origin"])
    values["state"] = State(values["state"])
    values["candidates"] = tuple(values["candidates"])
    values["area_names"] = None if values["area_names"] is None else tuple(values["area_names"])
    return Case(**values)


async def list_categories(conn: Connection, *, district_id: int) -> list[Category]:
    rows = await conn.fetch(
        f"select {_CATEGORY} from category where district_id = $1 and is_active order by code",  # noqa: S608
        district_id,
    )
    return [_category(row) for row in rows]


async def find_category(conn: Connection, *, district_id: int, code: str) -> Category | None:
    row = await conn.fetchrow(
        f"select {_CATEGORY} from category where district_id = $1 and code = $2",  # noqa: S608
        district_id,
        code,
    )
    return None if row is None else _category(row)


async def insert_case(
    conn: Connection,
    *,
    district_id: int,
    origin: Origin,
    origin_ref: str,
    category_code: str,
    state: State,
    description: str,
    place: Place | None,
    located: Located,
    route: Route,
    reporter_kind: str,
    reporter_id: int | None,
    opened_year: int,
    next_due_at: datetime,
    now: datetime,
) -> Case:
    row = await conn.fetchrow(
        f"""
        insert into community_case (
            opened_year, district_id, origin, origin_ref, category_code, state, description, desk_path,
            suggested_department_id, reporter_kind, reporter_id, next_due_at, opened_at, updated_at, lon, lat,
            received_lon, received_lat, received_datum, accuracy_m, area_code, area_path, area_names, generation_id,
            candidates, metres_to_line, needs_confirmation, located_reason
        )
        values (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26, $27
        )
        returning {_CASE}
        """,  # noqa: S608
        *(opened_year, district_id, origin, origin_ref, category_code, state, description, route.desk_path),
        *(route.department_id, reporter_kind, reporter_id, next_due_at, now),
        *_place_values(place),
        *_located_values(located),
    )
    assert row is not None  # noqa: S101 — INSERT … RETURNING of one row gives one row
    return _case(row)


def _place_values(place: Place | None) -> tuple[object, ...]:
    if place is None:
        return (None,) * 6
    received = place.received
    return (place.point.lon, place.point.lat, received.lon, received.lat, received.datum, place.accuracy_m)


def _located_values(located: Located) -> tuple[object, ...]:
    area = located.area
    named = (None, None, None) if area is None else (area.code, area.path, area.names)
    rest = (located.candidates, located.metres_to_line, located.needs_confirmation, located.reason)
    return (*named, located.generation_id, *rest)


async def find_case(conn: Connection, *, district_id: int, case_id: int) -> Case | None:
    row = await conn.fetchrow(
        f"select {_CASE} from community_case where district_id = $1 and id = $2",  # noqa: S608
        district_id,
        case_id,
    )
    return None if row is None else _case(row)


async def lock_cases(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> dict[int, Case]:
    """Lock the rows until the transaction ends, in order of id so that two callers never wait for each other."""
    rows = await conn.fetch(
        f"""
        select {_CASE} from community_case where district_id = $1 and id = any($2::bigint[]) order by id for update
        """,  # noqa: S608
        district_id,
        case_ids,
    )
    return {row["id"]: _case(row) for row in rows}


@dataclass(frozen=True, slots=True)
class CaseChange:
    """The columns a transition may set; each is written as given."""

    state: State
    result: str | None
    department_id: int | None
    assignee_id: int | None
    duplicate_of: int | None
    area_code: str | None
    area_path: str | None
    area_names: tuple[str, ...] | None
    generation_id: int | None
    desk_path: str
    needs_confirmation: bool
    closed_at: datetime | None


async def update_case(
    conn: Connection, *, case: Case, change: CaseChange, allowed_states: Sequence[State], now: datetime
) -> Case | None:
    """Write the change unless the case has left the allowed states or this version; None then."""
    row = await conn.fetchrow(
        f"""
        update community_case set
            state = $5, result = $6, department_id = $7, assignee_id = $8, duplicate_of = $9, area_code = $10,
            area_path = $11, area_names = $12, generation_id = $13, desk_path = $14, needs_confirmation = $15,
            closed_at = $16, updated_at = $17, version = version + 1
        where district_id = $1 and id = $2 and version = $3 and state = any($4::text[])
        returning {_CASE}
        """,  # noqa: S608
        case.district_id,
        case.id,
        case.version,
        [state.value for state in allowed_states],
        change.state.value,
        change.result,
        change.department_id,
        change.assignee_id,
        change.duplicate_of,
        change.area_code,
        change.area_path,
        change.area_names,
        change.generation_id,
        change.desk_path,
        change.needs_confirmation,
        change.closed_at,
        now,
    )
    return None if row is None else _case(row)


async def insert_deadlines(
    conn: Connection,
    *,
    district_id: int,
    case_id: int,
    dues: Mapping[Clock, Due],
    started_at: datetime,
    calendar_version: int,
) -> None:
    """Start the next round of each of these clocks."""
    await conn.execute(
        """
        insert into deadline
            (district_id, case_id, clock, round, due_at, started_at, calendar_version, calendar_known)
        select $1, $2, begun.clock, 1 + (
            select count(*) from deadline where district_id = $1 and case_id = $2 and clock = begun.clock
        ), begun.due_at, $6, $7, begun.known
        from unnest($3::text[], $4::timestamptz[], $5::boolean[]) as begun (clock, due_at, known)
        """,
        district_id,
        case_id,
        [clock.value for clock in dues],
        [due.at for due in dues.values()],
        [due.calendar_known for due in dues.values()],
        started_at,
        calendar_version,
    )


async def stop_deadlines(
    conn: Connection,
    *,
    district_id: int,
    case_id: int,
    met: Sequence[Clock],
    cancelled: Sequence[Clock],
    now: datetime,
) -> None:
    """End the running rounds of these clocks as met or as cancelled; a breach stays on record."""
    await conn.execute(
        """
        update deadline set
            met_at = case when clock = any($3::text[]) then $5::timestamptz end,
            cancelled_at = case when clock = any($4::text[]) then $5::timestamptz end
        where district_id = $1 and case_id = $2 and clock = any($3::text[] || $4::text[])
            and met_at is null and cancelled_at is null
        """,
        district_id,
        case_id,
        [clock.value for clock in met],
        [clock.value for clock in cancelled],
        now,
    )


async def refresh_next_due(conn: Connection, *, district_id: int, case_id: int) -> Case:
    """Write the earliest clock still running into the case, where lists order by it."""
    row = await conn.fetchrow(
        f"""
        update community_case set next_due_at = (
            select min(due_at) from deadline
            where district_id = $1 and case_id = $2 and met_at is null and cancelled_at is null
        )
        where district_id = $1 and id = $2
        returning {_CASE}
        """,  # noqa: S608
        district_id,
        case_id,
    )
    assert row is not None  # noqa: S101 — the caller holds the row's lock
    return _case(row)


async def list_deadlines(conn: Connection, *, district_id: int, case_id: int) -> list[Deadline]:
    rows = await conn.fetch(
        """
        select clock, round, due_at, started_at, met_at, breached_at, cancelled_at, calendar_version, calendar_known
        from deadline where district_id = $1 and case_id = $2 order by started_at, clock desc, round
        """,
        district_id,
        case_id,
    )
    return [Deadline(**dict(row) | {"clock": Clock(row["clock"])}) for row in rows]


async def mark_breaches(conn: Connection, *, district_id: int, now: datetime, limit: int) -> list[Breach]:
    """Mark running deadlines that are late, each once for ever, and give them in order of their due time.

    Rows that another sweeper or a person's act has locked are left for the next sweep.
    """
    rows = await conn.fetch(
        """
        with late as (
            select case_id, clock, round from deadline
            where district_id = $1 and due_at <= $2
                and met_at is null and cancelled_at is null and breached_at is null
            order by due_at limit $3 for update skip locked
        ), marked as (
            update deadline set breached_at = $2 from late
            where deadline.district_id = $1 and deadline.case_id = late.case_id
                and deadline.clock = late.clock and deadline.round = late.round
            returning deadline.case_id, deadline.clock, deadline.round, deadline.due_at
        )
        select case_id, clock, round, due_at from marked order by due_at, case_id
        """,
        district_id,
        now,
        limit,
    )
    return [Breach(row["case_id"], Clock(row["clock"]), row["round"], row["due_at"]) for row in rows]


@dataclass(frozen=True, slots=True)
class AreaRow:
    """An area as a case keeps it; `names` from the root down."""

    code: str
    path: str
    names: tuple[str, ...]
    generation_id: int


async def find_area(conn: Connection, *, district_id: int, generation_id: int | None, code: str) -> AreaRow | None:
    """Give an area of that generation, or of the active one where None."""
    row = await conn.fetchrow(
        """
        select area.code, area.path, area.names, area.generation_id
        from area join generation on generation.district_id = area.district_id and generation.id = area.generation_id
        where area.district_id = $1 and area.code = $3
            and case when $2::bigint is null then generation.status = 'active' else generation.id = $2 end
        """,
        district_id,
        generation_id,
        code,
    )
    return None if row is None else AreaRow(row["code"], row["path"], tuple(row["names"]), row["generation_id"])


async def list_staff_names(conn: Connection, *, district_id: int, staff_ids: Sequence[int]) -> dict[int, str]:
    """Give id → name, of disabled accounts too: history keeps its people."""
    rows = await conn.fetch(
        "select id, name from staff where district_id = $1 and id = any($2::bigint[])", district_id, staff_ids
    )
    return {row["id"]: row["name"] for row in rows}
