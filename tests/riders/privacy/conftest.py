"""A town for the tests of rights."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.database import Pool, pool_transaction
from tests.acceptance.matrix.world import lay_out
from tests.conftest import Client, Database, FakeClock, serving
from tests.riders.phones import Inbox
from tests.riders.privacy.people import Town, settle


@pytest_asyncio.fixture
async def places(pool: Pool) -> None:
    """Lay the areas out before the application starts and reads them."""
    async with pool_transaction(pool) as conn:
        await lay_out(conn)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest_asyncio.fixture
async def client(database: Database, clock: FakeClock, tmp_path: Path, inbox: Inbox) -> AsyncIterator[Client]:
    """Run the whole application with a gateway for messages."""
    async with serving(database, clock, tmp_path, sms=inbox) as started:
        yield started


@pytest_asyncio.fixture
async def town(places: None, client: Client, database: Database, clock: FakeClock) -> Town:
    return await settle(client, database, clock)
