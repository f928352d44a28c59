"""A rider's way over HTTP: statuses, headers, problems, and photos as phones on bad networks send them."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from core.access.models import Actor
from core.access.policy import ANYONE, RIDER, SIGNED_IN
from core.access.queries import insert_grant
from core.database import Pool, pool_transaction
from core.files import FolderStore, place_of
from core.http import wiring
from core.http.callers import PROXIES, Proxies
from core.http.endpoint import JSON_BODY_LIMIT, Route, add_routes
from core.http.photos import set_up_photos
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, POOL
from core.photos import LARGEST_PHOTO
from geo.api import LOCATE
from geo.models import Locate
from riders import api
from riders.photos import MOST_PHOTOS
from riders.signup import api as signup
from riders.signup.codes.send import Desk
from tests.conftest import DISTRICT, RING, Client, FakeClock
from tests.pictures import jpeg, png, sha256
from tests.sessions import open_long_session

DEVICE = {"device_nonce": "a-telephone-of-one-rider"}
KEY = {"Idempotency-Key": "0b6ad8f4-6f6e-4f1c-9d0c-0c9d3a1f2b77"}
REPORT = {"category": "litter", "point": {"lon": 120.18, "lat": 35.96, "datum": "wgs84"}}
JPEG, PNG = jpeg(), png()

ROUTES = (
    Route("POST", "/api/v1/riders/codes", signup.send_code, ANYONE, 202),
    Route("POST", "/api/v1/riders/sessions", signup.sign_in_rider, ANYONE, 201),
    Route("GET", "/api/v1/riders/me", signup.get_rider_profile, RIDER),
    Route("PATCH", "/api/v1/riders/me", signup.update_rider_profile, RIDER),
    Route("POST", "/api/v1/riders/me/consents", signup.decide_consent, RIDER),
    Route("POST", "/api/v1/reports", api.submit_report, RIDER, 201),
    Route("GET", "/api/v1/reports", api.list_reports, RIDER),
    Route("GET", "/api/v1/reports/{report_id}", api.get_report, SIGNED_IN),
    Route("PUT", "/api/v1/reports/{report_id}/photos/{sha256}", api.put_photo, RIDER),
    Route("GET", "/api/v1/reports/{report_id}/photos/{sha256}", api.get_photo, SIGNED_IN),
)


class Inbox:
    """A phone that keeps what it is sent."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send(self, phone: str, text: str) -> None:
        self.texts.append(text)


@dataclass(frozen=True)
class House:
    """The riders' room behind a server, and what stands around it."""

    client: Client
    pool: Pool
    inbox: Inbox
    photos: Path

    async def token(self, actor: Actor, clock: FakeClock) -> dict[str, str]:
        """Open a session of `actor` and give its header."""
        assert actor.id is not None
        async with pool_transaction(self.pool) as conn:
            for grant in actor.grants:
                await insert_grant(conn, district_id=DISTRICT, staff_id=actor.id, grant=grant, now=clock.now)
            token = await open_long_session(
                conn, district_id=DISTRICT, kind=actor.kind, subject_id=actor.id, now=clock.now
            )
        return {"Authorization": f"Bearer {token}"}


@pytest_asyncio.fixture
async def house(pool: Pool, app_pool: Pool, clock: FakeClock, locate: Locate, tmp_path: Path) -> AsyncIterator[House]:
    inbox = Inbox()
    app = web.Application(middlewares=[answer_problems], client_max_size=JSON_BODY_LIMIT)
    app[CLOCK], app[DISTRICT_ID], app[CONSTRAINTS] = clock, DISTRICT, {}
    app[POOL], app[BACKGROUND] = app_pool, pool
    app[wiring.RING] = RING
    app[PROXIES], app[signup.CODE_DESK] = Proxies(), Desk(RING, inbox, a_day=100)
    app[LOCATE] = locate
    set_up_photos(app, store=FolderStore(tmp_path / "photos"), partials=tmp_path / "uploads")
    add_routes(app, ROUTES)
    async with TestClient(TestServer(app)) as client:
        yield House(client, pool, inbox, tmp_path / "photos")


@pytest_asyncio.fixture
async def rider(house: House, clock: FakeClock, add_rider: Callable[..., Awaitable[Actor]]) -> dict[str, str]:
    """Give the header of a rider who agreed to everything."""
    async with pool_transaction(house.pool) as conn:
        actor = await add_rider(conn)
    return await house.token(actor, clock)


