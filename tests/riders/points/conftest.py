"""A reporter of the southern community and its secretary."""

from collections.abc import Awaitable, Callable

import pytest

from core.access.models import Actor
from core.database import Connection
from geo.models import Locate
from tests.riders.points.reporters import Reporting, appoint

AddRider = Callable[..., Awaitable[Actor]]
AddSecretary = Callable[[Connection, str], Awaitable[Actor]]


@pytest.fixture
async def work(
    conn: Connection, add_rider: AddRider, add_secretary: AddSecretary, locate: Locate, south: str
) -> Reporting:
    """Give a rider appointed in the south, each of whose reports is looked at first."""
    rider, secretary = await add_rider(conn), await add_secretary(conn, south)
    await appoint(conn, rider, secretary, south)
    return Reporting(conn, rider, secretary, locate)


@pytest.fixture
async def other(conn: Connection, work: Reporting, add_rider: AddRider, locate: Locate) -> Reporting:
    """Give a second rider, without appointment, whose cases the same secretary handles."""
    return Reporting(conn, await add_rider(conn, "+8613800000002"), work.secretary, locate)
