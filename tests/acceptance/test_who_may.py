"""Who may: the generated matrix of every route × role × position, on the real application.

Out of sight is 404, a wrong kind of caller 401 or 403; no answer holds a word, name, phone, coordinate, token or id of
what the reader may not see; and what is refused changes nothing.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.docs_page import DOCS_ROUTES
from app.postgres import Server
from app.routes import ROUTES
from tests.acceptance.matrix.row import Row
from tests.acceptance.matrix.table import STREAM, TABLE
from tests.acceptance.matrix.walk import walk
from tests.acceptance.matrix.world import World, opened_world


@pytest_asyncio.fixture(scope="module")
async def world(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with opened_world(server, tmp_path_factory.mktemp("matrix")) as opened:
        yield opened


def asks_for(row: Row, method: str, path: str) -> bool:
    """Tell whether a row is a question to this route."""
    asked, parts = row.path.partition("?")[0].split("/"), path.split("/")
    return (
        row.method == method
        and len(asked) == len(parts)
        and all(part.startswith("{") or part == word for word, part in zip(asked, parts, strict=True))
    )


def test_every_route_stands_in_the_table() -> None:
    routes = [(route.method, route.path) for route in ROUTES + DOCS_ROUTES]
    assert [] == [route for route in routes if not any(asks_for(row, *route) for row in (*TABLE, STREAM))]


async def test_everyone_gets_what_the_table_says(world: World) -> None:
    outcome = await walk(world)
    print(f"{outcome.cells} cells, {len(TABLE)} rows, {len(world.people)} people")
    assert not outcome.wrong, f"{len(outcome.wrong)}\n" + "\n".join(outcome.wrong)
