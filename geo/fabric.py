"""The lines of a set of leaf areas: every edge once, with the areas that own it.

Areas are numbers here, in the order they were given; that order decides ties, so give them sorted by code.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo.frame import frames_at

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Polygons = npt.NDArray[np.object_]

# Taking shapes apart holds the interpreter lock: so many at once take a few milliseconds.
_SHAPES_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Corners:
    """One end of every edge, and the places to which that end may be the nearest line.

    Those places lie in the widest gap between the edges that meet there, more than 90° from both its sides (`left`
    and `right`, directions in degrees). `counts` is true for one edge of each vertex, that of the first area, and
    only where the gap is wide enough for there to be such places.
    """

    counts: BoolArray
    left_lon: FloatArray
    left_lat: FloatArray
    right_lon: FloatArray
    right_lat: FloatArray


@dataclass(frozen=True, slots=True)
class Fabric:
    """Edges in degrees. `second` is −1 where only `first` owns the edge; `first` < `second`.

    An edge with more than two owners appears again for each further pair.
    """

    lon: FloatArray
    lat: FloatArray
    end_lon: FloatArray
    end_lat: FloatArray
    first: IntArray
    second: IntArray

    def __len__(self) -> int:
        return len(self.lon)


def read_fabric(polygons: Polygons) -> Fabric:
    """Take the edges of all rings, each shared edge once."""
    some = [_read_edges(polygons, start) for start in range(0, max(1, len(polygons)), _SHAPES_AT_ONCE)]
    return _merge(np.concatenate([edges for edges, _ in some]), np.concatenate([owner for _, owner in some]))


def _read_edges(polygons: Polygons, start: int) -> tuple[FloatArray, IntArray]:
    """Give the edges of some shapes, from `start` on, smaller end first, and the numbers of their shapes."""
    parts, owner_of_part = shapely.get_parts(polygons[start : start + _SHAPES_AT_ONCE], return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    real = (ring[1:] == ring[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    begin, end = xy[:-1][real], xy[1:][real]
    owner = owner_of_part[part_of_ring[ring[:-1][real]]].astype(np.int32) + np.int32(start)
    swap = (begin[:, 0] > end[:, 0]) | ((begin[:, 0] == end[:, 0]) & (begin[:, 1] > end[:, 1]))
    return np.where(swap[:, None], np.hstack([end, begin]), np.hstack([begin, end])), owner


def _merge(edges: FloatArray, owner: IntArray) -> Fabric:
    order = np.lexsort((owner, *edges.T[::-1]))
    edges, owner = edges[order], owner[order]
    is_new = np.ones(len(edges), bool)
    is_new[1:] = (edges[1:] != edges[:-1]).any(axis=1)
    places = np.arange(len(edges))
    rank = places - np.maximum.accumulate(np.where(is_new, places, 0))
    firsts = np.flatnonzero(rank % 2 == 0)
    following = np.minimum(firsts + 1, len(edges) - 1)
    second = np.where(rank[following] % 2 == 1, owner[following], -1).astype(np.int32)
    lon, lat, end_lon, end_lat = edges[firsts].T.copy()
    return Fabric(lon, lat, end_lon, end_lat, owner[firsts], second)


def find_corners(fabric: Fabric) -> tuple[Corners, Corners]:
    """Give the corners at the start and at the end of every edge."""
    count = len(fabric)
    lon, lat = np.concatenate([fabric.lon, fabric.end_lon]), np.concatenate([fabric.lat, fabric.end_lat])
    way_lon = np.concatenate([fabric.end_lon, fabric.lon]) - lon
    way_lat = np.concatenate([fabric.end_lat, fabric.lat]) - lat
    frames = frames_at(lat)
    angle = np.arctan2(way_lat * frames.north, way_lon * frames.east)
    _, vertex = np.unique(lon + 1j * lat, return_inverse=True)
    left, right, gap = _widest_gap(vertex, angle)
    counts = np.zeros(2 * count, bool)
    counts[_first_of_each(vertex, np.concatenate([fabric.first, fabric.first]))] = True
    counts &= gap > np.pi - 0.01
    sides = (way_lon[left], way_lat[left], way_lon[right], way_lat[right])
    return (
        Corners(counts[:count], *(side[:count] for side in sides)),
        Corners(counts[count:], *(side[count:] for side in sides)),
    )


def _widest_gap(vertex: Numbers, angle: FloatArray) -> tuple[Numbers, Numbers, FloatArray]:
    """Give for each edge end the two ends beside the widest gap around their vertex, and its angle."""
    order = np.lexsort((angle, vertex))
    is_first = np.diff(vertex[order], prepend=-1) != 0
    firsts = np.flatnonzero(is_first)
    following = np.arange(1, len(order) + 1)
    is_last = np.append(is_first[1:], True)
    following[is_last] = firsts
    gap = angle[order[following]] - angle[order] + np.where(is_last, 2 * np.pi, 0.0)
    widest = _first_of_each(vertex[order], -gap)
    return order[widest][vertex], order[following[widest]][vertex], gap[widest][vertex]


def _first_of_each(group: Numbers, key: npt.NDArray[np.generic]) -> Numbers:
    """Give for each group (0, 1, 2 …) the place of its smallest key."""
    order = np.lexsort((key, group))
    return order[np.flatnonzero(np.diff(group[order], prepend=-1))]
