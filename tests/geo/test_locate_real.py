"""Real areas and real reports: Chicago's community areas and beats, Qingdao's streets."""

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import shapely

from geo.locate import AreaIndex
from geo.models import AreaRef, Located, Point, Reason
from tests.geo.tilings import BruteForce, telling_places

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no test data at {DATA.name}: see CONTRIBUTING.md")


def read_areas(name: str, code: str) -> tuple[list[AreaRef], list[object]]:
    """Read the features that have a `code`, as leaves."""
    features = json.loads((DATA / name).read_text())["features"]
    kept = [f for f in features if f["properties"].get(code)]
    codes = [f["properties"][code] for f in kept]
    areas = [AreaRef(c, f["properties"].get("name", c), "leaf", c, (c,)) for c, f in zip(codes, kept, strict=True)]
    return areas, [shapely.from_geojson(json.dumps(f["geometry"])) for f in kept]


def test_real_reports_fall_in_the_citys_own_community_area(capsys: pytest.CaptureFixture[str]) -> None:
    areas, polygons = read_areas("chicago/community_areas.geojson", "community_area")
    index = AreaIndex.build(areas, np.array(polygons, dtype=object))
    with (DATA / "chicago/reports_sample.csv").open() as file:
        reports = [row for row in csv.DictReader(file) if row["longitude"] and row["latitude"]]
    lons, lats = (np.array([float(row[name]) for row in reports]) for name in ("longitude", "latitude"))
    different = [
        (row["service_request_number"], row["community_area"], located)
        for row, located in zip(reports, index.locate_many(lons, lats), strict=True)
        if located.area is None or located.area.code != row["community_area"]
    ]
    with capsys.disabled():
        print(f"\n{len(different)} of {len(reports)} reports differ from the city's community area:")
        for number, city, located in different:
            print(f"  {number}: {explain(city, located, index)}")
    assert len(reports) == 8000
    assert len(different) <= 0.02 * len(reports)
    elsewhere = {n for n, city, found in different if city not in found.candidates or found.metres_to_line > 30.0}
    # The city's own value contradicts the city's own boundaries there; the reason is printed with each.
    assert {"11-00037731", "11-03597211", "11-00239034", "11-00299272", "13-00425243", "13-01898640"} == elsewhere


def explain(city: str, located: Located, index: AreaIndex) -> str:
    """Say why the city's area is not ours."""
    assert located.area is not None
    assert located.metres_to_line is not None
    metres = f"{located.metres_to_line:.2f} m from the line"
    if city in located.candidates:
        return f"city {city}, ours {located.area.code}: {metres}, both are candidates"
    if city not in {area.code for area in index.areas}:
        return f"city {city}, ours {located.area.code}: there is no community area {city}"
    return f"city {city}, ours {located.area.code}: {metres}, inside ours: the city's value contradicts its boundaries"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("chicago/community_areas.geojson", "community_area"),
        ("chicago/police_beats.geojson", "beat"),
        ("qingdao/streets.geojson", "stats_code_9"),
    ],
)
def test_real_areas_are_located_as_by_asking_each(name: str, code: str) -> None:
    areas, polygons = read_areas(name, code)
    index, brute = AreaIndex.build(areas, np.array(polygons, dtype=object)), BruteForce(areas, polygons)
    for point in telling_places(polygons, 5, 1):
        located, expected = index.locate(point), brute.ask(point)
        assert expected.metres_to_line == pytest.approx(located.metres_to_line, rel=1e-4, abs=0.002)
        if expected.covering:
            assert located.area is not None
            assert min(expected.covering) == located.area.code


def test_every_real_report_is_covered_as_geos_says() -> None:
    areas, polygons = read_areas("chicago/police_beats.geojson", "beat")
    order = sorted(range(len(areas)), key=lambda n: areas[n].code)
    sorted_polygons = np.array(polygons, dtype=object)[order]
    with (DATA / "chicago/reports_sample.csv").open() as file:
        reports = [(float(r["longitude"]), float(r["latitude"])) for r in csv.DictReader(file) if r["longitude"]]
    lons, lats = np.array(reports).T
    points, covering = shapely.STRtree(sorted_polygons).query(shapely.points(lons, lats), predicate="intersects")
    first: dict[int, int] = {}
    for point, area in zip(points.tolist(), covering.tolist(), strict=True):
        first[point] = min(area, first.get(point, area))
    located = AreaIndex.build(areas, np.array(polygons, dtype=object)).locate_many(lons, lats)
    for number, row in enumerate(located):
        if number in first:
            assert row.area is not None
            assert areas[order[first[number]]].code == row.area.code
        else:
            assert row.reason in (Reason.NEAREST, Reason.OUTSIDE)
    assert Counter(row.reason for row in located)[Reason.INSIDE] > 0.85 * len(reports)


def test_the_sea_off_qingdao_goes_to_the_duty_desk() -> None:
    areas, polygons = read_areas("qingdao/streets.geojson", "stats_code_9")
    index = AreaIndex.build(areas, np.array(polygons, dtype=object))
    assert index.locate(Point(120.6, 35.5)).reason is Reason.OUTSIDE
