"""Locating in process: microseconds a point, one by one and in bulk, exactness against shapely and the geodesic.

Run: `python -m bench.locate [GRIDS …]` (3,000 and 100,000 by default). Every point is also asked of a shapely STRtree;
metres to the line are compared with the geodesic on some.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import shapely
from geopy.distance import geodesic
from scipy.optimize import minimize_scalar

from geo.locate import AreaIndex, LocatedMany
from geo.models import AreaRef, Point

STEP = 0.003  # about 300 m
POINTS, ALONE, MEASURED = 200_000, 20_000, 100
METRE = 1 / 111_000

Places = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]


def make_grids(count: int, *, bent: float) -> Shapes:
    """Cut a rectangle near Qingdao into grids that share their corners; `bent` moves these by that part of a step."""
    columns = int(count**0.5)
    rows = count // columns
    rng = np.random.default_rng(1)
    x, y = np.meshgrid(120.0 + np.arange(columns + 1) * STEP, 35.7 + np.arange(rows + 1) * STEP * 0.8)
    corners = np.dstack([x, y]) + rng.uniform(-bent, bent, (*x.shape, 2)) * STEP
    around = (corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1], corners[:-1, :-1])
    shapes: Shapes = shapely.polygons(np.stack(around, axis=2).reshape(-1, 5, 2))
    return shapes


def make_places(shapes: Shapes, count: int, *, on_lines: float) -> Places:
    """Scatter places over the shapes and a little beyond; the part `on_lines` lies within half a metre of a line."""
    rng = np.random.default_rng(2)
    west, south, east, north = shapely.total_bounds(shapes)
    places = rng.uniform((west - STEP / 3, south - STEP / 3), (east + STEP / 3, north + STEP / 3), (count, 2))
    near = rng.random(count) < on_lines
    lines = shapely.boundary(shapes[rng.integers(0, len(shapes), near.sum())])
    feet = shapely.get_coordinates(shapely.line_interpolate_point(lines, rng.random(len(lines)), normalized=True))
    places[near] = feet + rng.uniform(-0.35, 0.35, feet.shape) * METRE
    return places


def microseconds(run: Callable[[], object], count: int, *, repeat: int = 9) -> float:
    """Give the time of the best run divided by `count`: others were disturbed by whatever else the machine does."""
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken) / count * 1e6


def count_wrong(tree: shapely.STRtree, places: Places, located: LocatedMany) -> int:
    """Count the points whose area is not the first that shapely says covers them."""
    asked, covering = tree.query(shapely.points(places), predicate="intersects")
    first = np.full(len(places), np.iinfo(np.int64).max)
    np.minimum.at(first, asked, covering)
    covered = first < np.iinfo(np.int64).max
    is_nearest = ~covered & (located.area >= 0) & ~located.needs_confirmation
    return int((located.area[covered] != first[covered]).sum() + is_nearest.sum())


def worst_metres(tree: shapely.STRtree, lines: Shapes, places: Places, located: LocatedMany) -> float:
    """Give the worst error of metres to the line against the geodesic, sought along every edge near."""
    worst = 0.0
    for place, metres in zip(places, located.metres_to_line, strict=True):
        near = tree.query(shapely.Point(place), predicate="dwithin", distance=metres * METRE * 1.5 + 1e-7)
        edges = {tuple(edge) for n in near for edge in _edges(lines[n])}
        worst = max(worst, abs(min(_geodesic_to(place, edge) for edge in edges) - metres))
    return worst


def _edges(line: shapely.Geometry) -> list[tuple[float, ...]]:
    xy = shapely.get_coordinates(line)
    return [tuple(edge) for edge in np.hstack([xy[:-1], xy[1:]]).tolist()]


def _geodesic_to(place: Places, edge: tuple[float, ...]) -> float:
    lon, lat, end_lon, end_lat = edge

    def metres(t: float) -> float:
        along = lat + t * (end_lat - lat), lon + t * (end_lon - lon)
        return float(geodesic(along, (place[1], place[0])).m)

    return float(min(minimize_scalar(metres, bounds=(0, 1), method="bounded", options={"xatol": 1e-9}).fun, metres(0)))


def report(shapes: Shapes, name: str) -> None:
    """Print a line for points anywhere and one for the mix of a real city, 8 % of them at a line."""
    areas = [AreaRef(f"{n:09d}", f"网格{n}", "grid", f"37/{n:09d}", ("区", f"网格{n}")) for n in range(len(shapes))]
    start = time.perf_counter()
    index = AreaIndex.build(areas, shapes, generation_id=1)
    built = f"built in {time.perf_counter() - start:.2f} s, {index.nbytes() / 1e6:.0f} MB besides shapes"
    lines = shapely.boundary(shapes)
    areas_tree, lines_tree = shapely.STRtree(shapes), shapely.STRtree(lines)
    print(f"\n{len(shapes):,} {name}, {built}")
    print(f"{'points':34}{'alone µs':>10}{'bulk µs':>9}{'STRtree µs':>12}{'wrong':>7}{'metres off':>12}")
    for on_lines in (0.0, 0.08):
        places = make_places(shapes, POINTS, on_lines=on_lines)
        lons, lats = np.ascontiguousarray(places[:, 0]), np.ascontiguousarray(places[:, 1])
        points = [Point(lon, lat) for lon, lat in places[:ALONE].tolist()]
        alone = microseconds(lambda points=points: [index.locate(p) for p in points], ALONE)  # type: ignore[misc]
        bulk = microseconds(lambda lons=lons, lats=lats: index.locate_many(lons, lats), POINTS)  # type: ignore[misc]
        asked = shapely.points(places)
        strtree = microseconds(lambda asked=asked: areas_tree.query(asked, predicate="intersects"), POINTS, repeat=3)  # type: ignore[misc]
        located = index.locate_many(lons, lats)
        assert [index.locate(p) for p in points[:2000]] == [located.row(n) for n in range(2000)]
        wrong = count_wrong(areas_tree, places, located)
        some = slice(0, MEASURED)
        off = worst_metres(lines_tree, lines, places[some], index.locate_many(lons[some], lats[some]))
        mix = "anywhere" if not on_lines else f"{on_lines:.0%} within 0.5 m of a line"
        print(f"{mix:34}{alone:10.2f}{bulk:9.2f}{strtree:12.2f}{wrong:7}{off:12.6f}", flush=True)


def main() -> None:
    """Print a table for each size, of square and of bent grids."""
    for count in [int(word) for word in sys.argv[1:] if word.isdigit()] or [3_000, 100_000]:
        report(make_grids(count, bent=0.0), "square grids")
        report(make_grids(count, bent=0.3), "bent grids")


if __name__ == "__main__":
    main()