@pytest_asyncio.fixture
async def stranger(house: House, clock: FakeClock, add_rider: Callable[..., Awaitable[Actor]]) -> dict[str, str]:
    """Give the header of another rider."""
    async with pool_transaction(house.pool) as conn:
        actor = await add_rider(conn, "+8613800000002")
    return await house.token(actor, clock)


@pytest_asyncio.fixture
async def photos_of_a_report(house: House, rider: dict[str, str]) -> str:
    """Submit a report and give the address beneath which its photos stand."""
    answer = await house.client.post("/api/v1/reports", json=REPORT, headers=rider | KEY)
    return answer.headers["Location"] + "/photos/"


async def send_photo(
    house: House, base: str, rider: dict[str, str], data: bytes, kind: str = "image/jpeg", name: str | None = None
) -> tuple[int, dict[str, object]]:
    headers = rider | {"Content-Type": kind}
    answer = await house.client.put(base + (name or sha256(data)), data=BytesIO(data), headers=headers)
    return answer.status, await answer.json()


async def test_known_and_unknown_numbers_get_the_same_answer(house: House) -> None:
    bodies = []
    for phone in ("13800000001", "13800000009"):
        answer = await house.client.post("/api/v1/riders/codes", json={"phone": phone} | DEVICE)
        bodies.append((answer.status, await answer.read()))
        code = re.search(r"\d{6}", house.inbox.texts[-1])
        assert code is not None
        if phone == "13800000001":
            signed_in = await house.client.post(
                "/api/v1/riders/sessions", json={"phone": phone, "code": code[0]} | DEVICE
            )
            assert 201 == signed_in.status
    assert bodies[0] == bodies[1]
    assert 202 == bodies[0][0]


async def test_a_wrong_guess_is_counted_though_the_request_is_refused(house: House) -> None:
    await house.client.post("/api/v1/riders/codes", json={"phone": "13800000001"} | DEVICE)
    guess = {"phone": "13800000001", "code": "000000"} | DEVICE
    if "000000" in house.inbox.texts[0]:  # once in a million runs
        guess["code"] = "000001"
    answer = await house.client.post("/api/v1/riders/sessions", json=guess)
    assert 422 == answer.status
    assert ["/code"] == [error["pointer"] for error in (await answer.json())["errors"]]
    async with pool_transaction(house.pool) as conn:
        assert 1 == await conn.fetchval("select tries from sign_in_code")


async def test_asking_again_too_soon_says_when(house: House, clock: FakeClock) -> None:
    await house.client.post("/api/v1/riders/codes", json={"phone": "13800000001"} | DEVICE)
    answer = await house.client.post("/api/v1/riders/codes", json={"phone": "+8613800000001"} | DEVICE)
    assert (429, "60") == (answer.status, answer.headers["Retry-After"])


async def test_a_new_rider_signs_in_agrees_and_reports(house: House) -> None:
    client = house.client
    await client.post("/api/v1/riders/codes", json={"phone": "13800000001"} | DEVICE)
    code = re.search(r"\d{6}", house.inbox.texts[0])
    assert code is not None
    signed_in = await client.post("/api/v1/riders/sessions", json={"phone": "13800000001", "code": code[0]} | DEVICE)
    bearer = {"Authorization": f"Bearer {(await signed_in.json())['session']['access']}"}
    named = await client.patch("/api/v1/riders/me", json={"name": "小海", "platform": "外卖"}, headers=bearer)
    assert ("小海", "138****0001") == ((body := await named.json())["name"], body["phone"])
    refused = await client.post("/api/v1/reports", json=REPORT, headers=bearer | KEY)
    assert 403 == refused.status
    consent = {"purpose": "report_location", "version": 1, "is_given": True}
    await client.post("/api/v1/riders/me/consents", json=consent, headers=bearer)
    assert 201 == (await client.post("/api/v1/reports", json=REPORT, headers=bearer | KEY)).status


async def test_a_repeated_report_gets_the_same_bytes_and_address(house: House, rider: dict[str, str]) -> None:
    answers = [await house.client.post("/api/v1/reports", json=REPORT, headers=rider | KEY) for _ in range(2)]
    assert [201, 201] == [answer.status for answer in answers]
    assert await answers[0].read() == await answers[1].read()
    assert answers[0].headers["Location"] == answers[1].headers["Location"]


async def test_twenty_requests_at_once_under_one_key_are_one_report(house: House, rider: dict[str, str]) -> None:
    async def post() -> tuple[int, bytes]:
        answer = await house.client.post("/api/v1/reports", json=REPORT, headers=rider | KEY)
        return answer.status, await answer.read()

    answers = await asyncio.gather(*(post() for _ in range(20)))
    assert 1 == len(set(answers))
    assert 201 == answers[0][0]
    async with pool_transaction(house.pool) as conn:
        assert 1 == await conn.fetchval("select count(*) from community_case")


