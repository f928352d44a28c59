"""All SQL about stations: finding them, reading them with their amenities, entering and changing them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from core.database import Connection, escape_like
from geo.models import Datum, Located, Point
from station.amenities.queries import write_amenities
from station.models import (
    AmenityState,
    Door,
    HostKind,
    OpenTo,
    Station,
    StationAmenity,
    StationCard,
    StationDraft,
    StationLine,
)

_AMENITIES = """
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'code', a.amenity, 'state', a.state, 'expires_on', a.expires_on, 'is_confirmed', a.is_confirmed
        ) order by k.position)
        from station_amenity a join amenity_kind k on k.district_id = a.district_id and k.code = a.amenity
        where a.district_id = s.district_id and a.station_id = s.id
    ), '[]') as amenities
"""

_STATION = f"""
    select s.id, s.code, s.qr_token, s.name, s.host_unit, s.host_kind, s.address, s.lon, s.lat, s.received_lon,
        s.received_lat, s.received_datum, s.entrance_lon, s.entrance_lat, s.photo_sha256, s.hours, s.hours_typed,
        s.is_always_open, s.door, s.capacity, s.phone, s.open_to, s.verified_at, s.verified_by, s.suspended_from,
        s.suspended_until, s.suspended_reason, s.found_open_at, s.found_locked_at, s.area_code, s.area_path,
        s.generation_id, s.is_demo, s.created_at, s.updated_at, s.row_version, {_AMENITIES}
    from station s
"""  # noqa: S608 — constants of this module

_CARD = f"""
    select s.id, s.code, s.name, s.host_unit, s.host_kind, s.address, s.lon, s.lat, s.entrance_lon, s.entrance_lat,
        s.photo_sha256, s.hours, s.hours_typed, s.is_always_open, s.door, s.capacity, s.phone, s.open_to,
        s.verified_at, s.found_open_at, s.found_locked_at, s.suspended_from, s.suspended_until, s.suspended_reason,
        s.area_code, s.is_demo, {_AMENITIES}
    from station s
"""  # noqa: S608 — constants of this module

# '0' follows '/' in the C collation, so the range finds the index; starts_with decides.
_WITHIN = """
    exists (
        select from unnest($2::text[]) as scope
        where scope = '' or s.area_path = scope or (
            s.area_path >= scope and s.area_path < scope || '0' and starts_with(s.area_path, scope || '/')
        )
    )
