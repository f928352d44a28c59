"""Which lines and which areas matter in each cell of a quadtree over the leaf areas.

A cell lists every edge that is the nearest line to some place in it or within the tolerance of it, and every area
that may cover some place in it. Cells with long lists are quartered. Only numpy and bulk GEOS calls, which release
the interpreter lock: safe to build in a thread beside a running event loop.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely

from geo.fabric import BoolArray, Corners, Fabric, FloatArray, IntArray, Numbers, Polygons, find_corners
from geo.frame import frames_at, metres_per_degree

# A cell with no more edges than this is not quartered: fewer cost more memory than they save time. Lists are shorter
# where lines cross the cell (many places, and areas to try besides), longer far outside.
FEW_EDGES_CROSSED = 6
FEW_EDGES_INSIDE = 10
FEW_EDGES_OUTSIDE = 24
# Cells are not made smaller than this, however many edges meet there.
SMALLEST_CELL_M = 4.0
# Nor are cells quartered that are this small a share of their distance from any line: it would hardly help.
_FINE_BESIDE_DISTANCE = 0.01
# The tree reaches this far beyond the areas; farther out nothing is said about the nearest line.
REACH_M = 12_000.0
# The first levels are one table, so that a look-up starts at this depth.
TABLE_DEPTH = 10
# Cells are worked off in groups of about this many (cell, edge) pairs, to bound memory.
_PAIRS_AT_ONCE = 500_000

# How much the frames of two places differ, for each metre between them: tan φ / R, doubled, up to 60° of latitude.
_BEND_PER_METRE = 6e-7

UNSETTLED = -2
# The middle of the cell is so near a line that no way from it can be trusted.
ASK = -3
_TOO_NEAR_M = 0.01


class Lists(NamedTuple):
    """A list of numbers for each of n things: the list of thing i is `items[starts[i]:starts[i + 1]]`."""

    starts: Numbers
    items: IntArray

    def of(self, things: Numbers) -> tuple[Numbers, IntArray]:
        """Give the lists of `things` end to end, and for each item the place in `things` that it belongs to."""
        counts = self.starts[things + 1] - self.starts[things]
        belongs = np.repeat(np.arange(len(things)), counts)
        shift = self.starts[things] - (np.cumsum(counts) - counts)
        return belongs, self.items[np.arange(len(belongs)) + shift[belongs]]


def lists_from(belongs: Numbers, items: IntArray, count: int) -> Lists:
    """Make lists of (thing, item) pairs that are already in the order of the things."""
    starts = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(belongs, minlength=count), out=starts[1:])
    return Lists(starts, items.astype(np.int32, copy=False))


@dataclass(frozen=True, slots=True)
class Quadtree:
    """Cells numbered level by level; `table` gives the cell (or its ancestor) of each place at `table_depth`.

    `child` is the first of four children (south-west, south-east, north-west, north-east) or −1. Of a cell without
    children, `owner` is the one area that covers all of it, −1 for none, or `UNSETTLED` or `ASK`: then `areas` lists
    those that may cover a place in it, and `middle` those that cover the place (`middle_lon`, `middle_lat`) in it.
    """

    west: float
    south: float
    width: float
    height: float
    depth: int
    table_depth: int
    table: IntArray
    child: IntArray
    owner: IntArray
    edges: Lists
    areas: Lists
    middle: Lists
    middle_lon: FloatArray
    middle_lat: FloatArray

    @property
    def columns_per_degree(self) -> float:
        """Tell how many columns of the smallest cells a degree of longitude has."""
        return float(2**self.depth) / self.width

    @property
    def rows_per_degree(self) -> float:
        """Tell how many rows of the smallest cells a degree of latitude has."""
        return float(2**self.depth) / self.height

    def nbytes(self) -> int:
        """Tell how much memory the cells take."""
        lists = (*self.edges, *self.areas, *self.middle)
        arrays = (self.table, self.child, self.owner, *lists, self.middle_lon, self.middle_lat)
        return sum(array.nbytes for array in arrays)


_NO_LISTS = Lists(np.zeros(2, np.int64), np.zeros(0, np.int32))
_NO_CELL = np.full(1, -1, np.int32)
# The tree of no areas: one empty cell where no position is.
_NOWHERE = Quadtree(
    1e6, 1e6, 1.0, 1.0, 0, 0, np.zeros(1, np.int32), _NO_CELL, _NO_CELL,
    _NO_LISTS, _NO_LISTS, _NO_LISTS, np.zeros(1), np.zeros(1),
)  # fmt: skip


class _Cells(NamedTuple):
    """The cells of one level with their lists.

    `active` are areas with a line in the cell or near it, `covers` others that cover all of it; `metres_to_line` is
    from the middle.
    """

    column: Numbers
    row: Numbers
    metres_to_line: FloatArray
    edges: Lists
    active: Lists
    covers: Lists


class _Builder:
    """Quarters cells level by level. Exists for the length of one build."""

    def __init__(self, polygons: Polygons, fabric: Fabric, tolerance_m: float) -> None:
        self.polygons = polygons
        self.fabric = fabric
        self.step_lon = fabric.end_lon - fabric.lon
        self.step_lat = fabric.end_lat - fabric.lat
        self.start_corner, self.end_corner = find_corners(fabric)
        self.tolerance_m = tolerance_m
        low, high = _bounds(fabric)
        east, _, north = metres_per_degree((low[1] + high[1]) / 2)
        self.size_m = size_m = 2 * REACH_M + max((high[0] - low[0]) * east, (high[1] - low[1]) * north)
        self.width, self.height = size_m / east, size_m / north
        self.west = (low[0] + high[0] - self.width) / 2
        self.south = (low[1] + high[1] - self.height) / 2
        self.depth = max(1, math.ceil(math.log2(size_m / SMALLEST_CELL_M)))

    def root(self) -> _Cells:
        zero = np.zeros(1, np.int64)
        everything = Lists(np.array([0, len(self.fabric)]), np.arange(len(self.fabric), dtype=np.int32))
        all_areas = Lists(np.array([0, len(self.polygons)]), np.arange(len(self.polygons), dtype=np.int32))
        return _Cells(zero, zero, np.zeros(1), everything, all_areas, _NO_LISTS)

    def middles(self, column: Numbers, row: Numbers, level: int) -> tuple[FloatArray, FloatArray]:
        """Give the middles of cells of a level."""
        lon: FloatArray = self.west + (column + 0.5) * self.width / 2**level
        lat: FloatArray = self.south + (row + 0.5) * self.height / 2**level
        return lon, lat

    def covering(self, areas: Lists, lon: FloatArray, lat: FloatArray) -> Lists:
        """List those of the areas of each cell that cover a place in it."""
        cells, asked = areas.of(np.arange(len(lon)))
        covers = shapely.intersects_xy(self.polygons[asked], lon[cells], lat[cells])
        return lists_from(cells[covers], asked[covers], len(lon))

    def quarter(self, cells: _Cells, which: Numbers, level: int) -> _Cells:
        """Give the children, at `level`, of the cells in the places `which`."""
        pairs = np.cumsum(cells.edges.starts[which + 1] - cells.edges.starts[which])
        groups = np.split(which, np.flatnonzero(np.diff(pairs // (_PAIRS_AT_ONCE // 4))) + 1)
        return _join([self._quarter_group(cells, group, level) for group in groups])

    def _quarter_group(self, cells: _Cells, which: Numbers, level: int) -> _Cells:
        parent = np.repeat(which, 4)
        quadrant = np.tile(np.arange(4), len(which))
        column, row = 2 * cells.column[parent] + quadrant % 2, 2 * cells.row[parent] + quadrant // 2
        lon, lat = self.middles(column, row, level)
        belongs, edges = cells.edges.of(parent)
        keep, is_active, metres = self._matter(lon, lat, level, belongs, edges)
        active = self._owners(belongs[is_active], edges[is_active], len(parent))
        covers = self._settle(cells, parent, active, lon, lat)
        return _Cells(column, row, metres, lists_from(belongs[keep], edges[keep], len(parent)), active, covers)

    def _matter(
        self, lon: FloatArray, lat: FloatArray, level: int, belongs: Numbers, edges: IntArray
    ) -> tuple[BoolArray, BoolArray, FloatArray]:
        """Tell of each (cell, edge) pair whether to keep it and whether it is active, and each cell's metres to a line.

        An edge is active in a cell that it enters or approaches within the tolerance.
        """
        frames = frames_at(lat)
        east, north = frames.east[belongs], frames.north[belongs]
        half_x, half_y = east * (self.width / 2 ** (level + 1)), north * (self.height / 2 ** (level + 1))
        x, y = (self.fabric.lon[edges] - lon[belongs]) * east, (self.fabric.lat[edges] - lat[belongs]) * north
        dx, dy = self.step_lon[edges] * east, self.step_lat[edges] * north
        length2 = dx * dx + dy * dy
        along = -(x * dx + y * dy)
        t = np.clip(along / length2, 0.0, 1.0)
        up = (y + t * dy) / north
        distance = np.hypot((x + t * dx) * (1.0 - frames.bend[belongs] * up / east), up * north)
        starts = np.flatnonzero(np.diff(belongs, prepend=-1))
        nearest = np.minimum.reduceat(distance, starts)[belongs]
        radius = np.hypot(half_x, half_y)
        # Distances are those from the cell's middle: the slack covers how frames differ within the cell.
        slack = 0.01 + _BEND_PER_METRE * radius * (nearest + 2.0 * radius)
        is_near = distance <= nearest + 2.0 * radius + slack
        reach_x, reach_y = half_x + self.tolerance_m + 0.01, half_y + self.tolerance_m + 0.01
        is_active = (
            (np.abs(x + dx / 2) <= reach_x + np.abs(dx) / 2)
            & (np.abs(y + dy / 2) <= reach_y + np.abs(dy) / 2)
            & (np.abs(x * dy - y * dx) <= reach_x * np.abs(dy) + reach_y * np.abs(dx))
        )
        spread = half_x * np.abs(dx) + half_y * np.abs(dy) + slack * np.sqrt(length2)
        beside = (along + spread >= 0.0) & (along - spread <= length2)
        box = (half_x + slack, half_y + slack)
        before = _faces(self.start_corner, edges, x, y, east, north, box)
        after = _faces(self.end_corner, edges, x + dx, y + dy, east, north, box)
        return is_active | (is_near & (beside | before | after)), is_active, nearest[starts]

    def _owners(self, belongs: Numbers, edges: IntArray, count: int) -> Lists:
        """List for each cell, once and in order, the owners of its active edges."""
        first, second = self.fabric.first[edges], self.fabric.second[edges]
        both = second >= 0
        total = len(self.polygons)
        keys = np.unique(np.concatenate([belongs * total + first, belongs[both] * total + second[both]]))
        return lists_from(keys // total, (keys % total).astype(np.int32), count)

    def _settle(self, cells: _Cells, parent: Numbers, active: Lists, lon: FloatArray, lat: FloatArray) -> Lists:
        """List the areas that cover each child whole: the parent's, and those whose lines stay outside the child."""
        total = len(self.polygons)
        belongs, candidates = cells.active.of(parent)
        children = np.repeat(np.arange(len(parent)), np.diff(active.starts))
        still_active = np.isin(belongs * total + candidates, children * total + active.items)
        belongs, candidates = belongs[~still_active], candidates[~still_active]
        inside = shapely.intersects_xy(self.polygons[candidates], lon[belongs], lat[belongs])
        inherited, covering = cells.covers.of(parent)
        belongs = np.concatenate([inherited, belongs[inside]])
        covering = np.concatenate([covering, candidates[inside]])
        order = np.lexsort((covering, belongs))
        return lists_from(belongs[order], covering[order], len(parent))


