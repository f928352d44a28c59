"""The sweep: each late deadline is told once, whoever sweeps, however often, however late, whoever is killed."""

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from community.acts import Act
from community.clocks.models import Stage
from community.clocks.queries import list_deadlines
from community.clocks.sweep import sweep_deadlines
from community.models import ENDED, Case, Channel, Clock, Kind, Satisfaction, State
from community.triage import carry_out
from community.workflow import Verb, allowed_transitions
from core.access.models import Role
from core.database import Connection, Pool, connected, pool_transaction
from core.errors import Refusal
from tests.community.district import COMMUNITY, NEIGHBOUR, add_areas, found, hire, located, open_report, read
from tests.conftest import DISTRICT, START, Database

ROOT = Path(__file__).resolve().parent.parent.parent
DUE = START + timedelta(minutes=15)


async def sweep(conn: Connection, now: datetime, limit: int = 500) -> list[int]:
    """Sweep, and give the cases whose first answer was found late."""
    firings = await sweep_deadlines(conn, district_id=DISTRICT, now=now, limit=limit)
    return [row.case_id for row in firings if row.stage is Stage.BREACHED and row.clock is Clock.RESPOND]


async def told(conn: Connection) -> Counter[int]:
    """Count the breach events of each case's first answer."""
    rows = await conn.fetch(
        "select subject_id from event where kind = 'deadline.breached' and data ->> 'clock' = 'respond'"
    )
    return Counter(row["subject_id"] for row in rows)


async def open_many(conn: Connection, how_many: int) -> list[int]:
    return [(await open_report(conn, ref)).id for ref in range(how_many)]


async def test_nothing_is_told_before_it_is_due(conn: Connection) -> None:
    await open_report(conn, 1)
    assert [] == await sweep(conn, DUE - timedelta(microseconds=1))


async def test_what_is_late_is_told_once_however_often_it_is_swept(conn: Connection) -> None:
    case = await open_report(conn, 1)
    swept = [await sweep(conn, DUE + timedelta(seconds=n)) for n in range(10)]
    assert [[case.id], *([[]] * 9)] == swept
    assert {case.id: 1} == await told(conn)


async def test_a_sweep_that_comes_hours_late_tells_everything_in_order(conn: Connection) -> None:
    first = await open_report(conn, 1, now=START + timedelta(minutes=2))
    second = await open_report(conn, 2, now=START)
    third = await open_report(conn, 3, now=START + timedelta(minutes=1))
    assert [second.id, third.id, first.id] == await sweep(conn, START + timedelta(hours=9))


async def test_the_event_says_which_clock_and_how_late(conn: Connection) -> None:
    await open_report(conn, 1)
    await sweep(conn, DUE + timedelta(seconds=30))
    data = await conn.fetchval("select data from event where kind = 'deadline.breached'")
    assert {"clock": "respond", "round": 1, "due_at": DUE.isoformat(), "late_s": 30.0} == data


async def test_a_small_sweep_leaves_the_rest_to_the_next(conn: Connection) -> None:
    cases = await open_many(conn, 5)
    assert [2, 2, 1, 0] == [len(await sweep(conn, DUE, limit=2)) for _ in range(4)]
    assert dict.fromkeys(cases, 1) == await told(conn)


