"""What row-level security costs on a loaded database: the same questions and verbs with it and without it, in turn.

Run: `python -m bench.wall [CASES]` (300,000 by default). The peer is the same database with row security switched
off and nothing said at the beginning of a transaction. Prints medians, ratios, and what each list reads.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncpg.connection import LoggedQuery

from app.postgres import running
from bench.duplicates import SCATTER
from community.acts import Act
from community.detail import get_case_detail
from community.duplicates.suggest import get_duplicates
from community.lists.models import CaseFilter, Order
from community.lists.pages import list_cases
from community.models import Channel
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor, Grant, Role
from core.access.wall import tell_caller
from core.database import Connection, connected
from core.migration import migrate
from tests.community.district import found, hire, located, open_report
from tests.conftest import RING

TIMES, ROUNDS = 40, 4
NOW = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
STREET, COMMUNITY, GRID = "370211/001", "370211/001/002", "370211/001/002/003"

Ask = Callable[[Connection, int], Awaitable[object]]


async def _time(conn: Connection, who: Actor, ask: Ask, *, walled: bool, first: int) -> float:
    """Give the median milliseconds of asking in a transaction of its own."""
    taken = []
    for number in range(first, first + TIMES):
        begun = time.perf_counter()
        async with conn.transaction():
            if walled:
                await tell_caller(conn, who)
            await ask(conn, number)
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


async def _switch(superuser: Connection, *, on: bool) -> None:
    tables = await superuser.fetch("select distinct tablename from pg_policies")
    for table in tables:
        await superuser.execute(f"alter table {table[0]} {'enable' if on else 'disable'} row level security")


async def _reads(conn: Connection, who: Actor, ask: Ask) -> str:
    """Tell by which index the cases are found, and how many rows were looked at and not shown."""
    asked: list[LoggedQuery] = []
    async with conn.transaction():
        await tell_caller(conn, who)
        with conn.query_logger(asked.append):
            await ask(conn, 0)
            await asyncio.sleep(0)  # the logger is called a moment later
        (query,) = [each for each in asked if "from community_case where" in each.query and "limit" in each.query]
        plan = await conn.fetchval(f"explain (analyze, format json) {query.query}", *query.args)
    waiting, told = [(plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]], []
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if "Index Name" in node or node.get("Relation Name") == "community_case":
            removed = node.get("Rows Removed by Filter", 0)
            told.append(f"{node['Node Type']} {node.get('Index Name', 'community_case')}, {removed} passed over")
    return "; ".join(told)


async def _fill(superuser: Connection, cases: int) -> int:
    await superuser.execute("set session_replication_role = replica")  # keys that hold need no checking
    await superuser.execute(SCATTER, cases, 0.02)
    await superuser.execute("set session_replication_role = origin")
    department_id = await found(superuser)
    await superuser.execute(
        "update community_case set department_id = $1, department_ids = array[$1::bigint] where id % 5000 = 1",
        department_id,
    )
    await superuser.execute("vacuum analyze")
    return department_id


def _list(who: Actor, order: Order, **wanted: object) -> Ask:
    async def ask(conn: Connection, _number: int) -> object:
        return await list_cases(
            conn,
            actor=who,
            wanted=CaseFilter(**wanted),
            order=order,
            cursor=None,
            limit=50,
            now=NOW,  # type: ignore[arg-type]
        )

    return ask


async def _nothing(_conn: Connection, _number: int) -> None:
    return None


async def _questions(superuser: Connection, department_id: int) -> list[tuple[str, Actor, Ask]]:
    admin = await hire(superuser, "admin", Role.DISTRICT_ADMIN)
    street = await hire(superuser, "street", Role.SUBDISTRICT, STREET)
    secretary = await hire(superuser, "secretary", Role.SECRETARY, COMMUNITY)
    worker = await hire(superuser, "worker", Role.DEPARTMENT, "", department_id)
    two = Actor("staff", secretary.id, 1, "", (*secretary.grants, Grant(Role.SECRETARY, "370211/005/006")))
    newest = await superuser.fetch(
        "select id from community_case where area_path like $1 order by id desc limit 1000", COMMUNITY + "/%"
    )
    ids = [row["id"] for row in newest]

    async def detail(conn: Connection, number: int) -> object:
        return await get_case_detail(conn, case_id=ids[number % len(ids)], actor=secretary, ring=RING)

    async def duplicates(conn: Connection, number: int) -> object:
        return await get_duplicates(conn, case_id=ids[number % len(ids)], actor=secretary)

    return [
        ("an empty transaction", secretary, _nothing),
        *(
            (f"{name}, {order.value}", who, _list(who, order))
            for name, who in (("district", admin), ("street", street), ("community", secretary), ("two", two))
            for order in Order
        ),
        ("department, newest", worker, _list(worker, Order.NEWEST)),
        ("department, due", worker, _list(worker, Order.DUE)),
        ("one case", secretary, detail),
        ("duplicates of one", secretary, duplicates),
    ]


async def _compare(app: Connection, superuser: Connection, name: str, who: Actor, ask: Ask) -> None:
    figures: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * ROUNDS):
        walled = turn % 2 == 0
        await _switch(superuser, on=walled)
        figures[walled].append(await _time(app, who, ask, walled=walled, first=turn * TIMES))
    await _switch(superuser, on=True)
    on, off = (statistics.median(figures[walled]) for walled in (True, False))
    reads = await _reads(app, who, ask) if "," in name else ""
    print(f"{name:24}{on:9.2f} ms {off:9.2f} ms {on / off:6.2f}  {reads}", flush=True)


async def _verbs(superuser: Connection, department_id: int) -> Sequence[tuple[str, Actor, Ask]]:
    leader = await hire(superuser, "leader", Role.SECRETARY, COMMUNITY)
    many = 2 * ROUNDS * TIMES
    cases = [(await open_report(superuser, f"verb {n}", at=located(GRID), now=NOW)).id for n in range(many)]

    def verb(verb: Verb, **said: object) -> Ask:
        async def do(conn: Connection, number: int) -> object:
            act = Act(**said)  # type: ignore[arg-type]
            return await carry_out(conn, case_id=cases[number], verb=verb, act=act, actor=leader, now=NOW)

        return do

    return [
        ("contact", leader, verb(Verb.CONTACT, note="已联系", channel=Channel.PHONE)),
        ("file", leader, verb(Verb.FILE)),
        ("dispatch", leader, verb(Verb.DISPATCH, department_id=department_id)),
    ]


async def measure(cases: int) -> None:
    """Fill a database of its own and print a line a question."""
    with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
        async with running(Path(folder)) as server:
            async with connected(server.owner_dsn) as conn:
                await migrate(conn)
            async with connected(server.superuser_dsn) as superuser, connected(server.app_dsn) as app:
                await app.execute("set max_parallel_workers_per_gather = 0")  # as the pool has it
                begun = time.perf_counter()
                department_id = await _fill(superuser, cases)
                print(f"{cases:,} cases in {timedelta(seconds=int(time.perf_counter() - begun))}")
                print(f"{'':24}{'walled':>12} {'not':>12} {'ratio':>6}")
                for question in await _questions(superuser, department_id):
                    await _compare(app, superuser, *question)
                for question in await _verbs(superuser, department_id):
                    await _compare(app, superuser, *question)


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000))
