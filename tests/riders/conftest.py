"""Riders, staff and places for the tests of this room."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from core.access.models import Actor, Grant, Role
from core.database import Connection
from geo.models import AreaRef, Located, Point, Reason
from riders.signup.consents import PHOTO, REPORT_LOCATION, decide_consent
from riders.signup.queries import insert_rider
from tests.conftest import RING
from tests.staff import insert_staff

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def north() -> str:
    """Give the path of the community north of 36°."""
    return "370299/370299001/370299001001"


@pytest.fixture
def south() -> str:
    """Give the path of the community south of 36°, where the reports of these tests are made."""
    return "370299/370299001/370299001002"


@pytest.fixture
def add_rider() -> Callable[..., Awaitable[Actor]]:
    """Give a function that makes a rider who, unless told otherwise, agreed to everything."""

    async def add(conn: Connection, phone: str = "+8613800000001", *, agrees: bool = True) -> Actor:
        rider_id = await insert_rider(conn, ring=RING, district_id=1, phone=phone, now=NOW)
        actor = Actor(kind="rider", id=rider_id, district_id=1)
        for purpose in (REPORT_LOCATION, PHOTO) if agrees else ():
            await decide_consent(conn, actor=actor, purpose=purpose, version=1, is_given=True, now=NOW)
        return actor

    return add


@pytest.fixture
def add_secretary() -> Callable[[Connection, str], Awaitable[Actor]]:
    """Give a function that makes the secretary of an area."""

    async def add(conn: Connection, area_path: str) -> Actor:
        staff = await insert_staff(conn, district_id=1, username=f"s{area_path}", name="书记", now=NOW)
        return Actor("staff", staff.id, 1, staff.name, (Grant(Role.SECRETARY, area_path),))

    return add


@pytest.fixture
def locate(north: str, south: str) -> Callable[[Point], Located]:
    """Give a map of two communities divided by the 36th parallel."""

    def at(point: Point) -> Located:
        path = north if point.lat > 36 else south
        area = AreaRef(path[-12:], "社区", "community", path, ("演示区", "演示街道", "演示社区"))
        return Located(area, (area.code,), 500.0, 1, needs_confirmation=False, reason=Reason.INSIDE)

    return at
