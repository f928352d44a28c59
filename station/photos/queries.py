"""All SQL about photos of stations."""

from datetime import datetime

from core.database import Connection
from core.photos import StoredPhoto


async def find_stored_photo(conn: Connection, *, district_id: int, station_id: int) -> str | None:
    """Find the hash of the station's photo in the store; None where it has none, or only announced one."""
    stored_sha256: str | None = await conn.fetchval(
        "select photo_stored_sha256 from station where district_id = $1 and id = $2", district_id, station_id
    )
    return stored_sha256


async def list_stored_photos(conn: Connection, *, district_id: int) -> list[str]:
    """List the hashes of stored photos of stations."""
    rows = await conn.fetch(
        "select photo_stored_sha256 from station where district_id = $1 and photo_stored_sha256 is not null",
        district_id,
    )
    return [row["photo_stored_sha256"] for row in rows]


async def update_photo(
    conn: Connection, *, district_id: int, station_id: int, photo: StoredPhoto, now: datetime
) -> None:
    await conn.execute(
        """
        update station set photo_sha256 = $3, photo_stored_sha256 = $4, updated_at = $5, row_version = row_version + 1
        where district_id = $1 and id = $2
        """,
        *(district_id, station_id, photo.sha256, photo.stored_sha256, now),
    )
