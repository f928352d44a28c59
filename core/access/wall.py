"""For whom a transaction works: what row-level security, the second wall, is told at its beginning.

The settings live and die with the transaction, so a connection that goes back to the pool carries nothing to the next
borrower. They are read from the grants themselves: what the rooms make of these by `Actor.scopes` and the like is the
first wall, and neither leans on the other. A transaction that says nothing sees nothing (migrations/0019).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum

import asyncpg

from core.access import queries
from core.access.models import Actor, Grant, Role
from core.database import Connection, Pool, pool_transaction


class Work(StrEnum):
    """Work of the system itself inside a request, beyond the caller's sight; a rule test pins the places.

    `INTAKE` and `CONSEQUENCE` may touch every table: they begin where the caller's right has been found, and do what
    follows from it. The others open one thing each.
    """

    #: Finding out who calls, by a token.
    AUTHENTICATE = "authenticate"
    #: Signing in: nobody is anybody yet.
    SIGN_IN = "sign_in"
    #: Making the first administrator, by a token from the console.
    FIRST_RUN = "first_run"
    #: What anyone may look at: the stations on the map.
    PUBLIC = "public"
    #: Opening a case: rules, clocks, posts and appointments that its reporter does not see.
    INTAKE = "intake"
    #: What follows from an act that the caller may do: other cases, clocks, orders, notices.
    CONSEQUENCE = "consequence"
    #: The case of an appeal, by the token that its resident holds.
    TOKEN = "token"  # noqa: S105 — the name of a work
    #: Open cases near a rider who is about to report.
    NEARBY = "nearby"
    #: The place of a look on site that a rider may take or has taken.
    LOOK = "look"
    #: What something of one's own names or is served by: the case of a notice, the post of a rule, words for a case.
    NAMES = "names"
    #: The order of all events, of which each listener is told his own.
    STREAM = "stream"
    #: Sums over areas that are not the asker's, of which he gets what nobody can be found in.
    COMPARE = "compare"


@asynccontextmanager
async def transaction_for(pool: Pool, caller: Actor) -> AsyncIterator[Connection]:
    """Open a transaction in which `caller` sees and changes what is his."""
    async with pool_transaction(pool) as conn:
        await tell_caller(conn, caller)
        yield conn


@asynccontextmanager
async def transaction_of(pool: Pool, work: Work, *, district_id: int) -> AsyncIterator[Connection]:
    """Open a transaction of nobody's in which the system does `work`."""
    async with pool_transaction(pool) as conn:
        await tell_caller(conn, Actor(kind="anonymous", id=None, district_id=district_id), work)
        yield conn


async def tell_caller(conn: Connection, caller: Actor, work: Work | None = None) -> None:
    """Say until the end of the transaction for whom it works."""
    await queries.set_caller(
        conn,
        district_id=caller.district_id,
        staff_id=caller.id if caller.kind == "staff" else None,
        rider_id=caller.id if caller.kind == "rider" else None,
        scopes=[_scope(grant) for grant in caller.grants],
        department_ids=[grant.department_id for grant in caller.grants if grant.department_id is not None],
        acting=work or "",
    )


def _scope(grant: Grant) -> str:
    """Write a grant as the beginning of every path that it holds: `secretary:370299/`, `auditor:` for the district."""
    return f"{grant.role}:{grant.area_path + '/' if grant.area_path else ''}"


@asynccontextmanager
async def acting(conn: Connection, work: Work) -> AsyncIterator[None]:
    """Let the system do `work` until the block ends, then what was done before goes on."""
    before = await queries.set_acting(conn, work)
    try:
        yield
    finally:
        # Where the transaction has failed, its end takes the setting with it.
        with suppress(asyncpg.InFailedSQLTransactionError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
            await queries.set_acting(conn, before)


async def holds_area(conn: Connection, area_path: str, *roles: Role) -> bool:
    """Ask the database whether the transaction works for one who holds any of `roles` on an area or above it.

    For what no row of a table says: where something is about to be put by the system.
    """
    return await queries.holds_area(conn, area_path=area_path, roles=[role.value for role in roles])


async def hold_case(conn: Connection, *, case_id: int) -> None:
    """Let who holds a case's link, which the caller has checked, see that one case."""
    await queries.set_held_case(conn, case_id=case_id)
