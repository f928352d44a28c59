"""SQL of second factors, recovery codes and the first-run token."""

from collections.abc import Sequence
from datetime import datetime

from core.access.own.models import SecondFactor
from core.database import Connection


async def get_second_factor(conn: Connection, *, district_id: int, staff_id: int) -> SecondFactor:
    """Give the second factor of an account that exists."""
    row = await conn.fetchrow(
        """
        select totp_secret as secret, totp_offered as offered, totp_last_step as last_step
        from staff where district_id = $1 and id = $2
        """,
        district_id,
        staff_id,
    )
    assert row is not None  # noqa: S101 — the caller holds the account
    return SecondFactor(**row)


async def set_offered_secret(conn: Connection, *, district_id: int, staff_id: int, sealed: bytes | None) -> None:
    await conn.execute(
        "update staff set totp_offered = $3 where district_id = $1 and id = $2", district_id, staff_id, sealed
    )


async def accept_offered_secret(
    conn: Connection, *, district_id: int, staff_id: int, offered: bytes | None, sealed: bytes | None, step: int
) -> bool:
    """Put the offered secret in force, sealed for its new place, unless another has been offered meanwhile.

    The code of `step` is used up.
    """
    done = await conn.execute(
        """
        update staff set totp_secret = $4, totp_offered = null, totp_last_step = $5
        where district_id = $1 and id = $2 and totp_offered = $3
        """,
        district_id,
        staff_id,
        offered,
        sealed,
        step,
    )
    return done == "UPDATE 1"


async def use_step(conn: Connection, *, district_id: int, staff_id: int, step: int) -> bool:
    """Use the code of `step` up; False where it, or a later one, has been used before."""
    done = await conn.execute(
        "update staff set totp_last_step = $3 where district_id = $1 and id = $2 and totp_last_step < $3",
        district_id,
        staff_id,
        step,
    )
    return done == "UPDATE 1"


async def clear_second_factor(conn: Connection, *, district_id: int, staff_id: int) -> None:
    """Forget both secrets; the last step stays, so that no old code comes back to life."""
    await conn.execute(
        "update staff set totp_secret = null, totp_offered = null where district_id = $1 and id = $2",
        district_id,
        staff_id,
    )
    await replace_recovery_codes(conn, district_id=district_id, staff_id=staff_id, code_hashes=())


async def replace_recovery_codes(
    conn: Connection, *, district_id: int, staff_id: int, code_hashes: Sequence[bytes]
) -> None:
    await conn.execute("delete from recovery_code where district_id = $1 and staff_id = $2", district_id, staff_id)
    await conn.execute(
        """
        insert into recovery_code (district_id, staff_id, code_hash)
        select $1, $2, code_hash from unnest($3::bytea[]) as code_hash
        """,
        district_id,
        staff_id,
        code_hashes,
    )


async def use_recovery_code(conn: Connection, *, district_id: int, staff_id: int, code_hash: bytes) -> bool:
    """Use a recovery code up; False where there is none such."""
    done = await conn.execute(
        "delete from recovery_code where district_id = $1 and staff_id = $2 and code_hash = $3",
        district_id,
        staff_id,
        code_hash,
    )
    return done == "DELETE 1"


async def count_recovery_codes(conn: Connection, *, district_id: int, staff_id: int) -> int:
    count: int = await conn.fetchval(
        "select count(*) from recovery_code where district_id = $1 and staff_id = $2", district_id, staff_id
    )
    return count


async def set_first_run(conn: Connection, *, district_id: int, token_hash: bytes, expires_at: datetime) -> None:
    """Let this token alone make the first administrator."""
    await conn.execute(
        """
        insert into first_run (district_id, token_hash, expires_at) values ($1, $2, $3)
        on conflict (district_id) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at
        """,
        district_id,
        token_hash,
        expires_at,
    )


async def has_first_run(conn: Connection, *, district_id: int, token_hash: bytes, now: datetime) -> bool:
    found: bool = await conn.fetchval(
        "select exists (select from first_run where district_id = $1 and token_hash = $2 and expires_at > $3)",
        district_id,
        token_hash,
        now,
    )
    return found


async def use_first_run(conn: Connection, *, district_id: int, token_hash: bytes, now: datetime) -> bool:
    """Use the token up; False where it is wrong, too old or used. Of two at once, one waits and then finds none."""
    done = await conn.execute(
        "delete from first_run where district_id = $1 and token_hash = $2 and expires_at > $3",
        district_id,
        token_hash,
        now,
    )
    return done == "DELETE 1"
