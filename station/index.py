"""The nearest stations in memory: k-d trees over Earth-centred coordinates, filtered by what a rider asks for.

Rows lie in flat arrays. A tree over all rows, and one more for each amenity or door method that few stations have,
answers by distance; changes since the trees were built lie behind them and are scanned. Many questions are asked
together, because one query costs about ten times its share of a batch. Knows neither time zones nor the database: a
row's `timeline` is a number, and the caller says which timelines are open.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
#: Findings: numbers of wishes, rows, chords.
_Part = tuple[Rows, Rows, Floats]

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
_ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING)
#: For d = 2R·asin(c/2R): against the geodesic 1 mm at 50 km, 1 m at 500 km (docs/adr/0003).
MEAN_RADIUS_M = 6371008.8

#: An amenity or door method that fewer stations have gets a tree of its own.
RARE_SHARE = 0.05
#: Candidates looked at before the remaining questions are answered by a scan of every row.
MOST_NEIGHBOURS = 4096
#: Changed rows beyond which the trees should be built anew.
MOST_CHANGES = 512

#: Where a row's word says that it is live, and from where on its doors; amenities fill what lies below.
_LIVE = 1 << 62
_DOOR_SHIFT = 50
MOST_AMENITIES = _DOOR_SHIFT

_STEPS = (16, 32, 64, 128, 256, 512, 1024, 2048, MOST_NEIGHBOURS)


@dataclass(frozen=True, slots=True)
class Site:
    """A station as the index sees it. `amenities` has a bit for each working amenity, `door` one bit."""

    station_id: int
    lon: float
    lat: float
    amenities: int
    door: int
    timeline: int


@dataclass(frozen=True, slots=True)
class OpenSet:
    """For each timeline whether it will do, and the share of stations on those that do."""

    flags: Flags
    share: float


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: all of `amenities`, any of `doors` (0: whichever), within `radius_m`, `limit` at most.

    `open_set` None admits stations open or not.
    """

    lon: float
    lat: float
    radius_m: float
    limit: int
    amenities: int = 0
    doors: int = 0
    open_set: OpenSet | None = None


@dataclass(frozen=True, slots=True)
class Hits:
    """The nearest first: row numbers, metres, and bearings in whole degrees clockwise from north."""

    rows: list[int]
    metres: list[float]
    bearings: list[int]


def to_ecef(lon: Floats, lat: Floats) -> Floats:
    """Give WGS-84 Earth-centred metres, shape (n, 3), of degrees on the ellipsoid."""
    return _frames(lon, lat)[0]


