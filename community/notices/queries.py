"""SQL of notices: finding who is to be told, writing it once, reading one's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from community.models import Notice
from core.access.models import Role, paths_above
from core.database import Connection, count_rows


async def list_staff_over(
    conn: Connection, *, district_id: int, area_path: str | None, roles: Sequence[Role]
) -> list[int]:
    """List the staff who hold one of `roles` on `area_path` or above it, anywhere if None; no disabled accounts."""
    above = None if area_path is None else ["", *paths_above(area_path)]
    rows = await conn.fetch(
        """
        select distinct staff_id from staff_grant
        join staff on staff.district_id = staff_grant.district_id and staff.id = staff_grant.staff_id
        where staff_grant.district_id = $1 and ($2::text[] is null or area_path = any($2::text[]))
            and role = any($3::text[]) and staff.disabled_at is null
        order by staff_id
        """,
        district_id,
        above,
        [role.value for role in roles],
    )
    return [row["staff_id"] for row in rows]


@dataclass(frozen=True, slots=True)
class Rung:
    """An area above a desk that has someone to answer for it, and who they are."""

    area_path: str
    staff_ids: tuple[int, ...]


async def list_rungs_above(conn: Connection, *, district_id: int, desk_path: str) -> list[Rung]:
    """List the areas above a desk whose secretaries, centres or administrators can be told, the nearest first."""
    rows = await conn.fetch(
        """
        select area_path, array_agg(distinct staff_id order by staff_id) as staff_ids from staff_grant
        join staff on staff.district_id = staff_grant.district_id and staff.id = staff_grant.staff_id
        where staff_grant.district_id = $1 and area_path = any($2::text[])
            and role in ('secretary', 'subdistrict', 'district_admin') and staff.disabled_at is null
        group by area_path order by length(area_path) desc
        """,
        district_id,
        ["", *paths_above(desk_path)[:-1]],
    )
    return [Rung(row["area_path"], tuple(row["staff_ids"])) for row in rows]


async def list_department_staff(conn: Connection, *, district_id: int, department_ids: Sequence[int]) -> list[int]:
    rows = await conn.fetch(
        """
        select distinct staff_id from staff_grant
        join staff on staff.district_id = staff_grant.district_id and staff.id = staff_grant.staff_id
        where staff_grant.district_id = $1 and role = 'department' and department_id = any($2::bigint[])
            and staff.disabled_at is null
        order by staff_id
        """,
        district_id,
        department_ids,
    )
    return [row["staff_id"] for row in rows]


async def insert_notices(
    conn: Connection,
    *,
    district_id: int,
    event_id: int,
    kind: str,
    case_id: int,
    recipient_kind: str,
    recipient_ids: Sequence[int],
    now: datetime,
) -> None:
    """Tell each recipient once, however often the event is worked off."""
    await conn.execute(
        """
        insert into notice (district_id, event_id, kind, case_id, recipient_kind, recipient_id, created_at)
        select $1, $2, $3, $4, $5, told.id, $7 from unnest($6::bigint[]) as told (id)
        on conflict on constraint notice_once do nothing
        """,
        district_id,
        event_id,
        kind,
        case_id,
        recipient_kind,
        recipient_ids,
        now,
    )


async def list_notices(
    conn: Connection,
    *,
    district_id: int,
    recipient_kind: str,
    recipient_id: int,
    before_id: int | None,
    limit: int,
    unread: bool = False,
) -> list[Notice]:
    """List someone's notices, or only those he has not read, newest first, from below `before_id`."""
    rows = await conn.fetch(
        """
        select notice.id, notice.kind, case_id, number as case_number, created_at, read_at
        from notice join community_case on community_case.district_id = notice.district_id
            and community_case.id = notice.case_id
        where notice.district_id = $1 and recipient_kind = $2 and recipient_id = $3
            and notice.id < coalesce($4, 9223372036854775807) and (not $6 or read_at is null)
        order by notice.id desc limit $5
        """,
        district_id,
        recipient_kind,
        recipient_id,
        before_id,
        limit,
        unread,
    )
    return [Notice(**row) for row in rows]


async def count_unread_notices(
    conn: Connection, *, district_id: int, recipient_kind: str, recipient_id: int, most: int
) -> int:
    """Count up to `most` notices that someone has not read."""
    count: int = await conn.fetchval(
        """
        select count(*) from (
            select from notice
            where district_id = $1 and recipient_kind = $2 and recipient_id = $3 and read_at is null limit $4
        ) as unread
        """,
        district_id,
        recipient_kind,
        recipient_id,
        most,
    )
    return count


async def mark_notices_read(
    conn: Connection,
    *,
    district_id: int,
    recipient_kind: str,
    recipient_id: int,
    up_to_id: int | None,
    ids: Sequence[int],
    now: datetime,
) -> int:
    """Mark someone's own notices up to one, or those named; give how many had not been read before."""
    done = await conn.execute(
        """
        update notice set read_at = $6
        where district_id = $1 and recipient_kind = $2 and recipient_id = $3 and read_at is null
            and (id <= $4 or id = any($5::bigint[]))
        """,
        district_id,
        recipient_kind,
        recipient_id,
        up_to_id,
        ids,
        now,
    )
    return count_rows(done)
