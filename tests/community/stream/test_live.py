"""The step from reading alone to following, and what waits for one connection, at the very moments that matter."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import pytest_asyncio

from community.models import Case
from community.stream.listener import Listener
from community.stream.live import BATCH, LiveCases
from community.stream.models import Change, Position
from community.stream.read import find_start
from core.access.models import Actor, Grant, Role
from core.database import Pool, pool_transaction
from tests.community.district import COMMUNITY, located, open_report
from tests.community.stream.listening import note, note_many
from tests.conftest import DISTRICT, START

ADMIN = Actor("staff", 1, DISTRICT, grants=(Grant(Role.DISTRICT_ADMIN, ""),))
QUIET_S = 0.01


@pytest_asyncio.fixture
async def transport() -> AsyncIterator[asyncio.Transport]:
    ours, theirs = socket.socketpair()
    opened, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    yield opened
    opened.abort()
    theirs.close()


@pytest_asyncio.fixture
async def case(pool: Pool) -> Case:
    async with pool_transaction(pool) as conn:
        return await open_report(conn, 1, at=located(COMMUNITY))


@pytest.fixture
def live() -> LiveCases:
    return LiveCases(district_id=DISTRICT)


async def start(pool: Pool) -> Position:
    async with pool_transaction(pool) as conn:
        begun = await find_start(conn, district_id=DISTRICT, last_event_id=None, most_behind=1, now=START)
    return begun.position


async def happen(pool: Pool, case: Case, count: int) -> list[int]:
    """Record events, each in a transaction of its own."""
    ids = []
    for _ in range(count):
        async with pool_transaction(pool) as conn:
            ids.append(await note(conn, case))
    return ids


def numbers(told: bytes | None) -> list[int]:
    """Give the events among what is to be written."""
    ids = [line.rsplit(b"-", 1)[1] for line in (told or b"").split(b"\n") if line.startswith(b"id: ")]
    return [int(text) for text in ids]


async def test_what_happens_between_the_last_read_and_joining_is_neither_missed_nor_repeated(
    pool: Pool, case: Case, live: LiveCases, transport: asyncio.Transport
) -> None:
    begun = await start(pool)
    with live.admitted(ADMIN, transport) as first, live.admitted(ADMIN, transport) as second:
        assert [] == [told async for told in live.catch_up(pool, first, begun)]
        one = await happen(pool, case, 1)
        catching_up = live.catch_up(pool, second, begun)
        assert one == numbers(await anext(catching_up))
        more = await happen(pool, case, 2)  # while the first part is being written
        await live.follow(pool)
        assert more == [number async for told in catching_up for number in numbers(told)]
        last = await happen(pool, case, 1)
        await live.follow(pool)
        assert one + more + last == numbers(await first.wait(QUIET_S))
        assert last == numbers(await second.wait(QUIET_S))


async def test_one_who_has_read_further_than_the_rest_is_not_told_again(
    pool: Pool, case: Case, live: LiveCases, transport: asyncio.Transport
) -> None:
    begun = await start(pool)
    with live.admitted(ADMIN, transport) as first, live.admitted(ADMIN, transport) as second:
        assert [] == [told async for told in live.catch_up(pool, first, begun)]
        one = await happen(pool, case, 2)
        assert one == [number async for told in live.catch_up(pool, second, begun) for number in numbers(told)]
        await live.follow(pool)
        assert one == numbers(await first.wait(QUIET_S))
        assert b"" == await second.wait(QUIET_S)


async def test_an_absence_is_made_up_alone_before_joining_so_that_nobody_else_waits_for_it(
    pool: Pool, case: Case, live: LiveCases, transport: asyncio.Transport
) -> None:
    begun = await start(pool)
    async with pool_transaction(pool) as conn:
        missed = await note_many(conn, case, 2 * BATCH + 1)
    with live.admitted(ADMIN, transport) as listener:
        assert missed == [number async for told in live.catch_up(pool, listener, begun) for number in numbers(told)]


async def test_joining_while_changes_are_handed_out_misses_none_of_them(
    pool: Pool, case: Case, live: LiveCases, transport: asyncio.Transport
) -> None:
    begun = await start(pool)
    with live.admitted(ADMIN, transport) as first, live.admitted(ADMIN, transport) as second:
        assert [] == [told async for told in live.catch_up(pool, first, begun)]
        one = await happen(pool, case, 1)
        catching_up = live.catch_up(pool, second, begun)
        assert one == numbers(await anext(catching_up))
        more = await happen(pool, case, 20)
        following = asyncio.create_task(live.follow(pool))
        for _ in range(100_000):
            if first.after is not None and first.after.event_id >= more[2]:
                break
            await asyncio.sleep(0)
        assert not following.done()
        read_alone = [number async for told in catching_up for number in numbers(told)]
        await following
        assert more == read_alone + numbers(await second.wait(QUIET_S))
        assert one + more == numbers(await first.wait(QUIET_S))


async def test_a_read_under_way_is_not_handed_to_one_who_joined_further_back_meanwhile(
    pool: Pool, case: Case, live: LiveCases, transport: asyncio.Transport
) -> None:
    begun = await start(pool)
    with ExitStack() as others, live.admitted(ADMIN, transport) as second:
        first = others.enter_context(live.admitted(ADMIN, transport))
        assert [] == [told async for told in live.catch_up(pool, first, begun)]
        one = await happen(pool, case, 1)
        catching_up = live.catch_up(pool, second, begun)
        assert one == numbers(await anext(catching_up))
        more = await happen(pool, case, 1)
        await live.follow(pool)
        more += await happen(pool, case, 1)
        following = asyncio.create_task(live.follow(pool))
        await asyncio.sleep(0)
        others.close()  # nobody follows any more, so the next one sets where reading goes on
        assert [] == [told async for told in catching_up]
        await following
        await live.follow(pool)
        assert more == numbers(await second.wait(QUIET_S))


@contextmanager
def stalled_loop(for_s: float) -> Iterator[None]:
    """Block the event loop, so that every timer within this time falls due in one turn."""
    yield
    time.sleep(for_s)


def change(number: int, case: Case) -> Change:
    frame = f"event: case\nid: 0-1-{number}\ndata: {{}}\n\n".encode()
    return Change(Position("0", 1, number), case, case, frame, frame)


async def test_what_comes_in_the_very_turn_of_a_heartbeat_goes_before_it(
    case: Case, transport: asyncio.Transport
) -> None:
    listener = Listener(ADMIN, transport, most_waiting=10)
    waiting = asyncio.create_task(listener.wait(0.01))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.011, listener.offer, change(1, case))
    with stalled_loop(0.05):
        pass
    told = await waiting
    assert (1, [1]) == (listener.after and listener.after.event_id, numbers(told))


async def test_more_than_may_wait_cuts_the_connection_and_keeps_nothing(
    case: Case, transport: asyncio.Transport
) -> None:
    listener = Listener(ADMIN, transport, most_waiting=10)
    for number in range(10):
        listener.offer(change(number, case))
    assert not listener.is_ended
    listener.offer(change(10, case))
    assert listener.is_ended
    assert transport.is_closing()
    assert await listener.wait(QUIET_S) is None
