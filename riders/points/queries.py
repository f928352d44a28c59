"""All SQL about the ledger. Rules, objections and honours have theirs beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from core.access.queries import in_scopes
from core.database import Connection
from core.errors import Text
from riders.points.models import OBJECT_WITHIN, EntryDraft, Ground, OwnPointEntry, PointEntry, Withheld

_ENTRY = """
    select entry.id, entry.rider_id, entry.ground, entry.points, entry.reason_zh, entry.reason_en, entry.rule_id,
        entry.withheld, entry.case_id, entry.report_id, entry.reverses, reversal.id as reversed_by, entry.objection_id,
        entry.area_path, entry.earned_on, entry.created_at, entry.by_kind, entry.by_id
    from point_entry as entry
    left join point_entry as reversal
        on reversal.district_id = entry.district_id and reversal.reverses = entry.id
"""

_IN_SCOPE = in_scopes("entry.area_path")


def _entry(row: asyncpg.Record) -> PointEntry:
    values = dict(row)
    values["reason"] = Text(values.pop("reason_zh"), values.pop("reason_en"))
    values["ground"] = Ground(values["ground"])
    values["withheld"] = None if values["withheld"] is None else Withheld(values["withheld"])
    return PointEntry(**values)


async def lock_rider(conn: Connection, *, district_id: int, rider_id: int) -> bool:
    """Let one transaction at a time write this rider's ledger, so that caps are counted once; False if unknown."""
    sql = "select true from rider where district_id = $1 and id = $2 for no key update"
    return await conn.fetchval(sql, district_id, rider_id) is not None


async def insert_entry(conn: Connection, *, district_id: int, entry: EntryDraft, now: datetime) -> int | None:
    """Give the new entry's id; None where its event, its case or its reversal is in the ledger already."""
    sql = """
        insert into point_entry (
            district_id, rider_id, ground, points, reason_zh, reason_en, area_path, earned_on, rule_id, withheld,
            case_id, report_id, event_id, reverses, objection_id, by_id, by_kind, created_at
        )
        values (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            case when $16::bigint is null then 'system' else 'staff' end, $17
        )
        on conflict do nothing
        returning id
    """
    what = (entry.rider_id, entry.ground.value, entry.points, entry.reason.zh, entry.reason.en, entry.area_path)
    why = (entry.earned_on, entry.rule_id, entry.withheld, entry.case_id, entry.report_id, entry.event_id)
    entry_id: int | None = await conn.fetchval(
        sql, district_id, *what, *why, entry.reverses, entry.objection_id, entry.by_id, now
    )
    return entry_id


async def find_entry(conn: Connection, *, district_id: int, entry_id: int) -> PointEntry | None:
    row = await conn.fetchrow(_ENTRY + "where entry.district_id = $1 and entry.id = $2", district_id, entry_id)
    return None if row is None else _entry(row)


async def list_standing_entries(
    conn: Connection, *, district_id: int, case_id: int, rider_id: int, grounds: Sequence[Ground]
) -> list[PointEntry]:
    """List what a rider has from a case on these grounds, and what was taken back: entries that nothing reverses."""
    sql = _ENTRY + (
        "where entry.district_id = $1 and entry.case_id = $2 and entry.rider_id = $3 and entry.ground = any($4::text[])"
        " and reversal.id is null order by entry.id"
    )
    rows = await conn.fetch(sql, district_id, case_id, rider_id, [ground.value for ground in grounds])
    return [_entry(row) for row in rows]


