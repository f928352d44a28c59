"""One tap: what it changes, whom it calls, and that a repetition changes nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from community.lists.models import CaseFilter, Order
from community.lists.pages import list_cases
from community.models import CaseLine, Origin
from core.access.models import Actor
from core.database import Connection
from core.queries import list_events
from core.sealing.models import Purpose
from core.sealing.ring import KeyRing
from geo.models import Locate
from station.errors import AmenityNotThere, StationNotFound, TooManyTaps
from station.feedback.queries import delete_taps
from station.feedback.tell import MOST_TAPS, REPEATED_WITHIN, tell, tellers_of
from station.models import AmenityState, FeedbackKind, Station, StationAmenity, Tap
from station.queries import find_station
from station.registry import suspend
from tests.conftest import DISTRICT, RING, START, changed_ring
from tests.station.district import ADMIN, ANONYMOUS, WEST, draft, enter

OPEN, LOCKED, BROKEN = FeedbackKind.FOUND_OPEN, FeedbackKind.FOUND_LOCKED, FeedbackKind.AMENITY_BROKEN
RIDER = Actor("rider", 7, DISTRICT)
NIGHT = START + timedelta(hours=12)


async def tap(
    conn: Connection,
    locate: Locate,
    station: Station,
    kind: FeedbackKind,
    *,
    amenity: str | None = None,
    device: str = "device-one",
    actor: Actor = ANONYMOUS,
    ring: KeyRing = RING,
    now: object = START,
) -> Tap:
    return await tell(
        conn,
        ring=ring,
        actor=actor,
        station_id=station.id,
        kind=kind,
        amenity=amenity,
        device_nonce=device,
        locate=locate,
        now=now,  # type: ignore[arg-type]
    )


async def cases(conn: Connection) -> list[CaseLine]:
    wanted = CaseFilter(origin=Origin.STATION_FAULT)
    page = await list_cases(conn, actor=ADMIN, wanted=wanted, order=Order.NEWEST, cursor=None, limit=50, now=START)
    return list(page.cases)


async def again(conn: Connection, station: Station) -> Station:
    found = await find_station(conn, district_id=DISTRICT, station_id=station.id)
    assert found is not None
    return found


async def test_locked_within_posted_hours_opens_one_case_for_the_community(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    told = await tap(conn, locate, station, LOCKED)
    assert told.has_case
    assert told.within_hours
    (case,) = await cases(conn)
    assert ("station_locked", WEST) == (case.category_code, case.area_path)
    assert station.name in case.description
    assert START == (await again(conn, station)).found_locked_at


async def test_a_second_rider_joins_the_open_case(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    for number in range(3):
        told = await tap(conn, locate, station, LOCKED, device=f"device-{number}")
        assert told.has_case
    (case,) = await cases(conn)
    history = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    assert [{"taps": 2}, {"taps": 3}] == [event.data for event in history if event.kind == "case.told_again"]


async def test_an_amenity_says_nothing_about_a_door(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    for amenity in (None, "drinking_water", "sauna"):
        assert (await tap(conn, locate, station, LOCKED, amenity=amenity)).has_case
    (case,) = await cases(conn)
    assert "station_locked" == case.category_code
    assert not (await tap(conn, locate, station, OPEN, amenity="sauna")).has_case


async def test_the_same_tap_again_is_the_same_answer(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    first = await tap(conn, locate, station, LOCKED)
    assert first == await tap(conn, locate, station, LOCKED, now=START + timedelta(minutes=2))
    (case,) = await cases(conn)
    history = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    assert ["case.opened"] == [event.kind for event in history]


async def test_later_it_is_a_new_finding(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    await tap(conn, locate, station, LOCKED)
    later = START + REPEATED_WITHIN + timedelta(seconds=1)
    assert later == (await tap(conn, locate, station, LOCKED, now=later)).told_at
    assert 1 == len(await cases(conn))


async def test_after_the_case_is_closed_the_next_tap_opens_another(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    await tap(conn, locate, station, LOCKED)
    await conn.execute("update community_case set state = 'closed', closed_at = now() where district_id = 1")
    await tap(conn, locate, station, LOCKED, device="device-two")
    assert 2 == len(await cases(conn))


@pytest.mark.parametrize("hours", ["08:00-18:00", ""])
async def test_locked_outside_posted_hours_or_without_any_is_no_case(
    conn: Connection, locate: Locate, hours: str
) -> None:
    station = await enter(conn, locate, draft(hours_typed=hours))
    told = await tap(conn, locate, station, LOCKED, now=NIGHT)
    assert not told.has_case
    assert (False if hours else None) is told.within_hours
    assert [] == await cases(conn)


async def test_locked_while_suspended_is_no_case(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    await suspend(conn, actor=ADMIN, station_id=station.id, starts_at=None, ends_at=None, reason="装修", now=START)
    assert not (await tap(conn, locate, station, LOCKED)).has_case
    assert [] == await cases(conn)


async def test_found_open_is_noted_and_calls_nobody(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    assert not (await tap(conn, locate, station, OPEN)).has_case
    kept = await again(conn, station)
    assert START == kept.found_open_at
    assert station.row_version == kept.row_version
    assert [] == await cases(conn)


async def test_a_broken_amenity_is_out_of_order_until_the_host_has_looked(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    assert (await tap(conn, locate, station, BROKEN, amenity="food_heating", now=NIGHT)).has_case
    oven = next(amenity for amenity in (await again(conn, station)).amenities if amenity.code == "food_heating")
    assert (AmenityState.OUT_OF_ORDER, False) == (oven.state, oven.is_confirmed)
    (case,) = await cases(conn)
    assert "station_amenity" == case.category_code
    assert "热饭" in case.description


async def test_two_broken_things_are_two_cases(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    for amenity in ("food_heating", "drinking_water", "food_heating"):
        await tap(conn, locate, station, BROKEN, amenity=amenity, device=f"device-{amenity}")
    assert 2 == len(await cases(conn))


@pytest.mark.parametrize("amenity", ["wifi", "sauna", None])
async def test_what_is_not_there_cannot_be_broken(conn: Connection, locate: Locate, amenity: str | None) -> None:
    station = await enter(conn, locate)
    with pytest.raises(AmenityNotThere):
        await tap(conn, locate, station, BROKEN, amenity=amenity)


async def test_a_tap_on_no_station_is_refused(conn: Connection, locate: Locate) -> None:
    with pytest.raises(StationNotFound):
        await tell(
            conn,
            ring=RING,
            actor=ANONYMOUS,
            station_id=999,
            kind=OPEN,
            amenity=None,
            device_nonce="device-one",
            locate=locate,
            now=START,
        )


async def test_one_device_is_asked_to_wait_after_many_taps(conn: Connection, locate: Locate) -> None:
    kinds = ["wifi", "books", "toilet", "shower", "fridge", "aed", "printing"]
    station = await enter(conn, locate, draft(amenities=tuple(StationAmenity(code) for code in kinds)))
    for code in kinds[:MOST_TAPS]:
        await tap(conn, locate, station, BROKEN, amenity=code)
    with pytest.raises(TooManyTaps):
        await tap(conn, locate, station, BROKEN, amenity=kinds[MOST_TAPS])
    assert (await tap(conn, locate, station, BROKEN, amenity=kinds[MOST_TAPS], device="another-device")).has_case


def test_a_teller_cannot_be_followed_from_station_to_station() -> None:
    (one,) = tellers_of(RING, ANONYMOUS, "device-one", 1)
    assert (one,) == tellers_of(RING, ANONYMOUS, "device-one", 1)
    assert (one,) != tellers_of(RING, ANONYMOUS, "device-one", 2)
    assert (one,) != tellers_of(RING, ANONYMOUS, "device-two", 1)


def test_a_teller_cannot_be_worked_out_without_the_key() -> None:
    (here,) = tellers_of(RING, RIDER, "", 1)
    (elsewhere,) = tellers_of(changed_ring(Purpose.CODES, is_retired=True), RIDER, "", 1)
    assert here != elsewhere


async def test_no_row_tells_which_rider_tapped(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    for kind in (OPEN, LOCKED, LOCKED):
        await tap(conn, locate, station, kind, actor=RIDER)
    await tap(conn, locate, station, LOCKED, actor=replace(RIDER, id=8))
    told = await conn.fetch("select kind, actor_kind, actor_id from event where subject in ('station', 'case')")
    assert {"station.found_open", "station.found_locked", "case.opened", "case.told_again"} <= {
        row["kind"] for row in told
    }
    assert not [row for row in told if row["actor_kind"] == "rider"]


async def test_a_repetition_is_known_also_while_the_key_changes(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    await tap(conn, locate, station, OPEN, actor=RIDER)
    await tap(conn, locate, station, OPEN, actor=RIDER, ring=changed_ring(Purpose.CODES))
    assert 1 == await conn.fetchval("select count(*) from station_feedback")


async def test_taps_go_after_their_time_and_what_they_changed_stays(conn: Connection, locate: Locate) -> None:
    station = await enter(conn, locate)
    await tap(conn, locate, station, OPEN)
    assert 0 == await delete_taps(conn, district_id=DISTRICT, before=START, limit=9)
    assert 1 == await delete_taps(conn, district_id=DISTRICT, before=START + timedelta(seconds=1), limit=9)
    assert START == (await again(conn, station)).found_open_at
