"""All SQL about riders and their consents."""

from datetime import datetime

from core.database import Connection
from riders.models import Consent, Rider


async def insert_rider(conn: Connection, *, district_id: int, phone: str, now: datetime) -> int | None:
    """Make the rider of a new phone and give his id; None when the phone is known."""
    sql = """
        insert into rider (district_id, phone, signed_up_at) values ($1, $2, $3)
        on conflict on constraint rider_phone_unique do nothing
        returning id
    """
    rider_id: int | None = await conn.fetchval(sql, district_id, phone, now)
    return rider_id


async def get_rider_id(conn: Connection, *, district_id: int, phone: str) -> int:
    sql = "select id from rider where district_id = $1 and phone = $2"
    rider_id: int = await conn.fetchval(sql, district_id, phone)
    return rider_id


async def get_rider(conn: Connection, *, district_id: int, rider_id: int) -> Rider:
    """Give a rider with his phone masked: +8613812345678 is shown as 138****5678."""
    sql = """
        select id, substr(phone, 4, 3) || '****' || right(phone, 4) as phone, name, platform, languages, signed_up_at
        from rider where district_id = $1 and id = $2
    """
    row = await conn.fetchrow(sql, district_id, rider_id)
    assert row is not None  # noqa: S101 — sessions exist only for riders that do
    return Rider(**row)


async def update_rider(
    conn: Connection,
    *,
    district_id: int,
    rider_id: int,
    name: str | None,
    platform: str | None,
    languages: list[str] | None,
) -> None:
    """Change what is not None; an empty text is stored as null."""
    sql = """
        update rider set
            name = nullif(coalesce($3, name), ''),
            platform = nullif(coalesce($4, platform), ''),
            languages = coalesce($5, languages)
        where district_id = $1 and id = $2 and erased_at is null
    """
    await conn.execute(sql, district_id, rider_id, name, platform, languages)


async def find_purpose_version(conn: Connection, *, district_id: int, purpose: str) -> int | None:
    """Give the newest version of a purpose; None when there is no such purpose."""
    sql = "select max(version) from consent_purpose where district_id = $1 and code = $2"
    version: int | None = await conn.fetchval(sql, district_id, purpose)
    return version


async def insert_consent(
    conn: Connection,
    *,
    district_id: int,
    rider_id: int,
    purpose: str,
    version: int,
    is_given: bool,
    now: datetime,
) -> None:
    sql = """
        insert into consent (district_id, rider_id, purpose, version, is_given, decided_at)
        values ($1, $2, $3, $4, $5, $6)
    """
    await conn.execute(sql, district_id, rider_id, purpose, version, is_given, now)


async def list_consents(conn: Connection, *, district_id: int, rider_id: int) -> list[Consent]:
    """Give each purpose in its newest version beside the rider's last decision on any version."""
    sql = """
        select
            newest.code as purpose, newest.version,
            newest.title_zh, newest.title_en, newest.text_zh, newest.text_en,
            coalesce(last.is_given and last.version = newest.version, false) as is_in_force,
            last.version as decided_version, last.decided_at
        from (
            select distinct on (code) code, version, title_zh, title_en, text_zh, text_en
            from consent_purpose where district_id = $1 order by code, version desc
        ) as newest
        left join lateral (
            select is_given, version, decided_at from consent
            where district_id = $1 and rider_id = $2 and purpose = newest.code
            order by id desc limit 1
        ) as last on true
        order by newest.code
    """
    return [Consent(**row) for row in await conn.fetch(sql, district_id, rider_id)]
