"""Many points at once: the same rules as `geo.locate`, in numpy over (place, edge) pairs.

Every step here has its twin there; a test holds both to the same answers.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from geo.fabric import BoolArray, FloatArray, IntArray, Numbers
from geo.frame import Frames, frames_at
from geo.leaves import EQUALLY_NEAR_M, NEAR_CORNER_M2, Leaves
from geo.models import AreaRef, Located, Reason
from geo.quadtree import ASK, UNSETTLED, Lists, Quadtree, lists_from

# More at once and the arrays outgrow the cache and the allocator's small blocks.
_POINTS_AT_ONCE = 4_096
_REASONS = tuple(Reason)
_INSIDE, _ON_LINE, _OVERLAP, _NEAREST, _OUTSIDE, _NO_POSITION = range(len(_REASONS))


@dataclass(frozen=True, slots=True)
class LocatedMany:
    """What locating many points answers, as arrays; iterating, or `row`, gives each as `Located`.

    `area` numbers `areas`, −1 for none; `metres_to_line` is NaN where unknown; `reason` numbers the members of
    `Reason`; `candidates` holds, by row, the areas in question where they are not just the one.
    """

    areas: Sequence[AreaRef]
    generation_id: int | None
    area: IntArray
    metres_to_line: FloatArray
    reason: npt.NDArray[np.uint8]
    candidates: dict[int, tuple[int, ...]]

    @property
    def needs_confirmation(self) -> BoolArray:
        """Tell of each point whether a person should confirm its area."""
        unsure: BoolArray = self.reason != _INSIDE
        return unsure

    def __len__(self) -> int:
        return len(self.area)

    def __iter__(self) -> Iterator[Located]:
        return (self.row(number) for number in range(len(self)))

    def row(self, number: int) -> Located:
        """Give the answer for the point in place `number`."""
        chosen, metres, reason = int(self.area[number]), float(self.metres_to_line[number]), int(self.reason[number])
        others = [other for other in self.candidates.get(number, ()) if other != chosen]
        return Located(
            None if chosen < 0 else self.areas[chosen],
            () if chosen < 0 else tuple([self.areas[candidate].code for candidate in (chosen, *others)]),
            None if math.isnan(metres) else metres,
            self.generation_id,
            reason != _INSIDE,
            _REASONS[reason],
        )


class _Pairs(NamedTuple):
    """Places with the edges of their cells: where the edge starts as seen from the place, and its step, in metres."""

    belongs: Numbers
    edges: IntArray
    x: FloatArray
    y: FloatArray
    dx: FloatArray
    dy: FloatArray


def locate_many(leaves: Leaves, lons: FloatArray, lats: FloatArray) -> LocatedMany:
    """Locate points given as arrays of degrees. NaN, impossible and (0, 0) positions are no position."""
    count = len(lons)
    answer = LocatedMany(
        areas=leaves.areas,
        generation_id=leaves.generation_id,
        area=np.full(count, -1, np.int32),
        metres_to_line=np.full(count, np.nan),
        reason=np.full(count, _NO_POSITION, np.uint8),
        candidates={},
    )
    given = (np.abs(lons) <= 180.0) & (np.abs(lats) <= 90.0) & ((lons != 0.0) | (lats != 0.0))
    answer.reason[given] = _OUTSIDE
    rows = np.flatnonzero(given)
    for start in range(0, len(rows), _POINTS_AT_ONCE):
        _locate_rows(leaves, rows[start : start + _POINTS_AT_ONCE], lons, lats, answer)
    return answer


def _locate_rows(leaves: Leaves, rows: Numbers, lons: FloatArray, lats: FloatArray, answer: LocatedMany) -> None:
    cells = _find_cells(leaves.tree, lons[rows], lats[rows])
    rows, cells = rows[cells >= 0], cells[cells >= 0]
    if not len(rows):
        return
    lon, lat = lons[rows], lats[rows]
    frames = frames_at(lat)
    pairs = _pair(leaves, cells, lon, lat, frames)
    distances = _measure(pairs, frames)
    metres = np.minimum.reduceat(distances, np.flatnonzero(np.diff(pairs.belongs, prepend=-1)))
    owner = leaves.tree.owner[cells]
    to_ask = (metres <= leaves.tolerance_m) | (owner == ASK)
    settled = np.flatnonzero(~to_ask & (owner >= 0))
    follow = np.flatnonzero(~to_ask & (owner == UNSETTLED))
    way = (lon - leaves.tree.middle_lon[cells]) * frames.east, (lat - leaves.tree.middle_lat[cells]) * frames.north
    followed, doubtful = _follow(leaves, cells, way, pairs, follow)
    asked = _ask(leaves, cells, lon, lat, np.concatenate([np.flatnonzero(to_ask), doubtful]))
    places, areas = _in_order(
        np.concatenate([settled, followed[0], asked[0]]),
        np.concatenate([owner[settled], followed[1], asked[1]]),
        leaves,
    )
    covering = lists_from(places, areas, len(rows))
    _decide(leaves, rows, covering, metres, pairs, distances, answer)


def _find_cells(tree: Quadtree, lons: FloatArray, lats: FloatArray) -> Numbers:
    """Give the cell without children that holds each place, −1 beyond the tree."""
    column: Numbers = np.floor((lons - tree.west) * tree.columns_per_degree).astype(np.int64)
    row: Numbers = np.floor((lats - tree.south) * tree.rows_per_degree).astype(np.int64)
    beyond = ((column | row) >> tree.depth) != 0
    column[beyond] = row[beyond] = 0
    shift = tree.depth - tree.table_depth
    cell: Numbers = tree.table[(row >> shift) << tree.table_depth | column >> shift].astype(np.int64)
    child = tree.child[cell]
    while len(deeper := np.flatnonzero(child >= 0)):
        shift -= 1
        cell[deeper] = child[deeper] + (row[deeper] >> shift & 1) * 2 + (column[deeper] >> shift & 1)
        child[deeper] = tree.child[cell[deeper]]
    cell[beyond] = -1
    return cell


def _pair(leaves: Leaves, cells: Numbers, lon: FloatArray, lat: FloatArray, frames: Frames) -> _Pairs:
    belongs, edges = leaves.tree.edges.of(cells)
    east, north = frames.east[belongs], frames.north[belongs]
    x, y, dx, dy = leaves.lines.take(edges, axis=0).T
    return _Pairs(belongs, edges, (x - lon[belongs]) * east, (y - lat[belongs]) * north, dx * east, dy * north)


def _measure(pairs: _Pairs, frames: Frames) -> FloatArray:
    """Give the metres of each pair."""
    _, _, x, y, dx, dy = pairs
    t = np.clip(-(x * dx + y * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    x, y = x + t * dx, y + t * dy
    x -= (frames.bend / (frames.east * frames.north))[pairs.belongs] * x * y
    distances: FloatArray = np.sqrt(x * x + y * y)
    return distances


def _follow(
    leaves: Leaves, cells: Numbers, way: tuple[FloatArray, FloatArray], pairs: _Pairs, places: Numbers
) -> tuple[tuple[Numbers, IntArray], Numbers]:
    """Give (place, covering area) for `places` off every line, and those places where rounding could decide.

    `way` is in metres from the middle of each place's cell.
    """
    wanted = np.zeros(len(cells), bool)
    wanted[places] = True
    kept = np.flatnonzero(wanted[pairs.belongs])
    belongs, edges, x, y, dx, dy = (values[kept] for values in pairs)
    way_x, way_y = way[0][belongs], way[1][belongs]
    start = way_x * y - way_y * x
    end, side = start + way_x * dy - way_y * dx, dy * x - dx * y
    wanted[belongs[np.minimum(np.abs(start), np.abs(end)) <= NEAR_CORNER_M2]] = False
    crossed = ((start > 0.0) != (end > 0.0)) & ((side > 0.0) != (side + end - start > 0.0))
    at_middle, areas = leaves.tree.middle.of(cells[places])
    crossing, over = belongs[crossed], edges[crossed]
    rows = np.concatenate([places[at_middle], crossing, crossing])
    numbers = np.concatenate([areas, leaves.first[over], leaves.second[over]])
    certain = (numbers >= 0) & wanted[rows]
    keys, times = np.unique(rows[certain] * len(leaves.areas) + numbers[certain], return_counts=True)
    odd = keys[times % 2 == 1]
    covering = odd // len(leaves.areas), (odd % len(leaves.areas)).astype(np.int32)
    return covering, places[~wanted[places]]


def _ask(leaves: Leaves, cells: Numbers, lon: FloatArray, lat: FloatArray, places: Numbers) -> tuple[Numbers, IntArray]:
    """Give (place, covering area) for `places` as GEOS sees them."""
    belongs, areas = leaves.tree.areas.of(cells[places])
    asked = places[belongs]
    covers = shapely.intersects_xy(leaves.polygons[areas], lon[asked], lat[asked])
    return asked[covers], areas[covers]


def _decide(
    leaves: Leaves,
    rows: Numbers,
    covering: Lists,
    metres: FloatArray,
    pairs: _Pairs,
    distances: FloatArray,
    answer: LocatedMany,
) -> None:
    """Write the answers of `rows`."""
    count = np.diff(covering.starts)
    on_line = metres <= leaves.tolerance_m
    is_nearest = (count == 0) & (metres <= max(leaves.nearest_limit_m, leaves.tolerance_m))
    chosen = np.full(len(rows), -1, np.int32)
    chosen[count > 0] = covering.items[covering.starts[:-1][count > 0]]
    near = np.flatnonzero(is_nearest[pairs.belongs] & (distances <= metres[pairs.belongs] + EQUALLY_NEAR_M))
    nearest = _owners(leaves, pairs, near)
    chosen[nearest[0][::-1]] = nearest[1][::-1]  # backwards, so that of several the first stays
    special = np.flatnonzero(on_line | is_nearest | (count > 1))
    within = _owners(leaves, pairs, np.flatnonzero(distances <= leaves.tolerance_m))
    at, covered = covering.of(special)
    places, numbers = _in_order(
        np.concatenate([special[at], within[0], special[chosen[special] >= 0]]),
        np.concatenate([covered, within[1], chosen[special][chosen[special] >= 0]]),
        leaves,
    )
    candidates = lists_from(places, numbers, len(rows))
    several = np.diff(candidates.starts) > 1
    answer.metres_to_line[rows] = metres
    answer.area[rows] = chosen
    answer.reason[rows] = np.select(
        [chosen < 0, count == 0, several & on_line, several], [_OUTSIDE, _NEAREST, _ON_LINE, _OVERLAP], _INSIDE
    )
    ends, items = candidates.starts.tolist(), candidates.items.tolist()
    for place, row in zip(np.flatnonzero(several).tolist(), rows[several].tolist(), strict=True):
        answer.candidates[row] = tuple(items[ends[place] : ends[place + 1]])


def _owners(leaves: Leaves, pairs: _Pairs, which: Numbers) -> tuple[Numbers, IntArray]:
    """Give (place, owner of the edge), once each and in order, for some of the pairs."""
    places, edges = pairs.belongs[which], pairs.edges[which]
    return _in_order(
        np.concatenate([places, places]), np.concatenate([leaves.first[edges], leaves.second[edges]]), leaves
    )


def _in_order(places: Numbers, areas: IntArray, leaves: Leaves) -> tuple[Numbers, IntArray]:
    """Sort (place, area) pairs and leave out doubles and what is no area."""
    real = areas >= 0
    keys = np.unique(places[real] * len(leaves.areas) + areas[real])
    return keys // len(leaves.areas), (keys % len(leaves.areas)).astype(np.int32)
