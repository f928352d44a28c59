"""All SQL about budgets."""

from datetime import datetime

from core.database import Connection
from core.limits.models import Budget


async def spend(conn: Connection, *, district_id: int, budget: Budget, key: bytes, now: datetime) -> int | None:
    """Count one unless the budget is spent, in one statement: a parallel request sees what this one counted."""
    sql = """
        insert into spending as old (district_id, purpose, key, spent, ends_at) values ($1, $2, $3, 1, $4)
        on conflict (district_id, purpose, key) do update set
            spent = case when old.ends_at <= $5 then 1 else old.spent + 1 end,
            ends_at = case when old.ends_at <= $5 then excluded.ends_at else old.ends_at end
        where old.ends_at <= $5 or old.spent < $6
        returning spent
    """
    spent: int | None = await conn.fetchval(sql, district_id, budget.purpose, key, now + budget.per, now, budget.most)
    return spent


async def get_end(conn: Connection, *, district_id: int, budget: Budget, key: bytes) -> datetime:
    sql = "select ends_at from spending where district_id = $1 and purpose = $2 and key = $3"
    ends_at: datetime = await conn.fetchval(sql, district_id, budget.purpose, key)
    return ends_at


async def give_back(conn: Connection, *, district_id: int, budget: Budget, key: bytes, now: datetime) -> None:
    sql = """
        update spending set spent = spent - 1
        where district_id = $1 and purpose = $2 and key = $3 and ends_at > $4 and spent > 0
    """
    await conn.execute(sql, district_id, budget.purpose, key, now)


async def delete_spending_ended_before(conn: Connection, *, district_id: int, before: datetime) -> None:
    await conn.execute("delete from spending where district_id = $1 and ends_at <= $2", district_id, before)
