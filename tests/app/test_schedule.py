"""What runs by itself: one sweep's trouble is not another's, signs of life are counted, reactions have a cause."""

import ast
import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web

from app import schedule
from app.schedule import CLOCK_GUARD, REACTIONS, SCHEDULE, TICKS, Scheduled, Ticks, run_schedule
from community.acts import CONTACT_TRIED
from community.clocks.models import Stage
from community.models import State
from community.workflow import Verb
from core.clock_guard import ClockGuard
from core.database import Pool, pool_transaction
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID
from tests.community.district import located, open_report, put_in_state, read
from tests.conftest import DISTRICT, START, Client

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("app", "station", "riders", "community", "geo", "core")
SOON_S = 10.0


class Turns:
    """A sweep that counts its turns and may do something at each."""

    def __init__(self, then: Callable[[], Awaitable[None]] | None = None) -> None:
        self.count = 0
        self._then = then
        self._turned = asyncio.Condition()

    async def __call__(self, _app: web.Application) -> None:
        async with self._turned:
            self.count += 1
            self._turned.notify_all()
        if self._then is not None:
            await self._then()

    async def reach(self, count: int) -> None:
        async with asyncio.timeout(SOON_S), self._turned:
            await self._turned.wait_for(lambda: self.count >= count)


class CountedTicks(Ticks):
    """Ticks that remember how many there were."""

    count = 0

    def mark(self) -> None:
        self.count += 1
        super().mark()


@asynccontextmanager
async def woken(monkeypatch: pytest.MonkeyPatch, *sweeps: Turns) -> AsyncIterator[CountedTicks]:
    """Let the scheduler wake these sweeps, fast."""
    table = tuple(Scheduled(f"sweep {number}", 0.02, sweep) for number, sweep in enumerate(sweeps))
    monkeypatch.setattr(schedule, "SCHEDULE", table)
    monkeypatch.setattr(schedule, "Ticks", CountedTicks)
    app = web.Application()
    running = run_schedule(app)
    await anext(running)
    ticks = app[TICKS]
    assert isinstance(ticks, CountedTicks)
    yield ticks
    with pytest.raises(StopAsyncIteration):
        await anext(running)


async def _fail() -> None:
    raise RuntimeError("no luck")


async def _lose_the_database() -> None:
    raise asyncpg.ConnectionDoesNotExistError("gone")


async def _hang() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("trouble", [_fail, _lose_the_database])
async def test_a_sweep_that_fails_is_woken_again_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, trouble: Callable[[], Awaitable[None]]
) -> None:
    failing, healthy = Turns(trouble), Turns()
    async with woken(monkeypatch, failing, healthy):
        await failing.reach(3)
        await healthy.reach(healthy.count + 3)


async def test_a_sweep_that_hangs_is_not_started_twice_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging, healthy = Turns(_hang), Turns()
    async with woken(monkeypatch, hanging, healthy):
        await hanging.reach(1)
        await healthy.reach(healthy.count + 5)
        assert 1 == hanging.count


async def test_our_own_fault_is_logged_with_its_trace_and_lost_connections_in_a_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing, lost = Turns(_fail), Turns(_lose_the_database)
    with caplog.at_level(logging.WARNING, logger="app.schedule"):
        async with woken(monkeypatch, failing, lost):
            await failing.reach(1)
            await lost.reach(1)
    traces = {record.levelname: record.exc_info is not None for record in caplog.records if "sweep" in record.message}
    assert {"ERROR": True, "WARNING": False} == traces


async def test_each_wake_up_is_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = Turns()
    async with woken(monkeypatch, sweep) as ticks:
        await sweep.reach(3)
        assert ticks.count >= 3


async def test_nothing_is_woken_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = Turns()
    async with woken(monkeypatch, sweep):
        await sweep.reach(1)
    count = sweep.count
    await asyncio.sleep(0.1)
    assert count == sweep.count


@pytest.mark.parametrize("scheduled", SCHEDULE, ids=lambda scheduled: scheduled.name)
async def test_every_sweep_may_run_again_at_once_on_an_empty_district(client: Client, scheduled: Scheduled) -> None:
    await scheduled.sweep(client.app)
    await scheduled.sweep(client.app)


def test_no_two_sweeps_share_a_name() -> None:
    assert len({scheduled.name for scheduled in SCHEDULE}) == len(SCHEDULE)


def test_every_reaction_is_to_something_that_is_recorded() -> None:
    assert set() == REACTIONS.keys() - _recorded_kinds()


def test_the_search_for_what_is_recorded_finds_it() -> None:
    assert {"case.opened", "report.submitted", Verb.FILE.event} <= _recorded_kinds()


def _recorded_kinds() -> set[str]:
    """Give every kind that stands in a call of ours as `kind=`, those of the verbs and those of the clocks."""
    trees = [ast.parse(path.read_text()) for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    named = {
        word.value.value
        for tree in trees
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for word in call.keywords
        if word.arg == "kind" and isinstance(word.value, ast.Constant)
    }
    acted = {verb.event for verb in Verb} | {CONTACT_TRIED}
    return {str(kind) for kind in named} | acted | {stage.event for stage in Stage}


async def test_holds_do_not_end_while_the_clock_is_not_trusted(pool: Pool) -> None:
    (end_holds,) = (each.sweep for each in SCHEDULE if each.name == "end holds")
    app, guard = web.Application(), ClockGuard(lambda: START)
    app[BACKGROUND], app[DISTRICT_ID], app[CLOCK_GUARD] = pool, DISTRICT, guard
    app[CLOCK] = lambda: START + timedelta(days=9)
    async with pool_transaction(pool) as conn:
        case = await put_in_state(conn, await open_report(conn, 1, at=located()), State.HELD)
    guard.reason = "the clock jumped"
    await end_holds(app)
    async with pool_transaction(pool) as conn:
        assert State.HELD is (await read(conn, case)).state
    guard.reason = None
    await end_holds(app)
    async with pool_transaction(pool) as conn:
        assert State.FILED is (await read(conn, case)).state
