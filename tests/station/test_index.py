"""The index answers as a scan by geodesic metres would, also while stations change."""

import math
from dataclasses import replace

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from station.index import MOST_CHANGES, Hits, Site, StationIndex, Wish

OPEN_TIMELINES = np.array([True, False, True, False])

site_places = st.tuples(st.floats(119.9, 120.4), st.floats(35.8, 36.1))
sites_drawn = st.lists(
    st.tuples(site_places, st.integers(0, 15), st.sampled_from([1, 2, 4]), st.integers(0, 3)), min_size=0, max_size=40
)


def make_sites(drawn: list[tuple[tuple[float, float], int, int, int]], first: int = 1) -> list[Site]:
    return [
        Site(first + n, lon, lat, amenities, door, timeline)
        for n, ((lon, lat), amenities, door, timeline) in enumerate(drawn)
    ]


def metres_between(site: Site, wish: Wish) -> float:
    return float(geodesic((wish.lat, wish.lon), (site.lat, site.lon)).m)


def expected_ids(sites: list[Site], wish: Wish) -> list[float]:
    """Distances of what a scan would answer: distances, because two stations may stand at one place."""
    fitting = [
        metres_between(site, wish)
        for site in sites
        if site.amenities & wish.amenities == wish.amenities
        and (not wish.doors or site.door & wish.doors)
        and (wish.open_set is None or OPEN_TIMELINES[site.timeline])
    ]
    return sorted(metres for metres in fitting if metres <= wish.radius_m)[: wish.limit]


wishes_drawn = st.lists(
    st.tuples(
        site_places,
        st.sampled_from([200.0, 3000.0, 20_000.0, 100_000.0]),
        st.integers(1, 25),
        st.integers(0, 7),
        st.sampled_from([0, 1, 2, 5]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=120, deadline=None)
@given(standing=sites_drawn, changed=sites_drawn, dropped=st.sets(st.integers(1, 40)), asked=wishes_drawn)
def test_the_index_answers_as_a_scan_by_geodesic_would(
    standing: list[tuple[tuple[float, float], int, int, int]],
    changed: list[tuple[tuple[float, float], int, int, int]],
    dropped: set[int],
    asked: list[tuple[tuple[float, float], float, int, int, int, bool]],
) -> None:
    sites = {site.station_id: site for site in make_sites(standing)}
    index = StationIndex(list(sites.values()))
    for site in make_sites(changed, first=20):  # some replace, some are new
        index.put(site)
        sites[site.station_id] = site
    for station_id in dropped:
        index.drop(station_id)
        sites.pop(station_id, None)
    open_set = index.open_set(OPEN_TIMELINES)
    wishes = [
        Wish(lon, lat, radius, limit, amenities, doors, open_set if must_open else None)
        for (lon, lat), radius, limit, amenities, doors, must_open in asked
    ]
    by_row = {row: sites[station_id] for station_id, row in index.row_of.items()}
    for wish, hits in zip(wishes, index.ask(wishes), strict=True):
        # At the very rim of the radius a millimetre decides; everywhere else the answers are the same.
        found = [metres_between(by_row[row], wish) for row in hits.rows]
        expected = expected_ids(list(sites.values()), wish)
        rim = [metres for metres in {*found, *expected} if abs(metres - wish.radius_m) < 0.01]
        if not rim:
            assert pytest.approx(expected, abs=0.005) == found
        assert pytest.approx(found, abs=0.05) == hits.metres


def test_distances_are_geodesic_to_a_millimetre_within_fifty_kilometres() -> None:
    centre = Site(1, 120.18, 35.96, 0, 1, 0)
    for km in (0.01, 1, 10, 50):
        for bearing in range(0, 360, 30):
            there = geodesic(kilometers=km).destination((centre.lat, centre.lon), bearing)
            index = StationIndex([centre])
            (hits,) = index.ask([Wish(there.longitude, there.latitude, 100_000, 1)])
            assert hits.metres[0] == pytest.approx(km * 1000, abs=0.0015)


@pytest.mark.parametrize("bearing", [0, 1, 45, 90, 135, 180, 225, 270, 315, 359])
def test_the_bearing_points_from_the_asker_to_the_station(bearing: int) -> None:
    here = (35.96, 120.18)
    there = geodesic(kilometers=2).destination(here, bearing)
    (hits,) = StationIndex([Site(1, there.longitude, there.latitude, 0, 1, 0)]).ask([Wish(here[1], here[0], 5000, 1)])
    assert [bearing] == hits.bearings


def test_an_empty_district_answers_nothing() -> None:
    assert [Hits([], [], [])] == StationIndex([]).ask([Wish(120.0, 36.0, 5000, 10)])


def test_a_rare_amenity_is_found_through_its_own_tree() -> None:
    sites = [Site(n, 120 + n / 10_000, 36.0, 2 if n == 900 else 1, 1, 0) for n in range(1, 1001)]
    index = StationIndex(sites)
    (hits,) = index.ask([Wish(120.0, 36.0, 50_000, 5, amenities=2)])
    assert [899] == hits.rows


def test_more_neighbours_are_taken_until_enough_fit() -> None:
    # Only the farthest of 9,000 stations are open, so the first guess, the second and the last all fall short.
    sites = [Site(n, 120 + n / 100_000, 36.0, 1, 1, 0 if n > 8990 else 1) for n in range(1, 9001)]
    index = StationIndex(sites)
    (hits,) = index.ask([Wish(120.0, 36.0, 50_000, 5, open_set=index.open_set(OPEN_TIMELINES))])
    assert [8990, 8991, 8992, 8993, 8994] == hits.rows


def test_a_change_of_timeline_alone_keeps_the_row() -> None:
    site = Site(7, 120.0, 36.0, 1, 1, 0)
    index = StationIndex([site])
    assert 0 == index.put(replace(site, timeline=1))
    moved = index.put(replace(site, lat=36.1))
    assert moved != 0
    (hits,) = index.ask([Wish(120.0, 36.0, 50_000, 5)])
    assert [moved] == hits.rows


def test_the_index_says_when_it_should_be_built_anew() -> None:
    index = StationIndex([])
    for n in range(MOST_CHANGES):
        assert not index.needs_rebuild
        index.put(Site(n, 120.0, 36.0, 0, 1, 0))
    assert index.needs_rebuild
    assert math.isclose(0.0, index.ask([Wish(120.0, 36.0, 10, 1)])[0].metres[0])


def test_an_index_of_nothing_but_new_stations_keeps_order_and_limit() -> None:
    index = StationIndex([])
    for station_id, east in enumerate((0.03, 0.01, 0.02), start=1):
        index.put(Site(station_id, 120.0 + east, 36.0, 0, 1, 0))
    (hits,) = index.ask([Wish(120.0, 36.0, 20_000.0, 2)])
    rows = {row: station_id for station_id, row in index.row_of.items()}
    assert [2, 3] == [rows[row] for row in hits.rows]
