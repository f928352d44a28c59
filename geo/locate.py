"""Point → leaf area: which one covers it, which others come in question, and how far the nearest line is.

The index is immutable and holds one generation in memory. Whether an area covers a point is always GEOS's answer on
the exact shape, the line included; the quadtree only says whom to ask.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import shapely

from geo.fabric import BoolArray, FloatArray, IntArray, Numbers, Polygons, read_fabric
from geo.frame import Frame, Frames, frame_at, frames_at
from geo.models import AreaRef, Located, Point, Reason
from geo.quadtree import UNSETTLED, build_quadtree

DEFAULT_TOLERANCE_M = 1.0
DEFAULT_NEAREST_LIMIT_M = 100.0

# Nearest lines that differ by less than this are equally near: the smaller code decides.
_EQUALLY_NEAR_M = 1e-6
# GEOS answers faster about shapes of more points than this once they are prepared.
_PREPARE_OVER_POINTS = 16
_POINTS_AT_ONCE = 16_384
_REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True)
class LocatedMany:
    """What locating many points answers, as arrays; `row` gives one as `Located`.

    `area` numbers `areas`, −1 for none; `metres_to_line` is NaN where unknown; `special` holds the rows that are
    not plainly inside one area or outside all.
    """

    areas: Sequence[AreaRef]
    generation_id: int | None
    area: IntArray
    metres_to_line: FloatArray
    needs_confirmation: BoolArray
    reason: npt.NDArray[np.uint8]
    special: dict[int, Located]

    def __len__(self) -> int:
        return len(self.area)

    def __iter__(self) -> Iterator[Located]:
        return (self.row(number) for number in range(len(self)))

    def row(self, number: int) -> Located:
        """Give the answer for the point in place `number`."""
        if (special := self.special.get(number)) is not None:
            return special
        area = self.areas[self.area[number]] if self.area[number] >= 0 else None
        metres = float(self.metres_to_line[number])
        return Located(
            area,
            () if area is None else (area.code,),
            None if math.isnan(metres) else metres,
            self.generation_id,
            bool(self.needs_confirmation[number]),
            _REASONS[self.reason[number]],
        )


class AreaIndex:
    """The leaf areas of one generation, sorted by code, ready to locate points. Made by `AreaIndex.build`."""

    def __init__(
        self,
        areas: Sequence[AreaRef],
        polygons: Polygons,
        *,
        generation_id: int | None,
        tolerance_m: float,
        nearest_limit_m: float,
    ) -> None:
        self.areas = areas
        self.generation_id = generation_id
        self.tolerance_m = tolerance_m
        self.nearest_limit_m = nearest_limit_m
        self._polygons = polygons
        fabric = read_fabric(polygons)
        self._tree = tree = build_quadtree(polygons, fabric, tolerance_m=tolerance_m)
        self._lon, self._lat = fabric.lon, fabric.lat
        self._step_lon, self._step_lat = fabric.end_lon - fabric.lon, fabric.end_lat - fabric.lat
        self._first, self._second = fabric.first, fabric.second
        # Indexing a memoryview gives plain Python numbers, three times as fast as indexing an array.
        self._lines = (self._lon.data, self._lat.data, self._step_lon.data, self._step_lat.data)
        self._table, self._child, self._owner = tree.table.data, tree.child.data, tree.owner.data
        self._edge_starts, self._edge_items = tree.edges.starts.data, tree.edges.items.data
        self._columns_per_degree = 2**tree.depth / tree.width
        self._rows_per_degree = 2**tree.depth / tree.height
        self._nowhere = Located(None, (), None, generation_id, True, Reason.NO_POSITION)
        self._far = Located(None, (), None, generation_id, True, Reason.OUTSIDE)

    @classmethod
    def build(
        cls,
        areas: Sequence[AreaRef],
        polygons: Polygons,
        *,
        generation_id: int | None = None,
        tolerance_m: float = DEFAULT_TOLERANCE_M,
        nearest_limit_m: float = DEFAULT_NEAREST_LIMIT_M,
    ) -> Self:
        """Build the index of leaf `areas` and their WGS-84 `polygons` (valid Polygon or MultiPolygon, same order).

        Some 6 s for 100,000 grids; may run in a thread. A point outside every area is given to the nearest within
        `nearest_limit_m`.
        """
        order = sorted(range(len(areas)), key=lambda number: areas[number].code)
        shapes = np.asarray(polygons, dtype=object)[order]
        _prepare(shapes)
        return cls(
            tuple(areas[number] for number in order),
            shapes,
            generation_id=generation_id,
            tolerance_m=tolerance_m,
            nearest_limit_m=nearest_limit_m,
        )

    def __len__(self) -> int:
        return len(self.areas)

    def nbytes(self) -> int:
        """Tell how much memory cells and lines take; shapes and names not counted."""
        arrays = (self._lon, self._lat, self._step_lon, self._step_lat, self._first, self._second)
        return sum(array.nbytes for array in arrays) + self._tree.nbytes()

    def locate(self, point: Point | None) -> Located:
        """Find the leaf area of a point. None and (0, 0) are no position and go to the duty desk."""
        if point is None or (point.lon == 0.0 and point.lat == 0.0):
            return self._nowhere
        lon, lat = point.lon, point.lat
        cell = self._find_cell(lon, lat)
        if cell < 0:
            return self._far
        metres = self._measure(cell, lon, lat)
        owner = self._owner[cell]
        covering = [owner] if owner >= 0 else self._covering(cell, lon, lat) if owner == UNSETTLED else []
        if len(covering) == 1 and metres > self.tolerance_m:
            area = self.areas[covering[0]]
            return Located(area, (area.code,), metres, self.generation_id, False, Reason.INSIDE)
        return self._decide(cell, lon, lat, covering, metres)

    def locate_many(self, lons: FloatArray, lats: FloatArray) -> LocatedMany:
        """Locate points given as arrays of degrees. NaN, impossible and (0, 0) positions are no position."""
        lons, lats = np.asarray(lons, np.float64), np.asarray(lats, np.float64)
        count = len(lons)
        answer = LocatedMany(
            areas=self.areas,
            generation_id=self.generation_id,
            area=np.full(count, -1, np.int32),
            metres_to_line=np.full(count, np.nan),
            needs_confirmation=np.ones(count, bool),
            reason=np.full(count, _REASONS.index(Reason.NO_POSITION), np.uint8),
            special={},
        )
        given = (np.abs(lons) <= 180.0) & (np.abs(lats) <= 90.0) & ((lons != 0.0) | (lats != 0.0))
        answer.reason[given] = _REASONS.index(Reason.OUTSIDE)
        rows = np.flatnonzero(given)
        for start in range(0, len(rows), _POINTS_AT_ONCE):
            self._locate_rows(rows[start : start + _POINTS_AT_ONCE], lons, lats, answer)
        return answer

    def _locate_rows(self, rows: Numbers, lons: FloatArray, lats: FloatArray, answer: LocatedMany) -> None:
        cells = self._find_cells(lons[rows], lats[rows])
        rows, cells = rows[cells >= 0], cells[cells >= 0]
        if not len(rows):
            return
        lon, lat = lons[rows], lats[rows]
        metres = self._measure_many(cells, lon, lat)
        area, covering = self._cover_many(cells, lon, lat)
        inside = (covering == 1) & (metres > self.tolerance_m)
        outside = (covering == 0) & (metres > self.nearest_limit_m) & (metres > self.tolerance_m)
        answer.metres_to_line[rows] = metres
        answer.area[rows] = np.where(outside, -1, area)
        answer.needs_confirmation[rows] = ~inside
        answer.reason[rows[inside]] = _REASONS.index(Reason.INSIDE)
        for place in np.flatnonzero(~inside & ~outside).tolist():
            row = int(rows[place])
            located = answer.special[row] = self.locate(Point(float(lon[place]), float(lat[place])))
            answer.needs_confirmation[row] = located.needs_confirmation
            answer.reason[row] = _REASONS.index(located.reason)
            answer.area[row] = self._number(located.area)

    def _number(self, area: AreaRef | None) -> int:
        if area is None:
            return -1
        low, high = 0, len(self.areas)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.areas[middle].code < area.code else (low, middle)
        return low

    def _find_cell(self, lon: float, lat: float) -> int:
        """Give the cell without children that holds a place, −1 beyond the tree."""
        tree = self._tree
        column = math.floor((lon - tree.west) * self._columns_per_degree)
        row = math.floor((lat - tree.south) * self._rows_per_degree)
        shift = tree.depth
        if (column | row) >> shift:  # negative numbers shift to −1
            return -1
        shift -= tree.table_depth
        cell: int = self._table[(row >> shift) << tree.table_depth | column >> shift]
        while (child := self._child[cell]) >= 0:
            shift -= 1
            cell = child + (row >> shift & 1) * 2 + (column >> shift & 1)
        return cell

    def _find_cells(self, lons: FloatArray, lats: FloatArray) -> Numbers:
        tree = self._tree
        column: Numbers = np.floor((lons - tree.west) * self._columns_per_degree).astype(np.int64)
        row: Numbers = np.floor((lats - tree.south) * self._rows_per_degree).astype(np.int64)
        beyond = ((column | row) >> tree.depth) != 0
        column[beyond] = row[beyond] = 0
        shift = tree.depth - tree.table_depth
        cell: Numbers = tree.table[(row >> shift) << tree.table_depth | column >> shift].astype(np.int64)
        child = tree.child[cell]
        while len(deeper := np.flatnonzero(child >= 0)):
            shift -= 1
            quadrant = (row[deeper] >> shift & 1) * 2 + (column[deeper] >> shift & 1)
            cell[deeper] = child[deeper] + quadrant
            child[deeper] = tree.child[cell[deeper]]
        cell[beyond] = -1
        return cell

    def _measure(self, cell: int, lon: float, lat: float) -> float:
        """Give the metres from a place to the nearest line. The same sums as `_distances`, for speed in floats."""
        east, bend, north = frame_at(lat)
        east2, north2 = east * east, north * north
        lons, lats, steps_lon, steps_lat = self._lines
        nearest = math.inf
        for edge in self._edge_items[self._edge_starts[cell] : self._edge_starts[cell + 1]]:
            x, y = lons[edge] - lon, lats[edge] - lat
            dx, dy = steps_lon[edge], steps_lat[edge]
            t = -(x * dx * east2 + y * dy * north2) / (dx * dx * east2 + dy * dy * north2)
            if t > 0.0:
                if t > 1.0:
                    t = 1.0
                x, y = x + t * dx, y + t * dy
            x *= east - bend * y
            y *= north
            distance2 = x * x + y * y
            if distance2 < nearest:
                nearest = distance2
        return math.sqrt(nearest)

    def _distances(
        self, edges: IntArray, lon: FloatArray | float, lat: FloatArray | float, frame: Frames | Frame
    ) -> FloatArray:
        """Give the metres from places to one edge each."""
        x, y = self._lon[edges] - lon, self._lat[edges] - lat
        dx, dy = self._step_lon[edges], self._step_lat[edges]
        east2, north2 = frame.east * frame.east, frame.north * frame.north
        t = -(x * dx * east2 + y * dy * north2) / (dx * dx * east2 + dy * dy * north2)
        np.clip(t, 0.0, 1.0, out=t)
        x, y = x + t * dx, y + t * dy
        x *= frame.east - frame.bend * y
        y *= frame.north
        distances: FloatArray = np.sqrt(x * x + y * y)
        return distances

    def _measure_many(self, cells: Numbers, lon: FloatArray, lat: FloatArray) -> FloatArray:
        belongs, edges = self._tree.edges.of(cells)
        frames = Frames(*(values[belongs] for values in frames_at(lat)))
        starts = np.flatnonzero(np.diff(belongs, prepend=-1))
        nearest: FloatArray = np.minimum.reduceat(self._distances(edges, lon[belongs], lat[belongs], frames), starts)
        return nearest

    def _covering(self, cell: int, lon: float, lat: float) -> list[int]:
        """Ask GEOS which of the areas of a cell cover a place, in the order of their codes."""
        areas = self._tree.areas
        asked = areas.items[areas.starts[cell] : areas.starts[cell + 1]]
        covering: list[int] = asked[shapely.intersects_xy(self._polygons[asked], lon, lat)].tolist()
        return covering

    def _cover_many(self, cells: Numbers, lon: FloatArray, lat: FloatArray) -> tuple[IntArray, IntArray]:
        """Give the first covering area of each place (−1 for none), and how many cover it."""
        area = self._tree.owner[cells]
        unsettled = np.flatnonzero(area == UNSETTLED)
        covering = (area >= 0).astype(np.int32)
        belongs, asked = self._tree.areas.of(cells[unsettled])
        places = unsettled[belongs]
        covers = shapely.intersects_xy(self._polygons[asked], lon[places], lat[places])
        area[unsettled] = -1
        # Written backwards, so that of several the first, with the smallest code, stays.
        area[places[covers][::-1]] = asked[covers][::-1]
        covering += np.bincount(places[covers], minlength=len(cells)).astype(np.int32)
        return area, covering

    def _decide(self, cell: int, lon: float, lat: float, covering: list[int], metres: float) -> Located:
        """Choose where more than one area, or none, comes in question."""
        if not covering and metres > max(self.nearest_limit_m, self.tolerance_m):
            return Located(None, (), metres, self.generation_id, True, Reason.OUTSIDE)
        edges = self._tree.edges.items[self._edge_starts[cell] : self._edge_starts[cell + 1]]
        distances = self._distances(edges, lon, lat, frame_at(lat))
        within = self._owners_of(edges[distances <= self.tolerance_m])
        chosen = covering[0] if covering else self._owners_of(edges[distances <= metres + _EQUALLY_NEAR_M])[0]
        others = sorted({*covering, *within} - {chosen})
        candidates = tuple(self.areas[number].code for number in (chosen, *others))
        if not covering:
            reason = Reason.NEAREST
        elif not others:
            reason = Reason.INSIDE
        else:
            reason = Reason.ON_LINE if metres <= self.tolerance_m else Reason.OVERLAP
        return Located(self.areas[chosen], candidates, metres, self.generation_id, reason is not Reason.INSIDE, reason)

    def _owners_of(self, edges: IntArray) -> list[int]:
        return sorted({*self._first[edges].tolist(), *self._second[edges].tolist()} - {-1})


def _prepare(polygons: Polygons) -> None:
    """Prepare large shapes and make GEOS build what it builds at the first question, before threads may share it."""
    large = polygons[shapely.get_num_coordinates(polygons) > _PREPARE_OVER_POINTS]
    shapely.prepare(large)
    inner = shapely.point_on_surface(large)
    shapely.intersects_xy(large, shapely.get_x(inner), shapely.get_y(inner))
