"""All SQL about sign-in codes, riders and their consents."""

from dataclasses import dataclass
from datetime import datetime

from core.database import Connection
from riders.models import Consent, Rider


@dataclass(frozen=True, slots=True)
class CodeTimes:
    """When codes went to a phone: what the wait until the next one is reckoned from."""

    sent_at: datetime | None
    day_started_at: datetime
    sent_that_day: int


async def upsert_code(
    conn: Connection,
    *,
    district_id: int,
    phone: str,
    code_hmac: bytes,
    now: datetime,
    expires_at: datetime,
    sent_before: datetime,
    day_before: datetime,
    max_a_day: int,
) -> bool:
    """Replace the phone's code and count it, unless one went out after `sent_before` or the day's are used up.

    The conflict locks the row first, so of two parallel requests the second sees what the first counted.
    """
    sql = """
        insert into sign_in_code as old
            (district_id, phone, code_hmac, sent_at, expires_at, day_started_at, sent_that_day)
        values ($1, $2, $3, $4, $5, $4, 1)
        on conflict (district_id, phone) do update set
            code_hmac = excluded.code_hmac,
            sent_at = excluded.sent_at,
            expires_at = excluded.expires_at,
            tries = 0,
            used_at = null,
            day_started_at =
                case when old.day_started_at <= $7 then excluded.day_started_at else old.day_started_at end,
            sent_that_day = case when old.day_started_at <= $7 then 1 else old.sent_that_day + 1 end
        where (old.sent_at is null or old.sent_at <= $6) and (old.day_started_at <= $7 or old.sent_that_day < $8)
        returning true
    """
    kept: bool | None = await conn.fetchval(
        sql, district_id, phone, code_hmac, now, expires_at, sent_before, day_before, max_a_day
    )
    return kept is not None


async def get_code_times(conn: Connection, *, district_id: int, phone: str) -> CodeTimes:
    sql = "select sent_at, day_started_at, sent_that_day from sign_in_code where district_id = $1 and phone = $2"
    row = await conn.fetchrow(sql, district_id, phone)
    assert row is not None  # noqa: S101 — asked only after a conflict with this row
    return CodeTimes(**row)


async def take_back_code(conn: Connection, *, district_id: int, phone: str, code_hmac: bytes, now: datetime) -> None:
    """Undo a code that was not sent, unless a newer one has taken its place."""
    sql = """
        update sign_in_code set sent_at = null, expires_at = $4, sent_that_day = sent_that_day - 1
        where district_id = $1 and phone = $2 and code_hmac = $3
    """
    await conn.execute(sql, district_id, phone, code_hmac, now)


async def try_code(
    conn: Connection, *, district_id: int, phone: str, code_hmac: bytes, max_tries: int, now: datetime
) -> bool:
    """Count one try and, if it is right, use the code up, in one statement; tell whether it was right."""
    sql = """
        update sign_in_code set tries = tries + 1, used_at = case when code_hmac = $3 then $5::timestamptz end
        where district_id = $1 and phone = $2 and used_at is null and tries < $4 and expires_at > $5
        returning code_hmac = $3
    """
    is_right: bool | None = await conn.fetchval(sql, district_id, phone, code_hmac, max_tries, now)
    return is_right is True


async def delete_codes_before(conn: Connection, *, district_id: int, before: datetime) -> int:
    sql = """
        with old as (
            delete from sign_in_code where district_id = $1 and day_started_at <= $2 and expires_at <= $2 returning 1
        )
        select count(*) from old
    """
    deleted: int = await conn.fetchval(sql, district_id, before)
    return deleted


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
        where district_id = $1 and id = $2
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
