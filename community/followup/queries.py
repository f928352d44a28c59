"""SQL of follow-up: links, their answers, and the visits that are owed."""

from datetime import datetime

from community.appeals.queries import open_contact
from community.followup.models import Answer, Link, Visit
from community.lists.models import After
from community.lists.queries import Conditions, add_sight, plan_for_values
from community.models import Satisfaction
from community.sight import Sight
from core.database import Connection
from core.sealing.ring import KeyRing


async def insert_link(
    conn: Connection, *, district_id: int, case_id: int, closed_at: datetime, expires_at: datetime
) -> None:
    """Make the link of the next round; the caller holds the lock of the case."""
    await conn.execute(
        """
        insert into follow_up_link (district_id, case_id, round, closed_at, expires_at)
        select $1, $2, 1 + count(*), $3, $4 from follow_up_link where district_id = $1 and case_id = $2
        """,
        district_id,
        case_id,
        closed_at,
        expires_at,
    )


async def find_link(conn: Connection, *, district_id: int, case_id: int, of_round: int | None) -> Link | None:
    """Give the link of a round, or the latest where None."""
    row = await conn.fetchrow(
        """
        select round, closed_at, expires_at, answered_at, satisfaction, words, is_latest
        from (
            select *, round = max(round) over () as is_latest from follow_up_link
            where district_id = $1 and case_id = $2
        ) as link
        where round = $3 or ($3 is null and is_latest)
        """,
        district_id,
        case_id,
        of_round,
    )
    if row is None:
        return None
    said = row["satisfaction"]
    return Link(**dict(row) | {"satisfaction": None if said is None else Satisfaction(said)})


async def answer_link(
    conn: Connection, *, district_id: int, case_id: int, of_round: int, answer: Answer, now: datetime
) -> None:
    await conn.execute(
        """
        update follow_up_link set answered_at = $4, satisfaction = $5, words = $6
        where district_id = $1 and case_id = $2 and round = $3 and answered_at is null
        """,
        *(district_id, case_id, of_round, now, answer.satisfaction.value, answer.words),
    )


async def list_visits(
    conn: Connection, *, ring: KeyRing, district_id: int, sight: Sight, after: After | None, limit: int
) -> list[Visit]:
    """List the visits owed within `sight` with contacts in the clear, the one due next first. Needs a transaction."""
    where = Conditions(district_id)
    where.add("state = 'closed' and next_due_at is not null")  # as in the index, which holds nothing else
    add_sight(where, sight)
    await plan_for_values(conn)
    if after is not None:
        where.add(f"(next_due_at, id) > ({where.value(after.due_at)}::text::timestamptz, {where.value(after.case_id)})")
    rows = await conn.fetch(
        f"""
        with owed as materialized (
            select id, number, category_code, description, result, area_path, area_names, closed_at, next_due_at,
                case when origin = 'appeal' then origin_ref::bigint end as appeal_id
            from community_case where {where.text()}
            order by next_due_at, id limit {where.value(limit)}
        )
        select owed.id as case_id, number, category_code, description, result, area_path, area_names, closed_at,
            next_due_at as due_at, appeal.id as appeal_id, contact_name, contact_phone
        from owed left join appeal on appeal.district_id = $1 and appeal.id = appeal_id
        order by next_due_at, owed.id
        """,  # noqa: S608 — every value is numbered
        *where.values,
    )
    visits = []
    for row in rows:
        values = dict(row)
        contact = open_contact(
            values.pop("contact_name"),
            values.pop("contact_phone"),
            ring=ring,
            district_id=district_id,
            appeal_id=values.pop("appeal_id"),
        )
        names = None if values["area_names"] is None else tuple(values["area_names"])
        visits.append(Visit(**values | {"area_names": names, "contact": contact}))
    return visits
