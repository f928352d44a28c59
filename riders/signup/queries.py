"""All SQL about riders and their consents."""

from datetime import datetime

from core.database import Connection
from core.sealing.ring import KeyRing
from riders.models import RIDER, Consent, Rider


async def insert_rider(conn: Connection, *, ring: KeyRing, district_id: int, phone: str, now: datetime) -> int | None:
    """Make the rider of a new phone and give his id; None when the phone is known."""
    rider_id: int = await conn.fetchval("select nextval(pg_get_serial_sequence('rider', 'id'))")
    indexes = ring.index(phone, RIDER.indexed_as(district_id=district_id))
    sql = """
        insert into rider (district_id, id, phone, phone_index_odd, phone_index_even, signed_up_at)
        overriding system value values ($1, $2, $3, $4, $5, $6)
        on conflict do nothing
        returning id
    """
    sealed = ring.seal(phone, RIDER.place("phone", district_id=district_id, row_id=rider_id))
    made: int | None = await conn.fetchval(sql, district_id, rider_id, sealed, indexes.odd, indexes.even, now)
    return made


async def find_rider_id(conn: Connection, *, ring: KeyRing, district_id: int, phone: str) -> int | None:
    """Give the rider of a phone; None for one that is not known."""
    indexes = ring.index(phone, RIDER.indexed_as(district_id=district_id))
    sql = "select id from rider where district_id = $1 and (phone_index_odd = $2 or phone_index_even = $3)"
    rider_id: int | None = await conn.fetchval(sql, district_id, indexes.odd, indexes.even)
    return rider_id


async def get_rider(conn: Connection, *, ring: KeyRing, district_id: int, rider_id: int) -> Rider:
    """Give a rider with his phone and name in the clear."""
    sql = "select id, phone, name, platform, languages, signed_up_at from rider where district_id = $1 and id = $2"
    row = await conn.fetchrow(sql, district_id, rider_id)
    assert row is not None  # noqa: S101 — sessions exist only for riders that do
    opened = {
        column: ring.open(row[column], RIDER.place(column, district_id=district_id, row_id=rider_id))
        for column in RIDER.columns
    }
    return Rider(**dict(row) | opened)


async def update_rider(
    conn: Connection,
    *,
    ring: KeyRing,
    district_id: int,
    rider_id: int,
    name: str | None,
    platform: str | None,
    languages: list[str] | None,
) -> None:
    """Change what is not None; an empty text is stored as null."""
    sql = """
        update rider set
            name = case when $3 then $4 else name end,
            platform = nullif(coalesce($5, platform), ''),
            languages = coalesce($6, languages)
        where district_id = $1 and id = $2 and erased_at is null
    """
    sealed = ring.seal(name or None, RIDER.place("name", district_id=district_id, row_id=rider_id))
    await conn.execute(sql, district_id, rider_id, name is not None, sealed, platform, languages)


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


async def list_areas_of_rider(conn: Connection, *, district_id: int, rider_id: int) -> list[str]:
    """List the areas in which a rider is or was appointed or in which what he reported lies; `''` is none."""
    rows = await conn.fetch(
        """
        select area_path from appointment where district_id = $1 and rider_id = $2
        union
        select coalesce(community_case.area_path, '') from report
        join community_case on community_case.district_id = $1 and community_case.id = report.case_id
        where report.district_id = $1 and report.rider_id = $2
        """,
        district_id,
        rider_id,
    )
    return [row["area_path"] for row in rows]
