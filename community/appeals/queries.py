"""SQL of appeals."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from community.appeals.models import APPEAL, KeptAppeal
from community.models import Appeal, Channel, Contact
from core.database import Connection
from core.privacy.erasures import Erasure
from core.sealing.ring import KeyRing

_APPEAL = "id, body_hash, token, submitted_at"


async def insert_appeal(
    conn: Connection,
    *,
    ring: KeyRing,
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
    appeal_id: int = await conn.fetchval("select nextval(pg_get_serial_sequence('appeal', 'id'))")
    row = await conn.fetchrow(
        f"""
        insert into appeal (
            district_id, id, key, body_hash, token, token_hash, contact_name, contact_phone, taken_by, channel,
            submitted_at
        )
        overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict on constraint appeal_key_unique do nothing
        returning {_APPEAL}
        """,  # noqa: S608
        district_id,
        appeal_id,
        key,
        body_hash,
        ring.seal(token, APPEAL.place("token", district_id=district_id, row_id=appeal_id)),
        _hash(token),
        ring.seal(contact.name, APPEAL.place("contact_name", district_id=district_id, row_id=appeal_id)),
        ring.seal(contact.phone, APPEAL.place("contact_phone", district_id=district_id, row_id=appeal_id)),
        taken_by,
        channel,
        submitted_at,
    )
    return None if row is None else _open_appeal(row, ring=ring, district_id=district_id)


async def get_appeal_by_key(conn: Connection, *, ring: KeyRing, district_id: int, key: str) -> Appeal:
    row = await conn.fetchrow(
        f"select {_APPEAL} from appeal where district_id = $1 and key = $2",  # noqa: S608
        district_id,
        key,
    )
    assert row is not None  # noqa: S101 — the key has just been found in use
    return _open_appeal(row, ring=ring, district_id=district_id)


def _open_appeal(row: asyncpg.Record, *, ring: KeyRing, district_id: int) -> Appeal:
    token = ring.open(row["token"], APPEAL.place("token", district_id=district_id, row_id=row["id"]))
    assert token is not None  # noqa: S101 — it goes with the key, by which the row has just been found or made
    return Appeal(**dict(row) | {"token": token})


def _hash(token: str) -> bytes:
    """Give what a token is found by: of 192 random bits, so nobody can try them all."""
    return hashlib.sha256(token.encode()).digest()


async def find_appeal_id(conn: Connection, *, district_id: int, token: str) -> int | None:
    """Give the appeal that a token opens."""
    appeal_id: int | None = await conn.fetchval(
        "select id from appeal where district_id = $1 and token_hash = $2", district_id, _hash(token)
    )
    return appeal_id


async def find_case_id(conn: Connection, *, district_id: int, appeal_id: int) -> int | None:
    """Give the case of an appeal."""
    case_id: int | None = await conn.fetchval(
        "select id from community_case where district_id = $1 and origin = 'appeal' and origin_ref = $2",
        district_id,
        str(appeal_id),
    )
    return case_id


async def find_contact(conn: Connection, *, ring: KeyRing, district_id: int, appeal_id: int) -> Contact | None:
    """Give whom to reach, in the clear."""
    row = await conn.fetchrow(
        "select contact_name, contact_phone from appeal where district_id = $1 and id = $2", district_id, appeal_id
    )
    if row is None:
        return None
    return open_contact(
        row["contact_name"], row["contact_phone"], ring=ring, district_id=district_id, appeal_id=appeal_id
    )


def open_contact(
    name: bytes | None, phone: bytes | None, *, ring: KeyRing, district_id: int, appeal_id: int
) -> Contact:
    """Open the sealed contact of an appeal."""
    return Contact(
        ring.open(name, APPEAL.place("contact_name", district_id=district_id, row_id=appeal_id)),
        ring.open(phone, APPEAL.place("contact_phone", district_id=district_id, row_id=appeal_id)),
    )


async def lock_kept_appeal(conn: Connection, *, ring: KeyRing, district_id: int, appeal_id: int) -> KeptAppeal | None:
    """Give what is kept of an appeal, and hold its case until the transaction ends."""
    row = await conn.fetchrow(
        """
        select appeal.district_id, appeal.id, community_case.id as case_id, description as text, contact_name,
            contact_phone, submitted_at, contact_erased_at
        from appeal
        join community_case on community_case.district_id = appeal.district_id
            and community_case.origin = 'appeal' and community_case.origin_ref = appeal.id::text
        where appeal.district_id = $1 and appeal.id = $2
        for no key update of community_case
        """,
        district_id,
        appeal_id,
    )
    if row is None:
        return None
    values = dict(row)
    contact = open_contact(
        values.pop("contact_name"),
        values.pop("contact_phone"),
        ring=ring,
        district_id=district_id,
        appeal_id=appeal_id,
    )
    return KeptAppeal(**values, contact=contact)


async def set_contact(conn: Connection, *, ring: KeyRing, district_id: int, appeal_id: int, contact: Contact) -> None:
    """Exchange the contact. Sent again under its old key, the appeal would differ, so key, hash and token go."""
    await conn.execute(
        """
        update appeal set contact_name = $3, contact_phone = $4, key = '~' || id, body_hash = '', token = null
        where district_id = $1 and id = $2
        """,
        district_id,
        appeal_id,
        ring.seal(contact.name, APPEAL.place("contact_name", district_id=district_id, row_id=appeal_id)),
        ring.seal(contact.phone, APPEAL.place("contact_phone", district_id=district_id, row_id=appeal_id)),
    )


async def mark_contact_erased(conn: Connection, *, district_id: int, appeal_id: int, now: datetime) -> None:
    await conn.execute(
        "update appeal set contact_erased_at = $3 where district_id = $1 and id = $2", district_id, appeal_id, now
    )


async def set_contact_owed(conn: Connection, *, district_id: int, case_id: int, is_owed: bool) -> None:
    await conn.execute(
        "update community_case set contact_owed = $3 where district_id = $1 and id = $2", district_id, case_id, is_owed
    )


async def find_appeal_of(conn: Connection, *, district_id: int, number: str) -> int | None:
    """Give the appeal whose case has this number."""
    appeal_id: int | None = await conn.fetchval(
        """
        select origin_ref::bigint from community_case
        where district_id = $1
            and id = case when $2 ~ '^[0-9]{4}-[0-9]{6,18}$' then split_part($2, '-', 2)::bigint end
            and number = $2 and origin = 'appeal'
        """,
        district_id,
        number,
    )
    return appeal_id


async def list_standing(conn: Connection, *, district_id: int, erasures: Sequence[Erasure]) -> list[int]:
    """Give those of these appeals that are not erased; a number given anew to another one is not meant."""
    rows = await conn.fetch(
        """
        select appeal.id from unnest($2::bigint[], $3::timestamptz[]) as listed (id, made_at)
        join appeal on appeal.district_id = $1 and appeal.id = listed.id and appeal.submitted_at = listed.made_at
        where contact_erased_at is null
        """,
        district_id,
        [erasure.id for erasure in erasures],
        [erasure.made_at for erasure in erasures],
    )
    return [row["id"] for row in rows]
