"""Made-up leaf areas, and locating by brute force: every shape asked, every distance measured another way."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo.models import AreaRef, Point

EARTH_A, EARTH_E2 = 6378137.0, 0.0066943799901413165
TOLERANCE_M = 1.0


def refs(count: int, seed: int = 0) -> list[AreaRef]:
    """Name areas with codes in no particular order."""
    codes = np.random.default_rng(seed).permutation(count)
    return [AreaRef(f"{c:06d}", f"网格{c}", "grid", f"37/{c:06d}", ("区", f"网格{c}")) for c in codes.tolist()]


def chequered(
    columns: int, rows: int, *, west: float = 120.1, south: float = 35.9, step: float = 0.003
) -> list[object]:
    """Cut a rectangle into equal ones that share their corners exactly."""
    xs, ys = west + np.arange(columns + 1) * step, south + np.arange(rows + 1) * step
    return [
        shapely.box(xs[i], ys[j], xs[i + 1], ys[j + 1])
        for j in range(rows)
        for i in range(columns)
    ]  # fmt: skip


def voronoi(count: int, seed: int) -> list[object]:
    """Cut a rectangle into irregular areas that share their lines exactly."""
    rng = np.random.default_rng(seed)
    places = shapely.multipoints(rng.uniform((120.0, 35.8), (120.2, 35.95), (count, 2)))
    frame = shapely.box(119.98, 35.78, 120.22, 35.97)
    cells = shapely.get_parts(shapely.voronoi_polygons(places, extend_to=frame))
    kept = shapely.intersection(cells, frame)
    return [cell for cell in kept.tolist() if cell.area > 0]


def scattered(count: int, seed: int) -> list[object]:
    """Draw star-shaped areas, some with holes, some in two parts, that overlap and leave gaps."""
    rng = np.random.default_rng(seed)
    drawn: list[object] = []
    for number in range(count):
        centre, size = rng.uniform((120.0, 35.8), (120.08, 35.86)), rng.uniform(0.002, 0.02)
        angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 30)))
        ring = centre + size * rng.uniform(0.5, 1.0, (len(angles), 1)) * np.c_[np.cos(angles), np.sin(angles)]
        star = shapely.make_valid(shapely.Polygon(ring), method="structure")
        if number % 3 == 0:
            star = star.difference(shapely.box(*(centre - size / 8), *(centre + size / 8)))
        if number % 4 == 0:
            star = star.union(shapely.box(*(centre + 0.025), *(centre + 0.025 + size / 4)))
        if not star.is_empty and star.geom_type in ("Polygon", "MultiPolygon"):
            drawn.append(star)
    return drawn


@dataclass(frozen=True, slots=True)
class Expected:
    """What brute force says of a place: the metres to each area, to the nearest line, and who covers it."""

    metres_to_area: npt.NDArray[np.float64]
    metres_to_line: float
    covering: frozenset[str]


class BruteForce:
    """Measures in the tangent plane of each place, from Earth-centred coordinates: right to 1 mm within 5 km."""

    def __init__(self, areas: list[AreaRef], polygons: list[object]) -> None:
        self.codes = [area.code for area in areas]
        self.polygons = np.array(polygons, dtype=object)
        # Straight in degrees is not straight on the ground: short pieces make the difference vanish.
        self.lines = shapely.segmentize(shapely.boundary(self.polygons), 0.0004)

    def ask(self, point: Point) -> Expected:
        """Measure from one place to everything."""
        plane = shapely.transform(self.lines, lambda xy: tangent(xy, point))
        metres = shapely.distance(plane, shapely.Point(0, 0))
        covers = shapely.intersects_xy(self.polygons, point.lon, point.lat)
        covering = frozenset(code for code, yes in zip(self.codes, covers, strict=True) if yes)
        return Expected(np.where(covers, 0.0, metres), float(metres.min()), covering)


def ecef(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give Earth-centred metres of WGS-84 degrees."""
    x, y = np.radians(lon), np.radians(lat)
    n = EARTH_A / np.sqrt(1 - EARTH_E2 * np.sin(y) ** 2)
    return np.column_stack([n * np.cos(y) * np.cos(x), n * np.cos(y) * np.sin(x), n * (1 - EARTH_E2) * np.sin(y)])


def tangent(xy: npt.NDArray[np.float64], point: Point) -> npt.NDArray[np.float64]:
    """Give metres east and north of `point` in the plane that touches the ellipsoid there."""
    x, y = np.radians(point.lon), np.radians(point.lat)
    away = ecef(xy[:, 0], xy[:, 1]) - ecef(np.array([point.lon]), np.array([point.lat]))
    east = np.array([-np.sin(x), np.cos(x), 0.0])
    north = np.array([-np.sin(y) * np.cos(x), -np.sin(y) * np.sin(x), np.cos(y)])
    return np.column_stack([away @ east, away @ north])


def telling_places(polygons: list[object], count: int, seed: int, *, margin: float = 0.02) -> list[Point]:
    """Choose places where mistakes show: anywhere near, on corners, on lines, and a step beside them."""
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(np.array(polygons, dtype=object))
    anywhere = rng.uniform((west - margin, south - margin), (east + margin, north + margin), (count, 2))
    corners = rng.permutation(shapely.get_coordinates(np.array(polygons, dtype=object)))[:count]
    lines = shapely.get_parts(shapely.boundary(np.array(polygons, dtype=object)))
    some = lines[rng.integers(0, len(lines), count)]
    on_lines = shapely.get_coordinates(shapely.line_interpolate_point(some, rng.random(count), normalized=True))
    beside = on_lines + rng.normal(0, 1e-5, on_lines.shape)
    return [Point(lon, lat) for lon, lat in np.concatenate([anywhere, corners, on_lines, beside]).tolist()]
