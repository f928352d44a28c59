"""SQL of routing: departments, the categories that are usually theirs, and the rules."""

from community.models import Department, RoutingRule
from core.database import Connection


async def list_departments(conn: Connection, *, district_id: int) -> list[Department]:
    rows = await conn.fetch(
        "select id, code, name, phone, area_path from department where district_id = $1 and is_active order by code",
        district_id,
    )
    return [Department(**row) for row in rows]


async def find_department_id(conn: Connection, *, district_id: int, code: str) -> int | None:
    """Give the id of the active department with this code."""
    department_id: int | None = await conn.fetchval(
        "select id from department where district_id = $1 and code = $2 and is_active", district_id, code
    )
    return department_id


async def has_department(conn: Connection, *, district_id: int, department_id: int) -> bool:
    found: bool = await conn.fetchval(
        "select exists (select from department where district_id = $1 and id = $2 and is_active)",
        district_id,
        department_id,
    )
    return found


async def insert_department(
    conn: Connection, *, district_id: int, code: str, name: str, phone: str | None, area_path: str = ""
) -> int:
    """Give the new department's id; a code in use violates `department_code_unique`."""
    department_id: int = await conn.fetchval(
        """
        insert into department (district_id, code, name, phone, area_path) values ($1, $2, $3, $4, $5) returning id
        """,
        district_id,
        code,
        name,
        phone,
        area_path,
    )
    return department_id


async def set_default_department(
    conn: Connection, *, district_id: int, category_code: str, department_id: int | None
) -> None:
    """Suggest this department for the category's cases from now on, where no rule says otherwise."""
    await conn.execute(
        "update category set default_department_id = $3 where district_id = $1 and code = $2",
        district_id,
        category_code,
        department_id,
    )


async def insert_routing_rule(
    conn: Connection,
    *,
    district_id: int,
    position: int,
    area_path: str = "",
    category_code: str | None = None,
    desk_depth: int | None = None,
    department_id: int | None = None,
    note: str = "",
) -> int:
    """Give the new rule's id; a position in use violates `routing_rule_position_unique`."""
    rule_id: int = await conn.fetchval(
        """
        insert into routing_rule (district_id, position, area_path, category_code, desk_depth, department_id, note)
        values ($1, $2, $3, $4, $5, $6, $7) returning id
        """,
        district_id,
        position,
        area_path,
        category_code,
        desk_depth,
        department_id,
        note,
    )
    return rule_id


async def list_routing_rules(conn: Connection, *, district_id: int) -> list[RoutingRule]:
    """List the active rules in the order in which they are read."""
    rows = await conn.fetch(
        """
        select id, position, area_path, category_code, desk_depth, department_id, note
        from routing_rule where district_id = $1 and is_active order by position
        """,
        district_id,
    )
    return [RoutingRule(**row) for row in rows]
