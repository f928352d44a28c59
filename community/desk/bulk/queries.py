"""SQL of bulk acts."""

from datetime import datetime

from community.desk.bulk.models import BulkRow
from core.database import Connection


async def claim_key(
    conn: Connection, *, district_id: int, staff_id: int, key: str, body_hash: bytes, now: datetime
) -> bool:
    """Take a key; False when it was used before. A second sender waits here until the first has committed."""
    done = await conn.execute(
        """
        insert into bulk_act (district_id, staff_id, key, body_hash, done_at) values ($1, $2, $3, $4, $5)
        on conflict do nothing
        """,
        district_id,
        staff_id,
        key,
        body_hash,
        now,
    )
    return done == "INSERT 0 1"


async def get_bulk_act(conn: Connection, *, district_id: int, staff_id: int, key: str) -> BulkRow:
    row = await conn.fetchrow(
        "select body_hash, answer from bulk_act where district_id = $1 and staff_id = $2 and key = $3",
        district_id,
        staff_id,
        key,
    )
    assert row is not None  # noqa: S101 — the key has just been found in use
    return BulkRow(**row)


async def write_answer(conn: Connection, *, district_id: int, staff_id: int, key: str, answer: str) -> None:
    await conn.execute(
        "update bulk_act set answer = $4 where district_id = $1 and staff_id = $2 and key = $3",
        district_id,
        staff_id,
        key,
        answer,
    )


async def delete_bulk_acts_before(conn: Connection, *, district_id: int, before: datetime) -> None:
    await conn.execute("delete from bulk_act where district_id = $1 and done_at < $2", district_id, before)
