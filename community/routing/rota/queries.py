"""SQL of posts and shifts, of who is on duty, and of the cases that go along with a shift."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from community.routing.rota.models import FitPerson, Planned, Post, Shift
from core.access.models import Role
from core.database import Connection

_POST = "id, name, area_path, is_default, is_active"
_SHIFT = """
    select shift.id, post_id, staff_id, staff.name as staff_name, starts_at, ends_at, handed_over_from, handed_over_at,
        handed_over_reason
    from shift join staff on staff.district_id = shift.district_id and staff.id = staff_id
"""


async def insert_post(conn: Connection, *, district_id: int, name: str, area_path: str, is_default: bool) -> Post:
    """Give the new post; one too many breaks `post_name_unique` or `post_default_unique`."""
    row = await conn.fetchrow(
        f"insert into post (district_id, name, area_path, is_default) values ($1, $2, $3, $4) returning {_POST}",  # noqa: S608
        district_id,
        name,
        area_path,
        is_default,
    )
    assert row is not None  # noqa: S101 — INSERT … RETURNING of one row gives one row
    return Post(**row)


async def list_posts(conn: Connection, *, district_id: int) -> list[Post]:
    """List the open posts, from the district down."""
    rows = await conn.fetch(
        f"select {_POST} from post where district_id = $1 and is_active order by area_path, id",  # noqa: S608
        district_id,
    )
    return [Post(**row) for row in rows]


async def find_post(conn: Connection, *, district_id: int, post_id: int, lock: bool = False) -> Post | None:
    """Give an open post; `lock` lets one person at a time change its rota."""
    row = await conn.fetchrow(
        f"""
        select {_POST} from post where district_id = $1 and id = $2 and is_active {"for no key update" if lock else ""}
        """,  # noqa: S608 — one of two constants
        district_id,
        post_id,
    )
    return None if row is None else Post(**row)


async def close_post(conn: Connection, *, district_id: int, post_id: int) -> None:
    await conn.execute("update post set is_active = false where district_id = $1 and id = $2", district_id, post_id)


async def list_rules_naming(conn: Connection, *, district_id: int, post_id: int) -> list[int]:
    """Give the ids of the active rules that send cases to a post."""
    rows = await conn.fetch(
        "select id from routing_rule where district_id = $1 and post_id = $2 and is_active order by position",
        district_id,
        post_id,
    )
    return [row["id"] for row in rows]


class OnDuty(NamedTuple):
    """A post that may be asked for a case, and who is on duty there, if anybody is who can act."""

    post_id: int
    area_path: str
    is_default: bool
    staff_id: int | None


async def list_on_duty(
    conn: Connection,
    *,
    district_id: int,
    area_paths: Sequence[str],
    post_ids: Sequence[int],
    roles: Sequence[Role],
    now: datetime,
) -> list[OnDuty]:
    """Give the default posts of these areas and the posts of these ids, each with who is on duty at `now`.

    A person whose account is disabled, or who holds none of `roles` above the post any more, is not on duty.
    """
    rows = await conn.fetch(
        """
        select post.id as post_id, post.area_path, post.is_default, (
            select shift.staff_id
            from shift join staff on staff.district_id = shift.district_id and staff.id = shift.staff_id
            where shift.district_id = $1 and shift.post_id = post.id and starts_at <= $5 and ends_at > $5
                and staff.disabled_at is null
                and exists (
                    select from staff_grant as held
                    where held.district_id = $1 and held.staff_id = shift.staff_id and held.role = any($4::text[])
                        and (
                            held.area_path in ('', post.area_path)
                            or starts_with(post.area_path, held.area_path || '/')
                        )
                )
        ) as staff_id
        from post
        where district_id = $1 and is_active and (is_default and area_path = any($2::text[]) or id = any($3::bigint[]))
        """,
        district_id,
        area_paths,
        post_ids,
        [role.value for role in roles],
        now,
    )
    return [OnDuty(**row) for row in rows]


async def find_shift_at(conn: Connection, *, district_id: int, post_id: int, at: datetime) -> Shift | None:
    """Give the shift that holds at a moment."""
    row = await conn.fetchrow(
        _SHIFT + "where shift.district_id = $1 and post_id = $2 and starts_at <= $3 and ends_at > $3",
        district_id,
        post_id,
        at,
    )
    return None if row is None else Shift(**row)


async def list_shifts_at(conn: Connection, *, district_id: int, at: datetime) -> dict[int, Shift]:
    """Give the shift that holds at a moment at each open post, by the post's id."""
    rows = await conn.fetch(
        """
        select held.*, staff.name as staff_name
        from post
        cross join lateral (
            select id, post_id, staff_id, starts_at, ends_at, handed_over_from, handed_over_at, handed_over_reason
            from shift where shift.district_id = $1 and post_id = post.id and starts_at <= $2 and ends_at > $2
        ) as held
        join staff on staff.district_id = $1 and staff.id = held.staff_id
        where post.district_id = $1 and post.is_active
        """,
        district_id,
        at,
    )
    return {row["post_id"]: Shift(**row) for row in rows}


