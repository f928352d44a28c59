"""How near a place is to where a rider says he is, or to the way he says he goes. Pure, and remembers nothing."""

import math
from dataclasses import dataclass

from geo.frame import frame_at
from geo.models import Point

#: Where a rider is and where a task is are known to each other to so many decimals of a degree, some 100 m.
COARSE_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Way:
    """Where a rider is (WGS-84) and, if he said so, where he goes."""

    start: Point
    end: Point | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """The degrees between which everything near a way lies."""

    west: float
    south: float
    east: float
    north: float


def coarse(point: Point) -> Point:
    """Give a point to some 100 m: enough to go by, too little to tell a door."""
    return Point(round(point.lon, COARSE_DECIMALS), round(point.lat, COARSE_DECIMALS))


def metres_off(way: Way, place: Point) -> float:
    """Give the metres from `place` to the nearest point of the straight way, or to its start where it has no end."""
    frame = frame_at(place.lat)

    def to_metres(point: Point) -> tuple[float, float]:
        north = point.lat - place.lat
        return (point.lon - place.lon) * (frame.east - frame.bend * north), north * frame.north

    x, y = to_metres(way.start)
    if way.end is None:
        return math.hypot(x, y)
    along_x, along_y = to_metres(way.end)
    along_x, along_y = along_x - x, along_y - y
    length_2 = along_x * along_x + along_y * along_y
    share = 0.0 if length_2 == 0 else min(1.0, max(0.0, -(x * along_x + y * along_y) / length_2))
    return math.hypot(x + share * along_x, y + share * along_y)


def box_around(way: Way, metres: float) -> Box:
    """Give a box that holds every place within `metres` of the way, and a little more."""
    ends = [way.start] if way.end is None else [way.start, way.end]
    frame = frame_at(max(abs(point.lat) for point in ends))
    half_height = metres / frame.north * 1.01
    half_width = metres / max(frame.east, 1.0) * 1.01
    lons, lats = [point.lon for point in ends], [point.lat for point in ends]
    return Box(min(lons) - half_width, min(lats) - half_height, max(lons) + half_width, max(lats) + half_height)
