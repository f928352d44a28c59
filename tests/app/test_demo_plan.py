"""The demonstration before it is loaded: clean lines, every kind of station, every state of a case."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import shapely

from app.demo.areas import LEVELS, DemoArea, draw_areas
from app.demo.cases import PlannedCase, fault_number, plan_cases
from app.demo.people import APPLICATIONS, COMMUNITIES, DEPARTMENTS, RIDERS, list_staff
from app.demo.places import Ground
from app.demo.stations import FAULTS, list_stations
from app.demo.words import NOTES
from community.models import Origin
from community.workflow import Verb
from core.access.models import Role
from station.models import AmenityState, Door, StationDraft

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def areas() -> list[DemoArea]:
    return draw_areas()


@pytest.fixture(scope="module")
def plan(areas: list[DemoArea]) -> list[PlannedCase]:
    return plan_cases(Ground(areas), now=NOW)


@pytest.fixture(scope="module")
def stations(areas: list[DemoArea]) -> list[StationDraft]:
    return list_stations(Ground(areas), now=NOW)


def _leaves(areas: list[DemoArea]) -> list[DemoArea]:
    return [area for area in areas if area.level == LEVELS[-1]]


def test_the_tree_has_five_levels_of_growing_number(areas: list[DemoArea]) -> None:
    assert {"区": 1, "街道": 3, "社区": 8, "网格": 20, "微网格": 96} == Counter(area.level for area in areas)


def test_the_grids_tile_the_district_without_gap_or_overlap(areas: list[DemoArea]) -> None:
    shapes = [area.shape for area in _leaves(areas)]
    assert shapely.coverage_is_valid(shapes)
    assert areas[0].shape.equals(shapely.union_all(shapes))


def test_neighbours_share_their_edges_to_the_last_digit(areas: list[DemoArea]) -> None:
    edges = Counter(
        frozenset(edge)
        for area in _leaves(areas)
        for edge in zip(area.shape.exterior.coords, area.shape.exterior.coords[1:], strict=False)
    )
    outer = sum(1 for count in edges.values() if count == 1)
    assert {1, 2} == set(edges.values())
    assert outer == len(areas[0].shape.exterior.coords) - 1


def test_every_parent_is_made_of_its_children(areas: list[DemoArea]) -> None:
    for parent in areas:
        children = [area.shape for area in areas if area.parent_code == parent.code]
        assert not children or parent.shape.equals(shapely.union_all(children)), parent.name


def test_codes_grow_by_three_digits_a_level_and_two_for_the_last(areas: list[DemoArea]) -> None:
    lengths = {level: {len(area.code) for area in areas if area.level == level} for level in LEVELS}
    assert [{6}, {9}, {12}, {15}, {17}] == list(lengths.values())


def test_siblings_are_numbered_from_the_north_west(areas: list[DemoArea]) -> None:
    streets = [area for area in areas if area.level == "街道"]
    assert sorted(streets, key=lambda area: area.shape.centroid.x) == streets
    northern = [area for area in areas if area.parent_code == streets[0].code]
    assert sorted(northern, key=lambda area: -area.shape.centroid.y) == northern


def test_the_district_lies_around_the_bay(areas: list[DemoArea]) -> None:
    assert areas[0].shape.contains(shapely.Point(120.18, 35.96))


def test_communities_of_people_are_those_of_the_map(areas: list[DemoArea]) -> None:
    drawn = {area.code: area.name for area in areas if area.level == "社区"}
    assert {code: f"{stem}社区" for code, stem in COMMUNITIES.items()} == drawn


def test_every_role_has_someone_and_every_community_its_secretary() -> None:
    staff = list_staff()
    assert set(Role) == {person.role for person in staff}
    assert set(COMMUNITIES) == {person.area_code for person in staff if person.role is Role.SECRETARY}
    assert {unit.code for unit in DEPARTMENTS} == {person.department for person in staff if person.department}


def test_everyone_reads_as_demonstration() -> None:
    assert all(person.name.startswith("演示") for person in [*list_staff(), *RIDERS, *DEPARTMENTS])
    assert all(re.fullmatch(r"1990000\d{4}", rider.phone) for rider in RIDERS)


def test_applications_are_in_every_state() -> None:
    waiting = [wish for wish in APPLICATIONS if wish.trust is None and wish.reason is None]
    assert 1 == len(waiting)
    assert any(wish.reason for wish in APPLICATIONS)
    assert any(wish.revoked_for for wish in APPLICATIONS)


def test_there_are_24_stations_of_every_kind_of_door(stations: list[StationDraft]) -> None:
    assert 24 == len({station.code for station in stations})
    assert set(Door) == {station.door for station in stations}


def test_stations_show_every_state_of_an_amenity(stations: list[StationDraft]) -> None:
    assert set(AmenityState) == {amenity.state for station in stations for amenity in station.amenities}


def test_some_station_is_suspended_some_never_verified_and_some_long_ago(stations: list[StationDraft]) -> None:
    assert 1 == sum(station.suspended_from is not None for station in stations)
    assert any(station.verified_at is None for station in stations)
    assert any(station.verified_at and station.verified_at < NOW - timedelta(days=90) for station in stations)


def test_every_planned_fault_is_of_something_the_station_has(stations: list[StationDraft]) -> None:
    for place, amenity in FAULTS:
        assert amenity is None or amenity in {known.code for known in stations[place].amenities}


def test_200_cases_are_planned_from_all_three_origins(plan: list[PlannedCase]) -> None:
    origins = Counter(case.origin for case in plan)
    assert 200 == len(plan) == len({case.number for case in plan})
    assert set(Origin) == set(origins)
    assert len(FAULTS) == origins[Origin.STATION_FAULT]
    faults = [fault_number(case.number) for case in plan if case.origin is Origin.STATION_FAULT]
    assert list(range(len(FAULTS))) == sorted(faults)


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_nothing_planned_lies_in_the_future_or_before_its_case(areas: list[DemoArea], hour: int) -> None:
    now = NOW.replace(hour=hour)
    for case in plan_cases(Ground(areas), now=now):
        times = [case.opened_at, *(act.at for act in case.acts), now]
        assert sorted(times) == times
        assert case.opened_at > now - timedelta(days=31)


def test_whatever_needs_words_has_them(plan: list[PlannedCase]) -> None:
    silent = {Verb.FILE, Verb.DISPATCH, Verb.ACCEPT, Verb.VERIFY, Verb.MARK_DUPLICATE, Verb.HAND_OVER}
    played = {act.verb for case in plan for act in case.acts} | {Verb.CONTACT}
    assert {verb.value for verb in played - silent} == set(NOTES)
    assert all(act.words or act.verb in silent for case in plan for act in case.acts)


def test_a_duplicate_is_opened_after_its_original_by_another_rider(plan: list[PlannedCase]) -> None:
    by_number = {case.number: case for case in plan}
    repeated = [(case, by_number[case.original]) for case in plan if case.original is not None]
    assert 10 == len(repeated)
    assert all(case.opened_at > first.opened_at and case.rider != first.rider for case, first in repeated)
