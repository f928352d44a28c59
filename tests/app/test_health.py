"""What supervisors are told: alive without a database, ready only with one and while the sweeps run."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from app.health import MAX_EVENT_AGE_S, MAX_SILENCE_S, livez, readyz
from app.schedule import CLOCK_GUARD, TICKS, TRAIL_WATCH, Ticks, TrailWatch
from core.access.models import Grant, Role
from core.access.policy import ANYONE
from core.access.queries import insert_grant
from core.clock_guard import ClockGuard
from core.database import Pool, pool_transaction
from core.events import record_event
from core.http import wiring
from core.http.callers import is_on_this_machine
from core.http.endpoint import Route, add_routes
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, POOL
from riders.signup.queries import insert_rider
from station.api import LIVE_STATIONS
from station.live import LiveStations
from tests.conftest import DISTRICT, RING, START, Client, FakeClock
from tests.sessions import open_long_session
from tests.staff import insert_staff

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


#: How a proxy on the same machine hands a stranger's request on, whether we believe its headers or not.
THROUGH_A_PROXY = [
    {"X-Forwarded-For": "203.0.113.7"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"Forwarded": "for=203.0.113.7"},
    {"x-real-ip": "203.0.113.7"},
    {"Via": "1.1 caddy"},
]


@pytest.mark.parametrize("headers", THROUGH_A_PROXY, ids=str)
async def test_a_stranger_is_told_yes_or_no_and_nothing_else(
    house: Client, pool: Pool, headers: dict[str, str]
) -> None:
    await happen(pool, given_up=True)
    told = await house.get("/readyz", headers=headers)
    assert (200, {"status": "ok", "warnings": None}) == (told.status, await told.json())
    fall_silent(house, MAX_SILENCE_S + 1)
    told = await house.get("/readyz", headers=headers)
    words = await told.json() | {"request_id": ""}  # of random digits
    assert (503, False) == (told.status, "11" in str(words))
    fall_silent(house, 0)
    await house.app[BACKGROUND].close()
    told = await house.get("/readyz", headers=headers)
    assert (503, False) == (told.status, "数据库" in await told.text())


@pytest.mark.parametrize(
    ("grant", "is_told"),
    [
        (Grant(Role.DISTRICT_ADMIN, ""), True),
        (Grant(Role.AUDITOR, ""), True),
        (Grant(Role.DISTRICT_ADMIN, "370299"), False),
        (Grant(Role.SECRETARY, ""), False),
    ],
)
async def test_administrators_of_the_whole_district_are_told_wherever_they_are(
    house: Client, pool: Pool, grant: Grant, is_told: bool
) -> None:
    await happen(pool, given_up=True)
    async with pool_transaction(pool) as conn:
        who = await insert_staff(conn, district_id=DISTRICT, username="wang", name="演示职员", now=START)
        await insert_grant(conn, district_id=DISTRICT, staff_id=who.id, grant=grant, now=START)
        token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id, now=START)
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.7"}
    said = await (await house.get("/readyz", headers=headers)).json()
    assert is_told == bool(said["warnings"])


@pytest.mark.parametrize(
    ("peer", "is_local"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.7", False), ("2001:db8::1", False)],
)
async def test_only_the_machine_itself_is_this_machine(peer: str, is_local: bool) -> None:
    request = make_mocked_request("GET", "/readyz").clone(remote=peer)
    assert isinstance(request, web.Request)
    assert is_local == is_on_this_machine(request)


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
