"""Each wall alone: strangers before a community, first with only row-level security up, then only the application's.

Which role may do what within its own area is for the application; what is foreign, each of the two must hold back.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import community.sight
from app.postgres import Server
from community.sight import Sight
from core.access.models import Actor
from tests.acceptance.matrix.table import TABLE
from tests.acceptance.matrix.walk import Outcome, walk
from tests.acceptance.matrix.world import World, opened_world


@pytest_asyncio.fixture
async def world(server: Server, tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(server, tmp_path) as opened:
        yield opened


def take_down_the_applications_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everyone reach everything, as far as the rooms ask: areas, departments, the duty desk."""
    monkeypatch.setattr(Actor, "scopes", lambda *_: ("",))
    monkeypatch.setattr(Actor, "holds", lambda *_: True)
    monkeypatch.setattr(Actor, "reaches", lambda *_: True)
    monkeypatch.setattr(community.sight, "_reaches", lambda *_: True)
    monkeypatch.setattr(community.sight, "Sight", lambda *_: Sight(("",), (), True))


async def take_down_the_databases_wall(world: World) -> int:
    """Switch row-level security off everywhere; give on how many tables it was on."""
    tables = await world.owner.fetch(
        "select oid::regclass::text as name from pg_class "
        "where relrowsecurity and relnamespace = 'public'::regnamespace"
    )
    for table in tables:
        await world.owner.execute(f"alter table {table['name']} no force row level security")
        await world.owner.execute(f"alter table {table['name']} disable row level security")
    return len(tables)


#: What row-level security leaves to the application, and why.
NOT_WALLED = {
    "GET /api/v1/staff": "colleagues know each other by name: it stands beside every act",
    "GET /api/v1/posts/{post_id}/people": "the same",
}


def without_an_answer(outcome: Outcome) -> list[str]:
    """List where something broke, or a limit stood in the way of the question, so that no wall was asked."""
    return [line for line in outcome.statuses if any(f": {status}, " in line for status in (429, 500, 503))]


async def test_row_security_alone_holds_strangers_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    take_down_the_applications_wall(monkeypatch)
    outcome = await walk(world, rows=[row for row in TABLE if row.ask not in NOT_WALLED], only_outside=True)
    print(f"{outcome.cells} cells")
    wrong = outcome.leaks + outcome.changes + without_an_answer(outcome)
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong)


async def test_the_application_alone_holds_strangers_back(world: World) -> None:
    assert 50 < await take_down_the_databases_wall(world)
    outcome = await walk(world, only_outside=True)
    assert not outcome.wrong, f"{len(outcome.wrong)}\n" + "\n".join(outcome.wrong)


async def test_without_either_wall_strangers_see_and_change_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the two above: it is the walls that hold, and taking them down takes them down."""
    take_down_the_applications_wall(monkeypatch)
    await take_down_the_databases_wall(world)
    outcome = await walk(world, only_outside=True)
    assert 20 < len(outcome.leaks)
    assert 5 < len(outcome.changes)
