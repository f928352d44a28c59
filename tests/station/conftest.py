"""Fixtures of the station room's tests."""

import pytest_asyncio

from core.database import Connection
from geo.models import Locate
from tests.station.district import locate_in, open_generation


@pytest_asyncio.fixture
async def locate(conn: Connection) -> Locate:
    return locate_in(await open_generation(conn))
