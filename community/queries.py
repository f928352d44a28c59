"""All SQL about categories, cases and their deadlines; lists, routing, appeals and notices are beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from community.models import (
    Case,
    Category,
    Choice,
    ClosingPhotos,
    Kind,
    Origin,
    Place,
    Question,
    Satisfaction,
    State,
)
from community.routing.models import Route
from core.database import Connection
from geo.models import Located

_CATEGORY = """
    code, zh, en, questions, closing_photos, default_department_id, is_active
"""

_CASE = """
    id, district_id, number, origin, origin_ref, category_code, kind, promised_at, state, state_before, held_until,
    description, lon, lat, received_lon, received_lat, received_datum, accuracy_m, area_code, area_path, area_names,
    generation_id, candidates, metres_to_line, needs_confirmation, located_reason, desk_path, desk_before,
    suggested_department_id, suggested_department_ids, post_id, department_id, department_ids, assignee_id,
    duplicate_of, reporter_kind, reporter_id, contact_owed, result, satisfaction, reopening_asked_at, opened_at,
    updated_at, closed_at, next_due_at, version
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
        closing_photos=ClosingPhotos(row["closing_photos"]),
        default_department_id=row["default_department_id"],
        is_active=row["is_active"],
    )


def _case(row: asyncpg.Record) -> Case:
    values = dict(row)
    values["origin"] = Origin(values["origin"])
    values["kind"] = Kind(values["kind"])
    values["state"] = State(values["state"])
    values["state_before"] = None if values["state_before"] is None else State(values["state_before"])
    values["satisfaction"] = None if values["satisfaction"] is None else Satisfaction(values["satisfaction"])
    values["candidates"] = tuple(values["candidates"])
    values["suggested_department_ids"] = tuple(values["suggested_department_ids"])
    values["department_ids"] = tuple(values["department_ids"])
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


