"""Nearby search over the live shelf and over the database: the same answer, fresh after each change."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio
from geopy.distance import geodesic

from core.changes import record_change
from core.database import Pool, connected, pool_transaction
from geo.models import Datum, Locate, Point, Received
from station.errors import StationNotFound, TooFarAhead, UnknownAmenity
from station.feedback.tell import tell
from station.live import LiveStations
from station.models import AmenityState, Door, FeedbackKind, Station, StationAmenity, StationDraft
from station.nearby import find_nearby, find_nearby_in_database, get_station_view
from station.registry import edit, set_amenity, suspend
from station.shelf import Ask
from tests.conftest import DISTRICT, RING, START, Database
from tests.station.district import ADMIN, ANONYMOUS, draft, enter, locate_in, open_generation

HERE = Point(120.18, 35.96)
EVENING = START + timedelta(hours=9)  # 19:00


class Neighbourhood:
    """Stations in a database of their own, and the live shelf over them."""

    def __init__(self, pool: Pool, locate: Locate) -> None:
        self.pool, self.locate = pool, locate
        self.live = LiveStations(district_id=DISTRICT)

    async def add(self, wanted: StationDraft) -> Station:
        async with pool_transaction(self.pool) as conn:
            return await enter(conn, self.locate, wanted)

    async def ask(self, *, now: datetime = START, **asked: Any) -> list[dict[str, Any]]:
        """Ask the shelf and the database, which must agree."""
        ask = Ask(**{"point": HERE} | asked)
        body = orjson.loads(await find_nearby(self.pool, self.live, district_id=DISTRICT, ask=ask, now=now))
        async with pool_transaction(self.pool) as conn:
            rows = await find_nearby_in_database(conn, district_id=DISTRICT, ask=ask, now=now)
        assert orjson.loads(b"[%b]" % rows) == body["stations"]
        return list(body["stations"])

    async def names(self, **asked: Any) -> list[str]:
        return [station["name"] for station in await self.ask(**asked)]

    async def follow(self, now: datetime = START) -> None:
        await self.live.follow(self.pool, now=now)


@pytest_asyncio.fixture
async def around(pool: Pool) -> AsyncIterator[Neighbourhood]:
    async with pool_transaction(pool) as conn:
        locate = locate_in(await open_generation(conn))
    neighbourhood = Neighbourhood(pool, locate)
    await neighbourhood.add(draft("近", lon=120.181))
    await neighbourhood.add(draft("中", lon=120.185, hours_typed="24小时", door=Door.FACE))
    await neighbourhood.add(
        draft("远", lon=120.21, hours_typed="", amenities=(StationAmenity("drinking_water"), StationAmenity("aed")))
    )
    await neighbourhood.add(draft("无位置", received=None))
    await neighbourhood.live.load(pool, now=START)
    yield neighbourhood
    await neighbourhood.live.close()


async def test_the_nearest_come_first_with_geodesic_metres_and_bearing(around: Neighbourhood) -> None:
    found = await around.ask()
    assert ["近", "中", "远"] == [station["name"] for station in found]
    for station in found:
        metres = geodesic((HERE.lat, HERE.lon), (station["lat"], station["lon"])).m
        assert station["distance_m"] == pytest.approx(metres, abs=0.06)
        assert 90 == station["bearing_deg"]


async def test_an_answer_says_what_a_rider_needs_and_nothing_private(around: Neighbourhood) -> None:
    (nearest, *_) = await around.ask()
    assert {"state": "open", "reason": "schedule", "until": "2026-03-10T10:00:00Z"} == nearest["open"]
    assert {"code": "food_heating", "state": "working", "expires_on": None, "is_confirmed": True} in nearest[
        "amenities"
    ]
    assert {"verified_at", "found_open_at", "found_locked_at", "door", "hours_typed"} <= set(nearest)
    assert not {"qr_token", "verified_by", "row_version", "area_path"} & set(nearest)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"limit": 1}, ["近"]),
        ({"radius_m": 100.0}, ["近"]),
        ({"radius_m": 10.0}, []),
        ({"amenities": ("food_heating", "drinking_water")}, ["近", "中"]),
        ({"amenities": ("aed",)}, ["远"]),
        ({"doors": (Door.FACE,)}, ["中"]),
        ({"doors": (Door.FACE, Door.OPEN)}, ["近", "中", "远"]),
        ({"must_be_open": True}, ["近", "中"]),
        ({"must_be_open": True, "now": EVENING}, ["中"]),
        ({"open_at": START + timedelta(days=1)}, ["近", "中"]),
        ({"open_at": START + timedelta(hours=15)}, ["中"]),
        ({"point": Point(120.21, 35.96), "limit": 1}, ["远"]),
    ],
)
async def test_filters(around: Neighbourhood, asked: dict[str, Any], names: list[str]) -> None:
    assert names == await around.names(**asked)


async def test_opening_can_be_asked_for_a_week_only(around: Neighbourhood) -> None:
    for open_at in (START - timedelta(minutes=1), START + timedelta(days=7, minutes=1)):
        with pytest.raises(TooFarAhead):
            await around.ask(open_at=open_at)


async def test_an_amenity_outside_the_vocabulary_is_named(around: Neighbourhood) -> None:
    with pytest.raises(UnknownAmenity, match="sauna"):
        await around.ask(amenities=("sauna",))


async def test_an_edit_shows_after_the_next_poll(around: Neighbourhood) -> None:
    station_id = (await around.ask())[0]["id"]
    async with pool_transaction(around.pool) as conn:
        await edit(
            conn,
            actor=ADMIN,
            station_id=station_id,
            row_version=1,
            changes={"received": Received(120.3, 35.96, Datum.WGS84), "name": "搬走了"},
            locate=around.locate,
            now=START,
        )
    await around.follow()
    assert ["中", "远"] == await around.names()
    assert ["搬走了"] == await around.names(point=Point(120.3, 35.96))


async def test_a_new_station_shows_after_the_next_poll(around: Neighbourhood) -> None:
    await around.add(draft("新"))
    await around.follow()
    assert "新" == (await around.names())[0]


async def test_a_suspension_closes_the_door_for_its_time(around: Neighbourhood) -> None:
    station_id = (await around.ask())[0]["id"]
    until = START + timedelta(hours=1)
    async with pool_transaction(around.pool) as conn:
        await suspend(conn, actor=ADMIN, station_id=station_id, starts_at=None, ends_at=until, reason="停电", now=START)
    await around.follow()
    (nearest, *_) = await around.ask()
    assert {"state": "closed", "reason": "suspended", "until": "2026-03-10T03:00:00Z"} == nearest["open"]
    assert "停电" == nearest["suspended_reason"]
    assert ["中"] == await around.names(must_be_open=True)
    assert ["近", "中"] == await around.names(must_be_open=True, now=until)
    assert ["近", "中"] == await around.names(open_at=until + timedelta(minutes=1))


async def test_a_door_found_locked_is_doubted_until_it_is_found_open(around: Neighbourhood) -> None:
    station_id = (await around.ask())[0]["id"]

    async def tap(kind: FeedbackKind, now: datetime) -> None:
        async with pool_transaction(around.pool) as conn:
            await tell(
                conn,
                ring=RING,
                actor=ANONYMOUS,
                station_id=station_id,
                kind=kind,
                amenity=None,
                device_nonce="device-one",
                locate=around.locate,
                now=now,
            )
        await around.follow(now)

    await tap(FeedbackKind.FOUND_LOCKED, START)
    (nearest, *_) = await around.ask()
    assert ("reported_locked", "found_locked") == (nearest["open"]["state"], nearest["open"]["reason"])
    assert "2026-03-10T02:00:00Z" == nearest["found_locked_at"]
    assert ["中"] == await around.names(must_be_open=True)
    assert ["近", "中"] == await around.names(must_be_open=True, now=START + timedelta(hours=4))
    await tap(FeedbackKind.FOUND_OPEN, START + timedelta(hours=1))
    assert ["近", "中"] == await around.names(must_be_open=True, now=START + timedelta(hours=1))


async def test_what_is_broken_or_expired_is_not_offered(around: Neighbourhood) -> None:
    station_id = (await around.ask(amenities=("aed",)))[0]["id"]
    for state, expires_on in ((AmenityState.OUT_OF_ORDER, None), (AmenityState.WORKING, date(2026, 3, 9))):
        async with pool_transaction(around.pool) as conn:
            await set_amenity(
                conn,
                actor=ADMIN,
                station_id=station_id,
                code="aed",
                state=state,
                expires_on=expires_on,
                now=START,
            )
        await around.follow()
        assert [] == await around.names(amenities=("aed",))


async def test_the_next_day_and_a_new_holiday_are_worked_out_afresh(around: Neighbourhood) -> None:
    await around.add(draft("工作日驿站", lon=120.182, hours_typed="工作日 8:00-18:00"))
    tomorrow = START + timedelta(days=1)
    await around.follow(tomorrow)
    await settled(around)
    assert around.live.shelf is not None
    assert around.live.shelf.timelines.is_of(date(2026, 3, 11))
    assert "工作日驿站" in await around.names(must_be_open=True, now=tomorrow)
    async with pool_transaction(around.pool) as conn:
        await conn.execute(
            "insert into holiday (district_id, day, is_workday, name, source)"
            " values (1, '2026-03-11', false, '停工日', 'test')"
        )
        await record_change(conn, district_id=DISTRICT, kind="holiday", ref="2026-03-11")
    await around.follow(tomorrow)
    await settled(around)
    assert "工作日驿站" not in await around.names(must_be_open=True, now=tomorrow)


async def test_a_change_outlives_a_read_that_failed(around: Neighbourhood, database: Database) -> None:
    await around.add(draft("新"))
    async with connected(database.owner_dsn) as owner:
        await owner.execute("alter table station_amenity rename to amenity_out_of_reach")
        with pytest.raises(asyncpg.UndefinedTableError):
            await around.follow()
        await owner.execute("alter table amenity_out_of_reach rename to station_amenity")
    await around.follow()
    await settled(around)
    assert "新" == (await around.names())[0]


async def settled(around: Neighbourhood) -> None:
    """Wait for a load in the background."""
    if around.live._loading is not None:
        await around.live._loading


async def test_questions_of_one_turn_are_answered_together_and_apart(around: Neighbourhood) -> None:
    asks = [Ask(HERE, limit=1), Ask(Point(120.21, 35.96), limit=1), Ask(HERE, doors=(Door.FACE,))]
    bodies = await asyncio.gather(
        *(find_nearby(around.pool, around.live, district_id=DISTRICT, ask=ask, now=START) for ask in asks)
    )
    assert ["近", "远", "中"] == [orjson.loads(body)["stations"][0]["name"] for body in bodies]


async def test_before_the_first_load_the_database_answers(around: Neighbourhood) -> None:
    cold = LiveStations(district_id=DISTRICT)
    body = await find_nearby(around.pool, cold, district_id=DISTRICT, ask=Ask(HERE), now=START)
    assert ["近", "中", "远"] == [station["name"] for station in orjson.loads(body)["stations"]]


async def test_one_station_is_shown_to_anybody_with_its_openness(around: Neighbourhood) -> None:
    station_id = (await around.ask())[0]["id"]
    async with pool_transaction(around.pool) as conn:
        view = await get_station_view(conn, district_id=DISTRICT, station_id=station_id, now=START)
        assert (True, datetime(2026, 3, 10, 10, tzinfo=UTC)) == (view.open.is_open, view.open.until)
        with pytest.raises(StationNotFound):
            await get_station_view(conn, district_id=DISTRICT, station_id=10**9, now=START)


async def test_a_shelf_exchanged_between_two_questions_answers_both(around: Neighbourhood) -> None:
    await around.add(draft("新", hours_typed="周二 7:00-11:30"))
    other = LiveStations(district_id=DISTRICT)
    await other.load(around.pool, now=START)
    first = around.live.ask(Ask(HERE, must_be_open=True), START)
    around.live.shelf = other.shelf
    second = around.live.ask(Ask(HERE, limit=1), START)
    assert [3, 1] == [len(orjson.loads(b"[%b]" % await answer)) for answer in (first, second)]


async def test_one_wrong_question_leaves_those_asked_with_it_their_answer(around: Neighbourhood) -> None:
    wrong = around.live.ask(Ask(HERE, amenities=("unheard_of",)), START)
    right = around.live.ask(Ask(HERE, limit=1), START)
    assert 1 == len(orjson.loads(b"[%b]" % await right))
    with pytest.raises(UnknownAmenity):
        await wrong


async def test_nobody_waits_for_ever_when_answering_fails(
    around: Neighbourhood, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert around.live.shelf is not None
    monkeypatch.setattr(around.live.shelf.index, "ask", None)
    with pytest.raises(TypeError):
        await around.live.ask(Ask(HERE), START)
