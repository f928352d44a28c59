"""Budgets: limits that guard money or guesses. Counted in the database, by all processes together and across restarts.

Counting is part of the caller's transaction: what is refused afterwards is not counted, and without a database nothing
is let through.
"""

from datetime import datetime

from core.database import Connection
from core.limits import queries
from core.limits.models import Budget


class OverBudget(Exception):
    """The budget is spent; `again_at` is when it begins anew."""

    def __init__(self, again_at: datetime) -> None:
        self.again_at = again_at
        super().__init__(f"spent until {again_at}")


async def spend(conn: Connection, *, district_id: int, budget: Budget, key: bytes, now: datetime) -> int:
    """Count one and give how many that makes. Raises `OverBudget`.

    Holds the budget of this key until the transaction ends: spend several in the same order everywhere, the most
    shared last.
    """
    spent = await queries.spend(conn, district_id=district_id, budget=budget, key=key, now=now)
    if spent is None:
        again_at = await queries.get_end(conn, district_id=district_id, budget=budget, key=key)
        raise OverBudget(again_at)
    return spent


async def give_back(conn: Connection, *, district_id: int, budget: Budget, key: bytes, now: datetime) -> None:
    """Take back one that was counted and came to nothing."""
    await queries.give_back(conn, district_id=district_id, budget=budget, key=key, now=now)


async def forget_spending(conn: Connection, *, district_id: int, now: datetime) -> None:
    """Delete what was spent of budgets that have begun anew since."""
    await queries.delete_spending_ended_before(conn, district_id=district_id, before=now)
