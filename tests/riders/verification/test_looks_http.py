"""Looks on site over HTTP: the way in two taps, statuses and problems, and that no position stays anywhere."""

import asyncio
import logging
from dataclasses import dataclass

import pytest
import pytest_asyncio

from app.schedule import REACTIONS
from community.models import Case
from core.access.models import Actor, Role
from core.database import Pool, pool_transaction
from core.events import dispatch_due
from geo.datum import from_wgs84
from geo.models import Datum
from tests.community.district import COMMUNITY, NEIGHBOUR, hire
from tests.conftest import DISTRICT, START, Client
from tests.pictures import jpeg, sha256
from tests.riders.verification.looking import SPOT, add_reporter, open_at_spot
from tests.riders.verification.test_answering import tables_that_hold
from tests.sessions import open_long_session

TASKS = "/api/v1/verification-tasks"
JPEG = jpeg()
SHA256 = sha256(JPEG)
WILLING = {"may_be_asked": True, "quiet_from": "22:00", "quiet_until": "07:00"}
SOON_S = 10.0

Header = dict[str, str]


@dataclass(frozen=True)
class House:
    """The whole program, with a case, its secretary and two reporters, of whom nobody has yet said he may be asked."""

    client: Client
    pool: Pool
    case: Case
    secretary: Header
    rider: Header
    other: Header

    async def ask(self) -> None:
        """Let the secretary ask for a look, and wait until the program has worked it off."""
        asked = await self.client.post(
            f"/api/v1/cases/{self.case.id}/ask_verification", json={}, headers=self.secretary
        )
        assert 200 == asked.status
        async with asyncio.timeout(SOON_S):
            while not await self.tasks():
                await dispatch_due(self.pool, district_id=DISTRICT, now=START, reactions=REACTIONS)

    async def tasks(self, who: Header | None = None) -> list[dict[str, object]]:
        """Give the looks at the case as staff see them."""
        answer = await self.client.get(
            f"/api/v1/cases/{self.case.id}/verification-tasks", headers=who or self.secretary
        )
        found: list[dict[str, object]] = (await answer.json())["tasks"]
        return found

    async def notices(self, who: Header) -> list[str]:
        answer = await self.client.get("/api/v1/notices", headers=who)
        return [notice["kind"] for notice in (await answer.json())["notices"]]

    async def offered(self, who: Header, **query: object) -> list[dict[str, object]]:
        answer = await self.client.get(TASKS, params={k: str(v) for k, v in query.items()}, headers=who)
        found: list[dict[str, object]] = (await answer.json())["tasks"]
        return found


async def signed_in(pool: Pool, who: Actor) -> Header:
    assert who.id is not None
    async with pool_transaction(pool) as conn:
        token = await open_long_session(conn, district_id=DISTRICT, kind=who.kind, subject_id=who.id, now=START)
    return {"Authorization": f"Bearer {token}"}


@pytest_asyncio.fixture
async def house(client: Client, pool: Pool) -> House:
    async with pool_transaction(pool) as conn:
        people = [
            await hire(conn, "secretary", Role.SECRETARY, COMMUNITY),
            await add_reporter(conn, 1, may_be_asked=None),
            await add_reporter(conn, 2, may_be_asked=None),
        ]
        case = await open_at_spot(conn)
    return House(client, pool, case, *[await signed_in(pool, who) for who in people])


async def will(house: House, *riders: Header) -> None:
    for rider in riders:
        answer = await house.client.put("/api/v1/riders/me/willingness", json=WILLING, headers=rider)
        assert 200 == answer.status