"""


def _amenities(rows: list[dict[str, Any]]) -> tuple[StationAmenity, ...]:
    return tuple(
        StationAmenity(
            code=row["code"],
            state=AmenityState(row["state"]),
            expires_on=None if row["expires_on"] is None else datetime.fromisoformat(row["expires_on"]).date(),
            is_confirmed=row["is_confirmed"],
        )
        for row in rows
    )


def _enums(row: asyncpg.Record) -> dict[str, Any]:
    return dict(row) | {
        "host_kind": HostKind(row["host_kind"]),
        "door": Door(row["door"]),
        "open_to": OpenTo(row["open_to"]),
        "amenities": _amenities(row["amenities"]),
    }


def _station(row: asyncpg.Record) -> Station:
    datum = row["received_datum"]
    return Station(**_enums(row) | {"received_datum": None if datum is None else Datum(datum)})


def _card(row: asyncpg.Record) -> StationCard:
    return StationCard(**_enums(row))


async def find_stations_by_name(
    conn: Connection, *, district_id: int, text: str, limit: int
) -> list[tuple[str, Point]]:
    """Find stations on the map whose name or address holds `text`; those whose name begins with it come first."""
    rows = await conn.fetch(
        """
        select name, lon, lat from station
        where district_id = $1 and lon is not null and (name ilike $2 or address ilike $2)
        order by not name ilike $3, name, id limit $4
        """,
        district_id,
        f"%{escape_like(text)}%",
        f"{escape_like(text)}%",
        limit,
    )
    return [(row["name"], Point(row["lon"], row["lat"])) for row in rows]


async def find_station(
    conn: Connection, *, district_id: int, station_id: int, for_update: bool = False
) -> Station | None:
    row = await conn.fetchrow(
        f"{_STATION} where s.district_id = $1 and s.id = $2{' for update of s' if for_update else ''}",
        district_id,
        station_id,
    )
    return None if row is None else _station(row)


async def find_station_by_code(conn: Connection, *, district_id: int, code: str) -> Station | None:
    row = await conn.fetchrow(f"{_STATION} where s.district_id = $1 and s.code = $2 for update of s", district_id, code)
    return None if row is None else _station(row)


async def list_stations(
    conn: Connection, *, district_id: int, scopes: Sequence[str], after: int, limit: int
) -> list[Station]:
    """List whole stations of the subtrees `scopes` in order of id: for exports and relocation."""
    rows = await conn.fetch(
        f"{_STATION} where s.district_id = $1 and {_WITHIN} and s.id > $3 order by s.id limit $4",
        district_id,
        list(scopes),
        after,
        limit,
    )
    return [_station(row) for row in rows]


async def list_station_lines(
    conn: Connection,
    *,
    district_id: int,
    scopes: Sequence[str],
    area_path: str,
    text: str,
    after: int,
    limit: int,
) -> list[StationLine]:
    """List stations of the subtrees `scopes` that also lie in `area_path` and have `text` in name, code or address."""
    rows = await conn.fetch(
        f"""
        select s.id, s.code, s.name, s.address, s.hours, s.hours_typed, s.lon, s.lat, s.area_path, s.verified_at,
            s.suspended_from, s.suspended_until, s.found_locked_at, s.is_demo, s.row_version
        from station s
        where s.district_id = $1 and {_WITHIN} and s.id > $3
            and ($4 = '' or s.area_path = $4 or starts_with(s.area_path, $4 || '/'))
            and ($5 = '' or strpos(lower(s.name || ' ' || s.code || ' ' || s.address), lower($5)) > 0)
        order by s.id limit $6
        """,  # noqa: S608 — only constants of this module are put in
        district_id,
        list(scopes),
        after,
        area_path,
        text,
        limit,
    )
    return [StationLine(**row) for row in rows]


async def list_cards(conn: Connection, *, district_id: int, after: int, limit: int) -> list[StationCard]:
    rows = await conn.fetch(
        f"{_CARD} where s.district_id = $1 and s.id > $2 order by s.id limit $3", district_id, after, limit
    )
    return [_card(row) for row in rows]


async def list_cards_by_id(conn: Connection, *, district_id: int, station_ids: Sequence[int]) -> list[StationCard]:
    rows = await conn.fetch(
        f"{_CARD} where s.district_id = $1 and s.id = any($2::bigint[])", district_id, list(station_ids)
    )
    return [_card(row) for row in rows]


async def find_station_by_qr(conn: Connection, *, district_id: int, qr_token: str) -> int | None:
    station_id: int | None = await conn.fetchval(
        "select id from station where district_id = $1 and qr_token = $2", district_id, qr_token
    )
    return station_id


async def list_cards_in_box(
    conn: Connection,
    *,
    district_id: int,
    centre: Point,
    half_height: float,
    half_width: float,
    amenities: Sequence[str],
    limit: int,
) -> list[StationCard]:
    """List stations in a box of degrees that have all of `amenities` in some state; roughly the nearest first."""
    rows = await conn.fetch(
        f"""
        {_CARD}
        where s.district_id = $1 and s.lat between $3::float8 - $4::float8 and $3::float8 + $4::float8
            and abs(s.lon - $2::float8) <= $5
            and not exists (
                select from unnest($6::text[]) as wanted
                where not exists (
                    select from station_amenity a
                    where a.district_id = s.district_id and a.station_id = s.id and a.amenity = wanted
                )
            )
        order by (s.lat - $3::float8) ^ 2 + ((s.lon - $2::float8) * cos(radians($3::float8))) ^ 2, s.id limit $7
        """,  # noqa: S608 — constants of this module
        district_id,
        centre.lon,
        centre.lat,
        half_height,
        half_width,
        list(amenities),
        limit,
    )
    return [_card(row) for row in rows]


_WRITTEN = (
    "name",
    "host_unit",
    "host_kind",
    "address",
    "lon",
    "lat",
    "received_lon",
    "received_lat",
    "received_datum",
    "entrance_lon",
    "entrance_lat",
    "photo_sha256",
    "hours",
    "hours_typed",
    "door",
    "capacity",
    "phone",
    "open_to",
    "verified_at",
    "verified_by",
    "suspended_from",
    "suspended_until",
    "suspended_reason",
    "area_code",
    "area_path",
    "generation_id",
    "updated_at",
)


def _written(
    draft: StationDraft, *, hours: str | None, point: Point | None, located: Located, now: datetime
) -> list[object]:
    received, area = draft.received, located.area
    return [
        draft.name,
        draft.host_unit,
        draft.host_kind,
        draft.address,
        point and point.lon,
        point and point.lat,
        received and received.lon,
        received and received.lat,
        received and received.datum,
        draft.entrance and draft.entrance.lon,
        draft.entrance and draft.entrance.lat,
        draft.photo_sha256,
        hours,
        draft.hours_typed,
        draft.door,
        draft.capacity,
        draft.phone,
        draft.open_to,
        draft.verified_at,
        draft.verified_by,
        draft.suspended_from,
        draft.suspended_until,
        draft.suspended_reason,
        area and area.code,
        area.path if area else "",
        located.generation_id if area else None,
        now,
    ]


async def insert_station(
    conn: Connection,
    *,
    district_id: int,
    qr_token: str,
    is_demo: bool,
    draft: StationDraft,
    hours: str | None,
    point: Point | None,
    located: Located,
    now: datetime,
) -> int:
    places = ", ".join(f"${n}" for n in range(6, 6 + len(_WRITTEN)))
    station_id: int = await conn.fetchval(
        f"""
        insert into station (district_id, code, qr_token, is_demo, created_at, {", ".join(_WRITTEN)})
        values ($1, $2, $3, $4, $5, {places}) returning id
        """,  # noqa: S608 — column names of this module, values numbered
        district_id,
        draft.code,
        qr_token,
        is_demo,
        now,
        *_written(draft, hours=hours, point=point, located=located, now=now),
    )
    await write_amenities(conn, district_id=district_id, station_id=station_id, draft=draft, now=now)
    return station_id


async def update_station(
    conn: Connection,
    *,
    district_id: int,
    station_id: int,
    draft: StationDraft,
    hours: str | None,
    point: Point | None,
    located: Located,
    now: datetime,
) -> None:
    """Write everything that staff may set; the caller holds the row's lock."""
    settings = ", ".join(f"{name} = ${n}" for n, name in enumerate(_WRITTEN, 4))
    photo = 4 + _WRITTEN.index("photo_sha256")
    await conn.execute(
        f"""
        update station set code = $3, row_version = row_version + 1, {settings},
            photo_stored_sha256 = case when photo_sha256 = ${photo} then photo_stored_sha256 end
        where district_id = $1 and id = $2
        """,  # noqa: S608 — column names of this module, values numbered
        district_id,
        station_id,
        draft.code,
        *_written(draft, hours=hours, point=point, located=located, now=now),
    )
    await write_amenities(conn, district_id=district_id, station_id=station_id, draft=draft, now=now)


