"""A town for the tests of rights."""

import pytest_asyncio

from core.database import Pool, pool_transaction
from tests.acceptance.matrix.world import lay_out
from tests.conftest import Client, Database, FakeClock
from tests.riders.privacy.people import Town, settle


@pytest_asyncio.fixture
async def places(pool: Pool) -> None:
    """Lay the areas out before the application starts and reads them."""
    async with pool_transaction(pool) as conn:
        await lay_out(conn)


@pytest_asyncio.fixture
async def town(places: None, client: Client, database: Database, clock: FakeClock) -> Town:
    return await settle(client, database, clock)
