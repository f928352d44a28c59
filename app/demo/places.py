"""Points on the demonstration's ground: inside a community, on its line to a neighbour, outside the district."""

import numpy as np
import shapely

from app.demo.areas import EAST, NORTH, DemoArea
from app.demo.people import COMMUNITIES
from geo.models import Point


class Ground:
    """The shapes of the communities, asked for points."""

    def __init__(self, areas: list[DemoArea]) -> None:
        self._shapes = {area.code: area.shape for area in areas if area.code in COMMUNITIES}

    def point_inside(self, rng: np.random.Generator, community: str) -> Point:
        """Give a random point of the community."""
        shape = self._shapes[community]
        west, south, east, north = shape.bounds
        while True:
            lon, lat = float(rng.uniform(west, east)), float(rng.uniform(south, north))
            if shape.contains(shapely.Point(lon, lat)):
                return _rounded(lon, lat)

    def point_on_line(self, rng: np.random.Generator, community: str) -> Point:
        """Give a random point, within a centimetre, of the line between the community and one of its neighbours."""
        shape = self._shapes[community]
        shared = [
            line
            for code, other in self._shapes.items()
            if code != community and (line := shape.intersection(other)).length > 0
        ]
        line = shapely.line_merge(shared[int(rng.integers(0, len(shared)))])
        place = line.interpolate(float(rng.uniform(0.1, 0.9)), normalized=True)
        return _rounded(place.x, place.y)

    def point_outside(self) -> Point:
        """Give a point some two kilometres outside the district."""
        return Point(EAST + 0.02, NORTH + 0.01)


def _rounded(lon: float, lat: float) -> Point:
    return Point(round(lon, 7), round(lat, 7))
