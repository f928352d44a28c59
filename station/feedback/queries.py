"""All SQL about taps and the faults they tell of."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from core.database import Connection
from station.models import Fault, FeedbackKind, OpenFeedback, OwnTap


async def list_open_feedback(
    conn: Connection, *, district_id: int, scopes: Sequence[str], since: datetime, limit: int
) -> list[OpenFeedback]:
    """List what was tapped since `since` in the subtrees `scopes` and is not answered, the latest first."""
    rows = await conn.fetch(
        """
        select s.id as station_id, s.code as station_code, s.name as station_name, s.area_path, f.kind, f.amenity,
            count(*) as taps, count(distinct f.teller) as tellers,
            count(*) filter (where f.within_hours) as within_hours,
            min(f.told_at) as first_told_at, max(f.told_at) as last_told_at, max(fault.case_id) as case_id
        from station_feedback f
            join station s on s.district_id = f.district_id and s.id = f.station_id
            left join station_amenity a
                on a.district_id = f.district_id and a.station_id = f.station_id and a.amenity = f.amenity
            left join station_fault fault on fault.district_id = f.district_id and fault.id = f.fault_id
        where f.district_id = $1 and f.told_at > $3 and (
                f.kind = 'amenity_broken' and not a.is_confirmed
                or f.kind = 'found_locked'
                    and f.told_at >= coalesce(greatest(s.verified_at, s.found_open_at, s.suspended_from), '-infinity')
            ) and exists (
                select from unnest($2::text[]) as scope
                where scope = '' or s.area_path = scope or starts_with(s.area_path, scope || '/')
            )
        group by s.id, s.code, s.name, s.area_path, f.kind, f.amenity
        order by last_told_at desc, s.id, f.amenity limit $4
        """,
        district_id,
        list(scopes),
        since,
        limit,
    )
    return [OpenFeedback(**dict(row) | {"kind": FeedbackKind(row["kind"])}) for row in rows]


async def find_tap(
    conn: Connection,
    *,
    district_id: int,
    station_id: int,
    kind: FeedbackKind,
    amenity: str | None,
    tellers: Sequence[bytes],
    since: datetime,
) -> asyncpg.Record | None:
    """Find the same teller's same tap since `since`."""
    return await conn.fetchrow(
        """
        select told_at, within_hours, fault_id is not null as has_case from station_feedback
        where district_id = $1 and station_id = $2 and teller = any($3::bytea[]) and told_at > $4
            and kind = $5 and amenity is not distinct from $6
        order by told_at desc limit 1
        """,
        district_id,
        station_id,
        list(tellers),
        since,
        kind,
        amenity,
    )


async def count_taps(
    conn: Connection, *, district_id: int, station_id: int, tellers: Sequence[bytes], since: datetime
) -> int:
    count: int = await conn.fetchval(
        """
        select count(*) from station_feedback
        where district_id = $1 and station_id = $2 and teller = any($3::bytea[]) and told_at > $4
        """,
        district_id,
        station_id,
        list(tellers),
        since,
    )
    return count


async def insert_tap(
    conn: Connection,
    *,
    district_id: int,
    station_id: int,
    kind: FeedbackKind,
    amenity: str | None,
    teller: bytes,
    within_hours: bool | None,
    fault_id: int | None,
    now: datetime,
) -> None:
    await conn.execute(
        """
        insert into station_feedback
            (district_id, station_id, kind, amenity, teller, within_hours, fault_id, told_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        district_id,
        station_id,
        kind,
        amenity,
        teller,
        within_hours,
        fault_id,
        now,
    )


async def note_finding(
    conn: Connection, *, district_id: int, station_id: int, kind: FeedbackKind, now: datetime
) -> None:
    """Keep when the door was last found open or locked; not a change that staff could have made, so no new version."""
    column = "found_open_at" if kind is FeedbackKind.FOUND_OPEN else "found_locked_at"
    await conn.execute(
        f"update station set {column} = $3 where district_id = $1 and id = $2",  # noqa: S608 — one of two constants
        district_id,
        station_id,
        now,
    )


async def find_open_fault(
    conn: Connection, *, district_id: int, station_id: int, kind: FeedbackKind, amenity: str | None
) -> Fault | None:
    row = await conn.fetchrow(
        """
        select id, case_id, taps from station_fault
        where district_id = $1 and station_id = $2 and kind = $3 and amenity is not distinct from $4
            and settled_at is null
        """,
        district_id,
        station_id,
        kind,
        amenity,
    )
    return None if row is None else Fault(**row)


async def insert_fault(
    conn: Connection, *, district_id: int, station_id: int, kind: FeedbackKind, amenity: str | None, now: datetime
) -> int:
    fault_id: int = await conn.fetchval(
        """
        insert into station_fault (district_id, station_id, kind, amenity, first_told_at, last_told_at)
        values ($1, $2, $3, $4, $5, $5) returning id
        """,
        district_id,
        station_id,
        kind,
        amenity,
        now,
    )
    return fault_id


async def link_fault(conn: Connection, *, district_id: int, fault_id: int, case_id: int) -> None:
    await conn.execute(
        "update station_fault set case_id = $3 where district_id = $1 and id = $2", district_id, fault_id, case_id
    )


async def add_tap_to_fault(conn: Connection, *, district_id: int, fault_id: int, now: datetime) -> int:
    taps: int = await conn.fetchval(
        """
        update station_fault set taps = taps + 1, last_told_at = $3
        where district_id = $1 and id = $2 returning taps
        """,
        district_id,
        fault_id,
        now,
    )
    return taps


async def settle_fault(conn: Connection, *, district_id: int, fault_id: int, now: datetime) -> None:
    await conn.execute(
        "update station_fault set settled_at = $3 where district_id = $1 and id = $2", district_id, fault_id, now
    )


async def list_stations_with_taps(conn: Connection, *, district_id: int) -> list[int]:
    rows = await conn.fetch("select distinct station_id from station_feedback where district_id = $1", district_id)
    return [row["station_id"] for row in rows]


async def list_taps(conn: Connection, *, district_id: int, stations_by_teller: Mapping[bytes, int]) -> list[OwnTap]:
    """Give the taps of these tellers, each at his station, the newest first."""
    rows = await conn.fetch(
        """
        select name as station, kind, amenity, told_at
        from unnest($2::bytea[], $3::bigint[]) as own (teller, station_id)
        join station_feedback as tap on tap.district_id = $1 and tap.station_id = own.station_id
            and tap.teller = own.teller
        join station on station.district_id = $1 and station.id = own.station_id
        order by told_at desc
        """,
        district_id,
        list(stations_by_teller),
        list(stations_by_teller.values()),
    )
    return [OwnTap(**row) for row in rows]


async def delete_taps(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Delete taps told before; what they changed stands in the history of the station. Give how many."""
    done = await conn.execute(
        """
        delete from station_feedback where (district_id, id) in (
            select district_id, id from station_feedback where district_id = $1 and told_at < $2
            order by told_at limit $3 for update skip locked
        )
        """,
        district_id,
        before,
        limit,
    )
    return int(done.split()[-1])
