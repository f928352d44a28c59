"""What supervisors are told: alive without a database, ready only with one and while the sweeps run."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.health import MAX_EVENT_AGE_S, MAX_SILENCE_S, livez, readyz
from app.schedule import CLOCK_GUARD, TICKS, TRAIL_WATCH, Ticks, TrailWatch
from core.access.policy import ANYONE
from core.clock_guard import ClockGuard
from core.database import Pool, pool_transaction
from core.events import record_event
from core.http import wiring
from core.http.endpoint import Route, add_routes
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, POOL
from riders.signup.queries import insert_rider
from station.api import LIVE_STATIONS
from station.live import LiveStations
from tests.conftest import DISTRICT, RING, START, Client, FakeClock

ROUTES = (Route("GET", "/livez", livez, ANYONE), Route("GET", "/readyz", readyz, ANYONE))


class Silence(Ticks):
    """Ticks as they look a given time after the last one."""

    seconds = 0.0

    def seconds_since_last(self) -> float:
        return self.seconds


@pytest_asyncio.fixture
async def house(pool: Pool, app_pool: Pool, clock: FakeClock) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[answer_problems])
    app[CLOCK], app[DISTRICT_ID], app[CONSTRAINTS], app[TICKS] = clock, DISTRICT, {}, Silence()
    app[POOL], app[BACKGROUND], app[wiring.RING] = app_pool, pool, RING
    app[CLOCK_GUARD], app[TRAIL_WATCH] = ClockGuard(clock), TrailWatch()
    app[LIVE_STATIONS] = LiveStations(district_id=DISTRICT)
    await app[LIVE_STATIONS].load(pool, now=START)
    add_routes(app, ROUTES)
    async with TestClient(TestServer(app)) as client:
        yield client


def fall_silent(house: Client, seconds: float) -> None:
    ticks = house.app[TICKS]
    assert isinstance(ticks, Silence)
    ticks.seconds = seconds


async def ask(house: Client, path: str) -> tuple[int, Any]:
    answer = await house.get(path)
    return answer.status, await answer.json()


async def happen(pool: Pool, *, given_up: bool = False) -> None:
    async with pool_transaction(pool) as conn:
        event_id = await record_event(
            conn, district_id=DISTRICT, kind="case.opened", subject="case", subject_id=1, actor=None, now=START, data={}
        )
        if given_up:
            await conn.execute("update event set pending = false, given_up_at = $2 where id = $1", event_id, START)


async def test_with_everything_well_it_is_ready_without_warnings(house: Client) -> None:
    assert (200, {"status": "ok", "warnings": []}) == await ask(house, "/readyz")


async def test_the_whole_program_is_ready_after_its_start(client: Client) -> None:
    answer = await ask(client, "/readyz")
    for _ in range(50):
        if answer[1]["warnings"]:  # the stations are loaded in the background
            await asyncio.sleep(0.1)
            answer = await ask(client, "/readyz")
    assert (200, {"status": "ok", "warnings": []}) == answer


async def test_until_the_stations_are_loaded_it_warns_that_searches_are_slower(house: Client) -> None:
    house.app[LIVE_STATIONS].shelf = None
    status, answer = await ask(house, "/readyz")
    assert (200, True) == (status, "still being loaded" in answer["warnings"][0])


async def test_without_a_database_it_is_alive(house: Client) -> None:
    await house.app[POOL].close()
    assert (200, {"status": "ok"}) == await ask(house, "/livez")


async def test_without_a_database_it_is_not_ready_and_says_when_to_ask_again(house: Client) -> None:
    await house.app[POOL].close()
    answer = await house.get("/readyz")
    problem = await answer.json()
    assert (503, "/docs/problems#not-ready", "2") == (answer.status, problem["type"], answer.headers["Retry-After"])
    assert "数据库无响应" in problem["detail"]


async def test_an_exhausted_pool_is_not_ready(house: Client, pool: Pool) -> None:
    held = [await pool.acquire() for _ in range(pool.get_max_size())]
    try:
        assert 503 == (await ask(house, "/readyz"))[0]
    finally:
        for conn in held:
            await pool.release(conn)
    assert 200 == (await ask(house, "/readyz"))[0]


async def test_without_a_sweep_for_too_long_it_is_not_ready(house: Client) -> None:
    fall_silent(house, MAX_SILENCE_S + 1)
    answer = await house.get("/readyz", headers={"Accept-Language": "en"})
    problem = await answer.json()
    assert (503, "Cannot serve now: no sweep for 11 s") == (answer.status, problem["detail"])


async def test_a_short_silence_is_normal(house: Client) -> None:
    fall_silent(house, MAX_SILENCE_S)
    assert 200 == (await ask(house, "/readyz"))[0]


async def test_a_dead_scheduler_leaves_it_alive(house: Client) -> None:
    fall_silent(house, 1e6)
    assert 200 == (await ask(house, "/livez"))[0]


async def test_events_that_were_given_up_warn_and_stop_nothing(house: Client, pool: Pool) -> None:
    await happen(pool, given_up=True)
    await happen(pool, given_up=True)
    status, answer = await ask(house, "/readyz")
    assert (200, ["2 个事件已放弃 / event(s) given up: see `python -m app events`"]) == (status, answer["warnings"])


async def test_events_that_wait_too_long_warn(house: Client, pool: Pool, clock: FakeClock) -> None:
    await happen(pool)
    clock.advance(timedelta(seconds=MAX_EVENT_AGE_S))
    assert [] == (await ask(house, "/readyz"))[1]["warnings"]
    clock.advance(timedelta(seconds=5))
    assert ["最早的事件已等待 125 秒 / the oldest due event has waited 125 s"] == (await ask(house, "/readyz"))[1][
        "warnings"
    ]


async def test_a_clock_that_is_not_trusted_warns(house: Client) -> None:
    assert not house.app[CLOCK_GUARD].trusts(START + timedelta(hours=2))
    _, ready = await ask(house, "/readyz")
    assert any("deadlines are on hold" in warning for warning in ready["warnings"])


async def test_rows_that_wait_for_a_newer_key_are_told_of(house: Client, pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await insert_rider(conn, ring=RING, district_id=DISTRICT, phone="+8613800000001", now=START)
        await conn.execute("update rider set phone = '\\x000000'::bytea || 'as a migration left it'")
    _, said = await ask(house, "/readyz")
    assert ["1 行待用新密钥重新加密 / row(s) wait for a newer key: see `python -m app keys`"] == said["warnings"]
