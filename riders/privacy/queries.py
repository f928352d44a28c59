"""All SQL that erases a rider, and what of riders is kept for a time only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.database import Connection, count_rows
from core.privacy.erasures import Erasure
from core.privacy.queries import blank_words
from core.sealing.ring import KeyRing
from riders.models import RIDER


@dataclass(frozen=True, slots=True)
class Identity:
    """What leads to a rider's person, and since when he is known."""

    phone: str | None
    name: str | None
    signed_up_at: datetime
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class Traces:
    """The numbers of what is a rider's, and of the cases he looked at, by which events name him."""

    reports: list[int]
    cases: list[int]
    entries: list[int]
    objections: list[int]
    applications: list[int]
    appointments: list[int]
    looked_at: list[int]


async def lock_identity(conn: Connection, *, ring: KeyRing, district_id: int, rider_id: int) -> Identity | None:
    """Give a rider's identity and let nobody write anything of his until the transaction ends."""
    row = await conn.fetchrow(
        "select phone, name, signed_up_at, erased_at from rider where district_id = $1 and id = $2 for update",
        district_id,
        rider_id,
    )
    if row is None:
        return None
    phone, name = (
        ring.open(row[column], RIDER.place(column, district_id=district_id, row_id=rider_id))
        for column in ("phone", "name")
    )
    return Identity(phone, name, row["signed_up_at"], row["erased_at"])


async def list_standing(conn: Connection, *, district_id: int, erasures: Sequence[Erasure]) -> list[int]:
    """Give those of these riders who are not erased; a number given anew to somebody else is not his."""
    rows = await conn.fetch(
        """
        select rider.id from unnest($2::bigint[], $3::timestamptz[]) as listed (id, made_at)
        join rider on rider.district_id = $1 and rider.id = listed.id and rider.signed_up_at = listed.made_at
        where erased_at is null
        """,
        district_id,
        [erasure.id for erasure in erasures],
        [erasure.made_at for erasure in erasures],
    )
    return [row["id"] for row in rows]


async def get_traces(conn: Connection, *, district_id: int, rider_id: int) -> Traces:
    row = await conn.fetchrow(
        """
        select
            array(select id from report where district_id = $1 and rider_id = $2) as reports,
            array(
                select case_id from report where district_id = $1 and rider_id = $2 and case_id is not null
            ) as cases,
            array(select id from point_entry where district_id = $1 and rider_id = $2) as entries,
            array(select id from point_objection where district_id = $1 and rider_id = $2) as objections,
            array(select id from application where district_id = $1 and rider_id = $2) as applications,
            array(select id from appointment where district_id = $1 and rider_id = $2) as appointments,
            array(select case_id from verification_task where district_id = $1 and rider_id = $2) as looked_at
        """,
        district_id,
        rider_id,
    )
    assert row is not None  # noqa: S101 — a select without FROM gives one row
    return Traces(**row)


async def sever_rider(conn: Connection, *, district_id: int, rider_id: int, now: datetime) -> None:
    """Take out who he was and what he could be reached or followed by; his numbers stay."""
    await conn.execute(
        """
        update rider set phone = null, phone_index_odd = null, phone_index_even = null, name = null, platform = null,
            languages = '{zh}', erased_at = $3
        where district_id = $1 and id = $2
        """,
        district_id,
        rider_id,
        now,
    )
    for sql in _SEVER:
        await conn.execute(sql, district_id, rider_id)
    await conn.execute(
        """
        update appointment set ends_at = greatest($3, starts_at + interval '1 microsecond'), expired_at = $3
        where district_id = $1 and rider_id = $2 and revoked_at is null and ends_at > $3
        """,
        district_id,
        rider_id,
        now,
    )


#: Each takes the district and the rider. What waited for an answer waits for nobody now.
_SEVER = (
    "delete from session where district_id = $1 and kind = 'rider' and subject_id = $2",
    "delete from rider_wechat where district_id = $1 and rider_id = $2",
    "delete from rider_willingness where district_id = $1 and rider_id = $2",
    "delete from point_objection where district_id = $1 and rider_id = $2 and status = 'waiting'",
    """
    delete from application where district_id = $1 and rider_id = $2 and not exists (
        select from appointment where district_id = $1 and application_id = application.id
    )
    """,
    "update application set motivation = '', id_number = null where district_id = $1 and rider_id = $2",
    """
    update report set key = '~' || id, body_hash = '', received_lon = null, received_lat = null,
        received_datum = null, accuracy_m = null, observed_at = null
    where district_id = $1 and rider_id = $2
    """,
    """
    update community_case set received_lon = null, received_lat = null, received_datum = null, accuracy_m = null
    where district_id = $1 and id in (select case_id from report where district_id = $1 and rider_id = $2)
    """,
)


async def blank_words_about(
    conn: Connection, *, district_id: int, rider_id: int, own: str | None, own_words: str
) -> None:
    """Blank `own_words` in what he wrote, and `own` in what was written of him. The rider is severed by now."""
    places = [(place, own_words) for place in _OWN_WORDS] + [(place, own) for place in _OF_HIM if own is not None]
    for (table, column), pattern in places:
        await blank_words(
            conn, table=table, key="rider_id", column=column, district_id=district_id, keys=[rider_id], pattern=pattern
        )


