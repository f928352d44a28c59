"""SQL of oversights: each query lists the cases for which one promise is not kept, the oldest first.

All of them read small partial indices: open cases, running clocks, waiting orders.
"""

from datetime import datetime

from community.lists.queries import Conditions, add_sight
from community.sight import Sight
from core.database import Connection

MOST_COUNTED = 1000


async def list_open_without_clock(
    conn: Connection, *, district_id: int, sight: Sight | None, before: datetime
) -> list[int]:
    """List open cases that were touched last before that and on which no clock runs; a held one waits for its end."""
    return await _ids(
        conn,
        """
        select id, id from community_case
        where district_id = $1 and closed_at is null and coalesce(next_due_at, 'infinity') = 'infinity'
            and state <> 'held' and updated_at < $2
        """,
        district_id,
        sight,
        before,
    )


async def list_at_empty_desks(
    conn: Connection, *, district_id: int, sight: Sight | None, before: datetime
) -> list[int]:
    """List open cases whose desk has neither staff of its own nor a centre or an administrator above it."""
    return await _ids(
        conn,
        """
        with desk as (
            select distinct desk_path from community_case where district_id = $1 and closed_at is null
        ), empty as (
            select desk_path from desk where not exists (
                select from staff_grant
                join staff on staff.district_id = staff_grant.district_id and staff.id = staff_grant.staff_id
                where staff_grant.district_id = $1 and staff.disabled_at is null
                    and role in ('secretary', 'grid_worker', 'subdistrict', 'district_admin')
                    and (area_path in ('', desk_path) or starts_with(desk_path, area_path || '/') or desk_path = '')
            )
        )
        select id, id from community_case
        where district_id = $1 and closed_at is null and opened_at < $2 and desk_path in (select desk_path from empty)
        """,
        district_id,
        sight,
        before,
    )


async def list_untold(conn: Connection, *, district_id: int, sight: Sight | None, before: datetime) -> list[int]:
    """List cases with a clock that the sweep should have told of before that."""
    return await _ids(
        conn,
        "select case_id, fires_at from deadline where district_id = $1 and fires_at < $2",
        district_id,
        sight,
        before,
    )


async def list_unaccepted(conn: Connection, *, district_id: int, sight: Sight | None, before: datetime) -> list[int]:
    """List cases with a work order that was sent before that and has not been accepted."""
    return await _ids(
        conn,
        """
        select case_id, sent_at from work_order where district_id = $1 and state = 'sent' and sent_at < $2
        """,
        district_id,
        sight,
        before,
    )


async def list_held_past(conn: Connection, *, district_id: int, sight: Sight | None, before: datetime) -> list[int]:
    """List cases whose hold was over before that."""
    return await _ids(
        conn,
        """
        select id, held_until from community_case where district_id = $1 and state = 'held' and held_until < $2
        """,
        district_id,
        sight,
        before,
    )


async def list_unanswered_duplicates(
    conn: Connection, *, district_id: int, sight: Sight | None, before: datetime
) -> list[int]:
    """List duplicates of a case that ended before that, without its result; a rejected or voided one gives none."""
    return await _ids(
        conn,
        """
        select child.id, child.id from community_case as child
        join community_case as original
            on original.district_id = child.district_id and original.id = child.duplicate_of
        where child.district_id = $1 and child.duplicate_of is not null and child.result is null
            and original.state in ('closed', 'followed_up', 'rejected', 'voided') and original.closed_at < $2
        """,
        district_id,
        sight,
        before,
    )


async def _ids(conn: Connection, sql: str, district_id: int, sight: Sight | None, before: datetime) -> list[int]:
    """Give the cases that `sql` finds (each with what orders them) within `sight`; None is everything there is."""
    where = Conditions(district_id)
    where.value(before)  # the $2 of each of them
    if sight is not None:
        add_sight(where, sight)
    seen = f"where exists (select from community_case where {where.text()} and community_case.id = found.case_id)"
    rows = await conn.fetch(
        f"""
        select case_id from ({sql}) as found (case_id, since)
        {"" if sight is None else seen}
        order by since, case_id limit {where.value(MOST_COUNTED)}
        """,  # noqa: S608 — every value is numbered
        *where.values,
    )
    return [row["case_id"] for row in rows]
