"""The room over HTTP: finding without a sign-in, keeping with one, lists in and out."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from core.access.models import Grant, Role
from core.access.policy import ANYONE, staff
from core.access.queries import insert_grant
from core.database import Pool, pool_transaction
from core.files import FolderStore
from core.http.endpoint import JSON_BODY_LIMIT, Route, add_routes
from core.http.openapi import describe
from core.http.photos import PHOTO_TYPES, set_up_photos
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, POOL, RING
from geo.api import LOCATE, SEARCH_PLACES
from geo.datum import from_wgs84
from geo.models import Datum, Place, PlaceKind, Point
from station import api
from station.errors import StationCodeTaken
from station.feedback import api as taps
from station.nearby import NearbyAnswer
from station.registry import KEEPERS, READERS
from station.transfer import api as transfer
from station.transfer.lists import ImportReport
from tests.conftest import DISTRICT, START, Client, FakeClock
from tests.conftest import RING as KEYS
from tests.pictures import jpeg, sha256
from tests.sessions import open_long_session
from tests.staff import insert_staff
from tests.station.district import EAST, WEST, draft, enter, locate_in, open_generation

STATIONS = "/api/v1/stations"
NEARBY = f"{STATIONS}/nearby"
HERE = {"lat": "35.96", "lon": "120.18"}

KEEPER, READER = staff(*KEEPERS), staff(*READERS)
ROUTES = (
    Route("GET", "/api/v1/stations/nearby", api.find_nearby_stations, ANYONE, answer=NearbyAnswer),
    Route("GET", "/api/v1/amenities", api.list_amenities, ANYONE),
    Route("GET", "/api/v1/stations/export", transfer.export_station_list, READER, answer=bytes, media_type="text/csv"),
    Route(
        "POST",
        "/api/v1/stations/import",
        transfer.import_station_list,
        KEEPER,
        answer=ImportReport,
        accepts=transfer.MEDIA_TYPES,
    ),
    Route("GET", "/api/v1/stations", api.list_stations, READER),
    Route("POST", "/api/v1/stations", api.create_station, KEEPER, 201),
    Route("GET", "/api/v1/stations/hours", api.preview_hours, KEEPER),
    Route("GET", "/api/v1/stations/feedback", taps.list_feedback, READER),
    Route("GET", "/api/v1/stations/qr/{qr_token}", api.find_station_by_qr, ANYONE),
    Route("GET", "/api/v1/stations/{station_id}", api.get_station, ANYONE),
    Route("GET", "/api/v1/stations/{station_id}/photo", api.get_station_photo, ANYONE, answer=bytes),
    Route("PUT", "/api/v1/stations/{station_id}/photos/{sha256}", api.put_station_photo, KEEPER, accepts=PHOTO_TYPES),
    Route("PATCH", "/api/v1/stations/{station_id}", api.edit_station, KEEPER),
    Route("GET", "/api/v1/stations/{station_id}/record", api.get_station_record, READER),
    Route("PUT", "/api/v1/stations/{station_id}/suspension", api.suspend_station, KEEPER),
    Route("DELETE", "/api/v1/stations/{station_id}/suspension", api.resume_station, KEEPER),
    Route("PUT", "/api/v1/stations/{station_id}/amenities/{amenity}", api.set_amenity, KEEPER),
    Route("POST", "/api/v1/stations/{station_id}/feedback", taps.give_feedback, ANYONE),
)


@dataclass(frozen=True)
class House:
    """The room behind a server, with one station in the western area."""

    client: Client
    pool: Pool
    station_id: int

    async def signed_in(self, role: Role, area_path: str) -> dict[str, str]:
        """Hire someone, sign him in and give his header."""
        async with pool_transaction(self.pool) as conn:
            person = await insert_staff(
                conn,
                district_id=DISTRICT,
                username=f"{role}{area_path}",
                name="值班员",
                now=START,
            )
            await insert_grant(conn, district_id=DISTRICT, staff_id=person.id, grant=Grant(role, area_path), now=START)
            token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=person.id, now=START)
        return {"Authorization": f"Bearer {token}"}

    async def nearby(self, **asked: Any) -> tuple[int, dict[str, Any]]:
        await self.client.app[api.LIVE_STATIONS].follow(self.pool, now=START)
        answer = await self.client.get(NEARBY, params={**HERE, **asked} if "place" not in asked else asked)
        return answer.status, orjson.loads(await answer.read())

    async def send(
        self, method: str, path: str, who: dict[str, str] | None = None, **body: Any
    ) -> tuple[int, dict[str, Any]]:
        answer = await self.client.request(method, STATIONS + path, json=body or None, headers=who)
        return answer.status, orjson.loads(await answer.read() or b"null")


async def search_places(text: str, limit: int) -> list[Place]:
    return [Place("唐岛湾", PlaceKind.AREA, Point(120.18, 35.96))][:limit] if text == "唐岛湾" else []


@pytest_asyncio.fixture
async def house(pool: Pool, app_pool: Pool, clock: FakeClock, tmp_path: Path) -> AsyncIterator[House]:
    async with pool_transaction(pool) as conn:
        locate = locate_in(await open_generation(conn))
        station = await enter(conn, locate, draft(code="QD-1"))
    app = web.Application(middlewares=[answer_problems], client_max_size=JSON_BODY_LIMIT)
    app[CLOCK], app[DISTRICT_ID] = clock, DISTRICT
    app[POOL], app[BACKGROUND], app[RING] = app_pool, pool, KEYS
    app[CONSTRAINTS] = {"station_code_unique": lambda: StationCodeTaken(pointer="/code")}
    app[LOCATE], app[SEARCH_PLACES] = locate, search_places
    app.cleanup_ctx.append(api.keep_stations_live)
    set_up_photos(app, store=FolderStore(tmp_path / "photos"), partials=tmp_path / "uploads")
    add_routes(app, ROUTES)
    async with TestClient(TestServer(app)) as client:
        await client.app[api.LIVE_STATIONS].load(pool, now=START)
        yield House(client, pool, station.id)


def pointers(problem: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in problem["errors"]]


async def test_a_rider_finds_a_station_without_signing_in(house: House) -> None:
    status, answer = await house.nearby(amenity="drinking_water,food_heating", open_now="true", limit="5")
    assert 200 == status
    assert [house.station_id] == [station["id"] for station in answer["stations"]]
    assert {"lon": 120.18, "lat": 35.96} == answer["centre"]
    assert "2026-03-10T02:00:00Z" == answer["as_of"]


async def test_a_position_of_another_datum_finds_the_same_place(house: House) -> None:
    lon, lat = from_wgs84(120.18, 35.96, Datum.GCJ02)
    _, answer = await house.nearby(lon=str(lon), lat=str(lat), datum="gcj02")
    assert answer["stations"][0]["distance_m"] < 0.1
    _, taken_for_wgs84 = await house.nearby(lon=str(lon), lat=str(lat))
    assert taken_for_wgs84["stations"][0]["distance_m"] > 300


async def test_a_typed_place_needs_no_position(house: House) -> None:
    status, answer = await house.nearby(place="唐岛湾")
    assert (200, 1) == (status, len(answer["stations"]))
    status, problem = await house.nearby(place="无此地")
    assert (404, ["/query/place"]) == (status, pointers(problem))
    assert problem["type"].endswith("place-not-found")


async def test_amenities_may_be_repeated(house: House) -> None:
    query = [*HERE.items(), ("amenity", "drinking_water"), ("amenity", "aed")]
    answer = await house.client.get(NEARBY, params=query)
    assert [] == (await answer.json())["stations"]


@pytest.mark.parametrize(
    ("asked", "status", "pointer"),
    [
        ({"lat": "91"}, 422, "/query/lat"),
        ({"lat": "nan"}, 422, "/query/lat"),
        ({"lon": "x"}, 422, "/query/lon"),
        ({"datum": "utm"}, 422, "/query/datum"),
        ({"radius_m": "0"}, 422, "/query/radius_m"),
        ({"radius_m": "1e9"}, 422, "/query/radius_m"),
        ({"limit": "51"}, 422, "/query/limit"),
        ({"amenity": "sauna"}, 422, "/query/amenity"),
        ({"door": "window"}, 422, "/query/door"),
        ({"open_now": "maybe"}, 422, "/query/open_now"),
        ({"open_at": "2027-01-01T00:00:00Z"}, 422, "/query/open_at"),
        ({"open_at": "2026-03-10T12:00:00"}, 422, "/query/open_at"),
        ({"colour": "red"}, 422, "/query/colour"),
    ],
)
async def test_a_wrong_question_names_its_field(house: House, asked: dict[str, str], status: int, pointer: str) -> None:
    given, problem = await house.nearby(**asked)
    assert (status, [pointer]) == (given, pointers(problem))


async def test_a_question_without_a_place_is_refused(house: House) -> None:
    answer = await house.client.get(NEARBY, params={"lon": "120"})
    problem = await answer.json()
    assert 422 == answer.status
    assert ["/query/lat"] == pointers(problem)
    assert problem["type"].endswith("position-missing")


async def test_no_position_of_an_asker_is_kept_or_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for number in range(20):
        await house.nearby(lat=f"35.96123{number:02}", lon=f"120.18765{number:02}")
    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    assert not [line for line in ours if "35.96123" in line]
    async with pool_transaction(house.pool) as conn:
        stored = await conn.fetch(
            "select t::text as line from event t union all select t::text from station_feedback t"
            " union all select t::text from change_log t union all select t::text from session t"
        )
    assert not [row for row in stored if "35.96123" in row["line"]]


async def test_a_host_enters_edits_suspends_and_resumes(house: House) -> None:
    host = await house.signed_in(Role.STATION_HOST, WEST)
    status, made = await house.send(
        "POST",
        "",
        host,
        name="新驿站",
        position={"lon": 120.19, "lat": 35.97, "datum": "wgs84"},
        hours="周一至周五 8:30-17:30",
        amenities=[{"code": "wifi"}],
    )
    assert (201, "Mo-Fr 08:30-17:30", WEST) == (status, made["hours"], made["area_path"])
    path = f"/{made['id']}"
    status, edited = await house.send("PATCH", path, host, row_version=1, capacity=8, is_verified=True)
    assert (200, 8, "值班员", 2) == (status, edited["capacity"], edited["verified_by"], edited["row_version"])
    status, problem = await house.send("PATCH", path, host, row_version=1, capacity=9)
    assert (409, "/docs/problems#station-changed") == (status, problem["type"])
    status, suspended = await house.send("PUT", f"{path}/suspension", host, reason="装修")
    assert (200, "装修") == (status, suspended["suspended_reason"])
    status, resumed = await house.send("DELETE", f"{path}/suspension", host)
    assert (200, None) == (status, resumed["suspended_from"])
    status, broken = await house.send("PUT", f"{path}/amenities/wifi", host, state="out_of_order")
    assert (200, "out_of_order") == (status, broken["amenities"][0]["state"])
    status, line = await house.send("GET", "?text=新驿站", host)
    assert (200, [made["id"]]) == (status, [station["id"] for station in line["stations"]])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x", "hours": "工作日开放"}, "/hours"),
        ({"name": "x", "amenities": [{"code": "sauna"}]}, "/amenities/0/code"),
        ({"name": "x", "position": {"lon": 190, "lat": 0, "datum": "wgs84"}}, "/position/lon"),
        ({"name": "x", "position": {"lon": 120, "lat": 36}}, "/position/datum"),
        ({"name": "x", "phone": None}, "/phone"),
        ({"name": "x", "area_path": ""}, "/area_path"),
        ({"name": "x", "code": "=1"}, "/code"),
    ],
)
async def test_a_wrong_station_names_its_field(house: House, body: dict[str, Any], pointer: str) -> None:
    admin = await house.signed_in(Role.DISTRICT_ADMIN, "")
    status, problem = await house.send("POST", "", admin, **body)
    assert (422, [pointer]) == (status, pointers(problem))


async def test_a_used_code_is_a_conflict_that_says_so(house: House) -> None:
    admin = await house.signed_in(Role.DISTRICT_ADMIN, "")
    status, problem = await house.send("POST", "", admin, name="x", code="QD-1")
    assert (409, ["/code"]) == (status, pointers(problem))


async def test_the_host_of_another_area_finds_no_such_station(house: House) -> None:
    stranger = await house.signed_in(Role.STATION_HOST, EAST)
    path = f"/{house.station_id}"
    for method, place, body in (
        ("GET", "/record", {}),
        ("PATCH", "", {"row_version": 1}),
        ("PUT", "/suspension", {"reason": "x"}),
        ("DELETE", "/suspension", {}),
        ("PUT", "/amenities/wifi", {"state": "working"}),
    ):
        status, problem = await house.send(method, path + place, stranger, **body)
        assert (404, "/docs/problems#station-not-found") == (status, problem["type"])
    assert [] == (await house.send("GET", "", stranger))[1]["stations"]


async def test_anybody_sees_a_station_but_not_its_record(house: House) -> None:
    status, view = await house.send("GET", f"/{house.station_id}")
    assert (200, "open") == (status, view["open"]["state"])
    assert "qr_token" not in view["station"]
    assert 401 == (await house.send("GET", f"/{house.station_id}/record"))[0]
    assert 404 == (await house.send("GET", "/999999"))[0]


async def test_a_tap_needs_no_sign_in_and_shows_in_the_next_search(house: House) -> None:
    path = f"/{house.station_id}/feedback"
    status, tap = await house.send("POST", path, kind="found_locked", device_nonce="a-random-word")
    assert (200, True) == (status, tap["has_case"])
    assert {"zh", "en"} == set(tap["thanks"])
    _, answer = await house.nearby()
    assert "reported_locked" == answer["stations"][0]["open"]["state"]
    assert [] == (await house.nearby(open_now="true"))[1]["stations"]
    for body, pointer in (
        ({"kind": "found_locked"}, "/device_nonce"),
        ({"kind": "found_angry", "device_nonce": "a-random-word"}, "/kind"),
        ({"kind": "amenity_broken", "device_nonce": "a-random-word"}, "/amenity"),
    ):
        status, problem = await house.send("POST", path, **body)
        assert (422, [pointer]) == (status, pointers(problem))


async def test_a_list_comes_in_and_goes_out_as_a_file(house: House) -> None:
    host = await house.signed_in(Role.STATION_HOST, WEST)
    csv = {**host, "Content-Type": "text/csv"}
    data = "name,gcj_lng,gcj_lat\n文件驿站,120.18,35.96\n".encode()
    answer = await house.client.post(f"{STATIONS}/import?dry_run=true", data=data, headers=csv)
    assert (200, False) == (answer.status, (await answer.json())["is_stored"])
    answer = await house.client.post(f"{STATIONS}/import", data=data, headers=csv)
    assert (200, True) == (answer.status, (await answer.json())["is_stored"])
    answer = await house.client.post(f"{STATIONS}/import", data="name,capacity\n坏,0\n".encode(), headers=csv)
    report = await answer.json()
    assert (422, "capacity", False) == (answer.status, report["errors"][0]["column"], report["is_stored"])
    answer = await house.client.get(f"{STATIONS}/export?format=csv", headers=host)
    assert "text/csv" == answer.content_type
    assert "文件驿站" in (await answer.read()).decode("utf-8-sig")
    answer = await house.client.post(f"{STATIONS}/import", data=b"{}", headers={**host, "Content-Type": "text/plain"})
    assert 415 == answer.status


async def test_a_file_beyond_the_limit_is_refused_early(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "LARGEST_FILE", 1000)
    host = await house.signed_in(Role.STATION_HOST, WEST)
    answer = await house.client.post(
        f"{STATIONS}/import", data=b"name\n" + b"x" * 2000, headers={**host, "Content-Type": "text/csv"}
    )
    assert 413 == answer.status


async def test_the_vocabulary_is_there_for_anybody(house: House) -> None:
    answer = await (await house.client.get("/api/v1/amenities")).json()
    assert 29 == len(answer["amenities"])
    assert {"code": "drinking_water", "zh": "饮用水", "en": "Drinking water", "family": "refreshment",
            "is_consumable": False} == answer["amenities"][0]  # fmt: skip


def test_every_handler_can_be_described() -> None:
    document = describe(ROUTES, title="t", version="1", description="d")
    assert {"open", "distance_m", "bearing_deg"} <= set(
        document["components"]["schemas"]["NearbyStation"]["properties"]
    )


async def test_typed_hours_are_shown_as_the_week_they_make(house: House) -> None:
    who = await house.signed_in(Role.STATION_HOST, WEST)
    status, week = await house.send("GET", "/hours?typed=周一至周五 8:30-17:30，周六 22:00-次日2:00", who)
    assert (200, "Mo-Fr 08:30-17:30; Sa 22:00-02:00") == (status, week["hours"])
    days = {
        day["day"]: [(span["since"], span["until"], span["state"]) for span in day["spans"]] for day in week["days"]
    }
    assert ("2026-03-10", 7) == (min(days), len(days))  # a Tuesday
    office = [(510, 1050, "open")]
    night = {"2026-03-14": [(1320, 1440, "open")], "2026-03-15": [(0, 120, "open")], "2026-03-16": office}
    assert night == {day: days[day] for day in night}


async def test_hours_that_cannot_be_read_are_refused_with_the_words_in_the_way(house: House) -> None:
    who = await house.signed_in(Role.STATION_HOST, WEST)
    status, problem = await house.send("GET", "/hours?typed=看情况", who)
    assert (422, ["/query/typed"], True) == (
        status,
        [error["pointer"] for error in problem["errors"]],
        "看情况" in problem["detail"],
    )


async def inbox(house: House, who: dict[str, str]) -> list[tuple[str, str | None, int, int]]:
    status, answer = await house.send("GET", "/feedback", who)
    assert (200, False) == (status, answer["is_cut"])
    return [(item["kind"], item["amenity"], item["taps"], item["tellers"]) for item in answer["items"]]


async def tapped(house: House, kind: str, device: str, **more: str) -> None:
    sent = await house.send("POST", f"/{house.station_id}/feedback", kind=kind, device_nonce=device, **more)
    assert 200 == sent[0]


async def test_what_riders_tapped_waits_until_the_keeper_answers(house: House, clock: FakeClock) -> None:
    who = await house.signed_in(Role.STATION_HOST, WEST)
    for device in ("device-one", "device-two"):
        await tapped(house, "amenity_broken", device, amenity="drinking_water")
    clock.advance(timedelta(minutes=1))
    await tapped(house, "found_locked", "device-one")
    locked, broken = ("found_locked", None, 1, 1), ("amenity_broken", "drinking_water", 2, 2)
    assert [locked, broken] == await inbox(house, who)
    assert [] == await inbox(house, await house.signed_in(Role.STATION_HOST, EAST))
    clock.advance(timedelta(minutes=1))
    amenity = f"/{house.station_id}/amenities/drinking_water"
    assert 200 == (await house.send("PUT", amenity, who, state="working"))[0]
    assert [locked] == await inbox(house, who)
    _, record = await house.send("GET", f"/{house.station_id}/record", who)
    seen = {"row_version": record["row_version"], "is_verified": True}
    assert 200 == (await house.send("PATCH", f"/{house.station_id}", who, **seen))[0]
    assert [] == await inbox(house, who)


@pytest.mark.parametrize("answer", ["found open", "suspended", "too old"])
async def test_a_locked_door_is_answered_in_other_ways_too(house: House, clock: FakeClock, answer: str) -> None:
    who = await house.signed_in(Role.SECRETARY, WEST)
    await tapped(house, "found_locked", "device-one")
    clock.advance(timedelta(days=31) if answer == "too old" else timedelta(minutes=1))
    if answer == "found open":
        await tapped(house, "found_open", "device-two")
    elif answer == "suspended":
        assert 200 == (await house.send("PUT", f"/{house.station_id}/suspension", who, reason="装修"))[0]
    assert [] == await inbox(house, who)


async def test_the_inbox_tells_no_more_of_who_tapped_than_how_many(house: House) -> None:
    await tapped(house, "found_locked", "device-one")
    _, answer = await house.send("GET", "/feedback", await house.signed_in(Role.AUDITOR, ""))
    (item,) = answer["items"]
    assert {
        "station_id", "station_code", "station_name", "area_path", "kind", "amenity", "taps", "tellers",
        "within_hours", "first_told_at", "last_told_at", "case_id",
    } == set(item)  # fmt: skip


async def test_the_code_on_a_door_leads_to_its_station(house: House) -> None:
    host = await house.signed_in(Role.STATION_HOST, WEST)
    _, record = await house.send("GET", f"/{house.station_id}/record", host)
    assert (200, {"station_id": house.station_id}) == await house.send("GET", f"/qr/{record['qr_token']}")
    status, problem = await house.send("GET", "/qr/AAAAAAAAAAAAAAAA")
    assert (404, "station-not-found") == (status, problem["type"].split("#")[1])


async def test_the_photo_of_a_station_is_sent_by_its_keeper_and_seen_by_anybody(house: House) -> None:
    sent = jpeg()
    path, address = f"{STATIONS}/{house.station_id}/photo", f"{STATIONS}/{house.station_id}/photos/{sha256(sent)}"
    assert 404 == (await house.client.get(path)).status
    kind = {"Content-Type": "image/jpeg"}
    host, neighbour = await house.signed_in(Role.STATION_HOST, WEST), await house.signed_in(Role.STATION_HOST, EAST)
    assert 401 == (await house.client.put(address, data=sent, headers=kind)).status
    assert 404 == (await house.client.put(address, data=sent, headers=kind | neighbour)).status
    for _ in range(2):
        answer = await house.client.put(address, data=sent, headers=kind | host)
        assert (200, sha256(sent)) == (answer.status, (await answer.json())["photo_sha256"])
    shown = await house.client.get(path)
    assert (200, "image/jpeg") == (shown.status, shown.content_type)
    assert (await shown.read()).startswith(b"\xff\xd8\xff")


async def test_a_photo_that_is_only_announced_shows_no_file_of_others(house: House) -> None:
    """Whoever knows the hash of a stored photo and writes it into a station must not make that photo public."""
    sent, host = jpeg(), await house.signed_in(Role.STATION_HOST, WEST)
    address, kind = f"{STATIONS}/{house.station_id}/photos/{sha256(sent)}", {"Content-Type": "image/jpeg"}
    record = await (await house.client.put(address, data=sent, headers=kind | host)).json()
    shown = await house.client.get(f"{STATIONS}/{house.station_id}/photo")
    stored = shown.headers["ETag"].strip('"')
    edit = {"row_version": record["row_version"], "photo_sha256": stored}
    assert 200 == (await house.send("PATCH", f"/{house.station_id}", host, **edit))[0]
    assert 404 == (await house.client.get(f"{STATIONS}/{house.station_id}/photo")).status


async def test_a_station_shows_the_hours_of_seven_days(house: House) -> None:
    _, shown = await house.send("GET", f"/{house.station_id}")
    assert [f"2026-03-{day}" for day in range(10, 17)] == [each["day"] for each in shown["week"]]
    spans = shown["week"][0]["spans"]
    assert [{"opens_at": "2026-03-10T00:00:00Z", "closes_at": "2026-03-10T10:00:00Z", "is_certain": True}] == spans
