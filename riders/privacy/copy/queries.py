"""All SQL that reads a rider's own data for his copy and is not read elsewhere."""

from core.database import Connection
from core.sealing.ring import KeyRing
from riders.models import RIDER
from riders.privacy.copy.models import ConsentDecision, OwnProfile, OwnSession, OwnWechat, SentPhoto, SentReport


async def get_profile(conn: Connection, *, ring: KeyRing, district_id: int, rider_id: int) -> OwnProfile:
    """Give the rider as he is known, the phone in full."""
    row = await conn.fetchrow(
        "select id, phone, name, platform, languages, signed_up_at from rider where district_id = $1 and id = $2",
        district_id,
        rider_id,
    )
    assert row is not None  # noqa: S101 — sessions exist only for riders that do
    in_clear = {
        column: ring.open(row[column], RIDER.place(column, district_id=district_id, row_id=rider_id))
        for column in ("phone", "name")
    }
    return OwnProfile(**dict(row) | in_clear)


async def list_consent_decisions(
    conn: Connection, *, district_id: int, rider_id: int, before: int | None, limit: int
) -> list[ConsentDecision]:
    """Give every decision that the rider ever took, newest first, with the text it was about."""
    rows = await conn.fetch(
        """
        select consent.id, purpose, consent.version, title_zh, title_en, text_zh, text_en, is_given, decided_at
        from consent join consent_purpose as asked on asked.district_id = consent.district_id
            and asked.code = purpose and asked.version = consent.version
        where consent.district_id = $1 and rider_id = $2 and ($3::bigint is null or consent.id < $3)
        order by consent.id desc limit $4
        """,
        district_id,
        rider_id,
        before,
        limit,
    )
    return [ConsentDecision(**row) for row in rows]


async def list_sent_reports(
    conn: Connection, *, district_id: int, rider_id: int, before: int | None, limit: int
) -> list[SentReport]:
    """Give the rider's reports as he sent them, newest first."""
    rows = await conn.fetch(
        """
        select id, answers, received_lon, received_lat, received_datum, accuracy_m, observed_at from report
        where district_id = $1 and rider_id = $2 and case_id is not null and ($3::bigint is null or id < $3)
        order by id desc limit $4
        """,
        district_id,
        rider_id,
        before,
        limit,
    )
    return [SentReport(**row) for row in rows]


async def list_sessions(conn: Connection, *, district_id: int, rider_id: int) -> list[OwnSession]:
    rows = await conn.fetch(
        """
        select device, opened_at, last_used_at, ends_at, revoked_at from session
        where district_id = $1 and kind = 'rider' and subject_id = $2 order by opened_at desc
        """,
        district_id,
        rider_id,
    )
    return [OwnSession(**row) for row in rows]


async def list_wechat(conn: Connection, *, district_id: int, rider_id: int) -> list[OwnWechat]:
    sql = "select bound_at from rider_wechat where district_id = $1 and rider_id = $2"
    return [OwnWechat(**row) for row in await conn.fetch(sql, district_id, rider_id)]


async def list_photos(conn: Connection, *, district_id: int, rider_id: int, after: str, limit: int) -> list[SentPhoto]:
    """Give the photos that the rider sent with reports and looks, in the order of their hashes, each once."""
    rows = await conn.fetch(
        """
        select distinct on (sha256) sha256, stored_sha256, media_type from (
            select sha256, stored_sha256, media_type from report_photo
            where district_id = $1 and stored_at is not null and report_id in (
                select id from report where district_id = $1 and rider_id = $2
            )
            union all
            select sha256, stored_sha256, media_type from case_photo
            where district_id = $1 and by_kind = 'rider' and by_id = $2 and case_id in (
                select case_id from verification_task where district_id = $1 and rider_id = $2
            )
        ) as sent
        where sha256 > $3 collate "C" order by sha256 limit $4
        """,
        district_id,
        rider_id,
        after,
        limit,
    )
    return [SentPhoto(**row) for row in rows]
