"""All SQL about bound WeChat accounts."""

from collections.abc import Sequence
from datetime import datetime

from core.database import Connection


async def put_wechat(
    conn: Connection, *, district_id: int, rider_id: int, openid_hmac: bytes, keyed_with: int, now: datetime
) -> None:
    """Bind an account in place of the one before; one that is another's violates `rider_wechat_openid_unique`."""
    sql = """
        insert into rider_wechat as old (district_id, rider_id, openid_hmac, keyed_with, bound_at)
        values ($1, $2, $3, $4, $5)
        on conflict (district_id, rider_id) do update
        set openid_hmac = excluded.openid_hmac, keyed_with = excluded.keyed_with, bound_at = excluded.bound_at
        where old.openid_hmac <> excluded.openid_hmac
    """
    await conn.execute(sql, district_id, rider_id, openid_hmac, keyed_with, now)


async def key_anew(
    conn: Connection, *, district_id: int, earlier: Sequence[bytes], openid_hmac: bytes, keyed_with: int
) -> None:
    """Put the digest under the newest key in place of one that an earlier key made of the same account."""
    sql = """
        update rider_wechat set openid_hmac = $3, keyed_with = $4
        where district_id = $1 and openid_hmac = any($2::bytea[])
    """
    await conn.execute(sql, district_id, list(earlier), openid_hmac, keyed_with)


async def delete_keyed_before(conn: Connection, *, district_id: int, number: int) -> int:
    """Unbind the accounts that no key from `number` on can recognise, and give how many."""
    done = await conn.execute(
        "delete from rider_wechat where district_id = $1 and keyed_with < $2", district_id, number
    )
    return int(done.split()[-1])


async def delete_wechat(conn: Connection, *, district_id: int, rider_id: int) -> bool:
    """Unbind and tell whether anything was bound."""
    sql = "delete from rider_wechat where district_id = $1 and rider_id = $2 returning true"
    return await conn.fetchval(sql, district_id, rider_id) is not None


async def find_rider_by_wechat(conn: Connection, *, district_id: int, openid_hmac: bytes) -> int | None:
    sql = "select rider_id from rider_wechat where district_id = $1 and openid_hmac = $2"
    rider_id: int | None = await conn.fetchval(sql, district_id, openid_hmac)
    return rider_id
