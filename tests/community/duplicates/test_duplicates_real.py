"""Real places: eight thousand reports of a city, searched around as stored, against the geodesic to every other one."""

import csv
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from geopy.distance import geodesic

from bench.duplicates import likeliest, measure, nearest, plant, read_reports
from community.duplicates.queries import Search, list_open_near
from core.database import Connection
from geo.models import Point
from tests.conftest import DISTRICT, START

REPORTS = Path(__file__).resolve().parents[4] / "shared/data/chicago/reports_sample.csv"
RADIUS_M = 50.0
ASKED = 300

pytestmark = pytest.mark.skipif(not REPORTS.is_file(), reason=f"no {REPORTS.name}: see CONTRIBUTING.md")


async def test_around_real_reports_exactly_those_within_the_geodesic_radius_are_found(conn: Connection) -> None:
    with REPORTS.open() as file:
        places = [Point(float(row["longitude"]), float(row["latitude"])) for row in csv.DictReader(file)]
    await conn.execute(
        """
        insert into community_case (district_id, opened_year, origin, origin_ref, category_code, state, description,
            lon, lat, desk_path, reporter_kind, opened_at, updated_at)
        select $1, 2026, 'report', 'real ' || n, 'litter', 'collected', '', lon, lat, '', 'system', $2, $2
        from unnest($3::float8[], $4::float8[]) with ordinality as place (lon, lat, n)
        """,
        DISTRICT,
        START,
        [place.lon for place in places],
        [place.lat for place in places],
    )
    ids = [row["id"] for row in await conn.fetch("select id from community_case order by id")]
    lons, lats = (np.array([getattr(place, name) for place in places]) for name in ("lon", "lat"))
    searches = [search_around(place) for place in places[:ASKED]]
    found = await list_open_near(conn, district_id=DISTRICT, searches=searches)
    metres = {(near.search, near.case_id): near.metres for near in found}
    expected = {}
    for number, place in enumerate(places[:ASKED]):
        for other in np.flatnonzero(np.hypot(lons - place.lon, lats - place.lat) < 0.001):
            apart = geodesic((place.lat, place.lon), (lats[other], lons[other])).m
            if apart <= RADIUS_M:
                expected[number, ids[other]] = apart
    assert expected.keys() == metres.keys()
    assert len(expected) > ASKED * 1.1  # each finds itself, and many a neighbour
    assert 1e-4 > max(abs(apart - metres[pair]) for pair, apart in expected.items())


def search_around(place: Point) -> Search:
    return Search(None, place, RADIUS_M, ("litter",), START - timedelta(days=1), START + timedelta(days=1))


def test_planted_repeats_stand_higher_by_likeness_than_by_distance_alone() -> None:
    reports = read_reports(fold_days=30)
    repeats = plant(reports, spread_m=14.0)
    by_distance = measure(reports, repeats, order=nearest, only_akin=False)
    by_likeness = measure(reports, repeats, order=likeliest, only_akin=True)
    assert by_distance[0] + 0.1 < by_likeness[0]  # of all that are given a suggestion, those whose first is right
    assert by_distance[1:] < by_likeness[1:]
    assert 0.99 < by_likeness[2]