def _faces(
    corner: Corners,
    edges: IntArray,
    x: FloatArray,
    y: FloatArray,
    east: FloatArray,
    north: FloatArray,
    box: tuple[FloatArray, FloatArray],
) -> BoolArray:
    """Tell whether the corner at (x, y) may be nearest to a place in the box around the origin."""
    faces: BoolArray = corner.counts[edges]
    for side_lon, side_lat in ((corner.left_lon, corner.left_lat), (corner.right_lon, corner.right_lat)):
        side_x, side_y = side_lon[edges] * east, side_lat[edges] * north
        reach = box[0] * np.abs(side_x) + box[1] * np.abs(side_y)
        faces = faces & (-(x * side_x + y * side_y) <= reach)
    return faces


def _bounds(fabric: Fabric) -> tuple[tuple[float, float], tuple[float, float]]:
    lons, lats = (fabric.lon, fabric.end_lon), (fabric.lat, fabric.end_lat)
    low = (min(float(v.min()) for v in lons), min(float(v.min()) for v in lats))
    high = (max(float(v.max()) for v in lons), max(float(v.max()) for v in lats))
    return low, high


def _join(parts: list[_Cells]) -> _Cells:
    return _Cells(
        np.concatenate([part.column for part in parts]),
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.metres_to_line for part in parts]),
        _join_lists([part.edges for part in parts]),
        _join_lists([part.active for part in parts]),
        _join_lists([part.covers for part in parts]),
    )