async def upsert_category(conn: Connection, *, district_id: int, category: Category) -> None:
    await conn.execute(
        """
        insert into category (district_id, code, zh, en, questions, closing_photos, default_department_id, is_active)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (district_id, code) do update set zh = $3, en = $4, questions = $5, closing_photos = $6,
            default_department_id = $7, is_active = $8
        """,
        *(district_id, category.code, category.zh, category.en, category.questions, category.closing_photos),
        *(category.default_department_id, category.is_active),
    )


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
    assignee_id: int | None,
    reporter_kind: str,
    reporter_id: int | None,
    contact_owed: bool,
    opened_year: int,
    now: datetime,
) -> Case:
    row = await conn.fetchrow(
        f"""
        insert into community_case (
            opened_year, district_id, origin, origin_ref, category_code, state, description, desk_path,
            suggested_department_id, reporter_kind, reporter_id, contact_owed, opened_at, updated_at, lon, lat,
            received_lon, received_lat, received_datum, accuracy_m, area_code, area_path, area_names, generation_id,
            candidates, metres_to_line, needs_confirmation, located_reason, suggested_department_ids, post_id,
            assignee_id
        )
        values (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26, $27, $28, $29, $30
        )
        returning {_CASE}
        """,  # noqa: S608
        *(opened_year, district_id, origin, origin_ref, category_code, state, description, route.desk_path),
        *(route.department_id, reporter_kind, reporter_id, contact_owed, now),
        *_place_values(place),
        *_located_values(located),
        *(route.department_ids, route.post_id, assignee_id),
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


async def list_cases_by_id(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> dict[int, Case]:
    rows = await conn.fetch(
        f"select {_CASE} from community_case where district_id = $1 and id = any($2::bigint[])",  # noqa: S608
        district_id,
        case_ids,
    )
    return {row["id"]: _case(row) for row in rows}


async def lock_cases(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> dict[int, Case]:
    """Lock the rows until the transaction ends, in order of id so that two callers never wait for each other.

    The id of a case never changes, so what refers to a case can be written meanwhile by anyone.
    """
    rows = await conn.fetch(
        f"""
        select {_CASE} from community_case where district_id = $1 and id = any($2::bigint[])
        order by id for no key update
        """,  # noqa: S608
        district_id,
        case_ids,
    )
    return {row["id"]: _case(row) for row in rows}


async def list_duplicate_ids(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> list[int]:
    """List the duplicates of these cases."""
    rows = await conn.fetch(
        "select id from community_case where district_id = $1 and duplicate_of = any($2::bigint[])",
        district_id,
        case_ids,
    )
    return [row["id"] for row in rows]


async def update_case(
    conn: Connection, *, before: Case, after: Case, allowed_states: Sequence[State], now: datetime
) -> Case | None:
    """Write what `after` says, unless the case has left the allowed states or the version of `before`; None then."""
    row = await conn.fetchrow(
        f"""
        update community_case set
            state = $5, state_before = $6, held_until = $7, kind = $8, promised_at = $9, result = $10,
            satisfaction = $11, reopening_asked_at = $12, department_id = $13, department_ids = $14, assignee_id = $15,
            duplicate_of = $16, area_code = $17, area_path = $18, area_names = $19, generation_id = $20,
            desk_path = $21, desk_before = $22, needs_confirmation = $23, closed_at = $24, updated_at = $25,
            suggested_department_id = $26, suggested_department_ids = $27, post_id = $28, version = version + 1
        where district_id = $1 and id = $2 and version = $3 and state = any($4::text[])
        returning {_CASE}
        """,  # noqa: S608
        *(before.district_id, before.id, before.version, [state.value for state in allowed_states]),
        *(after.state, after.state_before, after.held_until, after.kind, after.promised_at, after.result),
        *(after.satisfaction, after.reopening_asked_at, after.department_id, after.department_ids, after.assignee_id),
        *(after.duplicate_of, after.area_code, after.area_path, after.area_names, after.generation_id),
        *(after.desk_path, after.desk_before, after.needs_confirmation, after.closed_at, now),
        *(after.suggested_department_id, after.suggested_department_ids, after.post_id),
    )
    return None if row is None else _case(row)


async def refresh_next_due(conn: Connection, *, district_id: int, case_id: int) -> Case:
    """Write the earliest clock still running into the case, where lists order by it."""
    row = await conn.fetchrow(
        f"""
        update community_case set next_due_at = (
            select min(due_at) from deadline
            where district_id = $1 and case_id = $2
                and met_at is null and cancelled_at is null and paused_at is null
        )
        where district_id = $1 and id = $2
        returning {_CASE}
        """,  # noqa: S608
        district_id,
        case_id,
    )
    assert row is not None  # noqa: S101 — the caller holds the row's lock
    return _case(row)


async def settle_children(conn: Connection, *, district_id: int, case_id: int, result: str | None) -> list[int]:
    """Give the duplicates of a case its result, and their ids; they wait for each other in order of id."""
    rows = await conn.fetch(
        """
        with children as (
            select id from community_case
            where district_id = $1 and duplicate_of = $2 and state = 'duplicate' order by id for no key update
        )
        update community_case set result = $3 from children
        where community_case.district_id = $1 and community_case.id = children.id
        returning community_case.id
        """,
        district_id,
        case_id,
        result,
    )
    return sorted(row["id"] for row in rows)


async def move_children(
    conn: Connection, *, district_id: int, from_case_id: int, to_case_id: int, result: str | None
) -> list[int]:
    """Let the duplicates of one case be those of another, with its result where it has one, and give their ids."""
    rows = await conn.fetch(
        """
        with children as (
            select id from community_case where district_id = $1 and duplicate_of = $2 order by id for no key update
        )
        update community_case set duplicate_of = $3, result = coalesce($4, result) from children
        where community_case.district_id = $1 and community_case.id = children.id
        returning community_case.id
        """,
        district_id,
        from_case_id,
        to_case_id,
        result,
    )
    return sorted(row["id"] for row in rows)


async def list_holds_over(conn: Connection, *, district_id: int, now: datetime, limit: int) -> list[int]:
    """Lock cases whose hold has run out, skipping those that somebody is at work on."""
    rows = await conn.fetch(
        """
        select id from community_case where district_id = $1 and state = 'held' and held_until <= $2
        order by held_until limit $3 for no key update skip locked
        """,
        district_id,
        now,
        limit,
    )
    return [row["id"] for row in rows]


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
