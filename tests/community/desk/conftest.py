"""A house with the areas of the small district."""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.constraints import CONSTRAINTS as MEANINGS
from app.routes import ROUTES
from core.database import Pool, pool_transaction
from core.http import wiring
from core.http.endpoint import JSON_BODY_LIMIT, add_routes
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, POOL
from geo.api import LOCATE
from tests.community.desk.house import House
from tests.community.district import COMMUNITY, NEIGHBOUR, add_areas, located
from tests.conftest import DISTRICT, RING, FakeClock


@pytest_asyncio.fixture
async def house(pool: Pool, app_pool: Pool, clock: FakeClock) -> AsyncIterator[House]:
    app = web.Application(middlewares=[answer_problems], client_max_size=JSON_BODY_LIMIT)
    app[CLOCK], app[DISTRICT_ID], app[CONSTRAINTS] = clock, DISTRICT, MEANINGS
    app[POOL], app[BACKGROUND] = app_pool, pool
    app[wiring.RING] = RING
    app[LOCATE] = lambda _: located()
    add_routes(app, ROUTES)
    async with pool_transaction(pool) as conn:
        await add_areas(conn, COMMUNITY, NEIGHBOUR)
    async with TestClient(TestServer(app)) as client:
        yield House(client, pool, clock)