def _join_lists(parts: list[Lists]) -> Lists:
    counts = np.concatenate([np.diff(part.starts) for part in parts])
    return Lists(np.concatenate([[0], np.cumsum(counts)]), np.concatenate([part.items for part in parts]))


def build_quadtree(polygons: Polygons, fabric: Fabric, *, tolerance_m: float) -> Quadtree:
    """Build the tree of leaf areas `polygons` with their lines `fabric`."""
    if not len(fabric):
        return _NOWHERE
    builder = _Builder(polygons, fabric, tolerance_m)
    cells = builder.root()
    table = np.zeros((1, 1), np.int32)
    table_depth = min(TABLE_DEPTH, builder.depth)
    children, owners, edges, areas, middles, inside = [], [], [], [], [], []
    numbered = 0
    for level in range(builder.depth + 1):
        count = len(cells.column)
        owner, unsettled = _settled_owner(cells)
        few = np.select([owner < -1, owner >= 0], [FEW_EDGES_CROSSED, FEW_EDGES_INSIDE], FEW_EDGES_OUTSIDE)
        is_fine = builder.size_m / 2**level <= _FINE_BESIDE_DISTANCE * cells.metres_to_line
        crowded = (np.diff(cells.edges.starts) > few) & ~is_fine & (level < builder.depth)
        split = np.flatnonzero(crowded)
        child = np.full(count, -1, np.int32)
        child[split] = numbered + count + 4 * np.arange(len(split))
        children.append(child)
        edges.append(_only(cells.edges, ~crowded))
        owners.append(owner)
        areas.append(_only(unsettled, ~crowded))
        middles.append(builder.middles(cells.column, cells.row, level))
        inside.append(builder.covering(areas[-1], *middles[-1]))
        numbered += count
        if not len(split):
            break
        cells = builder.quarter(cells, split, level + 1)
        if level < table_depth:
            table = table.repeat(2, axis=0).repeat(2, axis=1)
            table[cells.row, cells.column] = numbered + np.arange(len(cells.column))
    return Quadtree(
        builder.west, builder.south, builder.width, builder.height,
        builder.depth, int(math.log2(len(table))), table.ravel(),
        np.concatenate(children), np.concatenate(owners), _join_lists(edges), _join_lists(areas), _join_lists(inside),
        *(np.concatenate(values) for values in zip(*middles, strict=True)),
    )  # fmt: skip


