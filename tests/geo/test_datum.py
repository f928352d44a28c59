"""Datum conversions against the published formula at 40 digits, known pairs, and places that must stay put."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.datum import (
    bd09_to_gcj02,
    from_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    is_in_china,
    point_from,
    to_wgs84,
    wgs84_to_gcj02,
)
from geo.errors import InvalidPosition
from geo.models import Datum, Point, Received

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the repository (../shared/data)")

MILLIMETRE = 1e-3
METRES_PER_DEGREE = 111_320.0
SHIFTED = (Datum.GCJ02, Datum.BD09)
# Name, longitude, latitude: all but the first three lie within the rectangle that is often taken for China.
ABROAD = [
    ("Tokyo", 139.69, 35.69), ("Denver", -104.99, 39.74), ("Brisbane", 153.03, -27.47),
    ("Seoul", 126.98, 37.57), ("Pyongyang", 125.75, 39.03), ("Ulaanbaatar", 106.92, 47.92), ("Hanoi", 105.85, 21.03),
    ("Kathmandu", 85.32, 27.71), ("Thimphu", 89.64, 27.47), ("Almaty", 76.95, 43.24), ("Vladivostok", 131.89, 43.12),
    ("Fukuoka", 130.40, 33.59), ("Manila", 120.98, 14.60), ("Delhi", 77.21, 28.61), ("Vientiane", 102.60, 17.97),
]  # fmt: skip
AT_HOME = [
    ("Qingdao", 120.18, 35.96), ("Beijing", 116.39, 39.91), ("Kashgar", 75.99, 39.47), ("Mohe", 122.54, 52.97),
    ("Sanya", 109.51, 18.25), ("Lhasa", 91.11, 29.66), ("Fuyuan", 134.31, 48.37), ("Dandong", 124.38, 40.13),
    ("Hekou", 103.94, 22.53), ("Ruili", 97.86, 24.01), ("Hunchun", 130.37, 42.86), ("Erenhot", 111.98, 43.65),
]  # fmt: skip


def worst_metres(got: tuple[object, object], wanted: tuple[object, object], lat: object) -> float:
    east = (np.asarray(got[0]) - wanted[0]) * METRES_PER_DEGREE * np.cos(np.radians(lat))
    north = (np.asarray(got[1]) - wanted[1]) * METRES_PER_DEGREE
    return float(np.hypot(east, north).max())


@pytest.fixture(scope="module")
def vectors() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    with (DATA / "coordinates/gcj_bd_formula_vectors_mp40.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        name: (
            np.array([float(row[f"{name}_lon"]) for row in rows]),
            np.array([float(row[f"{name}_lat"]) for row in rows]),
        )
        for name in ("wgs", "gcj", "bd")
    }


@needs_data
@pytest.mark.parametrize(
    ("convert", "source", "target"),
    [
        (wgs84_to_gcj02, "wgs", "gcj"),
        (gcj02_to_bd09, "gcj", "bd"),
        (gcj02_to_wgs84, "gcj", "wgs"),
        (bd09_to_gcj02, "bd", "gcj"),
    ],
)
def test_each_step_agrees_with_the_formula_to_less_than_a_millimetre(
    vectors: dict[str, tuple[np.ndarray, np.ndarray]], convert: object, source: str, target: str
) -> None:
    got = convert(*vectors[source])  # type: ignore[operator]
    assert worst_metres(got, vectors[target], vectors["wgs"][1]) < MILLIMETRE


@needs_data
@pytest.mark.parametrize(("datum", "name"), [(Datum.GCJ02, "gcj"), (Datum.BD09, "bd")])
def test_in_china_both_ways_agree_to_less_than_a_millimetre(
    vectors: dict[str, tuple[np.ndarray, np.ndarray]], datum: Datum, name: str
) -> None:
    inside = is_in_china(*vectors["wgs"]) & is_in_china(*vectors[name])
    wgs, other = ((lon[inside], lat[inside]) for lon, lat in (vectors["wgs"], vectors[name]))
    assert inside.sum() > 600
    assert worst_metres(to_wgs84(*other, datum), wgs, wgs[1]) < MILLIMETRE
    assert worst_metres(from_wgs84(*wgs, datum), other, wgs[1]) < MILLIMETRE


@needs_data
def test_the_formula_gives_the_known_pairs() -> None:
    known = json.loads((DATA / "coordinates/eviltransform_vectors.json").read_text())
    for lat, lon, wanted_lat, wanted_lon, _ in known["wgs_to_gcj_lat_lng"]:
        assert worst_metres(from_wgs84(lon, lat, Datum.GCJ02), (wanted_lon, wanted_lat), lat) < 0.01
    for lat, lon, wanted_lat, wanted_lon in known["bd_to_wgs_lat_lng"]:
        # These two pairs are themselves tens of metres off the formula: they only tell that nothing is reversed.
        assert worst_metres(to_wgs84(lon, lat, Datum.BD09), (wanted_lon, wanted_lat), lat) < 50.0
    for lat, lon in known["outside_china_identity_lat_lng"]:
        assert (lon, lat) == from_wgs84(lon, lat, Datum.GCJ02)


@needs_data
def test_all_of_china_is_shifted() -> None:
    corners = []
    with gzip.open(DATA / "china/counties_gcj02.geojsonl.gz", "rt") as file:
        for line in file:
            polygons = json.loads(line)["geometry"]["coordinates"]
            corners += [ring for polygon in polygons for ring in polygon if isinstance(ring[0], list)]
    lon, lat = np.array([place[:2] for ring in corners for place in ring if isinstance(place[0], float)]).T
    outside = ~is_in_china(lon, lat)
    # The outline cuts a bend of the Ussuri by 2 km.
    assert outside.mean() < 1e-4


@pytest.mark.parametrize("datum", SHIFTED)
@pytest.mark.parametrize(("name", "lon", "lat"), ABROAD, ids=lambda v: v if isinstance(v, str) else "")
def test_abroad_nothing_is_shifted(name: str, lon: float, lat: float, datum: Datum) -> None:
    assert (lon, lat) == to_wgs84(lon, lat, datum)
    assert (lon, lat) == from_wgs84(lon, lat, datum)


@pytest.mark.parametrize(("name", "lon", "lat"), AT_HOME, ids=lambda v: v if isinstance(v, str) else "")
def test_at_home_positions_are_shifted_by_hundreds_of_metres(name: str, lon: float, lat: float) -> None:
    assert 100 < worst_metres(from_wgs84(lon, lat, Datum.GCJ02), (lon, lat), lat) < 1000
    assert 500 < worst_metres(from_wgs84(lon, lat, Datum.BD09), (lon, lat), lat) < 2000


@pytest.mark.parametrize("datum", list(Datum))
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_single_numbers_and_arrays_give_the_same(datum: Datum, lon: float, lat: float) -> None:
    alone = to_wgs84(lon, lat, datum)
    together = to_wgs84(np.array([lon]), np.array([lat]), datum)
    assert alone == pytest.approx((together[0][0], together[1][0]), abs=1e-11)


@given(lon=st.floats(118, 122), lat=st.floats(34, 38))
def test_there_and_back_is_the_same_place(lon: float, lat: float) -> None:
    for datum in SHIFTED:
        assert worst_metres(to_wgs84(*from_wgs84(lon, lat, datum), datum), (lon, lat), lat) < MILLIMETRE


def test_a_received_position_becomes_a_wgs84_point() -> None:
    lon, lat = from_wgs84(120.18, 35.96, Datum.BD09)
    point = point_from(Received(lon, lat, Datum.BD09))
    assert (120.18, 35.96) == pytest.approx((point.lon, point.lat), abs=1e-8)


@pytest.mark.parametrize(
    ("lon", "lat", "pointer"),
    [
        (181.0, 0.0, "/lon"), (-180.1, 0.0, "/lon"), (float("nan"), 0.0, "/lon"), (float("inf"), 0.0, "/lon"),
        (0.0, 90.1, "/lat"), (0.0, float("nan"), "/lat"),
    ],
)  # fmt: skip
def test_an_impossible_position_is_refused_by_name(lon: float, lat: float, pointer: str) -> None:
    for make in (Point, lambda x, y: Received(x, y, Datum.GCJ02)):
        with pytest.raises(InvalidPosition) as refused:
            make(lon, lat)
        assert pointer == refused.value.pointer