async def touch_station(conn: Connection, *, district_id: int, station_id: int, now: datetime) -> None:
    await conn.execute(
        "update station set row_version = row_version + 1, updated_at = $3 where district_id = $1 and id = $2",
        district_id,
        station_id,
        now,
    )


async def update_suspension(
    conn: Connection,
    *,
    district_id: int,
    station_id: int,
    suspension: tuple[datetime | None, datetime | None, str | None],
    now: datetime,
) -> None:
    """Write from when, until when and why; all None ends the suspension."""
    await conn.execute(
        """
        update station set suspended_from = $3, suspended_until = $4, suspended_reason = $5, updated_at = $6,
            row_version = row_version + 1
        where district_id = $1 and id = $2
        """,
        district_id,
        station_id,
        *suspension,
        now,
    )


async def update_area(conn: Connection, *, district_id: int, station_id: int, located: Located) -> None:
    await conn.execute(
        "update station set area_code = $3, area_path = $4, generation_id = $5 where district_id = $1 and id = $2",
        district_id,
        station_id,
        located.area and located.area.code,
        located.area.path if located.area else "",
        located.generation_id if located.area else None,
    )


async def try_hold_import(conn: Connection, *, district_id: int) -> bool:
    """Take the district's one place for an import until the transaction ends; False when another has it."""
    held: bool = await conn.fetchval("select pg_try_advisory_xact_lock(hashtext('station import'), $1)", district_id)
    return held