def _only(lists: Lists, wanted: BoolArray) -> Lists:
    """Empty the lists of things that are not wanted."""
    counts = np.diff(lists.starts)
    kept = lists.items[np.repeat(wanted, counts)]
    return Lists(np.concatenate([[0], np.cumsum(np.where(wanted, counts, 0))]), kept)


def _settled_owner(cells: _Cells) -> tuple[IntArray, Lists]:
    """Give the owner of each cell where it is plain, and elsewhere the list of areas to try."""
    covering, crossing = np.diff(cells.covers.starts), np.diff(cells.active.starts)
    owner = np.full(len(covering), -1, np.int32)
    single = np.flatnonzero((crossing == 0) & (covering == 1))
    owner[single] = cells.covers.items[cells.covers.starts[single]]
    unsettled = (crossing > 0) | (covering > 1)
    owner[unsettled] = np.where(cells.metres_to_line[unsettled] > _TOO_NEAR_M, UNSETTLED, ASK)
    everyone = np.arange(len(owner))
    covers, active = cells.covers.of(everyone), cells.active.of(everyone)
    belongs = np.concatenate([covers[0], active[0]])
    areas = np.concatenate([covers[1], active[1]])
    order = np.lexsort((areas, belongs))
    return owner, _only(lists_from(belongs[order], areas[order], len(owner)), unsettled)