async def test_another_body_under_a_used_key_is_a_conflict(house: House, rider: dict[str, str]) -> None:
    await house.client.post("/api/v1/reports", json=REPORT, headers=rider | KEY)
    answer = await house.client.post("/api/v1/reports", json=REPORT | {"category": "rubble"}, headers=rider | KEY)
    assert 409 == answer.status
    assert (await answer.json())["type"].endswith("idempotency-key-reused")


async def test_a_report_needs_a_key(house: House, rider: dict[str, str]) -> None:
    answer = await house.client.post("/api/v1/reports", json=REPORT, headers=rider)
    assert 400 == answer.status
    assert "/header/Idempotency-Key" == (await answer.json())["errors"][0]["pointer"]


async def test_every_wrong_field_of_a_report_is_named_at_once(house: House, rider: dict[str, str]) -> None:
    wrong = {
        "category": "litter",
        "point": {"lon": 181, "lat": "north", "accuracy_m": -1},
        "description": "字" * 2001,
        "photos": ["not a hash"],
        "observed_at": "yesterday",
        "colour": "red",
    }
    answer = await house.client.post("/api/v1/reports", json=wrong, headers=rider | KEY)
    assert 422 == answer.status
    assert {
        "/point/lon",
        "/point/lat",
        "/point/datum",
        "/point/accuracy_m",
        "/description",
        "/photos/0",
        "/observed_at",
        "/colour",
    } == {error["pointer"] for error in (await answer.json())["errors"]}
    async with pool_transaction(house.pool) as conn:
        assert 0 == await conn.fetchval("select count(*) from report")


async def test_a_report_shows_its_state_its_photos_and_each_step(house: House, rider: dict[str, str]) -> None:
    announced = REPORT | {"photos": [sha256(JPEG), sha256(PNG)]}
    posted = await house.client.post("/api/v1/reports", json=announced, headers=rider | KEY)
    address = posted.headers["Location"]
    await send_photo(house, address + "/photos/", rider, PNG, "image/png")
    shown = await (await house.client.get(address, headers=rider)).json()
    assert await posted.json() == shown["report"]
    assert [(sha256(JPEG), None), (sha256(PNG), "image/jpeg")] == [
        (p["sha256"], p["media_type"]) for p in shown["photos"]
    ]
    assert ("collected", ["case.opened"]) == (
        shown["progress"]["state"],
        [step["kind"] for step in shown["progress"]["steps"]],
    )


async def test_the_own_list_pages_by_id_and_shows_nobody_elses(
    house: House, rider: dict[str, str], stranger: dict[str, str]
) -> None:
    for who, key in [(rider, "key-one-1"), (rider, "key-two-2"), (stranger, "key-three"), (rider, "key-four4")]:
        await house.client.post("/api/v1/reports", json=REPORT, headers=who | {"Idempotency-Key": key})
    first = await (await house.client.get("/api/v1/reports?limit=2", headers=rider)).json()
    rest = await (
        await house.client.get(f"/api/v1/reports?limit=2&cursor={first['next_cursor']}", headers=rider)
    ).json()
    assert ([4, 2], [1], None) == (
        [report["id"] for report in first["reports"]],
        [report["id"] for report in rest["reports"]],
        rest["next_cursor"],
    )


async def test_another_riders_report_and_photos_are_not_there(
    house: House, rider: dict[str, str], stranger: dict[str, str], photos_of_a_report: str
) -> None:
    await send_photo(house, photos_of_a_report, rider, JPEG)
    report = photos_of_a_report.removesuffix("/photos/")
    for path in (report, photos_of_a_report + sha256(JPEG), "/api/v1/reports/999"):
        assert 404 == (await house.client.get(path, headers=stranger)).status
    assert 404 == (await send_photo(house, photos_of_a_report, stranger, PNG, "image/png"))[0]


async def test_a_photo_is_kept_on_disk_and_given_back_safely(
    house: House, rider: dict[str, str], photos_of_a_report: str
) -> None:
    status, body = await send_photo(house, photos_of_a_report, rider, JPEG)
    answer = await house.client.get(photos_of_a_report + sha256(JPEG), headers=rider)
    served = await answer.read()
    assert (200, sha256(served), len(served)) == (status, body["stored_sha256"], body["size"])
    assert served == place_of(house.photos, sha256(served)).read_bytes()
    assert 1 == len([path for path in house.photos.parent.rglob("*") if path.is_file()])
    assert ("image/jpeg", "nosniff", "default-src 'none'; frame-ancestors 'none'; sandbox") == (
        answer.headers["Content-Type"],
        answer.headers["X-Content-Type-Options"],
        answer.headers["Content-Security-Policy"],
    )
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    assert "private, no-cache" == answer.headers["Cache-Control"]


