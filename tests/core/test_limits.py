"""Rates in memory and lanes under load."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http.traffic import Keeper
from core.limits.errors import Overloaded
from core.limits.gate import Gate, Turnstile
from core.limits.models import LANES, Lane, Rate
from core.limits.rates import Rates


@given(st.integers(1, 20), st.integers(1, 600), st.lists(st.floats(0, 30), max_size=80))
def test_no_span_sees_more_than_the_burst_and_what_its_rate_gives(
    burst: int, a_minute: int, pauses: list[float]
) -> None:
    rates, rate, now, taken = Rates(), Rate(burst, a_minute), 0.0, []
    for pause in pauses:
        now += pause
        wait = rates.wait_s(rate, ("a",), now)
        if wait == 0:
            taken.append(now)
        else:
            assert rates.wait_s(rate, ("a",), now + wait * 0.99 - 1e-5) > 0
            assert 0 == Rates().wait_s(rate, ("a",), now)
    for number, first in enumerate(taken):
        for count, last in enumerate(taken[number:], start=1):
            assert count <= burst + (last - first) * a_minute / 60 + 1e-3


@given(st.integers(1, 20), st.integers(1, 600))
def test_after_the_wait_that_was_told_one_more_is_taken(burst: int, a_minute: int) -> None:
    rates, rate = Rates(), Rate(burst, a_minute)
    for _ in range(burst):
        assert 0 == rates.wait_s(rate, ("a",), 5.0)
    wait = rates.wait_s(rate, ("a",), 5.0)
    assert 60 / a_minute == pytest.approx(wait)
    assert 0 == rates.wait_s(rate, ("a",), 5.0 + wait)


def test_keys_are_counted_apart() -> None:
    rates, rate = Rates(), Rate(1, 1)
    assert [0, 0] == [rates.wait_s(rate, (key,), 0.0) for key in "ab"]
    assert rates.wait_s(rate, ("a",), 0.0) > 0


def test_a_flood_of_addresses_does_not_fill_the_memory_and_frees_nobody_who_came_lately() -> None:
    rates, rate = Rates(most_keys=100), Rate(1, 1)
    for number in range(10_000):
        rates.wait_s(rate, (str(number),), number / 1000)
    assert 100 >= len(rates)
    assert rates.wait_s(rate, ("9999",), 10.0) > 0


async def test_a_gate_lets_in_so_many_keeps_so_many_waiting_and_sends_the_rest_away() -> None:
    gate = Gate(places=2, waiting=3, patience_s=5)
    inside, most, let_go = 0, 0, asyncio.Event()

    async def ask() -> str:
        nonlocal inside, most
        async with gate:
            inside += 1
            most = max(most, inside)
            await let_go.wait()
            inside -= 1
        return "done"

    asked = [asyncio.create_task(ask()) for _ in range(50)]
    await asyncio.sleep(0.01)
    assert (2, 45) == (inside, sum(task.done() for task in asked))
    let_go.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert (5, 45, 2) == (outcomes.count("done"), sum(isinstance(each, Overloaded) for each in outcomes), most)


async def test_who_waits_too_long_is_sent_away_and_the_place_is_not_lost() -> None:
    gate = Gate(places=1, waiting=3, patience_s=0.02)
    async with gate:
        with pytest.raises(Overloaded):
            async with gate:
                pass
    async with gate:
        pass


async def test_who_goes_away_while_waiting_or_fails_within_takes_no_place_with_him() -> None:
    gate = Gate(places=1, waiting=3, patience_s=5)

    async def ask() -> None:
        async with gate:
            pass

    async with gate:
        waiting = asyncio.create_task(ask())
        await asyncio.sleep(0)
        waiting.cancel()
    with pytest.raises(RuntimeError):
        async with gate:
            raise RuntimeError
    await asyncio.wait_for(ask(), 1)


async def test_a_turnstile_lets_in_so_many_at_each_turn_and_holds_no_place_for_those_within() -> None:
    gate, entered, leave = Turnstile(places=3, waiting=10, patience_s=5), 0, asyncio.Event()

    async def ask() -> None:
        nonlocal entered
        async with gate:
            entered += 1
            await leave.wait()

    asked, most = [asyncio.create_task(ask()) for _ in range(12)], 0
    for _ in range(20):
        before = entered
        await asyncio.sleep(0)
        most = max(most, entered - before)
    assert (3, 12) == (most, entered)
    leave.set()
    await asyncio.gather(*asked)


async def test_those_sent_away_are_not_told_to_come_back_at_one_moment() -> None:
    gate, waits = Gate(places=1, waiting=0, patience_s=5), set()
    async with gate:
        for _ in range(200):
            with pytest.raises(Overloaded) as refused:
                async with gate:
                    pass
            waits.add(refused.value.retry_after_s)
    assert {1, 2, 3, 4, 5} == waits


def test_the_lanes_of_all_others_leave_connections_to_the_staff() -> None:
    assert 0.7 >= sum(size.share for lane, size in LANES.items() if lane is not Lane.STAFF) - 1e-9


def test_a_late_process_sheds_exports_first_and_what_comes_in_never() -> None:
    keeper, shed = Keeper(connections=20), []
    for lag_s in (0.0, 0.25, 0.4, 0.6, 2.0, 60.0):
        keeper.lag_s = lag_s
        away = set()
        for lane in Lane:
            try:
                keeper.enter(lane)
            except Overloaded:
                away.add(lane)
        shed.append(away)
    assert [
        set(),
        {Lane.EXPORTS},
        {Lane.EXPORTS, Lane.SEARCH, Lane.PUBLIC},
        {Lane.EXPORTS, Lane.SEARCH, Lane.PUBLIC, Lane.UPLOADS},
        {Lane.EXPORTS, Lane.SEARCH, Lane.PUBLIC, Lane.UPLOADS, Lane.STAFF},
        {Lane.EXPORTS, Lane.SEARCH, Lane.PUBLIC, Lane.UPLOADS, Lane.STAFF},
    ] == shed


@asynccontextmanager
async def watching(keeper: Keeper) -> AsyncIterator[None]:
    steps: AsyncIterator[None] = keeper.watch(None)  # type: ignore[arg-type]
    await anext(steps)
    await asyncio.sleep(0.05)
    yield
    with pytest.raises(StopAsyncIteration):
        await anext(steps)


async def most_lag_s(keeper: Keeper, pauses: Sequence[float]) -> float:
    """Let the process stand still so often and so long, and give the most that its keeper counted."""
    seen = 0.0
    for pause_s in pauses:
        time.sleep(pause_s)  # noqa: ASYNC251 — that it stands still is the point
        for _ in range(10):
            await asyncio.sleep(0)
            seen = max(seen, keeper.lag_s)
    return seen


async def test_the_keeper_notices_that_the_process_is_late_and_that_it_no_longer_is() -> None:
    keeper = Keeper(connections=20)
    async with watching(keeper):
        assert 0.15 < await most_lag_s(keeper, [0.25] * 4)
        await asyncio.sleep(0.1)
        assert keeper.lag_s < 0.15


async def test_a_single_pause_of_the_process_sends_nobody_away() -> None:
    keeper = Keeper(connections=20)
    async with watching(keeper):
        assert 0.15 > await most_lag_s(keeper, [1.0])
