"""Cases laid out in metres around one spot, for tests of what is near what."""

from datetime import timedelta

from community.cases import open_case
from community.models import Case, Origin, Place
from core.access.models import Actor, Grant, Role
from core.database import Connection
from geo.frame import frame_at
from geo.models import Datum, Point, Received
from tests.community.district import COMMUNITY, located
from tests.conftest import DISTRICT, START

SPOT = Point(120.18, 35.96)
SECRETARY = Actor("staff", 1, DISTRICT, "", (Grant(Role.SECRETARY, COMMUNITY),))


def beside(east: float = 0.0, north: float = 0.0) -> Point:
    """Give the point so many metres from the spot."""
    frame = frame_at(SPOT.lat)
    up = north / frame.north
    return Point(SPOT.lon + east / (frame.east - frame.bend * up), SPOT.lat + up)


async def report(
    conn: Connection,
    ref: object,
    *,
    east: float | None = 0.0,
    north: float = 0.0,
    after: timedelta = timedelta(),
    category: str = "litter",
    words: str = "",
    path: str = COMMUNITY,
    origin: Origin = Origin.REPORT,
) -> Case:
    """Open a case `east` and `north` metres from the spot, `after` the start; without a place where `east` is None."""
    point = None if east is None else beside(east, north)
    place = None if point is None else Place(point, Received(point.lon, point.lat, Datum.WGS84), None)
    return await open_case(
        conn,
        district_id=DISTRICT,
        origin=origin,
        origin_ref=str(ref),
        category_code=category,
        description=words,
        located=located(path),
        place=place,
        trusted=False,
        actor=None,
        now=START + after,
    )


async def end(conn: Connection, case: Case) -> None:
    """Close a case behind the workflow's back."""
    await conn.execute(
        "update community_case set state = 'closed', closed_at = opened_at where district_id = $1 and id = $2",
        DISTRICT,
        case.id,
    )


async def merge(conn: Connection, case: Case, original: Case) -> None:
    """Merge a case behind the workflow's back."""
    await conn.execute(
        """
        update community_case set state = 'duplicate', state_before = state, closed_at = opened_at, duplicate_of = $3
        where district_id = $1 and id = $2
        """,
        DISTRICT,
        case.id,
        original.id,
    )
