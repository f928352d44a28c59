"""All SQL that takes people out of cases."""

from collections.abc import Sequence
from datetime import datetime

from core.database import Connection, count_rows
from core.privacy.queries import blank_words

#: What the one who reported or appealed wrote himself, and what staff wrote: table, key of its case, column.
_OWN_WORDS = (("community_case", "id", "description"), ("follow_up_link", "case_id", "words"))
_STAFF_WORDS = (
    ("community_case", "id", "result"),
    ("case_note", "case_id", "text"),
    ("work_order", "case_id", "words"),
    ("deadline_change", "case_id", "reason"),
)


async def blank_own_words(conn: Connection, *, district_id: int, case_ids: Sequence[int], pattern: str) -> None:
    await _blank(conn, _OWN_WORDS, district_id, case_ids, pattern)


async def blank_staff_words(conn: Connection, *, district_id: int, case_ids: Sequence[int], pattern: str) -> None:
    await _blank(conn, _STAFF_WORDS, district_id, case_ids, pattern)


async def _blank(
    conn: Connection,
    places: Sequence[tuple[str, str, str]],
    district_id: int,
    case_ids: Sequence[int],
    pattern: str,
) -> None:
    for table, key, column in places:
        await blank_words(
            conn, table=table, key=key, column=column, district_id=district_id, keys=case_ids, pattern=pattern
        )


async def forget_received_positions(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Take out where a phone said that it was, of cases that ended before; give how many cases."""
    return count_rows(
        await conn.execute(
            """
            update community_case set received_lon = null, received_lat = null, received_datum = null, accuracy_m = null
            where (district_id, id) in (
                select district_id, id from community_case
                where district_id = $1 and closed_at < $2 and received_lon is not null
                order by closed_at limit $3 for update skip locked
            )
            """,
            district_id,
            before,
            limit,
        )
    )


async def coarsen_positions(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Round the places of cases that ended before to a thousandth of a degree, some 100 metres; give how many."""
    return count_rows(
        await conn.execute(
            """
            update community_case set lon = round(lon::numeric, 3), lat = round(lat::numeric, 3), metres_to_line = null
            where (district_id, id) in (
                select district_id, id from community_case
                where district_id = $1 and closed_at < $2 and lon is not null
                    and (lon, lat) <> (round(lon::numeric, 3)::float8, round(lat::numeric, 3)::float8)
                order by closed_at limit $3 for update skip locked
            )
            """,
            district_id,
            before,
            limit,
        )
    )


async def list_cases_with_old_photos(conn: Connection, *, district_id: int, before: datetime, limit: int) -> list[int]:
    """Give and lock the cases of the oldest `limit` photos whose cases ended before."""
    rows = await conn.fetch(
        """
        select id from community_case
        where district_id = $1 and closed_at < $2 and id = any(array(
            select case_id from case_photo
            join community_case as ended on ended.district_id = $1 and ended.id = case_id and ended.closed_at < $2
            where case_photo.district_id = $1 and stored_at < $2
            order by stored_at limit $3
        ))
        order by id for update skip locked
        """,
        district_id,
        before,
        limit,
    )
    return [row["id"] for row in rows]


async def delete_case_photos(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> list[str]:
    """Delete the photos of these cases and give the hashes of their files."""
    rows = await conn.fetch(
        "delete from case_photo where district_id = $1 and case_id = any($2::bigint[]) returning stored_sha256",
        district_id,
        list(case_ids),
    )
    return [row["stored_sha256"] for row in rows]


async def delete_notices_before(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Delete the oldest notices, as far as they are older; they stand in the order of their numbers."""
    return count_rows(
        await conn.execute(
            """
            delete from notice where created_at < $2 and (district_id, id) in (
                select district_id, id from notice where district_id = $1 order by id limit $3 for update skip locked
            )
            """,
            district_id,
            before,
            limit,
        )
    )


async def delete_notices_of(conn: Connection, *, district_id: int, rider_id: int) -> None:
    await conn.execute(
        "delete from notice where district_id = $1 and recipient_kind = 'rider' and recipient_id = $2",
        district_id,
        rider_id,
    )


async def forget_contacts(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Take out name and phone of appeals whose cases ended before; give how many.

    Sent again under its old key, such an appeal would differ, so key, hash and sealed token go too.
    """
    return count_rows(
        await conn.execute(
            """
            update appeal set contact_name = null, contact_phone = null, key = '~' || id, body_hash = '', token = null
            where (district_id, id) in (
                select appeal.district_id, appeal.id from appeal
                join community_case on community_case.district_id = appeal.district_id
                    and community_case.origin = 'appeal' and community_case.origin_ref = appeal.id::text
                where appeal.district_id = $1 and appeal.submitted_at < $2 and closed_at < $2
                    and (contact_name is not null or contact_phone is not null)
                order by appeal.submitted_at limit $3 for update of appeal skip locked
            )
            """,
            district_id,
            before,
            limit,
        )
    )


async def forget_appeal_keys(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Take out the keys of appeals sent before, and the sealed tokens with them; no client's key begins with ~.

    What a resident holds opens his appeal as before. Give how many.
    """
    return count_rows(
        await conn.execute(
            """
            update appeal set key = '~' || id, body_hash = '', token = null where (district_id, id) in (
                select district_id, id from appeal where district_id = $1 and submitted_at < $2 and body_hash <> ''
                order by submitted_at limit $3 for update skip locked
            )
            """,
            district_id,
            before,
            limit,
        )
    )