async def test_a_browser_keeps_a_photo_and_is_asked_each_time_whether_it_may_see_it(
    house: House, rider: dict[str, str], stranger: dict[str, str], photos_of_a_report: str
) -> None:
    await send_photo(house, photos_of_a_report, rider, JPEG)
    address = photos_of_a_report + sha256(JPEG)
    first = await house.client.get(address, headers=rider)
    kept = {"If-None-Match": first.headers["ETag"]}
    again = await house.client.get(address, headers=rider | kept)
    assert (304, b"") == (again.status, await again.read())
    assert 404 == (await house.client.get(address, headers=stranger | kept)).status
    part = await house.client.get(address, headers=rider | {"Range": "bytes=0-9"})
    assert (200, await first.read()) == (part.status, await part.read())


async def test_a_photo_whose_file_is_lost_is_not_there(
    house: House, rider: dict[str, str], photos_of_a_report: str
) -> None:
    _, body = await send_photo(house, photos_of_a_report, rider, JPEG)
    place_of(house.photos, str(body["stored_sha256"])).unlink()
    assert 404 == (await house.client.get(photos_of_a_report + sha256(JPEG), headers=rider)).status


async def test_staff_see_the_photo_where_they_see_the_case(
    house: House,
    clock: FakeClock,
    rider: dict[str, str],
    photos_of_a_report: str,
    add_secretary: Callable[..., Awaitable[Actor]],
    north: str,
    south: str,
) -> None:
    await send_photo(house, photos_of_a_report, rider, JPEG)
    seen = []
    for path in (south, north):
        async with pool_transaction(house.pool) as conn:
            secretary = await add_secretary(conn, path)
        header = await house.token(secretary, clock)
        report = photos_of_a_report.removesuffix("/photos/")
        seen += [
            (await house.client.get(address, headers=header)).status
            for address in (photos_of_a_report + sha256(JPEG), report)
        ]
    assert [200, 200, 404, 404] == seen


async def test_the_same_photo_again_is_the_same_answer(
    house: House, rider: dict[str, str], photos_of_a_report: str, clock: FakeClock
) -> None:
    first = await send_photo(house, photos_of_a_report, rider, JPEG)
    again = await asyncio.gather(*(send_photo(house, photos_of_a_report, rider, JPEG) for _ in range(5)))
    assert [first] * 5 == again
    async with pool_transaction(house.pool) as conn:
        assert 1 == await conn.fetchval("select count(*) from report_photo")
        assert 1 == await conn.fetchval("select count(*) from event where kind = 'report.photo_stored'")


async def test_a_cut_photo_is_refused_and_nothing_kept(
    house: House, rider: dict[str, str], photos_of_a_report: str
) -> None:
    status, body = await send_photo(house, photos_of_a_report, rider, JPEG[:-3], name=sha256(JPEG))
    assert 422 == status
    assert str(body["type"]).endswith("photo-hash-mismatch")
    assert [] == list(house.photos.rglob("*"))


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"<svg onload='x'>", "image/svg+xml"), (b"<html>", "image/jpeg"), (PNG, "image/jpeg"), (b"", "image/png")],
)
async def test_what_is_no_photo_or_another_kind_is_refused(
    house: House, rider: dict[str, str], photos_of_a_report: str, data: bytes, kind: str
) -> None:
    status, body = await send_photo(house, photos_of_a_report, rider, data, kind)
    assert 415 == status
    assert str(body["type"]).endswith(("photo-format-not-taken", "wrong-media-type"))
    assert [] == list(house.photos.rglob("*"))


@pytest.mark.parametrize("name", ["x" * 64, "A" * 64, "a" * 63, "..%2f..%2fetc%2fpasswd"])
async def test_a_name_that_is_no_hash_is_refused(
    house: House, rider: dict[str, str], photos_of_a_report: str, name: str
) -> None:
    assert (await send_photo(house, photos_of_a_report, rider, JPEG, name=name))[0] in (404, 422)


async def test_a_seventh_photo_is_refused_also_when_all_come_at_once(
    house: House, rider: dict[str, str], photos_of_a_report: str
) -> None:
    answers = await asyncio.gather(
        *(send_photo(house, photos_of_a_report, rider, jpeg(number)) for number in range(MOST_PHOTOS + 3))
    )
    assert [200] * MOST_PHOTOS + [409] * 3 == sorted(status for status, _ in answers)
    assert all(str(body["type"]).endswith("too-many-photos") for status, body in answers if status == 409)
    async with pool_transaction(house.pool) as conn:
        assert MOST_PHOTOS == await conn.fetchval("select count(*) from report_photo")