async def test_what_was_answered_in_time_is_never_told(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    act = Act(note="已联系", channel=Channel.PHONE)
    await carry_out(conn, case_id=case.id, verb=Verb.CONTACT, act=act, actor=secretary, now=DUE - timedelta(seconds=1))
    assert [] == await sweep(conn, DUE + timedelta(days=1))


async def test_a_clock_that_jumps_back_tells_nothing_again(conn: Connection) -> None:
    await open_report(conn, 1)
    await sweep(conn, DUE + timedelta(hours=2))
    assert [] == await sweep(conn, DUE)


async def test_a_rolled_back_sweep_has_told_nothing_and_the_next_tells_all(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        cases = await open_many(conn, 3)
    async with pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        assert cases == await sweep(cast("Connection", conn), DUE)
        await transaction.rollback()
    async with pool_transaction(pool) as conn:
        assert {} == await told(conn)
        assert cases == await sweep(conn, DUE)


async def test_sweepers_at_the_same_time_share_the_work_without_doubling(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        cases = await open_many(conn, 120)

    async def sweep_until_empty() -> list[int]:
        mine: list[int] = []
        for _ in range(40):
            async with pool_transaction(pool) as conn:
                mine += await sweep(conn, DUE, limit=7)
        return mine

    shares = await asyncio.gather(*(sweep_until_empty() for _ in range(5)))
    assert sorted(cases) == sorted(case_id for share in shares for case_id in share)
    async with pool_transaction(pool) as conn:
        assert dict.fromkeys(cases, 1) == await told(conn)


async def test_an_answer_and_a_sweep_at_the_same_time_agree(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
        cases = [(await open_report(conn, ref, at=located())).id for ref in range(30)]

    async def answer(case_id: int) -> None:
        async with pool_transaction(pool) as conn:
            await carry_out(conn, case_id=case_id, verb=Verb.FILE, act=Act(), actor=secretary, now=DUE)

    async def sweep_often() -> None:
        for _ in range(30):
            async with pool_transaction(pool) as conn:
                await sweep(conn, DUE, limit=3)

    await asyncio.gather(sweep_often(), sweep_often(), *(answer(case_id) for case_id in cases[:15]))
    async with pool_transaction(pool) as conn:
        breached = await conn.fetch("select case_id from deadline where breached_at is not null and clock = 'respond'")
        assert dict.fromkeys((row["case_id"] for row in breached), 1) == await told(conn)
        assert set(cases[15:]) <= (await told(conn)).keys()


_VICTIM = """
import asyncio, sys
from datetime import datetime
from core.database import connected
from community.clocks.sweep import sweep_deadlines

async def main():
    async with connected(sys.argv[1]) as conn, conn.transaction():
        found = await sweep_deadlines(conn, district_id=1, now=datetime.fromisoformat(sys.argv[2]))
        print(len(found), flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def sweep_until_found(conn: Connection) -> list[int]:
    """Sweep until PostgreSQL has noticed that the victim is gone and let its rows go."""
    async with asyncio.timeout(10):
        while True:
            if swept := await sweep(conn, DUE):
                return swept
            await asyncio.sleep(0.02)


async def test_a_sweeper_killed_in_the_middle_leaves_everything_to_the_next(database: Database) -> None:
    async with connected(database.sweeper_dsn) as conn:
        cases = await open_many(conn, 8)
        victim = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _VICTIM, database.sweeper_dsn, DUE.isoformat()),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        assert victim.stdout is not None
        assert b"24\n" == await victim.stdout.readline()
        assert [] == await sweep(conn, DUE)  # what the victim holds is skipped, not waited for
        os.kill(victim.pid, signal.SIGKILL)
        await victim.wait()
        assert cases == await sweep_until_found(conn)
        assert dict.fromkeys(cases, 1) == await told(conn)


@pytest.mark.parametrize("seed", range(12))
async def test_a_random_life_keeps_the_clocks_whole(conn: Connection, seed: int) -> None:
    """Walk at random through verbs, waits and sweeps; whatever happens, the rows agree with each other."""
    dice = random.Random(seed)
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    said = Act(
        note="说明",
        result="结果",
        area_code="03",
        department_id=await found(conn),
        channel=Channel.PHONE,
        kind=Kind.COORDINATED,
        assignee_id=admin.id,
        extend_by=1,
        satisfaction=Satisfaction.DISSATISFIED,
    )
    other = await open_report(conn, "other", at=located(), now=START + timedelta(days=300))
    case = await open_report(conn, 1, at=located(candidates=("02", "03")), trusted=dice.random() < 0.5)
    now = START
    for _ in range(40):
        now += timedelta(minutes=dice.expovariate(1 / 60))
        if dice.random() < 0.4:
            await sweep(conn, now, limit=dice.choice([1, 500]))
            continue
        row = dice.choice(allowed_transitions(case.state, frozenset({Role.DISTRICT_ADMIN})))
        more = {"until": now + timedelta(days=1), "duplicate_of": other.id}
        fields: dict[str, object] = {field: more.get(field) or getattr(said, field) for field in row.required}
        act = Act(**fields)  # type: ignore[arg-type]
        with contextlib.suppress(Refusal):
            async with conn.transaction():
                case = await carry_out(conn, case_id=case.id, verb=row.verb, act=act, actor=admin, now=now)
        await check_clocks(conn, await read(conn, case))


async def check_clocks(conn: Connection, case: Case) -> None:
    rows = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    running = [row for row in rows if row.is_running]
    assert max(Counter(row.clock for row in running).values(), default=0) <= 1
    assert min((row.due_at for row in running if row.paused_at is None), default=None) == case.next_due_at
    assert not (case.state in ENDED - {State.DUPLICATE} and running)
    assert all(row.paused_at for row in running) or case.state not in (State.HELD, State.DUPLICATE)
    assert all(row.fires_at is None for row in rows if row.paused_at or not row.is_running)
    assert all(row.due_at <= row.breached_at for row in rows if row.breached_at is not None)
    for clock in Clock:
        rounds = [row.round for row in rows if row.clock is clock]
        assert list(range(1, len(rounds) + 1)) == rounds
    breached = sum(row.breached_at is not None for row in rows if row.clock is Clock.RESPOND)
    assert breached == (await told(conn))[case.id]
