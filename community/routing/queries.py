"""SQL of routing: departments, the categories that are usually theirs, the rules, and the cases they are tried on."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import NamedTuple

import asyncpg

from community.models import Department
from community.routing.models import RoutingRule, RuleTerms
from core.database import Connection

_RULE = """
    id, position, area_path, category_code, weekdays, from_time, to_time, on_workdays, desk_depth, department_ids,
    post_id, note
"""


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


async def find_department(conn: Connection, *, district_id: int, department_id: int) -> Department | None:
    """Give an active department."""
    row = await conn.fetchrow(
        """
        select id, code, name, phone, area_path from department where district_id = $1 and id = $2 and is_active
        """,
        district_id,
        department_id,
    )
    return None if row is None else Department(**row)


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


async def list_default_departments(conn: Connection, *, district_id: int) -> dict[str, int | None]:
    """Give code → department of every category, also of those no longer in use."""
    rows = await conn.fetch("select code, default_department_id from category where district_id = $1", district_id)
    return {row["code"]: row["default_department_id"] for row in rows}


async def lock_rules(conn: Connection, *, district_id: int) -> None:
    """Let one person at a time change the rules of a district; routing goes on reading them."""
    await conn.execute("select from district where id = $1 for no key update", district_id)


async def insert_routing_rule(
    conn: Connection, *, district_id: int, position: int, terms: RuleTerms, replaces: int | None = None
) -> int:
    """Give the new rule's id; a position in use breaks `routing_rule_position_unique`."""
    rule_id: int = await conn.fetchval(
        """
        insert into routing_rule (
            district_id, position, area_path, category_code, weekdays, from_time, to_time, on_workdays, desk_depth,
            department_ids, post_id, note, replaces
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id
        """,
        *(district_id, position, terms.area_path, terms.category_code, terms.weekdays, terms.from_time, terms.to_time),
        *(terms.on_workdays, terms.desk_depth, terms.department_ids, terms.post_id, terms.note, replaces),
    )
    return rule_id


async def retire_routing_rule(conn: Connection, *, district_id: int, rule_id: int, now: datetime) -> None:
    await conn.execute(
        "update routing_rule set is_active = false, retired_at = $3 where district_id = $1 and id = $2",
        district_id,
        rule_id,
        now,
    )


async def make_room_at(conn: Connection, *, district_id: int, position: int) -> None:
    """Move the active rule that stands at `position`, and all behind it, one further; nothing if none stands there."""
    await conn.execute(
        """
        update routing_rule set position = position + 1
        where district_id = $1 and is_active and position >= $2 and exists (
            select from routing_rule as there
            where there.district_id = $1 and there.is_active and there.position = $2
        )
        """,
        district_id,
        position,
    )


async def set_position(conn: Connection, *, district_id: int, rule_id: int, position: int) -> None:
    await conn.execute(
        "update routing_rule set position = $3 where district_id = $1 and id = $2", district_id, rule_id, position
    )


async def list_routing_rules(conn: Connection, *, district_id: int) -> list[RoutingRule]:
    """List the active rules in the order in which they are read."""
    rows = await conn.fetch(
        f"select {_RULE} from routing_rule where district_id = $1 and is_active order by position",  # noqa: S608
        district_id,
    )
    return [_rule(row) for row in rows]


_RULE_FIELDS = tuple(field.name for field in fields(RoutingRule))


def _rule(row: asyncpg.Record) -> RoutingRule:
    values = {name: row[name] for name in _RULE_FIELDS}
    return RoutingRule(**values | {"weekdays": tuple(row["weekdays"]), "department_ids": tuple(row["department_ids"])})


class StoredRule(NamedTuple):
    """A rule, active or not, and its neighbours in time."""

    rule: RoutingRule
    is_active: bool
    replaces: int | None
    replaced_by: int | None
    retired_at: datetime | None


async def find_routing_rule(conn: Connection, *, district_id: int, rule_id: int) -> StoredRule | None:
    row = await conn.fetchrow(
        f"""
        select {_RULE}, is_active, replaces, retired_at, (
            select later.id from routing_rule as later
            where later.district_id = $1 and later.replaces = routing_rule.id
        ) as replaced_by
        from routing_rule where district_id = $1 and id = $2
        """,  # noqa: S608
        district_id,
        rule_id,
    )
    if row is None:
        return None
    return StoredRule(_rule(row), row["is_active"], row["replaces"], row["replaced_by"], row["retired_at"])


async def forbid_writing(conn: Connection) -> None:
    """Let the database refuse every write until the transaction ends."""
    await conn.execute("set transaction read only")


async def read_past_cases(
    conn: Connection,
    *,
    district_id: int,
    scopes: Sequence[str],
    opened_from: datetime,
    opened_before: datetime,
    size: int,
) -> AsyncIterator[list[asyncpg.Record]]:
    """Read the cases opened in a period within the scopes, `size` at a time, in no order, all as of one moment.

    Each record holds `id`, `area_path`, `category_code`, `opened_at`. Needs a transaction.
    """
    cursor = await conn.cursor(
        """
        select id, area_path, category_code, opened_at from community_case
        where district_id = $1 and opened_at >= $2 and opened_at < $3 and (
            '' = any($4::text[])
            or exists (
                select from unnest($4::text[]) as scope
                where area_path = scope or starts_with(area_path, scope || '/')
            )
        )
        """,
        district_id,
        opened_from,
        opened_before,
        scopes,
    )
    while records := await cursor.fetch(size):
        yield records


async def list_case_numbers(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> dict[int, str]:
    """Give id → number."""
    rows = await conn.fetch(
        "select id, number from community_case where district_id = $1 and id = any($2::bigint[])", district_id, case_ids
    )
    return {row["id"]: row["number"] for row in rows}
