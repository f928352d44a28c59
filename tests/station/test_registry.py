"""Keeping the register: who may, what is refused, what is recorded."""

from datetime import date, timedelta

import asyncpg
import pytest

from core.access.models import Role
from core.database import Connection
from core.queries import list_events
from geo.models import Datum, Received
from station.errors import OutsideOwnArea, StationChanged, StationNotFound, UnknownAmenity, UnreadableHours
from station.models import AmenityState, StationAmenity
from station.registry import (
    Locate,
    create,
    draft_of,
    edit,
    find_own,
    list_own,
    relocate_all,
    resume,
    set_amenity,
    suspend,
)
from tests.conftest import DISTRICT, START
from tests.station.district import ADMIN, EAST, EAST_HOST, WEST, WEST_HOST, draft, enter, keeper, locate_in


async def test_a_station_keeps_what_was_received_beside_wgs84(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate, draft(received=Received(120.185, 35.965, Datum.GCJ02)))
    assert Received(120.185, 35.965, Datum.GCJ02) == station.received
    assert 120.1796 == pytest.approx(station.lon, abs=1e-3)
    assert WEST == station.area_path
    assert "08:00-18:00" == station.hours
    assert 1 == station.row_version


async def test_a_draft_comes_back_whole_from_what_it_made(conn: Connection, locate: Locate) -> None:
    wanted = draft(
        code="QD-1",
        hours_typed="周一至周五 9:00-17:00",
        capacity=12,
        amenities=(StationAmenity("first_aid", AmenityState.OUT_OF_STOCK, date(2026, 12, 31), is_confirmed=False),),
    )
    assert wanted == draft_of(await enter(conn, locate, wanted))


async def test_round_the_clock_is_a_flag_of_the_hours(conn: Connection, locate: Locate) -> None:
    assert (await enter(conn, locate, draft(hours_typed="全天开放"))).is_always_open
    assert not (await enter(conn, locate, draft("另一驿站", hours_typed=""))).is_always_open


async def test_unreadable_hours_are_refused_at_the_counter(conn: Connection, locate: Locate) -> None:
    with pytest.raises(UnreadableHours):
        await enter(conn, locate, draft(hours_typed="工作日开放"))


async def test_an_amenity_outside_the_vocabulary_is_refused(conn: Connection, locate: Locate) -> None:
    with pytest.raises(UnknownAmenity):
        await enter(conn, locate, draft(amenities=(StationAmenity("sauna"),)))


async def test_a_code_is_used_once(conn: Connection, locate: Locate) -> None:
    await enter(conn, locate, draft(code="A1"))
    with pytest.raises(asyncpg.UniqueViolationError, match="station_code_unique"):
        await enter(conn, locate, draft("别的驿站", code="A1"))


