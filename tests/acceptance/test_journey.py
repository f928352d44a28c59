"""The main journey over HTTP, as `python -m app demo` walks it; the checks stand in the walk itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.demo.journey import walk
from app.demo.stage import set_stage
from app.demo.story import Story, StoryBroken
from app.settings import Settings
from tests.conftest import Client, Database


async def test_a_report_goes_from_the_rider_to_the_closed_case(database: Database, tmp_path: Path) -> None:
    told: list[str] = []
    async with set_stage(Settings(data_dir=tmp_path), database.app_dsn, database.sweeper_dsn, say=told.append) as stage:
        await walk(stage.base_url, sign_ins=stage.sign_ins, codes=stage.codes, say=told.append)
    assert "全程走通" in told[-1]
    assert 20 < len([line for line in told if "✓" in line])


async def test_a_story_breaks_off_at_what_does_not_hold() -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(StoryBroken, match="the sky is green"):
            Story(http, "", say=[].append).check(False, "天是绿的", "the sky is green")


async def test_a_story_breaks_off_at_another_status_than_expected(client: Client) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(StoryBroken, match="200 ≠ 404"):
            await Story(http, str(client.make_url("")), say=[].append).ask("GET", "/livez", expect=404)


async def test_a_story_asks_again_when_a_busy_service_says_so() -> None:
    async with busy(3) as (http, url):
        assert "at last" == await Story(http, url, say=[].append).ask("GET", "/")


async def test_a_story_breaks_off_where_the_service_stays_busy() -> None:
    async with busy(100) as (http, url):
        with pytest.raises(StoryBroken, match="503 ≠ 200"):
            await Story(http, url, say=[].append).ask("GET", "/")


@asynccontextmanager
async def busy(times: int) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Run a service that sends people away so often before it answers."""
    answers = iter([503] * times)

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response("at last", status=next(answers, 200), headers={"Retry-After": "0"})

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        yield http, str(server.make_url("")).rstrip("/")
