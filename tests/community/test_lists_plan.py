"""That a department's list of open cases reads the small index of departments, also beneath row-level security."""

import asyncio

from asyncpg.connection import LoggedQuery

from app.postgres import Server
from community.lists.models import CaseFilter, Order
from community.lists.pages import list_cases
from community.routing.queries import insert_department
from core.access.models import Actor, Grant, Role
from core.access.wall import tell_caller
from core.database import Connection, connected
from tests.community.duplicates.test_duplicates_plan import SCATTER
from tests.conftest import DISTRICT, START, Database, superuser_dsn


async def plan_of_list(conn: Connection, who: Actor) -> str:
    """Ask for the list and give the plan that it was read by."""
    asked: list[LoggedQuery] = []
    async with conn.transaction():
        await tell_caller(conn, who)
        with conn.query_logger(asked.append):
            await list_cases(conn, actor=who, wanted=CaseFilter(), order=Order.DUE, cursor=None, limit=50, now=START)
            await asyncio.sleep(0)
        (query,) = [each for each in asked if "from community_case" in each.query]
        lines = await conn.fetch(f"explain {query.query}", *query.args)
    return "\n".join(line[0] for line in lines)


async def test_a_departments_list_reads_the_index_of_departments(server: Server, database: Database) -> None:
    async with connected(database.sweeper_dsn) as conn:
        department_id = await insert_department(conn, district_id=DISTRICT, code="a", name="a", phone=None)
        await conn.execute(SCATTER)
        await conn.execute(
            "update community_case set department_id = $1, department_ids = array[$1::bigint] where id % 1000 = 1",
            department_id,
        )
    worker = Actor("staff", 1, DISTRICT, "", (Grant(Role.DEPARTMENT, "", department_id),))
    async with connected(superuser_dsn(server, database)) as superuser, connected(database.app_dsn) as app:
        await superuser.execute("analyze")
        assert "community_case_departments" in await plan_of_list(app, worker)
        # The control: an operator that might leak opens no index beneath the wall.
        await superuser.execute("alter function arrayoverlap(anyarray, anyarray) not leakproof")
        assert "community_case_departments" not in await plan_of_list(app, worker)
