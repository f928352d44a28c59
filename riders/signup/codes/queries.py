"""All SQL about one-time codes."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime

from core.database import Connection
from riders.signup.codes.models import PhoneCode

_FIELDS = "code_hmac, device_hmac, expires_at, tries, sent_at, wrong_at, warned_at"


async def lock_phone(conn: Connection, *, district_id: int, phone_hmacs: Sequence[bytes], now: datetime) -> PhoneCode:
    """Hold the row of a phone until the transaction ends, a new one where there is none, and give what it holds.

    A row from under an earlier key is taken over to the first of `phone_hmacs`, which are the newest first.
    """
    phone_hmac, *earlier = phone_hmacs
    if earlier:
        await conn.execute(
            """
            update sign_in_code set phone_hmac = $2
            where district_id = $1 and phone_hmac = (
                select phone_hmac from sign_in_code where district_id = $1 and phone_hmac = any($3::bytea[])
                order by changed_at desc limit 1
            ) and not exists (select from sign_in_code where district_id = $1 and phone_hmac = $2)
            """,
            district_id,
            phone_hmac,
            earlier,
        )
    await conn.execute(
        "insert into sign_in_code (district_id, phone_hmac, changed_at) values ($1, $2, $3) on conflict do nothing",
        district_id,
        phone_hmac,
        now,
    )
    row = await conn.fetchrow(
        f"select {_FIELDS} from sign_in_code where district_id = $1 and phone_hmac = $2 for update",  # noqa: S608
        district_id,
        phone_hmac,
    )
    assert row is not None  # noqa: S101 — it has just been made
    return PhoneCode(**{**row, "sent_at": tuple(row["sent_at"]), "wrong_at": tuple(row["wrong_at"])})


async def update_phone(
    conn: Connection, *, district_id: int, phone_hmac: bytes, phone: PhoneCode, now: datetime
) -> None:
    sql = f"""
        update sign_in_code set ({_FIELDS}, changed_at) = ($3, $4, $5, $6, $7, $8, $9, $10)
        where district_id = $1 and phone_hmac = $2
    """  # noqa: S608
    await conn.execute(sql, district_id, phone_hmac, *astuple(phone), now)


async def delete_codes_before(conn: Connection, *, district_id: int, before: datetime) -> int:
    sql = """
        with old as (delete from sign_in_code where district_id = $1 and changed_at <= $2 returning 1)
        select count(*) from old
    """
    deleted: int = await conn.fetchval(sql, district_id, before)
    return deleted
