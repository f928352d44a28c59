"""The index says the same as asking every shape and measuring every line."""

import numpy as np
import pytest
import shapely
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.locate import AreaIndex
from geo.models import AreaRef, Located, Point, Reason
from tests.geo.tilings import TOLERANCE_M, BruteForce, chequered, refs, scattered, telling_places, voronoi

LIMIT_M = 100.0


def build(areas: list[AreaRef], polygons: list[object]) -> AreaIndex:
    return AreaIndex.build(areas, np.array(polygons, dtype=object), generation_id=7)


def assert_right(located: Located, point: Point, brute: BruteForce) -> None:
    expected = brute.ask(point)
    assert located.metres_to_line is not None
    assert expected.metres_to_line == pytest.approx(located.metres_to_line, rel=1e-4, abs=0.002)
    reach = max(TOLERANCE_M, 0.0)
    near = {c for c, m in zip(brute.codes, expected.metres_to_area, strict=True) if m <= reach - 0.001}
    not_far = {c for c, m in zip(brute.codes, expected.metres_to_area, strict=True) if m <= reach + 0.001}
    chosen = None if located.area is None else located.area.code
    if expected.covering:
        assert min(expected.covering) == chosen
    elif located.metres_to_line > LIMIT_M:
        assert chosen is None
    else:
        nearest = expected.metres_to_area.min()
        assert chosen in {c for c, m in zip(brute.codes, expected.metres_to_area, strict=True) if m <= nearest + 0.002}
    if chosen is None:
        assert ((), Reason.OUTSIDE) == (located.candidates, located.reason)
        assert located.needs_confirmation
        return
    assert chosen == located.candidates[0]
    assert sorted(located.candidates[1:]) == list(located.candidates[1:])
    assert len(set(located.candidates)) == len(located.candidates)
    assert expected.covering | near | {chosen} <= set(located.candidates)
    assert set(located.candidates) <= expected.covering | not_far | {chosen}
    assert (len(located.candidates) > 1 or not expected.covering) == located.needs_confirmation


@pytest.mark.parametrize("seed", range(4))
def test_irregular_areas_are_located_as_by_asking_each(seed: int) -> None:
    polygons = voronoi(60, seed)
    areas = refs(len(polygons), seed)
    index, brute = build(areas, polygons), BruteForce(areas, polygons)
    for point in telling_places(polygons, 60, seed):
        assert_right(index.locate(point), point, brute)


@pytest.mark.parametrize("seed", range(4))
def test_overlaps_gaps_holes_and_parts_are_located_as_by_asking_each(seed: int) -> None:
    polygons = scattered(25, seed)
    areas = refs(len(polygons), seed)
    index, brute = build(areas, polygons), BruteForce(areas, polygons)
    for point in telling_places(polygons, 60, seed):
        assert_right(index.locate(point), point, brute)


def test_square_grids_are_located_as_by_asking_each() -> None:
    polygons = chequered(12, 12)
    areas = refs(len(polygons))
    index, brute = build(areas, polygons), BruteForce(areas, polygons)
    for point in telling_places(polygons, 100, 1, margin=0.1):
        assert_right(index.locate(point), point, brute)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 30), overlapping=st.booleans())
def test_any_set_of_areas_is_located_as_by_asking_each(seed: int, count: int, overlapping: bool) -> None:
    polygons = (scattered if overlapping else voronoi)(count, seed)
    if not polygons:
        return
    areas = refs(len(polygons), seed)
    index, brute = build(areas, polygons), BruteForce(areas, polygons)
    for point in telling_places(polygons, 4, seed):
        assert_right(index.locate(point), point, brute)


@pytest.mark.parametrize("make", [voronoi, scattered])
def test_many_points_are_answered_as_one_by_one(make: object) -> None:
    polygons = make(40, 3)  # type: ignore[operator]
    index = build(refs(len(polygons)), polygons)
    points = telling_places(polygons, 1000, 5)
    many = index.locate_many(np.array([p.lon for p in points]), np.array([p.lat for p in points]))
    assert len(points) == len(many)
    for point, answer in zip(points, many, strict=True):
        assert index.locate(point) == answer


def test_arrays_of_many_answers_say_what_the_rows_say() -> None:
    polygons = scattered(30, 8)
    index = build(refs(len(polygons)), polygons)
    points = telling_places(polygons, 300, 6)
    many = index.locate_many(np.array([p.lon for p in points]), np.array([p.lat for p in points]))
    for number, row in enumerate(many):
        area = many.areas[many.area[number]] if many.area[number] >= 0 else None
        assert (row.area, row.needs_confirmation) == (area, bool(many.needs_confirmation[number]))


