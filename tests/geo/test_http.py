"""Places over HTTP in the whole application: locating one point and many, the tree, typed places, who may see what."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import orjson
import pytest

from core.access.models import Role
from core.database import pool_transaction
from core.http.wiring import BACKGROUND
from geo import api
from geo.api import AREAS
from geo.datum import from_wgs84
from geo.models import Datum
from tests.community.district import hire
from tests.conftest import DISTRICT, START, Client
from tests.geo.district import FAR, IN_EAST, IN_WEST, LAT, ON_LINE, activate_two
from tests.sessions import open_long_session

LOCATE = "/api/v1/areas/locate"
EN = {"Accept-Language": "en"}
# What the problem malformed-line says.
MALFORMED = 'It must be {"lon": number, "lat": number} within ±180 and ±90.'


async def put_in(client: Client, *, west: str = "3701", east: str = "3702") -> int:
    """Make two communities active and wait until the application knows; gives the generation."""
    pool = client.app[BACKGROUND]
    generation_id = await activate_two(pool, west=west, east=east)
    await client.app[AREAS].load(pool)
    return generation_id


async def get(client: Client, path: str, headers: dict[str, str] | None = None, **asked: Any) -> tuple[int, Any]:
    answer = await client.get(path, params=asked, headers=headers)
    return answer.status, await answer.json()


async def send(client: Client, lines: bytes, path: str = LOCATE, headers: dict[str, str] | None = None) -> list[Any]:
    """Send JSON lines and give those that come back."""
    answer = await client.post(path, data=BytesIO(lines), headers=headers)
    assert (200, "application/x-ndjson") == (answer.status, answer.content_type)
    return [orjson.loads(line) for line in (await answer.read()).splitlines()]


def pointers(problem: Any) -> list[str]:
    return [error["pointer"] for error in problem["errors"]]


async def test_a_point_inside_is_told_with_all_that_is_promised(client: Client) -> None:
    generation_id = await put_in(client)
    status, answer = await get(client, LOCATE, lat=LAT, lon=IN_WEST)
    metres = answer.pop("metres_to_line")
    assert (200, True) == (status, 400 < metres < 600)
    assert {
        "area_code": "3701",
        "area_name": "3701",
        "area_level": "社区",
        "area_path": "37/3701",
        "area_names": ["37", "3701"],
        "generation": generation_id,
        "candidates": ["3701"],
        "needs_confirmation": False,
        "reason": "inside",
    } == answer


async def test_a_point_on_a_line_has_both_neighbours_as_candidates(client: Client) -> None:
    await put_in(client)
    _, answer = await get(client, LOCATE, lat=LAT, lon=ON_LINE)
    assert ("3701", ["3701", "3702"], 0.0, True, "on_line") == (
        answer["area_code"],
        answer["candidates"],
        answer["metres_to_line"],
        answer["needs_confirmation"],
        answer["reason"],
    )


async def test_a_point_far_outside_goes_to_the_duty_desk(client: Client) -> None:
    await put_in(client)
    status, answer = await get(client, LOCATE, lat=LAT, lon=FAR)
    assert (200, None, None, [], [], True, "outside") == (
        status,
        answer["area_code"],
        answer["area_path"],
        answer["area_names"],
        answer["candidates"],
        answer["needs_confirmation"],
        answer["reason"],
    )


@pytest.mark.parametrize("datum", list(Datum))
async def test_the_datum_decides_where_the_same_numbers_lie(client: Client, datum: Datum) -> None:
    await put_in(client)
    beside = ON_LINE + 0.0005  # some 45 m east of the line: less than any shift of datum
    lon, lat = from_wgs84(beside, LAT, datum)
    told, untold = [await get(client, LOCATE, lat=lat, lon=lon, **more) for more in ({"datum": datum}, {})]
    assert "3702" == told[1]["area_code"]
    assert (datum is Datum.WGS84) == (told[1] == untold[1])


async def test_a_past_generation_answers_as_it_was(client: Client) -> None:
    first = await put_in(client)
    second = await put_in(client, west="3711", east="3712")
    found = [
        (await get(client, LOCATE, lat=LAT, lon=IN_WEST, **asked))[1]
        for asked in ({}, {"generation": first}, {"generation": second})
    ]
    assert [("3711", second), ("3701", first), ("3711", second)] == [
        (answer["area_code"], answer["generation"]) for answer in found
    ]


async def test_an_unknown_generation_is_named(client: Client) -> None:
    await put_in(client)
    status, problem = await get(client, LOCATE, lat=LAT, lon=IN_WEST, generation=987654)
    assert (404, "/docs/problems#generation-not-found", ["/query/generation"]) == (
        status,
        problem["type"],
        pointers(problem),
    )
    assert "987654" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{LOCATE}?lat=36&lon=120"),
        ("POST", LOCATE),
        ("GET", "/api/v1/areas"),
        ("GET", "/api/v1/areas/37"),
    ],
)
async def test_before_any_areas_are_active_it_says_so(client: Client, method: str, path: str) -> None:
    answer = await client.request(method, path)
    problem = await answer.json()
    assert (503, "/docs/problems#no-areas", "60") == (answer.status, problem["type"], answer.headers["Retry-After"])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["/query/lat", "/query/lon"]),
        ({"lat": "91", "lon": "181"}, ["/query/lat", "/query/lon"]),
        ({"lat": "-90.000001", "lon": "0"}, ["/query/lat"]),
        ({"lat": "nan", "lon": "inf"}, ["/query/lat", "/query/lon"]),
        ({"lat": "三十六", "lon": "120"}, ["/query/lat"]),
        ({"lat": "", "lon": "120"}, ["/query/lat"]),
        ({"lat": "36", "lon": "120", "datum": "WGS-84"}, ["/query/datum"]),
        ({"lat": "36", "lon": "120", "generation": "0"}, ["/query/generation"]),
        ({"lat": "36", "lon": "120", "generation": str(2**63)}, ["/query/generation"]),
        ({"lat": "36", "lon": "120", "lng": "120"}, ["/query/lng"]),
    ],
)
async def test_every_wrong_field_is_named(client: Client, asked: dict[str, str], expected: list[str]) -> None:
    await put_in(client)
    status, problem = await get(client, LOCATE, **asked)
    assert (422, expected) == (status, sorted(pointers(problem)))


@pytest.mark.parametrize("datum", list(Datum))
@pytest.mark.parametrize(("lon", "lat"), [(180, 90), (-180, -90), (180, -90), (-180, 90), (0, 90), (0.5, 0)])
async def test_the_ends_of_the_earth_are_only_outside(client: Client, datum: Datum, lon: float, lat: float) -> None:
    await put_in(client)
    status, answer = await get(client, LOCATE, lat=lat, lon=lon, datum=datum)
    assert (200, "outside") == (status, answer["reason"])


async def test_many_points_are_answered_in_their_order(client: Client) -> None:
    generation_id = await put_in(client)
    lons = [IN_EAST, IN_WEST, FAR, ON_LINE, IN_EAST]
    answers = await send(client, b"".join(orjson.dumps({"lon": lon, "lat": LAT}) + b"\n" for lon in lons))
    assert ["3702", "3701", None, "3701", "3702"] == [answer["area_code"] for answer in answers]
    assert {generation_id} == {answer["generation"] for answer in answers}


async def test_the_last_line_needs_no_end(client: Client) -> None:
    await put_in(client)
    line = orjson.dumps({"lon": IN_WEST, "lat": LAT})
    assert ["3701"] == [answer["area_code"] for answer in await send(client, line)]


async def test_windows_ends_of_lines_and_further_fields_do_no_harm(client: Client) -> None:
    await put_in(client)
    line = orjson.dumps({"lon": IN_WEST, "lat": LAT, "id": "a"}) + b"\r\n"
    assert ["3701", "3701"] == [answer["area_code"] for answer in await send(client, line * 2)]


async def test_many_points_of_a_past_generation_in_another_datum(client: Client) -> None:
    first = await put_in(client)
    await put_in(client, west="3711", east="3712")
    lon, lat = from_wgs84(ON_LINE - 0.0005, LAT, Datum.GCJ02)
    line = orjson.dumps({"lon": lon, "lat": lat})
    answers = await send(client, line, f"{LOCATE}?datum=gcj02&generation={first}")
    assert [("3701", first)] == [(answer["area_code"], answer["generation"]) for answer in answers]


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"   ",
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b"[120, 36]",
        b"null",
        b"{}",
        b'{"lon": 120.0}',
        b'{"lon": "120.0", "lat": 36.0}',
        b'{"lon": true, "lat": 36.0}',
        b'{"lon": null, "lat": 36.0}',
        b'{"lon": [], "lat": {}}',
        b'{"lon": NaN, "lat": 36.0}',
        b'{"lon": 1e999, "lat": 36.0}',
        b'{"lon": 180.001, "lat": 36.0}',
        b'{"lon": 120.0, "lat": -90.001}',
        b'{"lon": 120000000000000000000000000, "lat": 36.0}',
        b"[" * 900,
    ],
)
async def test_a_wrong_line_is_answered_by_its_number_and_the_others_all_the_same(client: Client, wrong: bytes) -> None:
    await put_in(client)
    good = orjson.dumps({"lon": IN_WEST, "lat": LAT})
    answers = await send(client, good + b"\n" + wrong + b"\n" + good + b"\n", headers=EN)
    assert ["3701", {"line": 2, "error": MALFORMED}, "3701"] == [
        answers[0]["area_code"],
        answers[1],
        answers[2]["area_code"],
    ]


async def test_a_wrong_line_is_explained_in_chinese_by_default(client: Client) -> None:
    await put_in(client)
    assert [{"line": 1, "error": '应为 {"lon": 数字, "lat": 数字}，经度 ±180、纬度 ±90。'}] == await send(
        client, b"nonsense"
    )


@pytest.mark.parametrize("size", [2_000, 300_000, 2_000_000])
async def test_a_huge_line_costs_only_itself(client: Client, size: int) -> None:
    await put_in(client)
    good = orjson.dumps({"lon": IN_WEST, "lat": LAT}) + b"\n"
    answers = await send(client, good * 3 + good.strip() + b" " * size + b"\n" + good, headers=EN)
    assert 5 == len(answers)
    assert {"line": 4, "error": MALFORMED} == answers[3]
    assert ["3701"] * 4 == [answer["area_code"] for answer in answers if "area_code" in answer]


async def test_nothing_sent_is_nothing_answered(client: Client) -> None:
    await put_in(client)
    assert [] == await send(client, b"")


async def test_a_body_larger_than_other_routes_take_is_answered_like_single_points(client: Client) -> None:
    await put_in(client)
    points = [
        {"lon": IN_WEST + (number % 71) * 0.0004, "lat": LAT - 0.008 + (number % 67) * 0.0003}
        for number in range(5_000)
    ]
    answers = await send(client, b"".join(orjson.dumps(point) + b"\n" for point in points))
    assert 5_000 == len(answers)
    single = [(await get(client, LOCATE, **point))[1] for point in points[::50]]
    assert single == answers[::50]
    assert {"inside", "nearest", "outside"} <= {answer["reason"] for answer in answers}


async def test_points_that_stop_arriving_are_told_from_where_on(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_in(client)
    monkeypatch.setattr(api, "BODY_TIMEOUT_S", 0.05)

    never = asyncio.Event()

    async def trickle() -> AsyncIterator[bytes]:
        yield orjson.dumps({"lon": IN_WEST, "lat": LAT}) + b"\n" + b'{"lon": '
        await never.wait()

    answer = await client.post(LOCATE, data=trickle(), headers=EN)
    lines = [orjson.loads(line) for line in (await answer.read()).splitlines()]
    assert ["3701", {"line": 2, "error": "The body did not arrive in time; send it again."}] == [
        lines[0]["area_code"],
        lines[1],
    ]


async def test_the_roots_and_their_children_are_listed(client: Client) -> None:
    await put_in(client)
    _, roots = await get(client, "/api/v1/areas")
    _, children = await get(client, "/api/v1/areas", parent="37")
    assert (["37"], None) == ([area["code"] for area in roots["areas"]], roots["next_after"])
    assert [("3701", "37/3701", True), ("3702", "37/3702", True)] == [
        (area["code"], area["path"], area["is_leaf"]) for area in children["areas"]
    ]


async def test_pages_of_areas_follow_each_other_without_gap_or_repeat(client: Client) -> None:
    await put_in(client)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        _, page = await get(client, "/api/v1/areas", parent="37", limit=1, after=after)
        seen += [area["code"] for area in page["areas"]]
        after = page["next_after"]
    assert ["3701", "3702"] == seen


async def test_an_area_without_children_or_unknown_has_an_empty_list(client: Client) -> None:
    await put_in(client)
    for parent in ("3701", "nowhere"):
        status, page = await get(client, "/api/v1/areas", parent=parent)
        assert (200, [], None) == (status, page["areas"], page["next_after"])


@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 501}, {"parent": "x" * 41}, {"after": "x" * 41}])
async def test_a_wrong_page_is_named(client: Client, asked: dict[str, Any]) -> None:
    await put_in(client)
    status, problem = await get(client, "/api/v1/areas", **asked)
    assert (422, [f"/query/{name}" for name in asked]) == (status, pointers(problem))


async def test_no_position_is_not_taken_for_a_place_off_africa(client: Client) -> None:
    await put_in(client)
    _, answer = await get(client, LOCATE, lat=0, lon=0)
    assert (None, True, "no_position") == (answer["area_code"], answer["needs_confirmation"], answer["reason"])


async def test_one_area_comes_without_its_outline_unless_asked(client: Client) -> None:
    await put_in(client)
    status, answer = await get(client, "/api/v1/areas/3701")
    assert (200, "3701", "37", None) == (
        status,
        answer["area"]["code"],
        answer["area"]["parent_code"],
        answer["geometry"],
    )


@pytest.mark.parametrize("datum", list(Datum))
async def test_the_outline_comes_in_the_datum_asked_for(client: Client, datum: Datum) -> None:
    await put_in(client)
    _, answer = await get(client, "/api/v1/areas/3701", geometry="true", datum=datum)
    geometry = answer["geometry"]
    corner = from_wgs84(ON_LINE, LAT + 0.005, datum)
    assert "Polygon" == geometry["type"]
    assert any(abs(lon - corner[0]) < 1e-9 and abs(lat - corner[1]) < 1e-9 for lon, lat in geometry["coordinates"][0])


async def test_an_unknown_area_is_not_found(client: Client) -> None:
    await put_in(client)
    status, problem = await get(client, "/api/v1/areas/nowhere")
    assert (404, "/docs/problems#area-not-found") == (status, problem["type"])


@pytest.mark.parametrize("path", ["/api/v1/areas?parent=%00", "/api/v1/areas/%00", "/api/v1/places?q=%00"])
async def test_a_nul_is_refused_plainly(client: Client, path: str) -> None:
    await put_in(client)
    assert 422 == (await client.get(path)).status


async def test_a_typed_place_finds_areas_by_name_and_by_code(client: Client) -> None:
    await put_in(client, west="听涛社区", east="观澜社区")
    for typed, expected in [("听涛", ["37 听涛社区"]), ("观澜社区", ["37 观澜社区"]), ("37", ["37"])]:
        status, answer = await get(client, "/api/v1/places", q=typed)
        assert (200, expected) == (status, [place["name"] for place in answer["places"]]), typed
        assert expected[0].split()[-1] == answer["places"][0]["code"]


@pytest.mark.parametrize(
    ("typed", "expected"), [("%", ["37 a%b"]), ("_", ["37 a_b"]), ("a%b", ["37 a%b"]), ("\\", []), ("a\\%b", [])]
)
async def test_wildcards_in_a_typed_place_mean_themselves(client: Client, typed: str, expected: list[str]) -> None:
    await put_in(client, west="a%b", east="a_b")
    _, answer = await get(client, "/api/v1/places", q=typed)
    assert expected == [place["name"] for place in answer["places"]]


async def test_no_more_places_than_wanted_are_given(client: Client) -> None:
    await put_in(client)
    _, answer = await get(client, "/api/v1/places", q="37", limit=1)
    assert ["37"] == [place["name"] for place in answer["places"]]


@pytest.mark.parametrize("asked", [{}, {"q": ""}, {"q": "x" * 101}])
async def test_a_place_must_be_typed(client: Client, asked: dict[str, str]) -> None:
    status, problem = await get(client, "/api/v1/places", **asked)
    assert (422, ["/query/q"]) == (status, pointers(problem))


async def test_a_place_nobody_knows_is_an_empty_list(client: Client) -> None:
    assert (200, {"places": []}) == await get(client, "/api/v1/places", q="没有这个地方")


async def _signed_in(client: Client, role: Role) -> dict[str, str]:
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        who = await hire(conn, f"{role}", role)
        assert who.id is not None
        token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id, now=START)
    return {"Authorization": f"Bearer {token}"}


async def test_the_generations_are_told_newest_first_with_who_and_when(client: Client) -> None:
    first = await put_in(client)
    second = await put_in(client, west="3711", east="3712")
    status, answer = await get(client, "/api/v1/generations", await _signed_in(client, Role.DISTRICT_ADMIN))
    assert (200, [(second, "active", first), (first, "retired", None)]) == (
        status,
        [(one["id"], one["status"], one["replaced_id"]) for one in answer["generations"]],
    )
    assert ("test", "2026-03-10T02:00:00Z") == tuple(
        answer["generations"][0][name] for name in ("created_by", "activated_at")
    )


@pytest.mark.parametrize(
    ("role", "expected"), [(None, 401), (Role.SECRETARY, 403), (Role.STATION_HOST, 403), (Role.AUDITOR, 200)]
)
async def test_the_generations_are_for_those_who_answer_for_them(
    client: Client, role: Role | None, expected: int
) -> None:
    who = {} if role is None else await _signed_in(client, role)
    assert expected == (await get(client, "/api/v1/generations", who))[0]
