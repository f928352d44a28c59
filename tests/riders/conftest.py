"""Riders, staff and places for the tests of this room."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from core.access.models import Actor, Grant, Role
from core.access.queries import insert_staff
from core.database import Connection
from geo.models import AreaRef, Located, Point, Reason
from riders.signup.consents import PHOTO, REPORT_LOCATION, decide_consent
from riders.signup.queries import insert_rider

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
NORTH = "370299/370299001/370299001001"
SOUTH = "370299/370299001/370299001002"

AddRider = Callable[..., Awaitable[Actor]]
AddStaff = Callable[..., Awaitable[Actor]]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def add_rider() -> AddRider:
    """Give a function that makes a rider who, unless told otherwise, agreed to everything."""

    async def add(conn: Connection, phone: str = "+8613800000001", *, agrees: bool = True) -> Actor:
        rider_id = await insert_rider(conn, district_id=1, phone=phone, now=NOW)
        actor = Actor(kind="rider", id=rider_id, district_id=1)
        for purpose in (REPORT_LOCATION, PHOTO) if agrees else ():
            await decide_consent(conn, actor=actor, purpose=purpose, version=1, is_given=True, now=NOW)
        return actor

    return add


@pytest.fixture
def add_secretary() -> AddStaff:
    """Give a function that makes the secretary of an area."""

    async def add(conn: Connection, area_path: str) -> Actor:
        staff = await insert_staff(
            conn, district_id=1, username=f"s{area_path}", name="书记", password_hash="x", now=NOW
        )
        grants = (Grant(Role.SECRETARY, area_path),)
        return Actor(kind="staff", id=staff.id, district_id=1, name=staff.name, grants=grants)

    return add


def locate_by_latitude(point: Point) -> Located:
    """Put everything north of 36° into one community and the rest into the other."""
    path = NORTH if point.lat > 36 else SOUTH
    area = AreaRef(code=path[-12:], name="社区", level="community", path=path, names=("区", "街道", "社区"))
    return Located(
        area=area,
        candidates=(area.code,),
        metres_to_line=500.0,
        generation_id=1,
        needs_confirmation=False,
        reason=Reason.INSIDE,
    )
