"""All SQL about taps and the faults they tell of."""

from datetime import datetime

import asyncpg

from core.database import Connection
from station.models import Fault, FeedbackKind


async def find_tap(
    conn: Connection,
    *,
    district_id: int,
    station_id: int,
    kind: FeedbackKind,
    amenity: str | None,
    teller: bytes,
    since: datetime,
) -> asyncpg.Record | None:
    """Find the same teller's same tap since `since`."""
    return await conn.fetchrow(
        """
        select told_at, within_hours, fault_id is not null as has_case from station_feedback
        where district_id = $1 and station_id = $2 and teller = $3 and told_at > $4
            and kind = $5 and amenity is not distinct from $6
        order by told_at desc limit 1
        """,
        district_id,
        station_id,
        teller,
        since,
        kind,
        amenity,
    )


async def count_taps(conn: Connection, *, district_id: int, station_id: int, teller: bytes, since: datetime) -> int:
    count: int = await conn.fetchval(
        """
        select count(*) from station_feedback
        where district_id = $1 and station_id = $2 and teller = $3 and told_at > $4
        """,
        district_id,
        station_id,
        teller,
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
