"""SQL of staff administration."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from community.staff.models import Colleague, Held
from core.access.models import Grant, Role
from core.access.queries import in_scopes
from core.database import Connection

_COLLEAGUE = """
    select s.id, s.username, s.name, s.disabled_at, s.locked_until, s.one_time_until,
        s.totp_secret is not null as has_second_factor,
        (
            select coalesce(
                jsonb_agg(
                    jsonb_build_array(g.role, g.area_path, g.department_id, coalesce(d.area_path, g.area_path))
                    order by g.role, g.area_path, g.department_id
                ), '[]'
            )
            from staff_grant g left join department d on d.district_id = g.district_id and d.id = g.department_id
            where g.district_id = s.district_id and g.staff_id = s.id
        ) as held
    from staff s
"""


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """A department in use: its id and the area in which it works."""

    id: int
    area_path: str


async def list_colleagues(
    conn: Connection, *, district_id: int, scopes: Sequence[str], after: str, limit: int
) -> list[Colleague]:
    """List accounts by user name, those that have power within one of the scopes; `''` lists all."""
    rows = await conn.fetch(
        f"""
        {_COLLEAGUE}
        where s.district_id = $1 and s.username > $3 and (
            '' = any($2::text[]) or exists (
                select from staff_grant g
                left join department d on d.district_id = g.district_id and d.id = g.department_id
                where g.district_id = $1 and g.staff_id = s.id and {in_scopes("coalesce(d.area_path, g.area_path)")}
            )
        )
        order by s.username limit $4
        """,
        district_id,
        scopes,
        after,
        limit,
    )
    return [_colleague(row) for row in rows]


async def lock_colleague(conn: Connection, *, district_id: int, staff_id: int) -> Colleague | None:
    """Give an account with its roles; nobody else changes it until the transaction ends."""
    await conn.execute("select from staff where district_id = $1 and id = $2 for update", district_id, staff_id)
    row = await conn.fetchrow(f"{_COLLEAGUE} where s.district_id = $1 and s.id = $2", district_id, staff_id)
    return None if row is None else _colleague(row)


def _colleague(row: asyncpg.Record) -> Colleague:
    held = tuple(Held(Grant(Role(role), path, department), extent) for role, path, department, extent in row["held"])
    return Colleague(**{**row, "held": held})


async def find_department(conn: Connection, *, district_id: int, code: str) -> DepartmentRow | None:
    row = await conn.fetchrow(
        "select id, area_path from department where district_id = $1 and code = $2 and is_active", district_id, code
    )
    return None if row is None else DepartmentRow(**row)


async def delete_grant(conn: Connection, *, district_id: int, staff_id: int, grant: Grant) -> None:
    await conn.execute(
        """
        delete from staff_grant where district_id = $1 and staff_id = $2 and role = $3 and area_path = $4
            and department_id is not distinct from $5
        """,
        district_id,
        staff_id,
        grant.role.value,
        grant.area_path,
        grant.department_id,
    )


async def lock_whole_district_admins(conn: Connection, *, district_id: int) -> None:
    """Let nobody else change who administers the whole district until the transaction ends."""
    await conn.execute(
        """
        select from staff_grant where district_id = $1 and area_path = '' and role = 'district_admin'
        order by staff_id for update
        """,
        district_id,
    )


async def has_other_admin(conn: Connection, *, district_id: int, staff_id: int) -> bool:
    """Tell whether somebody else who is not disabled administers the whole district."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from staff_grant g join staff s on s.district_id = g.district_id and s.id = g.staff_id
            where g.district_id = $1 and g.area_path = '' and g.role = 'district_admin' and g.staff_id <> $2
                and s.disabled_at is null
        )
        """,
        district_id,
        staff_id,
    )
    return found
