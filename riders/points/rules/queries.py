"""All SQL about point rules. A rule is never changed: it is superseded, and another row follows."""

from datetime import datetime

import asyncpg

from core.database import Connection
from riders.points.models import Ground, PointRule, RuleTerms

_RULE = "id, ground, category_code, points, daily_cap, zh, en, valid_from, superseded_at"


def _rule(row: asyncpg.Record) -> PointRule:
    return PointRule(**dict(row) | {"ground": Ground(row["ground"])})


async def list_rules(conn: Connection, *, district_id: int) -> list[PointRule]:
    """List the rules in force, those for a category after the one for all."""
    rows = await conn.fetch(
        f"""
        select {_RULE} from point_rule where district_id = $1 and superseded_at is null
        order by ground, category_code nulls first
        """,  # noqa: S608
        district_id,
    )
    return [_rule(row) for row in rows]


async def find_rule(
    conn: Connection, *, district_id: int, ground: Ground, category_code: str, at: datetime
) -> PointRule | None:
    """Give the rule that held at `at`: the category's own, or else the one for all."""
    row = await conn.fetchrow(
        f"""
        select {_RULE} from point_rule
        where district_id = $1 and ground = $2 and (category_code = $3 or category_code is null)
            and valid_from <= $4 and (superseded_at is null or superseded_at > $4)
        order by category_code nulls last limit 1
        """,  # noqa: S608
        district_id,
        ground.value,
        category_code,
        at,
    )
    return None if row is None else _rule(row)


async def supersede_rule(
    conn: Connection, *, district_id: int, ground: Ground, category_code: str | None, now: datetime
) -> None:
    await conn.execute(
        """
        update point_rule set superseded_at = $4
        where district_id = $1 and ground = $2 and category_code is not distinct from $3 and superseded_at is null
        """,
        district_id,
        ground.value,
        category_code,
        now,
    )


async def retire_rule(conn: Connection, *, district_id: int, rule_id: int, now: datetime) -> bool:
    """End a rule without a successor; tell whether it was in force."""
    ended = await conn.fetchval(
        """
        update point_rule set superseded_at = $3
        where district_id = $1 and id = $2 and superseded_at is null returning true
        """,
        district_id,
        rule_id,
        now,
    )
    return ended is not None


async def insert_rule(conn: Connection, *, district_id: int, terms: RuleTerms, set_by: int, now: datetime) -> PointRule:
    row = await conn.fetchrow(
        f"""
        insert into point_rule (district_id, ground, category_code, points, daily_cap, zh, en, valid_from, set_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning {_RULE}
        """,  # noqa: S608
        district_id,
        terms.ground.value,
        terms.category_code,
        terms.points,
        terms.daily_cap,
        terms.zh,
        terms.en,
        now,
        set_by,
    )
    assert row is not None  # noqa: S101 — INSERT … RETURNING of one row gives one row
    return _rule(row)
