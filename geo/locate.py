"""Point → leaf area: which one covers it, which others come in question, and how far the nearest line is.

The index is immutable and holds one generation in memory. A point off every line is settled by counting the lines on
the way from a place whose areas are known; within the tolerance of a line GEOS says who covers it, the line included.
"""

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import shapely

from geo.fabric import BoolArray, FloatArray, IntArray, Numbers, Polygons, read_fabric
from geo.frame import frames_at, metres_per_degree
from geo.models import AreaRef, Located, Point, Reason
from geo.quadtree import ASK, UNSETTLED, build_quadtree

DEFAULT_TOLERANCE_M = 1.0
DEFAULT_NEAREST_LIMIT_M = 100.0

# Nearest lines that differ by less than this are equally near: the smaller code decides.
_EQUALLY_NEAR_M = 1e-6
# GEOS answers faster about shapes of more points than this once they are prepared.
_PREPARE_OVER_POINTS = 16
# More at once and the arrays outgrow the cache and the allocator's small blocks.
_POINTS_AT_ONCE = 4_096
# Square degrees: less than this from zero, rounding may have chosen the side. Some hundred times what it can amount to.
_NEAR_CORNER = 1e-12
_REASONS = tuple(Reason)
_read_line = struct.Struct("4d").unpack_from


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


