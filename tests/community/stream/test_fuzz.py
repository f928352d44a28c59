"""At random: writers that commit late and out of order, listeners that vanish and return, to either of two processes.

The oracle is this test: the events whose commit it saw. Each listener must be told each of them once, in one order.
"""

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.settings import Settings
from community.models import Case
from community.stream.api import LIVE_CASES
from community.stream.models import Limits
from core.access.models import Role
from core.database import Pool, pool_transaction
from tests.community.district import COMMUNITY, NEIGHBOUR, hire, located, open_report
from tests.community.stream.listening import Reader, event_id, note, serving, sign_in
from tests.conftest import Client, Database, FakeClock

WRITERS, TRANSACTIONS, LISTENERS = 6, 25, 3
LIMITS = Limits(per_person=50, heartbeat_s=0.1, frames_waiting=20)


class _Undone(Exception):
    """Rolls a transaction back."""


async def write(pool: Pool, cases: list[Case], chance: random.Random) -> dict[int, int]:
    """Write events in transactions of random length; give the number of each that was committed, and its case."""
    committed: dict[int, int] = {}
    for _ in range(TRANSACTIONS):
        here: dict[int, int] = {}
        try:
            async with pool_transaction(pool) as conn:
                if chance.random() < 0.5:  # a transaction that is older than its first event
                    await conn.fetchval("select pg_current_xact_id()::text")
                    await asyncio.sleep(chance.uniform(0, 0.04))
                for _ in range(chance.randint(1, 3)):
                    case = chance.choice(cases)
                    here[await note(conn, case)] = case.id
                    await asyncio.sleep(chance.choice((0, 0, chance.uniform(0, 0.1))))
                if chance.random() < 0.15:
                    raise _Undone
        except _Undone:
            continue
        committed |= here
    return committed


async def listen(
    readers: list[Reader], chance: random.Random, done: asyncio.Event, told: list[tuple[int, int]]
) -> None:
    """Listen here and there, always from the last id, until nothing more comes after all was written."""
    last_id = ""
    while True:
        reader = chance.choice(readers)
        reader.last_id = last_id
        patience = chance.uniform(0, 0.3) if not done.is_set() else 2.0
        try:
            hello = await reader.connect()
            assert hello.data["resumed"] == bool(last_id)
            for _ in range(chance.randint(0, 12) if not done.is_set() else 1_000_000):
                event = await reader.next(within_s=patience)
                assert "case" == event.name
                told.append((event_id(event), event.data["case_id"]))
        except TimeoutError:
            if patience == 2.0:
                return
        except EOFError:
            pass  # it read too slowly and was cut off
        finally:
            reader.close()
            last_id = reader.last_id
        await asyncio.sleep(chance.uniform(0, 0.05))


async def follow_often(client: Client, pool: Pool, chance: random.Random) -> None:
    """Wake the reader of this process at odd moments, besides its own schedule."""
    while True:
        await client.app[LIVE_CASES].follow(pool)
        await asyncio.sleep(chance.uniform(0, 0.005))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_committed_event_is_told_once_and_to_all_in_the_same_order(
    seed: int, database: Database, pool: Pool, clock: FakeClock, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    async with pool_transaction(pool) as conn:
        cases = [await open_report(conn, n, at=located((COMMUNITY, NEIGHBOUR)[n % 2])) for n in range(6)]
        scopes = ("", COMMUNITY, NEIGHBOUR)
        people = [await hire(conn, f"one {scope}", Role.SUBDISTRICT, scope) for scope in scopes]
    headers = [await sign_in(pool, who) for who in people]
    async with AsyncExitStack() as stack:
        settings = Settings(data_dir=tmp_path)
        clients = [await stack.enter_async_context(serving(settings, database, clock, LIMITS)) for _ in range(2)]
        told: list[list[tuple[int, int]]] = [[] for _ in range(LISTENERS)]
        done = asyncio.Event()
        await Reader(clients[0], headers[0]).connect()  # an epoch has begun
        waking = [asyncio.create_task(follow_often(client, pool, random.Random(seed))) for client in clients]
        listening = [
            asyncio.create_task(
                listen([Reader(client, header) for client in clients], random.Random(seed + n), done, told[n])
            )
            for n, header in enumerate(headers)
        ]
        await asyncio.sleep(0.3)  # each has a position
        written = await asyncio.gather(*(write(pool, cases, random.Random(chance.random())) for _ in range(WRITERS)))
        done.set()
        await asyncio.gather(*listening)
        for task in waking:
            task.cancel()
    committed = {event: case for some in written for event, case in some.items()}
    assert len(committed) > WRITERS * TRANSACTIONS
    for scope, heard in zip(scopes, told, strict=True):
        seen = {case.id for case in cases if scope in ("", case.area_path)}
        assert sorted(item for item in committed.items() if item[1] in seen) == sorted(heard)
    everything = [event for event, _ in told[0]]
    assert everything != sorted(everything)  # else nothing committed out of order, and this proved little
    for heard in told[1:]:
        kept = {event for event, _ in heard}
        assert [event for event in everything if event in kept] == [event for event, _ in heard]