async def test_a_rider_takes_a_look_and_answers_it_in_two_taps(house: House) -> None:
    await will(house, house.rider)
    await house.ask()
    assert ["case.verification_offered"] == await house.notices(house.rider)
    assert [] == await house.notices(house.other)
    lon, lat = from_wgs84(SPOT.lon, SPOT.lat + 0.009, Datum.GCJ02)
    (offer,) = await house.offered(house.rider, lon=lon, lat=lat, datum="gcj02")
    assert (1000, {"lon": 120.181, "lat": 35.961}) == (offer["distance_m"], offer["near"])

    taken = await house.client.post(f"{TASKS}/{offer['id']}/accept", headers=house.rider)
    assert {"lon": SPOT.lon, "lat": SPOT.lat} == (await taken.json())["point"]
    for _ in range(2):
        sent = await house.client.put(
            f"{TASKS}/{offer['id']}/photos/{SHA256}", data=JPEG, headers=house.rider | {"Content-Type": "image/jpeg"}
        )
        assert (200, "check") == (sent.status, (await sent.json())["stage"])
    body = {"answer": "present", "position": {"lon": SPOT.lon, "lat": SPOT.lat, "datum": "wgs84"}}
    receipts = []
    for _ in range(2):
        answered = await house.client.post(f"{TASKS}/{offer['id']}/answer", json=body, headers=house.rider)
        assert 200 == answered.status
        receipts.append(await answered.json())
    assert receipts[0] == receipts[1]
    assert ([SHA256], 0) == (receipts[0]["photos"], receipts[0]["distance_m"])

    (task,) = await house.tasks()
    assert ("answered", "present") == (task["state"], task["answer"])
    detail = await (await house.client.get(f"/api/v1/cases/{house.case.id}", headers=house.secretary)).json()
    assert ["collected", "check"] == [detail["case"]["state"], detail["photos"][0]["stage"]]
    assert "case.verification_answered" == detail["history"][-1]["kind"]
    filed = await house.client.post(f"/api/v1/cases/{house.case.id}/file", json={}, headers=house.secretary)
    assert 200 == filed.status
    mine = await (await house.client.get(f"{TASKS}/mine", headers=house.rider)).json()
    assert [("answered", None)] == [(task["state"], task["point"]) for task in mine["tasks"]]
    assert mine["next_cursor"] is None


async def test_whoever_comes_second_is_told_that_it_is_taken(house: House) -> None:
    await will(house, house.rider, house.other)
    await house.ask()
    (offer,) = await house.offered(house.other)
    assert 200 == (await house.client.post(f"{TASKS}/{offer['id']}/accept", headers=house.rider)).status
    late = await house.client.post(f"{TASKS}/{offer['id']}/accept", headers=house.other)
    assert (409, "verification-taken") == (late.status, (await late.json())["type"].rpartition("#")[2])
    back = await house.client.post(f"{TASKS}/{offer['id']}/give-back", headers=house.rider)
    assert 204 == back.status
    assert 200 == (await house.client.post(f"{TASKS}/{offer['id']}/accept", headers=house.other)).status


async def test_staff_answer_and_list_and_do_not_take(house: House) -> None:
    await house.ask()  # nobody wants to be asked, so the look is left to them at once
    (task,) = await house.tasks()
    assert "fallback" == task["state"]
    async with pool_transaction(house.pool) as conn:
        neighbour = await hire(conn, "neighbour", Role.SECRETARY, NEIGHBOUR)
    foreign = await signed_in(house.pool, neighbour)
    listed = await house.client.get(f"/api/v1/cases/{house.case.id}/verification-tasks", headers=foreign)
    assert (404, "case-not-found") == (listed.status, (await listed.json())["type"].rpartition("#")[2])
    assert 403 == (await house.client.get(TASKS, headers=house.secretary)).status
    assert 403 == (await house.client.post(f"{TASKS}/{task['id']}/accept", headers=house.secretary)).status
    for who, status in ((foreign, 404), (house.rider, 404), (house.secretary, 200)):
        answered = await house.client.post(f"{TASKS}/{task['id']}/answer", json={"answer": "gone"}, headers=who)
        assert status == answered.status


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("lat=36", "/query"),
        ("lon=120&lat=91", "/query/lat"),
        ("to_lon=120&to_lat=36", "/query"),
        ("lon=120&lat=36&to_lon=120", "/query"),
        ("lon=120&lat=36&datum=cgcs", "/query/datum"),
        ("lon=120&lat=36&within_m=0", "/query/within_m"),
    ],
)
async def test_half_a_position_is_refused(house: House, query: str, pointer: str) -> None:
    answer = await house.client.get(f"{TASKS}?{query}", headers=house.rider)
    assert (422, [pointer]) == (answer.status, [error["pointer"] for error in (await answer.json())["errors"]])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"may_be_asked": True}, 200),
        ({"may_be_asked": True, "quiet_from": "22:00"}, 422),
        ({"may_be_asked": True, "quiet_until": "22:00"}, 422),
        ({"may_be_asked": True, "quiet_from": "22:00", "quiet_until": "22:00"}, 422),
        ({"may_be_asked": True, "quiet_from": "22:00+08:00", "quiet_until": "07:00+08:00"}, 422),
    ],
)
async def test_quiet_hours_are_whole_and_local(house: House, body: dict[str, object], status: int) -> None:
    answer = await house.client.put("/api/v1/riders/me/willingness", json=body, headers=house.rider)
    assert status == answer.status
    if status == 422 and "+" not in str(body):
        assert "quiet-hours-not-valid" == (await answer.json())["type"].rpartition("#")[2]