def test_metres_to_line_agree_with_the_geodesic_up_to_ten_kilometres() -> None:
    edge = 120.1
    index = build(refs(1), [shapely.box(edge, 35.9, 120.2, 36.0)])
    for away in (1e-7, 1e-5, 1e-4, 0.001, 0.01, 0.1):
        point = Point(edge - away, 35.95)
        # Along a parallel the nearest place of a meridian lies a little off it: never farther than straight across.
        across = geodesic((35.95, edge), (point.lat, point.lon)).m
        metres = index.locate(point).metres_to_line
        assert metres is not None
        assert across == pytest.approx(metres, rel=1e-4, abs=1e-5)


def test_a_point_on_a_shared_line_gets_the_smaller_code_and_both_candidates() -> None:
    west, east = shapely.box(120.0, 35.9, 120.1, 36.0), shapely.box(120.1, 35.9, 120.2, 36.0)
    areas = [AreaRef(code, code, "grid", code, (code,)) for code in ("B", "A")]
    located = build(areas, [west, east]).locate(Point(120.1, 35.95))
    assert ("A", "B") == located.candidates
    assert (Reason.ON_LINE, True) == (located.reason, located.needs_confirmation)
    assert pytest.approx(0.0, abs=1e-9) == located.metres_to_line


def test_a_point_beside_a_line_keeps_its_own_area_first() -> None:
    west, east = shapely.box(120.0, 35.9, 120.1, 36.0), shapely.box(120.1, 35.9, 120.2, 36.0)
    areas = [AreaRef(code, code, "grid", code, (code,)) for code in ("B", "A")]
    located = build(areas, [west, east]).locate(Point(120.1 - 5e-6, 35.95))
    assert ("B", "A") == located.candidates
    assert located.needs_confirmation


def test_a_point_in_two_overlapping_areas_needs_confirmation_far_from_any_line() -> None:
    index = build(refs(2), [shapely.box(120.0, 35.9, 120.1, 36.0), shapely.box(120.02, 35.9, 120.12, 36.0)])
    located = index.locate(Point(120.06, 35.95))
    assert ("000000", "000001") == located.candidates
    assert (Reason.OVERLAP, True) == (located.reason, located.needs_confirmation)


def test_a_point_just_outside_is_given_to_the_nearest_and_confirmed() -> None:
    located = build(refs(1), [shapely.box(120.0, 35.9, 120.1, 36.0)]).locate(Point(120.1005, 35.95))
    assert located.area is not None
    assert (Reason.NEAREST, True) == (located.reason, located.needs_confirmation)


def test_a_point_beyond_the_limit_goes_to_the_duty_desk() -> None:
    located = build(refs(1), [shapely.box(120.0, 35.9, 120.1, 36.0)]).locate(Point(120.102, 35.95))
    assert (None, (), Reason.OUTSIDE, True) == (
        located.area, located.candidates, located.reason, located.needs_confirmation,
    )  # fmt: skip
    assert located.metres_to_line is not None


def test_far_away_the_nearest_line_is_left_unsaid() -> None:
    located = build(refs(1), [shapely.box(120.0, 35.9, 120.1, 36.0)]).locate(Point(-87.6, 41.8))
    assert (None, None, Reason.OUTSIDE) == (located.area, located.metres_to_line, located.reason)


@pytest.mark.parametrize("point", [None, Point(0.0, 0.0)])
def test_no_position_goes_to_the_duty_desk(point: Point | None) -> None:
    located = build(refs(1), [shapely.box(-1.0, -1.0, 1.0, 1.0)]).locate(point)
    assert (None, Reason.NO_POSITION, True) == (located.area, located.reason, located.needs_confirmation)


def test_unusable_numbers_among_many_are_no_position() -> None:
    index = build(refs(1), [shapely.box(-1.0, -1.0, 1.0, 1.0)])
    lons, lats = np.array([np.nan, np.inf, 0.0, 181.0, 0.5]), np.array([0.5, 0.5, 0.0, 0.5, 0.5])
    reasons = [row.reason for row in index.locate_many(lons, lats)]
    assert [Reason.NO_POSITION] * 4 + [Reason.INSIDE] == reasons


def test_without_areas_everything_is_outside() -> None:
    index = AreaIndex.build([], np.empty(0, object))
    assert index.locate(Point(120.0, 36.0)).reason is Reason.OUTSIDE
    assert [Reason.OUTSIDE] == [row.reason for row in index.locate_many(np.array([120.0]), np.array([36.0]))]


def test_the_order_in_which_areas_are_given_changes_nothing() -> None:
    polygons = scattered(20, 4)
    areas = refs(len(polygons))
    index, reversed_index = build(areas, polygons), build(areas[::-1], polygons[::-1])
    for point in telling_places(polygons, 100, 2):
        assert index.locate(point) == reversed_index.locate(point)


def test_an_answer_names_the_generation() -> None:
    assert build(refs(1), [shapely.box(120.0, 35.9, 120.1, 36.0)]).locate(Point(120.05, 35.95)).generation_id == 7