class _Pairs(NamedTuple):
    """Places with the edges of their cells: where the edge starts as seen from the place, and its step, in degrees."""

    belongs: Numbers
    edges: IntArray
    x: FloatArray
    y: FloatArray
    dx: FloatArray
    dy: FloatArray

    def only(self, wanted: BoolArray) -> Self:
        """Leave out pairs that are not wanted."""
        belongs, edges, x, y, dx, dy = self
        return type(self)(belongs[wanted], edges[wanted], x[wanted], y[wanted], dx[wanted], dy[wanted])


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
        # One row an edge, so that each costs one miss of the processor's cache: start and step in degrees.
        self._lines = np.column_stack(
            [fabric.lon, fabric.lat, fabric.end_lon - fabric.lon, fabric.end_lat - fabric.lat]
        )
        self._first, self._second = fabric.first, fabric.second
        # Indexing a memoryview gives plain Python numbers, three times as fast as indexing an array.
        self._line_bytes = self._lines.data
        self._table, self._child, self._owner = tree.table.data, tree.child.data, tree.owner.data
        self._edge_starts, self._edge_items = tree.edges.starts.data, tree.edges.items.data
        self._middle_starts, self._middle_items = tree.middle.starts.data, tree.middle.items.data
        self._middle_lon, self._middle_lat = tree.middle_lon.data, tree.middle_lat.data
        self._owner_first, self._owner_second = fabric.first.data, fabric.second.data
        self._columns_per_degree = 2**tree.depth / tree.width
        self._rows_per_degree = 2**tree.depth / tree.height
        self._number_of = {area.code: number for number, area in enumerate(areas)}
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
        return self._lines.nbytes + self._first.nbytes + self._second.nbytes + self._tree.nbytes()

    def locate(self, point: Point | None) -> Located:
        """Find the leaf area of a point. None and (0, 0) are no position and go to the duty desk."""
        if point is None or (point.lon == 0.0 and point.lat == 0.0):
            return self._nowhere
        lon, lat = point.lon, point.lat
        cell = self._find_cell(lon, lat)
        if cell < 0:
            return self._far
        squares = self._measure(cell, lon, lat)
        metres = math.sqrt(min(squares))
        owner = self._owner[cell]
        if metres <= self.tolerance_m or owner == ASK:
            covering = self._ask(cell, lon, lat)
        else:
            covering = (owner,) if owner >= 0 else () if owner == -1 else self._follow(cell, lon, lat)
        if len(covering) == 1 and metres > self.tolerance_m:
            area = self.areas[covering[0]]
            return Located(area, (area.code,), metres, self.generation_id, False, Reason.INSIDE)
        return self._decide(cell, covering, metres, squares)

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
        pairs = self._pair(cells, lon, lat)
        metres = self._measure_many(pairs, lat)
        area, covering = self._cover_many(cells, lon, lat, pairs)
        far = metres > self.tolerance_m
        inside = far & (covering == 1)
        outside = far & (covering == 0) & (metres > self.nearest_limit_m)
        answer.metres_to_line[rows] = metres
        answer.area[rows] = np.where(outside, -1, area)
        answer.needs_confirmation[rows] = ~inside
        answer.reason[rows[inside]] = _REASONS.index(Reason.INSIDE)
        for place in np.flatnonzero(~inside & ~outside).tolist():
            row = int(rows[place])
            located = answer.special[row] = self.locate(Point(float(lon[place]), float(lat[place])))
            answer.needs_confirmation[row] = located.needs_confirmation
            answer.reason[row] = _REASONS.index(located.reason)
            answer.area[row] = -1 if located.area is None else self._number_of[located.area.code]

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

    def _measure(self, cell: int, lon: float, lat: float) -> list[float]:
        """Give the square metres to each edge of a place's cell. The sums of `_measure_many`, in floats for speed."""
        east, bend, north = metres_per_degree(lat)
        bend /= east * north
        lines = self._line_bytes
        squares = []
        for edge in self._edge_items[self._edge_starts[cell] : self._edge_starts[cell + 1]]:
            x, y, dx, dy = _read_line(lines, edge * 32)
            x, y = (x - lon) * east, (y - lat) * north
            dx, dy = dx * east, dy * north
            t = -(x * dx + y * dy) / (dx * dx + dy * dy)
            if t > 0.0:
                if t > 1.0:
                    t = 1.0
                x += t * dx
                y += t * dy
            x -= bend * x * y
            squares.append(x * x + y * y)
        return squares

    def _pair(self, cells: Numbers, lon: FloatArray, lat: FloatArray) -> _Pairs:
        belongs, edges = self._tree.edges.of(cells)
        x, y, dx, dy = self._lines.take(edges, axis=0).T
        return _Pairs(belongs, edges, x - lon[belongs], y - lat[belongs], dx, dy)

    def _measure_many(self, pairs: _Pairs, lat: FloatArray) -> FloatArray:
        """Give the metres from each place to its nearest line."""
        frames = frames_at(lat)
        bend = (frames.bend / (frames.east * frames.north))[pairs.belongs]
        east, north = frames.east[pairs.belongs], frames.north[pairs.belongs]
        x, y = pairs.x * east, pairs.y * north
        dx, dy = pairs.dx * east, pairs.dy * north
        t = np.clip(-(x * dx + y * dy) / (dx * dx + dy * dy), 0.0, 1.0)
        x += t * dx
        y += t * dy
        x -= bend * x * y
        starts = np.flatnonzero(np.diff(pairs.belongs, prepend=-1))
        nearest: FloatArray = np.sqrt(np.minimum.reduceat(x * x + y * y, starts))
        return nearest

    def _ask(self, cell: int, lon: float, lat: float) -> Sequence[int]:
        """Ask GEOS which areas cover a place, in the order of their codes."""
        owner = self._owner[cell]
        if owner >= -1:
            return (owner,) if owner >= 0 else ()
        areas = self._tree.areas
        asked = areas.items[areas.starts[cell] : areas.starts[cell + 1]]
        covering: list[int] = asked[shapely.intersects_xy(self._polygons[asked], lon, lat)].tolist()
        return covering

    def _follow(self, cell: int, lon: float, lat: float) -> Sequence[int]:
        """Find the areas that cover a place off every line: each line on the way from the cell's middle changes them.

        Where the way passes so near a corner that rounding could decide, GEOS is asked.
        """
        way_x, way_y = lon - self._middle_lon[cell], lat - self._middle_lat[cell]
        lines = self._line_bytes
        covering = set(self._middle_items[self._middle_starts[cell] : self._middle_starts[cell + 1]])
        for edge in self._edge_items[self._edge_starts[cell] : self._edge_starts[cell + 1]]:
            x, y, dx, dy = _read_line(lines, edge * 32)
            x, y = x - lon, y - lat
            start, turn = way_x * y - way_y * x, way_x * dy - way_y * dx
            end = start + turn
            if -_NEAR_CORNER < start < _NEAR_CORNER or -_NEAR_CORNER < end < _NEAR_CORNER:
                return self._ask(cell, lon, lat)
            if (start > 0.0) != (end > 0.0):
                side = dy * x - dx * y
                if (side > 0.0) != (side + turn > 0.0):
                    covering ^= {self._owner_first[edge], self._owner_second[edge]}
        covering.discard(-1)
        return sorted(covering)

    def _cover_many(
        self, cells: Numbers, lon: FloatArray, lat: FloatArray, pairs: _Pairs
    ) -> tuple[IntArray, npt.NDArray[np.intp]]:
        """Give the first covering area of each place (−1 for none), and how many cover it; −1 where GEOS must say."""
        area: IntArray = self._tree.owner[cells]
        covering = (area >= 0).astype(np.int64)
        unsettled = np.flatnonzero(area == UNSETTLED)
        covering[area == ASK] = -1
        is_unsettled = np.zeros(len(cells), bool)
        is_unsettled[unsettled] = True
        belongs, edges, x, y, dx, dy = pairs.only(is_unsettled[pairs.belongs])
        way_x, way_y = (lon - self._tree.middle_lon[cells])[belongs], (lat - self._tree.middle_lat[cells])[belongs]
        start, turn = way_x * y - way_y * x, way_x * dy - way_y * dx
        end, side = start + turn, dy * x - dx * y
        crossed = ((start > 0.0) != (end > 0.0)) & ((side > 0.0) != (side + turn > 0.0))
        doubtful = (np.abs(start) < _NEAR_CORNER) | (np.abs(end) < _NEAR_CORNER)
        middle_rows, middle_areas = self._tree.middle.of(cells[unsettled])
        first, second = self._first[edges[crossed]], self._second[edges[crossed]]
        row, number = _left_over(
            np.concatenate([unsettled[middle_rows], belongs[crossed], belongs[crossed]]),
            np.concatenate([middle_areas, first, second]),
            len(self.areas),
        )
        area[area < -1] = -1
        area[row[::-1]] = number[::-1]  # backwards, so that of several the first stays
        covering += np.bincount(row, minlength=len(cells))
        covering[belongs[doubtful]] = -1
        return area, covering

    def _decide(self, cell: int, covering: Sequence[int], metres: float, squares: list[float]) -> Located:
        """Choose where more than one area, or none, comes in question."""
        if not covering and metres > max(self.nearest_limit_m, self.tolerance_m):
            return Located(None, (), metres, self.generation_id, True, Reason.OUTSIDE)
        within = self._owners_within(cell, squares, self.tolerance_m)
        chosen = covering[0] if covering else min(self._owners_within(cell, squares, metres + _EQUALLY_NEAR_M))
        others = sorted(within.union(covering) - {chosen})
        candidates = tuple([self.areas[number].code for number in (chosen, *others)])
        if not covering:
            reason = Reason.NEAREST
        elif not others:
            reason = Reason.INSIDE
        else:
            reason = Reason.ON_LINE if metres <= self.tolerance_m else Reason.OVERLAP
        return Located(self.areas[chosen], candidates, metres, self.generation_id, reason is not Reason.INSIDE, reason)

    def _owners_within(self, cell: int, squares: list[float], metres: float) -> set[int]:
        """Give the owners of those edges of a cell that are within `metres`."""
        first = self._edge_starts[cell]
        near = [self._edge_items[first + n] for n, square in enumerate(squares) if square <= metres * metres]
        return {owner for edge in near for owner in (self._owner_first[edge], self._owner_second[edge]) if owner >= 0}


def _left_over(rows: Numbers, numbers: IntArray, count: int) -> tuple[Numbers, IntArray]:
    """Give in order the (row, number) pairs that occur an odd number of times; negative numbers count for nothing."""
    keys, times = np.unique((rows * count + numbers)[numbers >= 0], return_counts=True)
    odd = keys[times % 2 == 1]
    return odd // count, (odd % count).astype(np.int32)


def _prepare(polygons: Polygons) -> None:
    """Prepare large shapes and make GEOS build what it builds at the first question, before threads may share it."""
    large = polygons[shapely.get_num_coordinates(polygons) > _PREPARE_OVER_POINTS]
    shapely.prepare(large)
    inner = shapely.point_on_surface(large)
    shapely.intersects_xy(large, shapely.get_x(inner), shapely.get_y(inner))
