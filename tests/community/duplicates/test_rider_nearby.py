"""“Already reported nearby”: public facts only, no place closer than some ten metres, five at most."""

from dataclasses import fields
from datetime import timedelta

import pytest

from community.duplicates.models import NearbyCase
from community.duplicates.nearby import MOST_NEARBY, find_nearby_cases
from community.errors import UnknownCategory
from community.models import Origin
from core.database import Connection
from geo.frame import frame_at
from geo.models import Point
from tests.community.duplicates.scene import SPOT, beside, end, report
from tests.conftest import DISTRICT, START

DAY = timedelta(days=1)


async def seen(
    conn: Connection, point: Point = SPOT, category: str | None = "litter", after: timedelta = timedelta()
) -> tuple[NearbyCase, ...]:
    """Give what a rider at `point` is shown."""
    return await find_nearby_cases(conn, district_id=DISTRICT, point=point, category_code=category, now=START + after)


async def test_a_rider_learns_what_kind_where_it_stands_how_far_and_since_when(conn: Connection) -> None:
    await report(conn, 1, east=27, category="rubble", words="家门口的建筑垃圾")
    (case,) = await seen(conn)
    assert ("rubble", "待立案", 30, START) == (case.category_code, case.state.zh, case.distance_m, case.opened_at)
    assert {"category_code", "state", "distance_m", "opened_at"} == {field.name for field in fields(case)}


async def test_the_nearest_five_are_shown_nearest_first(conn: Connection) -> None:
    for n in range(MOST_NEARBY + 3):
        await report(conn, n, north=45 - 5 * n)
    # 10 and 15 m north lie at one ten-thousandth of a degree (11 m), 20 and 25 at two, 30 and 35 at three.
    assert [10, 10, 20, 20, 30] == [case.distance_m for case in await seen(conn)]


async def test_before_a_category_is_chosen_the_nearest_of_each_is_shown_as_far_as_its_rule_reaches(
    conn: Connection,
) -> None:
    for n, (category, north) in enumerate(
        [("litter", 45), ("litter", 22), ("standing_water", 89), ("rubble", 89), ("street_light", 0), ("help", 0)]
    ):
        await report(conn, n, north=north, category=category)
    shown = await seen(conn, category=None)
    expected = [
        ("street_light", 0),
        ("litter", 20),
        ("standing_water", 90),
    ]  # rubble is too far, help nobody's business
    assert expected == [(case.category_code, case.distance_m) for case in shown]


async def test_nobody_learns_a_place_more_closely_by_asking_from_many_places(conn: Connection) -> None:
    one = await report(conn, 1, east=3.0, north=2.0)
    frame = frame_at(SPOT.lat)
    assert one.lon is not None
    assert one.lat is not None
    # Somewhere else within the same ten-thousandth of a degree.
    moved = (round(one.lon, 4) - 4e-5, round(one.lat, 4) + 4e-5)
    around = [
        Point(SPOT.lon + x * 3 / frame.east, SPOT.lat + y * 3 / frame.north)
        for x in range(-20, 21, 2)
        for y in range(-20, 21, 2)
    ]
    before = [await seen(conn, point) for point in around]
    await conn.execute("update community_case set lon = $1, lat = $2", *moved)
    assert before == [await seen(conn, point) for point in around]
    assert {0, 1} == {len(shown) for shown in before}


async def test_residents_appeals_are_not_shown(conn: Connection) -> None:
    await report(conn, 1, origin=Origin.APPEAL)
    fault = await report(conn, 2, origin=Origin.STATION_FAULT)
    assert [fault.opened_at] == [case.opened_at for case in await seen(conn)]


async def test_only_open_cases_within_the_categorys_reach_are_shown(conn: Connection) -> None:
    await end(conn, await report(conn, 1))
    await report(conn, 2, category="street_light")
    await report(conn, 3, east=70)
    await report(conn, 4, after=-31 * DAY)
    await report(conn, 5, category="help")
    assert () == await seen(conn)
    assert () == await seen(conn, category="help")
    assert 1 == len(await seen(conn, beside(east=40)))


async def test_the_window_runs_back_from_now(conn: Connection) -> None:
    await report(conn, 1)
    assert [1, 0] == [len(await seen(conn, after=after)) for after in (30 * DAY, 30 * DAY + timedelta(seconds=1))]


@pytest.mark.parametrize("category", ["no_such", "greenery"])
async def test_a_category_that_no_report_can_have_is_refused(conn: Connection, category: str) -> None:
    await conn.execute("update category set is_active = false where code = 'greenery'")
    with pytest.raises(UnknownCategory) as refused:
        await seen(conn, category=category)
    assert "/query/category" == refused.value.pointer
