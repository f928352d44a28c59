"""Nearby search in process: microseconds per question, alone and together, and exactness against the geodesic.

Run: `python -m bench.nearby [STATIONS …]` (2,000 and 200,000 by default). Every question answered is also compared
with a scan of all stations.
"""

import sys
import time

import numpy as np
from geopy.distance import geodesic

from station.index import Site, StationIndex, Wish, chord_to_metres, to_ecef

TOGETHER = 64
COMMON, RARE, NIGHT = 1, 1 << 5, 12


def make_sites(count: int, seed: int = 5) -> list[Site]:
    """Scatter stations about 40 towns; amenity bit 0 is in 60 %, bit 1 in 30 %, bit 2 in 10 %, bit 5 in 0.5 %."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform((115, 30), (122, 38), (40, 2))
    places = centres[rng.integers(0, 40, count)] + rng.normal(0, 0.08, (count, 2))
    shares = np.array([0.6, 0.3, 0.1, 0.8, 0.9, 0.005])
    bits = (rng.random((count, 6)) < shares) @ (1 << np.arange(6))
    doors = 1 << rng.choice(7, count, p=[0.6, 0.2, 0.08, 0.06, 0.03, 0.02, 0.01])
    timelines = rng.integers(0, NIGHT * 3, count)
    columns = zip(
        range(1, count + 1), *places.T.tolist(), bits.tolist(), doors.tolist(), timelines.tolist(), strict=True
    )
    return [Site(*column) for column in columns]


def make_wishes(sites: list[Site], number: int, **asked: object) -> list[Wish]:
    """Ask near stations, up to some kilometres off."""
    rng = np.random.default_rng(9)
    near = [sites[int(n)] for n in rng.integers(0, len(sites), number)]
    away = rng.normal(0, 0.01, (number, 2))
    options = {"radius_m": 5000.0, "limit": 10} | asked
    return [
        Wish(lon=site.lon + float(east), lat=site.lat + float(north), **options)  # type: ignore[arg-type]
        for site, (east, north) in zip(near, away, strict=True)
    ]


def median_us(index: StationIndex, batches: list[list[Wish]]) -> float:
    """Give the median time of a batch in microseconds."""
    taken = []
    for batch in batches:
        start = time.perf_counter()
        index.ask(batch)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken)) * 1e6


def check(index: StationIndex, sites: list[Site], wishes: list[Wish]) -> tuple[int, float]:
    """Compare with a scan of everything; give answers that differ, and the worst error to the geodesic in metres."""
    xyz = to_ecef(np.array([s.lon for s in sites]), np.array([s.lat for s in sites]))
    wrong, worst = 0, 0.0
    for number, (wish, hits) in enumerate(zip(wishes, index.ask(wishes), strict=True)):
        here = to_ecef(np.array([wish.lon]), np.array([wish.lat]))
        metres = chord_to_metres(np.linalg.norm(xyz - here, axis=1))
        fits = metres <= wish.radius_m
        fits &= (np.array([site.amenities for site in sites]) & wish.amenities) == wish.amenities
        if wish.doors:
            fits &= (np.array([site.door for site in sites]) & wish.doors) != 0
        if wish.open_set is not None:
            fits &= wish.open_set.flags[index.timelines[: len(sites)]]
        rows = np.flatnonzero(fits)
        expected = rows[np.argsort(metres[rows], kind="stable")][: wish.limit].tolist()
        wrong += expected != hits.rows
        for row, given in list(zip(hits.rows, hits.metres, strict=True))[:: 1 if number < 20 else 10]:
            site = sites[row]
            worst = max(worst, abs(given - geodesic((wish.lat, wish.lon), (site.lat, site.lon)).m))
    return wrong, worst


def main() -> None:
    """Print a table for each size."""
    for count in [int(word) for word in sys.argv[1:]] or [2_000, 200_000]:
        sites = make_sites(count)
        start = time.perf_counter()
        index = StationIndex(sites)
        print(f"\n{count:,} stations, built in {time.perf_counter() - start:.2f} s")
        print(f"{'asked':34}{'alone µs':>10}{'of 64 µs':>10}{'wrong':>7}{'metres off':>12}{'answers':>9}")
        day = index.open_set(np.arange(NIGHT * 3) % 4 != 0)
        night = index.open_set(np.arange(NIGHT * 3) == NIGHT)
        scenarios: dict[str, dict[str, object]] = {
            "nearest 10": {},
            "nearest 20": {"limit": 20},
            "open now, by day (75 %)": {"open_set": day},
            "open now, by night (3 %)": {"open_set": night},
            "amenities 60 % and 30 %": {"amenities": 0b11},
            "three amenities, open by day": {"amenities": 0b111, "open_set": day},
            "amenity 0.5 %": {"amenities": RARE},
            "amenity 0.5 %, open by night": {"amenities": RARE | 1, "open_set": night},
            "door method 1 %": {"doors": 1 << 6},
        }
        for name, asked in scenarios.items():
            wishes = make_wishes(sites, 512, **asked)
            batches = [wishes[n : n + TOGETHER] for n in range(0, len(wishes), TOGETHER)] * 5
            alone = median_us(index, [[wish] for wish in wishes])
            together = median_us(index, batches) / TOGETHER
            wrong, worst = check(index, sites, wishes[:200])
            answers = sum(len(hits.rows) for hits in index.ask(wishes)) / len(wishes)
            print(f"{name:34}{alone:10.1f}{together:10.2f}{wrong:7}{worst:12.5f}{answers:9.1f}")


if __name__ == "__main__":
    main()
