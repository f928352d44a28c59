"""Typed places in the whole application: our own first, the outside service only for what we do not know."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.main import create_app
from app.settings import Settings
from core.http.wiring import BACKGROUND
from tests.conftest import Client, Database, FakeClock
from tests.geo.district import activate_two

PLACES = "/api/v1/places"


@dataclass
class Outside:
    """A Nominatim of our own: what it was asked, and the status of its answers."""

    asked: list[str] = field(default_factory=list)
    status: int = 200

    async def reply(self, request: web.Request) -> web.Response:
        self.asked.append(request.query["q"])
        found = [{"lat": "36.005", "lon": "120.005", "display_name": "珠江路 1 号"}]
        return web.json_response(found, status=self.status)


@pytest_asyncio.fixture
async def outside() -> Outside:
    return Outside()


@pytest_asyncio.fixture
async def house(database: Database, clock: FakeClock, tmp_path: Path, outside: Outside) -> AsyncIterator[Client]:
    service = web.Application()
    service.router.add_get("/search", outside.reply)
    async with TestServer(service) as nominatim:
        settings = Settings(data_dir=tmp_path, nominatim_url=str(nominatim.make_url("/")))
        app = create_app(settings, dsn=database.app_dsn, sweeper_dsn=database.sweeper_dsn, clock=clock)
        async with TestClient(TestServer(app)) as client:
            await activate_two(client.app[BACKGROUND], west="听涛社区", east="观澜社区")
            yield client


async def test_what_we_know_ourselves_is_not_told_to_anyone_outside(house: Client, outside: Outside) -> None:
    answer = await (await house.get(PLACES, params={"q": "听涛"})).json()
    assert (["area"], []) == ([place["kind"] for place in answer["places"]], outside.asked)


async def test_what_we_do_not_know_is_asked_outside(house: Client, outside: Outside) -> None:
    answer = await (await house.get(PLACES, params={"q": "珠江路"})).json()
    expected = {"name": "珠江路 1 号", "kind": "address", "point": {"lon": 120.005, "lat": 36.005}, "code": None}
    assert ([expected], ["珠江路"]) == (answer["places"], outside.asked)


async def test_an_outside_service_that_fails_is_a_problem_that_may_pass(house: Client, outside: Outside) -> None:
    outside.status = 500
    answer = await house.get(PLACES, params={"q": "珠江路"})
    problem = await answer.json()
    assert (503, "/docs/problems#geocoder-failed", "5") == (
        answer.status,
        problem["type"],
        answer.headers["Retry-After"],
    )
