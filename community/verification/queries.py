"""SQL of the rules of looks, which stand with their category."""

import asyncpg

from community.verification.models import LookRule, Looks
from core.database import Connection

_RULE = "code as category_code, looks, look_offer_minutes as offer_minutes, look_expire_minutes as expire_minutes"


def _rule(row: asyncpg.Record) -> LookRule:
    return LookRule(**dict(row) | {"looks": Looks(row["looks"])})


async def get_look_rule(conn: Connection, *, district_id: int, category_code: str) -> LookRule:
    row = await conn.fetchrow(
        f"select {_RULE} from category where district_id = $1 and code = $2",  # noqa: S608
        district_id,
        category_code,
    )
    assert row is not None  # noqa: S101 — every case has a category
    return _rule(row)


async def list_look_rules(conn: Connection, *, district_id: int) -> list[LookRule]:
    """List the rules of the active categories by code."""
    rows = await conn.fetch(
        f"select {_RULE} from category where district_id = $1 and is_active order by code",  # noqa: S608
        district_id,
    )
    return [_rule(row) for row in rows]


async def update_look_rule(conn: Connection, *, district_id: int, rule: LookRule) -> bool:
    """Change the rule of an active category; False where there is none."""
    done = await conn.execute(
        """
        update category set looks = $3, look_offer_minutes = $4, look_expire_minutes = $5
        where district_id = $1 and code = $2 and is_active
        """,
        *(district_id, rule.category_code, rule.looks.value, rule.offer_minutes, rule.expire_minutes),
    )
    return done == "UPDATE 1"
