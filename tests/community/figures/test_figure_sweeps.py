"""The sweep of figures in every disorder: late, repeated, several at once, torn off; and what answers read."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import cast

import orjson
import pytest

from community.acts import Act
from community.figures import queries
from community.figures.models import By, Question
from community.figures.period import pieces_of
from community.figures.sweep import sweep_figures
from community.figures.tally import slots_of
from community.models import Channel
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Role
from core.database import Connection, Pool, connected, pool_transaction
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, hire, located, open_report
from tests.community.figures.figure_world import check_sums
from tests.conftest import DISTRICT, START, Database

ROOT = Path(__file__).resolve().parents[3]
DAY = START.date()


async def sweep(conn: Connection, limit: int = 500) -> int:
    return await sweep_figures(conn, district_id=DISTRICT, now=START + timedelta(hours=1), limit=limit)


async def opened(conn: Connection, area_path: str = "") -> int:
    """Give how many cases the sums count."""
    question = Question(area_path, DAY, DAY + timedelta(days=1))
    pieces = pieces_of(question, DAY + timedelta(days=90))
    sums = await queries.sum_up(conn, district_id=DISTRICT, question=question, pieces=pieces)
    return sums.get("", {}).get(0, 0)


async def test_nothing_is_counted_twice_however_often_it_is_swept(conn: Connection) -> None:
    for number in range(3):
        await open_report(conn, number, at=located())
    while await sweep(conn):
        pass
    assert [0] * 10 == [await sweep(conn) for _ in range(10)]
    assert (3, 3, 0) == (await opened(conn), await opened(conn, COMMUNITY), await opened(conn, NEIGHBOUR))


async def test_a_small_sweep_leaves_the_rest_to_the_next(conn: Connection) -> None:
    for number in range(5):
        await open_report(conn, number, at=located())
    counts = []
    while await sweep(conn, limit=3):
        counts.append(await opened(conn))
    assert (5, sorted(counts)) == (counts[-1], counts)


async def test_a_case_handed_over_leaves_its_former_area(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SUBDISTRICT, STREET)
    case = await open_report(conn, 1, at=located())
    await sweep(conn)
    await conn.execute(
        "update community_case set area_path = $2, area_code = '03', desk_path = $2 where id = $1", case.id, NEIGHBOUR
    )
    await carry_out(
        conn,
        case_id=case.id,
        verb=Verb.CONTACT,
        act=Act(note="已联系", channel=Channel.PHONE),
        actor=secretary,
        now=START,
    )
    await sweep(conn)
    assert (1, 0, 1) == (await opened(conn), await opened(conn, COMMUNITY), await opened(conn, NEIGHBOUR))
    await check_sums(conn)


async def test_a_rolled_back_sweep_has_counted_nothing_and_the_next_counts_all(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        for number in range(4):
            await open_report(conn, number, at=located())
    async with pool.acquire() as borrowed:
        conn = cast("Connection", borrowed)
        transaction = conn.transaction()
        await transaction.start()
        await sweep(conn)
        assert 4 == await opened(conn)
        await transaction.rollback()
    async with pool_transaction(pool) as conn:
        assert 0 == await opened(conn)
        await sweep(conn)
        assert 4 == await opened(conn)


_VICTIM = """
import asyncio, sys
from datetime import datetime
from core.database import connected
from community.figures.sweep import sweep_figures

async def main():
    async with connected(sys.argv[1]) as conn, conn.transaction():
        print(await sweep_figures(conn, district_id=1, now=datetime.fromisoformat(sys.argv[2])), flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_sweeper_killed_in_the_middle_has_counted_nothing_and_the_next_counts_all(database: Database) -> None:
    async with connected(database.sweeper_dsn) as conn:
        for number in range(4):
            await open_report(conn, number, at=located())
        victim = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _VICTIM, database.sweeper_dsn, START.isoformat()),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        assert victim.stdout is not None
        assert 0 < int(await victim.stdout.readline())
        os.kill(victim.pid, signal.SIGKILL)
        await victim.wait()
        async with asyncio.timeout(10):  # until PostgreSQL has noticed that the victim is gone
            while True:
                if await sweep_once(conn):
                    break
                await asyncio.sleep(0.02)
        async with conn.transaction():
            assert 4 == await opened(conn)
            await check_sums(conn)


async def sweep_once(conn: Connection) -> int:
    async with conn.transaction():
        return await sweep(conn)