async def test_announced_photos_hold_their_place_against_others(house: House, rider: dict[str, str]) -> None:
    names = [sha256(jpeg(number)) for number in range(MOST_PHOTOS)]
    posted = await house.client.post("/api/v1/reports", json=REPORT | {"photos": names}, headers=rider | KEY)
    base = posted.headers["Location"] + "/photos/"
    assert 409 == (await send_photo(house, base, rider, PNG, "image/png"))[0]
    assert 200 == (await send_photo(house, base, rider, jpeg(5)))[0]


async def test_a_photo_over_ten_megabytes_is_refused_whether_or_not_it_says_so(
    house: House, rider: dict[str, str], photos_of_a_report: str
) -> None:
    big = JPEG + bytes(LARGEST_PHOTO)
    assert 413 == (await send_photo(house, photos_of_a_report, rider, big))[0]

    async def in_chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(big), 1 << 20):
            yield big[start : start + (1 << 20)]

    headers = rider | {"Content-Type": "image/jpeg"}
    answer = await house.client.put(photos_of_a_report + sha256(big), data=in_chunks(), headers=headers)
    assert 413 == answer.status
    assert [] == list(house.photos.rglob("*"))


async def test_a_photo_of_ten_megabytes_is_taken(house: House, rider: dict[str, str], photos_of_a_report: str) -> None:
    big = JPEG + bytes(LARGEST_PHOTO - len(JPEG))
    assert 200 == (await send_photo(house, photos_of_a_report, rider, big))[0]


async def test_a_photo_needs_consent_and_withdrawal_stops_the_next_one(
    house: House, rider: dict[str, str], photos_of_a_report: str
) -> None:
    await send_photo(house, photos_of_a_report, rider, JPEG)
    withdrawn = {"purpose": "photo", "version": 1, "is_given": False}
    await house.client.post("/api/v1/riders/me/consents", json=withdrawn, headers=rider)
    assert 403 == (await send_photo(house, photos_of_a_report, rider, PNG, "image/png"))[0]


async def test_a_photo_that_was_only_announced_is_not_there_yet(house: House, rider: dict[str, str]) -> None:
    announced = REPORT | {"photos": [sha256(JPEG)]}
    posted = await house.client.post("/api/v1/reports", json=announced, headers=rider | KEY)
    answer = await house.client.get(f"{posted.headers['Location']}/photos/{sha256(JPEG)}", headers=rider)
    assert 404 == answer.status


@pytest.mark.parametrize("number", ["0", "-1", "9" * 20])
async def test_a_number_that_no_report_can_have_is_a_clear_refusal(
    house: House, rider: dict[str, str], number: str
) -> None:
    answer = await house.client.get(f"/api/v1/reports/{number}", headers=rider)
    assert answer.status in (404, 422)


@pytest.mark.parametrize(
    ("when", "status"),
    [
        ("1970-01-02T00:00:00Z", 201),
        ("2089-01-01T00:00:00+08:00", 201),
        ("2026-03-10T10:00:00", 422),
        ("0001-01-01T00:00:00+14:00", 422),
        ("9999-12-31T23:59:59-14:00", 422),
    ],
)
async def test_a_wrong_clock_is_kept_and_only_an_impossible_one_refused(
    house: House, rider: dict[str, str], when: str, status: int
) -> None:
    answer = await house.client.post("/api/v1/reports", json=REPORT | {"observed_at": when}, headers=rider | KEY)
    assert status == answer.status
    if status == 422:
        assert "/observed_at" == (await answer.json())["errors"][0]["pointer"]


async def test_a_name_loses_what_could_disguise_it(house: House, rider: dict[str, str]) -> None:
    name = {"name": " 小\u202e海\u0007 "}
    answer = await house.client.patch("/api/v1/riders/me", json=name, headers=rider)
    assert "小海" == (await answer.json())["name"]


async def test_what_a_profile_patch_leaves_out_stays_and_an_empty_text_removes(
    house: House, rider: dict[str, str]
) -> None:
    for body in ({"name": "小海", "platform": "外卖"}, {"languages": ["zh", "en"]}, {"platform": ""}):
        answer = await house.client.patch("/api/v1/riders/me", json=body, headers=rider)
    shown = await answer.json()
    assert ("小海", None, ["zh", "en"]) == (shown["name"], shown["platform"], shown["languages"])
