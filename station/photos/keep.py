"""The photo of a station, so that a rider knows the door when he stands before it: one, sent by whoever keeps it."""

from datetime import datetime

from core.access.models import Actor
from core.database import Connection
from core.photos import StoredPhoto, check_hash
from station.models import Station
from station.photos import queries
from station.registry import lock_own, record


async def expect_photo(conn: Connection, *, actor: Actor, station_id: int, sha256: str) -> Station | None:
    """Give the station if this photo of it is stored already, before its body is read once more.

    Raises `StationNotFound` for one that the caller does not keep, and `InvalidInput` for a malformed hash.
    """
    check_hash(sha256)
    station = await lock_own(conn, actor=actor, station_id=station_id)
    stored = await queries.find_stored_photo(conn, district_id=actor.district_id, station_id=station_id)
    return station if stored is not None and station.photo_sha256 == sha256 else None


async def record_photo(
    conn: Connection, *, actor: Actor, station_id: int, photo: StoredPhoto, now: datetime
) -> Station:
    """Note that the file is safe in the store, in place of the photo before. Raises `StationNotFound`."""
    await lock_own(conn, actor=actor, station_id=station_id)
    await queries.update_photo(conn, district_id=actor.district_id, station_id=station_id, photo=photo, now=now)
    return await record(
        conn,
        actor=actor,
        station_id=station_id,
        kind="station.edited",
        now=now,
        data={"fields": ["photo_sha256"]},
    )