async def test_a_second_sweeper_leaves_the_field_to_the_first(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await open_report(conn, 1, at=located())
    async with pool_transaction(pool) as first:
        assert 0 < await sweep(first)
        async with pool_transaction(pool) as second:
            assert 0 == await sweep(second)


async def test_three_sweepers_beside_people_at_work_count_everything_once(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        secretary = await hire(conn, "secretary", Role.SUBDISTRICT, STREET)
        cases = [await open_report(conn, number, at=located()) for number in range(40)]

    async def sweep_often() -> None:
        for _ in range(40):
            async with pool_transaction(pool) as conn:
                await sweep(conn, limit=7)

    async def work() -> None:
        for number, case in enumerate(cases):
            async with pool_transaction(pool) as conn:
                await carry_out(conn, case_id=case.id, verb=Verb.FILE, act=Act(), actor=secretary, now=START)
                await open_report(conn, f"late {number}", at=located(NEIGHBOUR))

    await asyncio.gather(sweep_often(), sweep_often(), sweep_often(), work())
    async with pool_transaction(pool) as conn:
        while await sweep(conn):
            pass
        assert (80, 40, 40) == (await opened(conn), await opened(conn, COMMUNITY), await opened(conn, NEIGHBOUR))
        await check_sums(conn)


async def test_a_change_made_while_a_sweep_runs_is_left_to_the_next(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        secretary = await hire(conn, "secretary", Role.SUBDISTRICT, STREET)
        case = await open_report(conn, 1, at=located())
    async with pool_transaction(pool) as busy, pool_transaction(pool) as sweeper:
        await carry_out(busy, case_id=case.id, verb=Verb.FILE, act=Act(), actor=secretary, now=START)
        assert 0 < await sweep(sweeper)
    async with pool_transaction(pool) as conn:
        assert 0 < await sweep(conn)
        (tallied,) = await queries.list_tallied(conn, district_id=DISTRICT, case_ids=[case.id])
        (record,) = await queries.list_records(conn, district_id=DISTRICT, case_ids=[case.id])
        assert slots_of(record, START + timedelta(hours=1)) == tallied.slots
        assert "filed" == record.state


async def test_what_the_sums_no_longer_hold_is_removed(conn: Connection) -> None:
    case = await open_report(conn, 1, at=located())
    await sweep(conn)
    await conn.execute(
        "update community_case set area_path = null, area_code = null, area_names = null, desk_path = '' where id = $1",
        case.id,
    )
    await sweep(conn)
    paths = {row["area_path"] for row in await conn.fetch("select area_path from figure_cell")}
    assert {"", "|"} == paths


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (Question("37", DAY.replace(day=1), DAY.replace(month=6, day=1)), {"figure_cell_pkey"}),
        (Question("37", DAY.replace(day=1), DAY.replace(month=6, day=1), by=By.AREA), {"figure_cell_pkey"}),
        (Question("37/07", DAY.replace(day=3), DAY.replace(month=6, day=9), by=By.CATEGORY), {"figure_cell_pkey"}),
        (Question("37/07/12", DAY.replace(day=1), DAY.replace(month=4, day=1)), {"figure_cell_pkey"}),
        (Question("37/07/12", DAY.replace(day=3), DAY.replace(day=9), by=By.DAY), {"figure_case_area"}),
        (Question("37/07/12/1", DAY.replace(day=1), DAY.replace(month=4, day=1)), {"figure_case_area"}),
    ],
)
async def test_an_answer_reads_by_its_index(conn: Connection, question: Question, expected: set[str]) -> None:
    await fill_sums(conn)
    statement, values = queries.write_sum(DISTRICT, question, pieces_of(question, DAY + timedelta(days=90)))
    found = await conn.fetchval(f"explain (format json) {statement}", *values)
    nodes, used = [(orjson.loads(found) if isinstance(found, str) else found)[0]["Plan"]], set()
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        assert "Seq Scan" != node["Node Type"]
        used |= {node["Index Name"]} if "Index Name" in node else set()
    assert expected == used


async def fill_sums(conn: Connection) -> None:
    """Put in enough made-up sums and cases that reading them all would be the slower way."""
    await conn.execute(
        """
        insert into community_case (district_id, opened_year, origin, origin_ref, category_code, state, description,
            area_code, area_path, area_names, generation_id, desk_path, reporter_kind, opened_at, updated_at)
        select 1, 2026, 'report', 'made ' || n, 'litter', 'collected', '', 'x', path, '{}', 1, path, 'system', $1, $1
        from generate_series(1, 4000) n
        cross join lateral (select '37/' || lpad((n % 20)::text, 2, '0') || '/' || n % 60 || '/' || n % 4 path) located
        """,
        START,
    )
    await conn.execute(
        """
        insert into figure_case
        select district_id, id, $1::date + id::int % 90, area_path, category_code, null, '{0}' from community_case
        """,
        DAY,
    )
    await conn.execute(
        """
        insert into figure_cell
        select 1, grain, cut, depth, path, $1::date + day, 'litter', -1, '{0}', '{1}'
        from unnest(array['day', 'month']) grain, unnest(array['all', 'category']) cut, generate_series(0, 3) depth,
            generate_series(0, 89) day, unnest(array['37', '37/07', '37/07/12']) path
        """,
        DAY,
    )
