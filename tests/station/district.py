"""Two made-up areas side by side, and the people who keep their stations."""

from core.access.models import Actor, Grant, Role
from core.database import Connection
from geo.models import AreaRef, Datum, Locate, Located, Point, Reason, Received
from station.models import Station, StationAmenity, StationDraft
from station.registry import create
from tests.conftest import DISTRICT, START

WEST, EAST = "370299/001", "370299/002"


def keeper(role: Role, area_path: str) -> Actor:
    return Actor("staff", None, DISTRICT, f"{role}@{area_path}", (Grant(role, area_path),))


ADMIN = keeper(Role.DISTRICT_ADMIN, "")
WEST_HOST = keeper(Role.STATION_HOST, WEST)
EAST_HOST = keeper(Role.STATION_HOST, EAST)
ANONYMOUS = Actor("anonymous", None, DISTRICT)


async def open_generation(conn: Connection) -> int:
    """Make an active generation without areas: stations only refer to it."""
    generation_id: int = await conn.fetchval(
        """
        insert into generation (district_id, status, created_at, created_by, activated_at, activated_by)
        values (1, 'active', $1, 'test', $1, 'test') returning id
        """,
        START,
    )
    return generation_id


def locate_in(generation_id: int) -> Locate:
    """West of 120.2° lies the one area, east of it the other, beyond 121° none."""

    def find(point: Point) -> Located:
        if point.lon > 121:
            return Located(None, (), None, generation_id, needs_confirmation=True, reason=Reason.OUTSIDE)
        path = WEST if point.lon < 120.2 else EAST
        area = AreaRef(path[-3:], path[-3:], "community", path, ("区", path[-3:]))
        return Located(area, (area.code,), 500.0, generation_id, needs_confirmation=False, reason=Reason.INSIDE)

    return find


def draft(name: str = "湾畔驿站", *, lon: float = 120.18, lat: float = 35.96, **fields: object) -> StationDraft:
    """A station in the western area, open by day, with water and food heating."""
    values: dict[str, object] = {
        "name": name,
        "received": Received(lon, lat, Datum.WGS84),
        "hours_typed": "08:00-18:00",
        "amenities": (StationAmenity("drinking_water"), StationAmenity("food_heating")),
    }
    return StationDraft(**values | fields)  # type: ignore[arg-type]


async def enter(conn: Connection, locate: Locate, wanted: StationDraft | None = None) -> Station:
    return await create(conn, actor=ADMIN, draft=wanted or draft(), locate=locate, now=START)
