"""SQL about the kinds of amenity, and what is written of them at a station; stations are read with theirs."""

from datetime import datetime

from core.database import Connection
from station.models import AmenityKind, StationAmenity, StationDraft


async def list_amenity_kinds(conn: Connection, *, district_id: int) -> list[AmenityKind]:
    rows = await conn.fetch(
        "select code, zh, en, family, is_consumable from amenity_kind where district_id = $1 order by position",
        district_id,
    )
    return [AmenityKind(**row) for row in rows]


async def write_amenities(
    conn: Connection, *, district_id: int, station_id: int, draft: StationDraft, now: datetime
) -> None:
    await conn.execute(
        "delete from station_amenity where district_id = $1 and station_id = $2 and amenity <> all($3::text[])",
        district_id,
        station_id,
        [amenity.code for amenity in draft.amenities],
    )
    for amenity in draft.amenities:
        await put_amenity(conn, district_id=district_id, station_id=station_id, amenity=amenity, now=now)


async def put_amenity(
    conn: Connection, *, district_id: int, station_id: int, amenity: StationAmenity, now: datetime
) -> None:
    await conn.execute(
        """
        insert into station_amenity (district_id, station_id, amenity, state, is_confirmed, expires_on, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (district_id, station_id, amenity) do update
        set state = excluded.state, is_confirmed = excluded.is_confirmed, expires_on = excluded.expires_on,
            updated_at = excluded.updated_at
        """,
        district_id,
        station_id,
        amenity.code,
        amenity.state,
        amenity.is_confirmed,
        amenity.expires_on,
        now,
    )
