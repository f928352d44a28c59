"""Distances from a point and off a way, against another way of reckoning."""

import math
import random

import pytest

from geo.models import Point
from riders.verification.offers.nearness import Way, box_around, coarse, metres_off

PLACE = Point(120.18, 35.96)
METRES_A_DEGREE = 111_195.0


def on_sphere(one: Point, other: Point) -> float:
    """Give the haversine distance, right to half a percent."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(other.lon - one.lon) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half))


def around(chance: random.Random) -> Point:
    return Point(PLACE.lon + chance.uniform(-0.03, 0.03), PLACE.lat + chance.uniform(-0.03, 0.03))


def test_the_distance_from_a_point_is_that_along_the_ground() -> None:
    chance = random.Random(1)
    for _ in range(200):
        start = around(chance)
        assert pytest.approx(on_sphere(start, PLACE), rel=0.006) == metres_off(Way(start), PLACE)


def test_the_distance_off_a_way_is_to_its_nearest_point() -> None:
    chance = random.Random(2)
    for _ in range(100):
        start, end = around(chance), around(chance)
        steps = [n / 1000 for n in range(1001)]
        nearest = min(
            on_sphere(Point(start.lon + (end.lon - start.lon) * s, start.lat + (end.lat - start.lat) * s), PLACE)
            for s in steps
        )
        assert pytest.approx(nearest, rel=0.006, abs=5) == metres_off(Way(start, end), PLACE)


def test_a_way_that_goes_nowhere_is_a_point() -> None:
    start = Point(120.19, 35.97)
    assert metres_off(Way(start), PLACE) == metres_off(Way(start, start), PLACE)


@pytest.mark.parametrize("place", [PLACE, Point(0, 0), Point(10, 89.9), Point(-70, -45)])
def test_a_box_holds_whatever_is_near(place: Point) -> None:
    chance = random.Random(3)
    for _ in range(300):
        near = Point(place.lon + chance.uniform(-0.02, 0.02), place.lat + chance.uniform(-0.02, 0.02))
        way = Way(place, chance.choice([None, Point(place.lon + 0.01, place.lat - 0.01)]))
        box = box_around(way, 1_000)
        if metres_off(way, near) <= 1_000:
            assert box.west <= near.lon <= box.east
            assert box.south <= near.lat <= box.north


def test_a_coarse_point_is_within_a_hundred_metres_and_tells_no_more() -> None:
    assert Point(120.181, 35.961) == coarse(Point(120.181234, 35.961234))
    assert on_sphere(Point(120.1815, 35.9615), coarse(Point(120.1815, 35.9615))) < 100
