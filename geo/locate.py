"""Point → leaf area: which one covers it, which others come in question, and how far the nearest line is.

The index is immutable and holds one generation in memory. A point off every line is settled by counting the lines on
the way from a place whose areas are known; within the tolerance of a line GEOS says who covers it, the line included.
"""

import math
import struct
from collections.abc import Sequence
from typing import Self

import numpy as np
import shapely

from geo.fabric import FloatArray, Polygons
from geo.frame import metres_per_degree
from geo.leaves import EQUALLY_NEAR_M, NEAR_CORNER_M2, Leaves, prepare_leaves
from geo.locate_many import LocatedMany, locate_many
from geo.models import AreaRef, Located, Point, Reason
from geo.quadtree import ASK, UNSETTLED

DEFAULT_TOLERANCE_M = 1.0
DEFAULT_NEAREST_LIMIT_M = 100.0

_read_line = struct.Struct("4d").unpack_from


class AreaIndex:
    """The leaf areas of one generation, sorted by code, ready to locate points. Made by `AreaIndex.build`."""

    def __init__(self, leaves: Leaves) -> None:
        self._leaves = leaves
        self.areas = leaves.areas
        self.generation_id = leaves.generation_id
        self._tolerance_m = leaves.tolerance_m
        self._nearest_limit_m = max(leaves.nearest_limit_m, leaves.tolerance_m)
        tree = self._tree = leaves.tree
        # Indexing a memoryview gives plain Python numbers, three times as fast as indexing an array.
        self._lines, self._first, self._second = leaves.lines.data, leaves.first.data, leaves.second.data
        self._table, self._child, self._owner = tree.table.data, tree.child.data, tree.owner.data
        self._edge_starts, self._edge_items = tree.edges.starts.data, tree.edges.items.data
        self._middle_starts, self._middle_items = tree.middle.starts.data, tree.middle.items.data
        self._middle_lon, self._middle_lat = tree.middle_lon.data, tree.middle_lat.data
        self._columns_per_degree, self._rows_per_degree = tree.columns_per_degree, tree.rows_per_degree
        self._nowhere = Located(None, (), None, self.generation_id, True, Reason.NO_POSITION)
        self._far = Located(None, (), None, self.generation_id, True, Reason.OUTSIDE)

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
        return cls(
            prepare_leaves(
                areas,
                polygons,
                generation_id=generation_id,
                tolerance_m=tolerance_m,
                nearest_limit_m=nearest_limit_m,
            )
        )

    def __len__(self) -> int:
        return len(self.areas)

    def nbytes(self) -> int:
        """Tell how much memory cells and lines take; shapes and names not counted."""
        return self._leaves.nbytes()

    def locate(self, point: Point | None) -> Located:
        """Find the leaf area of a point. None and (0, 0) are no position and go to the duty desk."""
        if point is None or (point.lon == 0.0 and point.lat == 0.0):
            return self._nowhere
        lon, lat = point.lon, point.lat
        cell = self._find_cell(lon, lat)
        if cell < 0:
            return self._far
        squares, covering = self._look(cell, lon, lat)
        metres = math.sqrt(min(squares))
        if covering is None or metres <= self._tolerance_m:
            covering = self._ask(cell, lon, lat)
        if len(covering) == 1 and metres > self._tolerance_m:
            area = self.areas[covering[0]]
            return Located(area, (area.code,), metres, self.generation_id, False, Reason.INSIDE)
        return self._decide(cell, covering, metres, squares)

    def locate_many(self, lons: FloatArray, lats: FloatArray) -> LocatedMany:
        """Locate points given as arrays of degrees. NaN, impossible and (0, 0) positions are no position."""
        return locate_many(self._leaves, np.asarray(lons, np.float64), np.asarray(lats, np.float64))

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

    def _look(self, cell: int, lon: float, lat: float) -> tuple[list[float], Sequence[int] | None]:
        """Give the square metres to each edge of a place's cell, and the areas that cover it if it is off every line.

        Each edge crossed on the way from the middle of the cell changes them. None where GEOS must be asked: the way
        passes so near a corner that rounding could decide.
        """
        east, bend, north = metres_per_degree(lat)
        bend /= east * north
        lines, squares, owner = self._lines, [], self._owner[cell]
        covering: Sequence[int] | None = (owner,) if owner >= 0 else ()
        way_x = way_y = 0.0
        if owner == UNSETTLED:
            way_x, way_y = (lon - self._middle_lon[cell]) * east, (lat - self._middle_lat[cell]) * north
            covering = self._middle_items[self._middle_starts[cell] : self._middle_starts[cell + 1]].tolist()
        elif owner == ASK:
            covering = None
        follows, near, minus_near = owner == UNSETTLED, NEAR_CORNER_M2, -NEAR_CORNER_M2
        for edge in self._edge_items[self._edge_starts[cell] : self._edge_starts[cell + 1]]:
            x, y, dx, dy = _read_line(lines, edge * 32)
            x, y, dx, dy = (x - lon) * east, (y - lat) * north, dx * east, dy * north
            if follows:
                start = way_x * y - way_y * x
                end = start + way_x * dy - way_y * dx
                if not ((start > near and end > near) or (start < minus_near and end < minus_near)):
                    covering = self._cross(edge, start, end, dy * x - dx * y, covering)
            t = -(x * dx + y * dy) / (dx * dx + dy * dy)
            if t > 0.0:
                if t > 1.0:
                    t = 1.0
                x += t * dx
                y += t * dy
            x -= bend * x * y
            squares.append(x * x + y * y)
        return squares, covering

    def _cross(
        self, edge: int, start: float, end: float, side: float, covering: Sequence[int] | None
    ) -> Sequence[int] | None:
        """Give what covers behind an edge whose line is crossed; None once rounding could decide.

        `start` and `end` tell on which sides of the way the edge's ends lie, `side` on which of the edge the place is.
        """
        if covering is None or abs(start) <= NEAR_CORNER_M2 or abs(end) <= NEAR_CORNER_M2:
            return None
        if (side > 0.0) == (side + end - start > 0.0):
            return covering
        changed = {self._first[edge], self._second[edge]}.symmetric_difference(covering)
        return sorted([number for number in changed if number >= 0])

    def _ask(self, cell: int, lon: float, lat: float) -> Sequence[int]:
        """Ask GEOS which areas cover a place, in the order of their codes."""
        owner = self._owner[cell]
        if owner >= -1:
            return (owner,) if owner >= 0 else ()
        areas = self._tree.areas
        asked = areas.items[areas.starts[cell] : areas.starts[cell + 1]]
        covering: list[int] = asked[shapely.intersects_xy(self._leaves.polygons[asked], lon, lat)].tolist()
        return covering

    def _decide(self, cell: int, covering: Sequence[int], metres: float, squares: list[float]) -> Located:
        """Choose where more than one area, or none, comes in question."""
        if not covering and metres > self._nearest_limit_m:
            return Located(None, (), metres, self.generation_id, True, Reason.OUTSIDE)
        within = self._owners_within(cell, squares, self._tolerance_m)
        chosen = covering[0] if covering else min(self._owners_within(cell, squares, metres + EQUALLY_NEAR_M))
        others = sorted(within.union(covering) - {chosen})
        candidates = tuple([self.areas[number].code for number in (chosen, *others)])
        if not covering:
            reason = Reason.NEAREST
        elif not others:
            reason = Reason.INSIDE
        else:
            reason = Reason.ON_LINE if metres <= self._tolerance_m else Reason.OVERLAP
        return Located(self.areas[chosen], candidates, metres, self.generation_id, reason is not Reason.INSIDE, reason)

    def _owners_within(self, cell: int, squares: list[float], metres: float) -> set[int]:
        """Give the owners of those edges of a cell that are within `metres`."""
        first = self._edge_starts[cell]
        near = [self._edge_items[first + n] for n, square in enumerate(squares) if square <= metres * metres]
        return {owner for edge in near for owner in (self._first[edge], self._second[edge]) if owner >= 0}