async def test_a_rider_is_not_asked_before_he_says_so_and_reads_what_he_said(house: House) -> None:
    address = "/api/v1/riders/me/willingness"
    before = await (await house.client.get(address, headers=house.rider)).json()
    assert {"may_be_asked": False, "quiet_from": None, "quiet_until": None} == before
    await will(house, house.rider)
    after = await (await house.client.get(address, headers=house.rider)).json()
    assert {"may_be_asked": True, "quiet_from": "22:00:00", "quiet_until": "07:00:00"} == after


async def test_where_a_rider_says_he_is_stays_in_no_table_and_in_no_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await will(house, house.rider)
    await house.ask()
    (offer,) = await house.offered(house.rider)
    stood, bound = {"lon": "120.184567", "lat": "35.967654"}, {"to_lon": "120.197531", "to_lat": "35.953197"}
    with caplog.at_level(logging.DEBUG):
        assert [] != await house.offered(house.rider, **stood, **bound)
        await house.client.get(f"{TASKS}?lon=120.184567&lat=35.967654&datum=none", headers=house.rider)
        await house.client.post(f"{TASKS}/{offer['id']}/accept", headers=house.rider)
        position = {name: float(value) for name, value in stood.items()} | {"datum": "wgs84"}
        answered = await house.client.post(
            f"{TASKS}/{offer['id']}/answer", json={"answer": "gone", "position": position}, headers=house.rider
        )
        assert 770 == (await answered.json())["distance_m"]
        await dispatch_due(house.pool, district_id=DISTRICT, now=START, reactions=REACTIONS)
    digits = ["120.1845", "35.9676", "120.1975", "35.9531"]
    assert [] == [digit for digit in digits if digit in caplog.text]
    async with pool_transaction(house.pool) as conn:
        assert [] == await tables_that_hold(conn, "120.184", "35.967", "120.197", "35.953", "120.185", "35.968")


async def test_the_rules_of_looks_are_read_by_staff_and_set_by_the_district(house: House) -> None:
    async with pool_transaction(house.pool) as conn:
        admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    address, body = "/api/v1/look-rules/litter", {"looks": "both", "offer_minutes": 20}
    assert 403 == (await house.client.put(address, json=body, headers=house.secretary)).status
    chief = await signed_in(house.pool, admin)
    expected = {"category_code": "litter", "looks": "both", "offer_minutes": 20, "expire_minutes": 1440}
    assert expected == await (await house.client.put(address, json=body, headers=chief)).json()
    rules = await (await house.client.get("/api/v1/look-rules", headers=house.secretary)).json()
    assert expected in rules["rules"]
    unknown = await house.client.put("/api/v1/look-rules/nothing", json=body, headers=chief)
    assert (422, "unknown-category") == (unknown.status, (await unknown.json())["type"].rpartition("#")[2])


@pytest.mark.parametrize("address", [TASKS, f"{TASKS}/mine", "/api/v1/riders/me/willingness", "/api/v1/look-rules"])
async def test_nobody_reads_it_without_signing_in(client: Client, address: str) -> None:
    assert 401 == (await client.get(address)).status