async def count_paid_on(conn: Connection, *, district_id: int, rider_id: int, ground: Ground, day: date) -> int:
    """Count the day's entries of a ground that were not withheld; taking one back makes no room for another."""
    count: int = await conn.fetchval(
        """
        select count(*) from point_entry
        where district_id = $1 and rider_id = $2 and ground = $3 and earned_on = $4
            and reverses is null and withheld is null
        """,
        district_id,
        rider_id,
        ground.value,
        day,
    )
    return count


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a case lies, WGS-84."""

    lon: float
    lat: float


async def list_paid_spots(
    conn: Connection,
    *,
    district_id: int,
    rider_id: int,
    ground: Ground,
    other_than: int,
    category_code: str,
    paid_from: date,
    opened_after: datetime,
    opened_before: datetime,
) -> list[Spot]:
    """List the places of the rider's other cases of a category, opened within the span, that have brought him points.

    `paid_from` is a day before which none of them can have been paid: it bounds what is read.
    """
    rows = await conn.fetch(
        """
        select lon, lat from point_entry as entry
        join community_case on community_case.district_id = $1 and community_case.id = entry.case_id
        where entry.district_id = $1 and rider_id = $2 and ground = $3 and earned_on >= $6
            and reverses is null and withheld is null and community_case.id <> $4 and category_code = $5
            and opened_at > $7 and opened_at < $8 and lon is not null
            and (
                select sum(points) from point_entry as all_of_it
                where all_of_it.district_id = $1 and all_of_it.case_id = entry.case_id
                    and all_of_it.rider_id = $2 and all_of_it.ground = $3
            ) > 0
        """,
        district_id,
        rider_id,
        ground.value,
        other_than,
        category_code,
        paid_from,
        opened_after,
        opened_before,
    )
    return [Spot(row["lon"], row["lat"]) for row in rows]


async def has_reported_matter(
    conn: Connection, *, district_id: int, rider_id: int, original_id: int, duplicate_id: int
) -> bool:
    """Tell whether the rider also reported the original, or was first with another duplicate of it."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from community_case
            where district_id = $1 and (id = $3 or (duplicate_of = $3 and id < $4))
                and reporter_kind = 'rider' and reporter_id = $2
        )
        """,
        district_id,
        rider_id,
        original_id,
        duplicate_id,
    )
    return found


async def find_appointed_area(
    conn: Connection, *, district_id: int, rider_id: int, near: str | None, at: datetime
) -> str | None:
    """Give the area of the appointment that counted at `at`: one that holds `near` before any other."""
    area_path: str | None = await conn.fetchval(
        """
        select area_path from appointment
        where district_id = $1 and rider_id = $2 and revoked_at is null and starts_at <= $4 and $4 < ends_at
        order by
            (area_path = '' or area_path = $3 or starts_with($3, area_path || '/')) is true desc,
            length(area_path) desc, id desc
        limit 1
        """,
        district_id,
        rider_id,
        near,
        at,
    )
    return area_path


async def list_appointed_areas(conn: Connection, *, district_id: int, rider_id: int, at: datetime) -> list[str]:
    """List the areas in which the rider is a reporter at `at`, the narrowest first."""
    rows = await conn.fetch(
        """
        select area_path from appointment
        where district_id = $1 and rider_id = $2 and revoked_at is null and starts_at <= $3 and $3 < ends_at
        order by length(area_path) desc, id desc
        """,
        district_id,
        rider_id,
        at,
    )
    return [row["area_path"] for row in rows]


async def sum_awards(conn: Connection, *, district_id: int, rider_id: int, since: date, before: date) -> int:
    """Sum what staff have awarded a rider in these days; what was taken back makes no room for more."""
    total: int = await conn.fetchval(
        """
        select coalesce(sum(points), 0) from point_entry
        where district_id = $1 and rider_id = $2 and ground = 'award' and earned_on >= $3 and earned_on < $4
            and reverses is null
        """,
        district_id,
        rider_id,
        since,
        before,
    )
    return total


async def sum_points(conn: Connection, *, district_id: int, rider_id: int) -> int:
    total: int = await conn.fetchval(
        "select coalesce(sum(points), 0) from point_entry where district_id = $1 and rider_id = $2",
        district_id,
        rider_id,
    )
    return total


async def sum_points_in(conn: Connection, *, district_id: int, scopes: Sequence[str], rider_id: int) -> int:
    """Sum what the rider has earned inside the scopes."""
    sql = "select coalesce(sum(points), 0) from point_entry as entry where district_id = $1 and rider_id = $3 and"
    total: int = await conn.fetchval(sql + _IN_SCOPE, district_id, scopes, rider_id)
    return total


async def list_entries_in(
    conn: Connection, *, district_id: int, scopes: Sequence[str], rider_id: int, before: int | None, limit: int
) -> list[PointEntry]:
    """List a rider's entries inside the scopes, newest first, with ids under `before`."""
    sql = (
        _ENTRY
        + "where entry.district_id = $1 and entry.rider_id = $3 and ($4::bigint is null or entry.id < $4) and"
        + _IN_SCOPE
        + "order by entry.id desc limit $5"
    )
    return [_entry(row) for row in await conn.fetch(sql, district_id, scopes, rider_id, before, limit)]


async def list_own_entries(
    conn: Connection, *, district_id: int, rider_id: int, before: int | None, limit: int
) -> list[OwnPointEntry]:
    """List a rider's entries as he sees them, newest first, with ids under `before`."""
    rows = await conn.fetch(
        """
        select entry.id, entry.ground, entry.points, entry.reason_zh, entry.reason_en, entry.withheld,
            community_case.number as case_number, entry.report_id, entry.reverses, reversal.id as reversed_by,
            entry.created_at, entry.by_kind, objection.status as objection_status, objection.answer as objection_answer
        from point_entry as entry
        left join point_entry as reversal on reversal.district_id = $1 and reversal.reverses = entry.id
        left join community_case on community_case.district_id = $1 and community_case.id = entry.case_id
        left join point_objection as objection on objection.district_id = $1 and objection.entry_id = entry.id
        where entry.district_id = $1 and entry.rider_id = $2 and ($3::bigint is null or entry.id < $3)
        order by entry.id desc limit $4
        """,
        district_id,
        rider_id,
        before,
        limit,
    )
    return [_own_entry(row) for row in rows]


def _own_entry(row: asyncpg.Record) -> OwnPointEntry:
    ground = Ground(row["ground"])
    return OwnPointEntry(
        id=row["id"],
        ground=ground,
        ground_text=ground.text,
        points=row["points"],
        reason=Text(row["reason_zh"], row["reason_en"]),
        withheld=None if row["withheld"] is None else Withheld(row["withheld"]),
        case_number=row["case_number"],
        report_id=row["report_id"],
        reverses=row["reverses"],
        reversed_by=row["reversed_by"],
        created_at=row["created_at"],
        by_kind=row["by_kind"],
        may_object_until=row["created_at"] + OBJECT_WITHIN,
        objection_status=row["objection_status"],
        objection_answer=row["objection_answer"],
    )