#: Table, column of the words.
_OWN_WORDS = (("report", "description"), ("point_objection", "words"), ("verification_task", "note"))
_OF_HIM = (
    ("application", "reason"),
    ("appointment", "revoke_reason"),
    ("point_objection", "answer"),
    ("point_entry", "reason_zh"),
    ("point_entry", "reason_en"),
    ("honour", "revoke_reason_zh"),
    ("honour", "revoke_reason_en"),
)


async def list_answers(
    conn: Connection, *, district_id: int, rider_id: int, pattern: str
) -> dict[int, dict[str, object]]:
    """Give the answers of the rider's reports in which something fits the pattern, by report."""
    rows = await conn.fetch(
        "select id, answers from report where district_id = $1 and rider_id = $2 and answers::text ~ $3",
        district_id,
        rider_id,
        pattern,
    )
    return {row["id"]: row["answers"] for row in rows}


async def set_answers(conn: Connection, *, district_id: int, answers_by_id: dict[int, object]) -> None:
    await conn.execute(
        """
        update report set answers = said.answers from unnest($2::bigint[], $3::jsonb[]) as said (id, answers)
        where district_id = $1 and report.id = said.id
        """,
        district_id,
        list(answers_by_id),
        list(answers_by_id.values()),
    )


async def list_held_tasks(conn: Connection, *, district_id: int, rider_id: int) -> list[int]:
    """Give the looks that the rider holds now."""
    rows = await conn.fetch(
        "select id from verification_task where district_id = $1 and rider_id = $2 and state = 'accepted'",
        district_id,
        rider_id,
    )
    return [row["id"] for row in rows]


async def forget_report_positions(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Take out where and when phones said that they were, of reports whose cases ended before; give how many."""
    return count_rows(
        await conn.execute(
            """
            update report set received_lon = null, received_lat = null, received_datum = null, accuracy_m = null,
                observed_at = null
            where (district_id, id) in (
                select report.district_id, report.id from report
                join community_case on community_case.district_id = $1 and community_case.id = case_id
                where report.district_id = $1 and submitted_at < $2 and report.received_lon is not null
                    and closed_at < $2
                order by submitted_at limit $3 for update of report skip locked
            )
            """,
            district_id,
            before,
            limit,
        )
    )


async def forget_report_keys(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Take out the keys of reports sent before; no client's key begins with ~. Give how many."""
    return count_rows(
        await conn.execute(
            """
            update report set key = '~' || id, body_hash = '' where (district_id, id) in (
                select district_id, id from report where district_id = $1 and submitted_at < $2 and body_hash <> ''
                order by submitted_at limit $3 for update skip locked
            )
            """,
            district_id,
            before,
            limit,
        )
    )


async def forget_id_numbers(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Take out the identity numbers of applications that were decided before; give how many."""
    return count_rows(
        await conn.execute(
            """
            update application set id_number = null where (district_id, id) in (
                select district_id, id from application
                where district_id = $1 and decided_at < $2 and id_number is not null
                order by decided_at limit $3 for update skip locked
            )
            """,
            district_id,
            before,
            limit,
        )
    )


async def forget_looks(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Delete looks that ended before; what they found stands in the history of their cases. Give how many."""
    return count_rows(
        await conn.execute(
            """
            delete from verification_task where (district_id, id) in (
                select district_id, id from verification_task
                where district_id = $1 and state in ('answered', 'expired', 'cancelled') and asked_at < $2
                    and coalesce(answered_at, expires_at) < $2
                order by asked_at limit $3 for update skip locked
            )
            """,
            district_id,
            before,
            limit,
        )
    )


async def delete_report_photos(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> None:
    """Delete the photos of these cases where reports and looks name them too."""
    await conn.execute(
        """
        delete from report_photo where district_id = $1 and report_id in (
            select origin_ref::bigint from community_case
            where district_id = $1 and id = any($2::bigint[]) and origin = 'report'
        )
        """,
        district_id,
        list(case_ids),
    )
    await conn.execute(
        "update verification_task set photos = '{}' where district_id = $1 and case_id = any($2::bigint[])",
        district_id,
        list(case_ids),
    )


async def set_phone(conn: Connection, *, ring: KeyRing, district_id: int, rider_id: int, phone: str) -> bool:
    """Exchange a rider's phone; False where it is another rider's."""
    indexes = ring.index(phone, RIDER.indexed_as(district_id=district_id))
    done = await conn.execute(
        """
        update rider set phone = $3, phone_index_odd = $4, phone_index_even = $5
        where district_id = $1 and id = $2 and erased_at is null and not exists (
            select from rider as other
            where other.district_id = $1 and other.id <> $2
                and (other.phone_index_odd = $4 or other.phone_index_even = $5)
        )
        """,
        district_id,
        rider_id,
        ring.seal(phone, RIDER.place("phone", district_id=district_id, row_id=rider_id)),
        indexes.odd,
        indexes.even,
    )
    return done == "UPDATE 1"
