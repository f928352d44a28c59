"""SQL of appeals."""

from datetime import datetime

from community.models import Appeal, Channel, Contact
from core.database import Connection

_APPEAL = "id, body_hash, token, submitted_at"


async def insert_appeal(
    conn: Connection,
    *,
    district_id: int,
    key: str,
    body_hash: bytes,
    token: str,
    contact: Contact,
    taken_by: int | None,
    channel: Channel | None,
    submitted_at: datetime,
) -> Appeal | None:
    """Store an appeal; None when the key was used before. A second sender waits here until the first has committed."""
    row = await conn.fetchrow(
        f"""
        insert into appeal (
            district_id, key, body_hash, token, contact_name, contact_phone, taken_by, channel, submitted_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict on constraint appeal_key_unique do nothing
        returning {_APPEAL}
        """,  # noqa: S608
        district_id,
        key,
        body_hash,
        token,
        contact.name,
        contact.phone,
        taken_by,
        channel,
        submitted_at,
    )
    return None if row is None else Appeal(**row)


async def get_appeal_by_key(conn: Connection, *, district_id: int, key: str) -> Appeal:
    row = await conn.fetchrow(
        f"select {_APPEAL} from appeal where district_id = $1 and key = $2",  # noqa: S608
        district_id,
        key,
    )
    assert row is not None  # noqa: S101 — the key has just been found in use
    return Appeal(**row)


async def find_case_id(conn: Connection, *, district_id: int, token: str) -> int | None:
    """Give the case of the appeal with this token."""
    case_id: int | None = await conn.fetchval(
        """
        select community_case.id from appeal
        join community_case on community_case.district_id = appeal.district_id
            and community_case.origin = 'appeal' and community_case.origin_ref = appeal.id::text
        where appeal.district_id = $1 and appeal.token = $2
        """,
        district_id,
        token,
    )
    return case_id


async def find_contact(conn: Connection, *, district_id: int, appeal_id: int) -> Contact | None:
    row = await conn.fetchrow(
        "select contact_name as name, contact_phone as phone from appeal where district_id = $1 and id = $2",
        district_id,
        appeal_id,
    )
    return None if row is None else Contact(**row)