def _frames(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Give Earth-centred metres, and the unit vectors to the east and to the north, shape (n, 2, 3)."""
    radians = np.radians((lon, lat))
    (sin_lam, sin_phi), (cos_lam, cos_phi) = np.sin(radians), np.cos(radians)
    normal = SEMI_MAJOR_M / np.sqrt(1 - _ECCENTRICITY_2 * sin_phi**2)
    flat = normal * cos_phi
    xyz = np.empty((len(lon), 3))
    xyz[:, 0], xyz[:, 1], xyz[:, 2] = flat * cos_lam, flat * sin_lam, normal * (1 - _ECCENTRICITY_2) * sin_phi
    axes = np.zeros((len(lon), 2, 3))
    axes[:, 0, 0], axes[:, 0, 1] = -sin_lam, cos_lam
    axes[:, 1, 0], axes[:, 1, 1], axes[:, 1, 2] = -sin_phi * cos_lam, -sin_phi * sin_lam, cos_phi
    return xyz, axes


def near_order(lon: Sequence[float], lat: Sequence[float]) -> list[int]:
    """Give an order in which neighbours on the ground stand near each other, so that they do in memory too.

    Rows laid down in it make a query over 200,000 stations about a third faster.
    """
    if not len(lon):
        return []
    order: list[int] = cKDTree(to_ecef(np.asarray(lon), np.asarray(lat))).indices.tolist()
    return order


def chord_to_metres(chord: Floats) -> Floats:
    """Give metres along the ground of a straight line through it."""
    return 2 * MEAN_RADIUS_M * np.arcsin(np.minimum(chord / (2 * MEAN_RADIUS_M), 1.0))


def metres_to_chord(metres: Floats) -> Floats:
    """Give the straight line of a distance along the ground."""
    return 2 * MEAN_RADIUS_M * np.sin(np.minimum(metres / (2 * MEAN_RADIUS_M), np.pi / 2))


class StationIndex:
    """The rows and their trees. Built in a thread; changed and asked on one thread only.

    `words` tells in one number what filters ask of a row: that it is live, its door and its amenities. Row `built` is
    never live: what a tree answers when it finds nothing more points there. Changed rows follow it.
    """

    def __init__(self, sites: Sequence[Site]) -> None:
        self.built = len(sites)
        self.count = self.built + 1
        size = self.count + 2 * MOST_CHANGES
        self.lon, self.lat, self.xyz = np.zeros(size), np.zeros(size), np.zeros((size, 3))
        self.words, self.timelines = np.zeros(size, np.int64), np.zeros(size, np.int32)
        self._fill(sites)
        self.row_of = {site.station_id: row for row, site in enumerate(sites)}
        self._all = cKDTree(self.xyz[: self.built])
        self._shares = {bit: float(np.mean(self.words[: self.built] & bit != 0)) for bit in _bits_of(self.words)}
        self._rare = {bit: self._grow_tree(bit) for bit, share in self._shares.items() if share < RARE_SHARE}
        self._plan = lru_cache(maxsize=4096)(self._make_plan)

    def _fill(self, sites: Sequence[Site]) -> None:
        rows = slice(0, self.built)
        self.lon[rows] = [site.lon for site in sites]
        self.lat[rows] = [site.lat for site in sites]
        self.xyz[rows] = to_ecef(self.lon[rows], self.lat[rows])
        self.words[rows] = [_word(site) for site in sites]
        self.timelines[rows] = [site.timeline for site in sites]

    def _grow_tree(self, bit: int) -> tuple[cKDTree, Rows]:
        rows = np.flatnonzero(self.words & bit)
        return cKDTree(self.xyz[rows]), np.append(rows, self.built)

    @property
    def needs_rebuild(self) -> bool:
        """Tell whether so much has changed that the trees should be built anew."""
        return self.count - self.built > MOST_CHANGES

    @property
    def is_full(self) -> bool:
        """Tell whether no further change fits."""
        return self.count == len(self.words)

    def put(self, site: Site) -> int:
        """Take in a new or changed station and give its row; where only its timeline changed the row stays."""
        row = self.row_of.get(site.station_id)
        if row is None or not self._is_same_place(row, site):
            self.drop(site.station_id)
            row = self._append(site)
        self.timelines[row] = site.timeline
        return row

    def open_set(self, flags: Flags) -> OpenSet:
        """Take `flags`, one for each timeline, together with the share of stations they admit."""
        return OpenSet(flags, float(np.mean(flags[self.timelines[: self.count]])) if self.count else 0.0)

    def drop(self, station_id: int) -> None:
        """Forget a station; unknown ones are ignored."""
        row = self.row_of.pop(station_id, None)
        if row is not None:
            self.words[row] = 0

    def _is_same_place(self, row: int, site: Site) -> bool:
        return bool((self.lon[row], self.lat[row], self.words[row]) == (site.lon, site.lat, _word(site)))

    def _append(self, site: Site) -> int:
        row = self.count
        self.count += 1
        self.lon[row], self.lat[row] = site.lon, site.lat
        self.xyz[row] = to_ecef(self.lon[row : row + 1], self.lat[row : row + 1])[0]
        self.words[row] = _word(site)
        self.row_of[site.station_id] = row
        return row

    def ask(self, wishes: Sequence[Wish]) -> list[Hits]:
        """Answer every wish, in order."""
        batch = _Batch(wishes)
        parts = [part for served in self._choose_trees(wishes) for part in self._ask_tree(batch, *served)]
        is_ready = len(parts) == 1  # one tree's answer comes in order and within the limit; a scan's does not
        if self.count > self.built + 1:
            changed = slice(self.built + 1, self.count)
            parts += [self._scan(batch, number, changed) for number in range(len(wishes))]
            is_ready = False
        return self._write_hits(batch, *(parts[0] if is_ready else _merge(batch, parts)))

    def _choose_trees(self, wishes: Sequence[Wish]) -> Iterable[tuple[cKDTree, Rows | None, int, Rows]]:
        """Give each tree, how many neighbours to take first, and the wishes that both serve best."""
        served: dict[tuple[int, int], list[int]] = {}
        for number, wish in enumerate(wishes):
            share = 1.0 if wish.open_set is None else wish.open_set.share
            served.setdefault(self._plan(wish.amenities, wish.doors, share, wish.limit), []).append(number)
        for (bit, neighbours), numbers in served.items():
            tree, rows = self._rare[bit] if bit else (self._all, None)
            yield tree, rows, min(neighbours, tree.n), np.array(numbers)

    def _make_plan(self, amenities: int, doors: int, share: float, limit: int) -> tuple[int, int]:
        """Give the bit whose tree to ask (0: the whole), and how many neighbours should hold enough that fit.

        The rarest thing wished for decides the tree; the other filters are taken for independent of each other.
        """
        rarest = 0
        wanted = amenities | (doors << _DOOR_SHIFT if doors.bit_count() == 1 else 0)
        if wanted:
            asked = [(portion, bit) for bit, portion in self._shares.items() if wanted & bit]
            rarest = min((pair for pair in asked if pair[1] in self._rare), default=(0.0, 0))[1]
            share *= math.prod(portion for portion, bit in asked if bit != rarest)
        if share == 1.0:
            return rarest, limit
        guess = 1.5 * limit / max(share, 0.001)
        return rarest, next((step for step in _STEPS if step >= guess), MOST_NEIGHBOURS)

    def _ask_tree(
        self, batch: "_Batch", tree: cKDTree, tree_rows: Rows | None, neighbours: int, asking: Rows
    ) -> Iterator[_Part]:
        """Take ever more neighbours until each wish has enough that fit, or has seen all within its reach."""
        while len(asking) and neighbours:
            chord, place = _nearest(tree, batch.xyz[asking], neighbours, batch.farthest)
            rows = place if tree_rows is None else tree_rows[place]
            fits = self._fits(batch, asking, rows, chord)
            rank, limit = fits.cumsum(axis=1), batch.limit[asking]
            is_done = (rank[:, -1] >= limit) | (place[:, -1] == tree.n) | (neighbours == tree.n)
            picked, column = np.nonzero(fits & (rank <= limit[:, None]) & is_done[:, None])
            yield asking[picked], rows[picked, column], chord[picked, column]
            asking = asking[~is_done]
            if neighbours >= MOST_NEIGHBOURS:
                yield from (self._scan(batch, number, slice(0, self.built)) for number in asking.tolist())
                return
            neighbours = min(neighbours * 8, tree.n)

    def _scan(self, batch: "_Batch", number: int, span: slice) -> _Part:
        """Look at every row of `span` for one wish."""
        offset = self.xyz[span] - batch.xyz[number]
        chord = np.sqrt(np.einsum("ij,ij->i", offset, offset))
        rows = np.arange(span.start, span.stop)
        fits = self._fits(batch, np.array([number]), rows[None, :], chord[None, :])[0]
        fits &= chord <= batch.reach[number]
        return np.full(int(fits.sum()), number), rows[fits], chord[fits]

    def _fits(self, batch: "_Batch", asking: Rows, rows: Rows, chord: Floats) -> Flags:
        """Tell which of `rows` (one line for each of `asking`) satisfy their wish."""
        words, needed = self.words[rows], batch.needed[asking, None]
        fits: Flags = (words & needed) == needed
        if not batch.is_one_radius:
            fits &= chord <= batch.reach[asking, None]
        if batch.has_doors:
            fits &= (words & batch.doors[asking, None]) != 0
        for group, flags in enumerate(batch.open_flags, 1):
            concerned = batch.open_group[asking] == group
            if concerned.all():
                fits &= flags[self.timelines[rows]]
            else:
                fits[concerned] &= flags[self.timelines[rows[concerned]]]
        return fits

    def _write_hits(self, batch: "_Batch", numbers: Rows, rows: Rows, chord: Floats) -> list[Hits]:
        """Work out metres and bearings of what was found, which is in order of wish and distance."""
        offset = self.xyz[rows] - batch.xyz[numbers]
        # The direction in the asker's own horizon; the geodesic's differs by far less than a degree.
        east, north = np.einsum("ijk,ik->ji", batch.axes[numbers], offset)
        bearings = ((np.degrees(np.arctan2(east, north)) + 360.5) % 360).astype(np.int64).tolist()
        metres = chord_to_metres(chord).tolist()
        listed: list[int] = rows.tolist()
        edges = np.searchsorted(numbers, np.arange(len(batch.limit) + 1)).tolist()
        return [Hits(listed[first:last], metres[first:last], bearings[first:last]) for first, last in pairwise(edges)]


class _Batch:
    """Wishes as columns."""

    def __init__(self, wishes: Sequence[Wish]) -> None:
        lon, lat, radius = np.array([(wish.lon, wish.lat, wish.radius_m) for wish in wishes]).T
        self.xyz, self.axes = _frames(lon, lat)
        self.reach = metres_to_chord(radius)
        self.farthest = float(self.reach.max())
        self.is_one_radius = len({wish.radius_m for wish in wishes}) == 1
        self.limit = np.array([wish.limit for wish in wishes])
        self.needed = np.array([_LIVE | wish.amenities for wish in wishes])
        self.has_doors = any(wish.doors for wish in wishes)
        self.doors = np.array([wish.doors << _DOOR_SHIFT or _LIVE for wish in wishes])
        sets = {id(wish.open_set): wish.open_set for wish in wishes if wish.open_set is not None}
        groups = {key: group for group, key in enumerate(sets, 1)}
        self.open_flags = [open_set.flags for open_set in sets.values()]
        self.open_group = np.array([groups.get(id(wish.open_set), 0) for wish in wishes])


def _word(site: Site) -> int:
    return _LIVE | site.door << _DOOR_SHIFT | site.amenities


def _merge(batch: _Batch, parts: list[_Part]) -> _Part:
    """Put parts together in order of wish and distance, and cut each wish to its limit."""
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    numbers, rows, chord = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((rows, chord, numbers))
    numbers, rows, chord = numbers[order], rows[order], chord[order]
    first = np.searchsorted(numbers, np.arange(len(batch.limit)))
    kept = np.arange(len(numbers)) - first[numbers] < batch.limit[numbers]
    return numbers[kept], rows[kept], chord[kept]


def _nearest(tree: cKDTree, xyz: Floats, neighbours: int, reach: float) -> tuple[Floats, Rows]:
    """Give chords and places, one line for each position; beyond `reach` the place is `tree.n`."""
    chord, place = tree.query(xyz, k=[*range(1, neighbours + 1)], distance_upper_bound=reach)
    return np.asarray(chord, np.float64), np.asarray(place, np.int64)


def _bits_of(values: Rows) -> list[int]:
    """Give the bits that any of `values` has, but for the live one."""
    union = int(np.bitwise_or.reduce(values))
    return [1 << shift for shift in range(62) if union >> shift & 1]