async def list_shifts(
    conn: Connection, *, district_id: int, post_id: int, starts_at: datetime, ends_at: datetime
) -> list[Shift]:
    """List the shifts of a post that hold at some time of a period, in order."""
    rows = await conn.fetch(
        _SHIFT
        + """
        where shift.district_id = $1 and post_id = $2 and ends_at > $3 and starts_at < $4 and ends_at > starts_at
        order by starts_at
        """,
        district_id,
        post_id,
        starts_at,
        ends_at,
    )
    return [Shift(**row) for row in rows]


async def list_unfit_staff(
    conn: Connection, *, district_id: int, area_path: str, staff_ids: Sequence[int], roles: Sequence[Role]
) -> set[int]:
    """Give those who have no usable account, or none of `roles` on the area or above it."""
    rows = await conn.fetch(
        """
        select wanted.id from unnest($3::bigint[]) as wanted (id)
        where not exists (
            select from staff
            join staff_grant as held on held.district_id = staff.district_id and held.staff_id = staff.id
            where staff.district_id = $1 and staff.id = wanted.id and staff.disabled_at is null
                and held.role = any($4::text[])
                and (held.area_path in ('', $2::text) or starts_with($2::text, held.area_path || '/'))
        )
        """,
        district_id,
        area_path,
        staff_ids,
        [role.value for role in roles],
    )
    return {row["id"] for row in rows}


async def list_fit_staff(
    conn: Connection, *, district_id: int, area_path: str, roles: Sequence[Role]
) -> list[FitPerson]:
    """Give those with a usable account who hold one of `roles` on the area or above it, the nearest first."""
    rows = await conn.fetch(
        """
        select staff.id, staff.name
        from staff join staff_grant as held on held.district_id = staff.district_id and held.staff_id = staff.id
        where staff.district_id = $1 and staff.disabled_at is null and held.role = any($3::text[])
            and (held.area_path in ('', $2::text) or starts_with($2::text, held.area_path || '/'))
        group by staff.id, staff.name
        order by max(length(held.area_path)) desc, staff.name, staff.id
        """,
        district_id,
        area_path,
        [role.value for role in roles],
    )
    return [FitPerson(**row) for row in rows]


async def insert_shift(
    conn: Connection,
    *,
    district_id: int,
    post_id: int,
    planned: Planned,
    handed_over_from: int | None = None,
    handed_over_at: datetime | None = None,
    handed_over_reason: str | None = None,
) -> Shift:
    """Put a shift on the rota; one that overlaps another breaks `shift_no_overlap`."""
    shift_id: int = await conn.fetchval(
        """
        insert into shift (
            district_id, post_id, staff_id, starts_at, ends_at, handed_over_from, handed_over_at, handed_over_reason
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8) returning id
        """,
        *(district_id, post_id, planned.staff_id, planned.starts_at, planned.ends_at),
        *(handed_over_from, handed_over_at, handed_over_reason),
    )
    row = await conn.fetchrow(_SHIFT + "where shift.district_id = $1 and shift.id = $2", district_id, shift_id)
    assert row is not None  # noqa: S101 — it was inserted just now
    return Shift(**row)


async def end_shift(conn: Connection, *, district_id: int, shift_id: int, ends_at: datetime) -> None:
    await conn.execute(
        "update shift set ends_at = $3 where district_id = $1 and id = $2", district_id, shift_id, ends_at
    )


async def find_shift(conn: Connection, *, district_id: int, post_id: int, shift_id: int) -> Shift | None:
    row = await conn.fetchrow(
        _SHIFT + "where shift.district_id = $1 and post_id = $2 and shift.id = $3", district_id, post_id, shift_id
    )
    return None if row is None else Shift(**row)


async def delete_shift(conn: Connection, *, district_id: int, shift_id: int) -> None:
    await conn.execute("delete from shift where district_id = $1 and id = $2", district_id, shift_id)


async def hand_cases(
    conn: Connection, *, district_id: int, post_id: int, from_id: int, to_id: int, now: datetime
) -> dict[int, str]:
    """Give every open case that one person leads by a post to another, in one statement; id → state of each.

    Rows are locked in order of id, as everywhere, so that this waits for nobody who waits for it.
    """
    rows = await conn.fetch(
        """
        with his as (
            select id from community_case
            where district_id = $1 and post_id = $2 and assignee_id = $3 and closed_at is null
            order by id for no key update
        )
        update community_case set assignee_id = $4, updated_at = $5, version = version + 1
        from his where district_id = $1 and community_case.id = his.id
        returning community_case.id, state
        """,
        district_id,
        post_id,
        from_id,
        to_id,
        now,
    )
    return {row["id"]: row["state"] for row in rows}