async def test_an_edit_counts_the_version_and_names_its_fields(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    edited = await edit(
        conn,
        actor=WEST_HOST,
        station_id=station.id,
        row_version=1,
        changes={"phone": "0532-0000", "hours_typed": "24小时"},
        locate=locate,
        now=START,
    )
    assert ("0532-0000", "24/7", 2) == (edited.phone, edited.hours, edited.row_version)
    events = await list_events(conn, district_id=DISTRICT, subject="station", subject_id=station.id)
    assert ["hours_typed", "phone"] == sorted(events[-1].data["fields"])  # type: ignore[call-overload]


async def test_an_edit_of_an_old_version_is_refused(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    for expected in (None, StationChanged):
        call = edit(
            conn,
            actor=ADMIN,
            station_id=station.id,
            row_version=1,
            changes={"phone": "1"},
            locate=locate,
            now=START,
        )
        if expected is None:
            await call
        else:
            with pytest.raises(expected):
                await call


@pytest.mark.parametrize("actor", [EAST_HOST, keeper(Role.AUDITOR, ""), keeper(Role.DEPARTMENT, "")])
async def test_who_keeps_no_stations_there_does_not_find_the_station(
    conn: Connection, locate: Locate, actor: object
) -> None:
    station = await enter(conn, locate)
    with pytest.raises(StationNotFound):
        await edit(
            conn,
            actor=actor,  # type: ignore[arg-type]
            station_id=station.id,
            row_version=1,
            changes={},
            locate=locate,
            now=START,
        )
    with pytest.raises(StationNotFound):
        await suspend(
            conn,
            actor=actor,  # type: ignore[arg-type]
            station_id=station.id,
            starts_at=None,
            ends_at=None,
            reason="x",
            now=START,
        )
    with pytest.raises(StationNotFound):
        await set_amenity(
            conn,
            actor=actor,  # type: ignore[arg-type]
            station_id=station.id,
            code="wifi",
            state=AmenityState.WORKING,
            expires_on=None,
            now=START,
        )


async def test_a_host_neither_enters_nor_moves_a_station_outside_his_area(conn: Connection, locate: Locate) -> None:
    with pytest.raises(OutsideOwnArea):
        await create(conn, actor=EAST_HOST, draft=draft(), locate=locate, now=START)
    station = await create(conn, actor=WEST_HOST, draft=draft(), locate=locate, now=START)
    with pytest.raises(OutsideOwnArea):
        await edit(
            conn,
            actor=WEST_HOST,
            station_id=station.id,
            row_version=1,
            changes={"received": Received(120.3, 35.96, Datum.WGS84)},
            locate=locate,
            now=START,
        )


async def test_the_register_shows_ones_own_areas_only(conn: Connection, locate: Locate) -> None:
    west = await enter(conn, locate)
    east = await enter(conn, locate, draft("东岸驿站", lon=120.3))
    placeless = await enter(conn, locate, draft("未定位驿站", received=None))

    async def seen(actor: object, area: str = "", text: str = "") -> list[int]:
        page = await list_own(conn, actor=actor, area_path=area, text=text, after=0, limit=50)  # type: ignore[arg-type]
        return [line.id for line in page.stations]

    assert [west.id, east.id, placeless.id] == await seen(ADMIN)
    assert [west.id] == await seen(WEST_HOST)
    assert [east.id] == await seen(ADMIN, area=EAST)
    assert [] == await seen(WEST_HOST, area=EAST)
    assert [east.id] == await seen(ADMIN, text="东岸")
    assert [] == await seen(keeper(Role.DEPARTMENT, ""))
    # a path that only begins with the same characters is another area
    assert [] == await seen(keeper(Role.STATION_HOST, WEST[:-1]))
    with pytest.raises(StationNotFound):
        await find_own(conn, actor=EAST_HOST, station_id=west.id)
    assert west.id == (await find_own(conn, actor=WEST_HOST, station_id=west.id)).id


async def test_pages_follow_each_other_without_gap_or_overlap(conn: Connection, locate: Locate) -> None:
    ids = [(await enter(conn, locate, draft(f"驿站{n}"))).id for n in range(5)]
    after, seen = 0, []
    while True:
        page = await list_own(conn, actor=ADMIN, area_path="", text="", after=after, limit=2)
        seen += [line.id for line in page.stations]
        if page.next_after is None:
            break
        after = page.next_after
    assert ids == seen


async def test_a_suspension_is_noted_and_lifted(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    until = START + timedelta(days=2)
    suspended = await suspend(
        conn, actor=WEST_HOST, station_id=station.id, starts_at=None, ends_at=until, reason="装修", now=START
    )
    assert (START, until, "装修") == (suspended.suspended_from, suspended.suspended_until, suspended.suspended_reason)
    resumed = await resume(conn, actor=WEST_HOST, station_id=station.id, now=START)
    assert resumed.suspended_from is None
    assert 3 == resumed.row_version


async def test_the_word_of_staff_confirms_an_amenity(conn: Connection, locate: Locate) -> None:
    doubted = (StationAmenity("food_heating", AmenityState.OUT_OF_ORDER, is_confirmed=False),)
    station = await enter(conn, locate, draft(amenities=doubted))
    mended = await set_amenity(
        conn,
        actor=WEST_HOST,
        station_id=station.id,
        code="food_heating",
        state=AmenityState.WORKING,
        expires_on=None,
        now=START,
    )
    assert (StationAmenity("food_heating"),) == mended.amenities


async def test_a_new_generation_moves_stations_to_their_new_areas(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    await enter(conn, locate, draft("未定位驿站", received=None))
    assert 0 == await relocate_all(conn, district_id=DISTRICT, locate=locate)
    swapped = locate_in(station.generation_id or 0)
    moved = await relocate_all(
        conn, district_id=DISTRICT, locate=lambda point: swapped(type(point)(point.lon + 0.1, point.lat))
    )
    assert 1 == moved
    assert EAST == (await find_own(conn, actor=ADMIN, station_id=station.id)).area_path
