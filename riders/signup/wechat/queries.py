"""All SQL about bound WeChat accounts."""

from datetime import datetime

from core.database import Connection


async def put_wechat(conn: Connection, *, district_id: int, rider_id: int, openid_hmac: bytes, now: datetime) -> None:
    """Bind an account in place of the one before; one that is another's violates `rider_wechat_openid_unique`."""
    sql = """
        insert into rider_wechat as old (district_id, rider_id, openid_hmac, bound_at) values ($1, $2, $3, $4)
        on conflict (district_id, rider_id) do update
        set openid_hmac = excluded.openid_hmac, bound_at = excluded.bound_at
        where old.openid_hmac <> excluded.openid_hmac
    """
    await conn.execute(sql, district_id, rider_id, openid_hmac, now)


async def delete_wechat(conn: Connection, *, district_id: int, rider_id: int) -> bool:
    """Unbind and tell whether anything was bound."""
    sql = "delete from rider_wechat where district_id = $1 and rider_id = $2 returning true"
    return await conn.fetchval(sql, district_id, rider_id) is not None


async def find_rider_by_wechat(conn: Connection, *, district_id: int, openid_hmac: bytes) -> int | None:
    sql = "select rider_id from rider_wechat where district_id = $1 and openid_hmac = $2"
    rider_id: int | None = await conn.fetchval(sql, district_id, openid_hmac)
    return rider_id
