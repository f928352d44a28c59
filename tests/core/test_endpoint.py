"""The one adapter: what handlers get, what callers are told."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import asyncpg
import pytest
import pytest_asyncio
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.access.policy import ANYONE, SIGNED_IN
from core.errors import NotFound, Text
from core.http.endpoint import Created, Route, add_routes, read_bytes
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import CLOCK, DISTRICT_ID, PUBLIC_URL
from tests.conftest import DISTRICT, START, Client


class Wanted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(ge=1, le=100)
    amenity: tuple[str, ...] = ()


class Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=2)
    count: int


class Span(BaseModel):
    """Something with rules that pydantic does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int
    end: int
    colour: str = ""

    @field_validator("colour")
    @classmethod
    def _plain(cls, value: str) -> str:
        if value == "{red}":
            raise ValueError("不要 {red} / not {red}")
        return value

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.end <= self.start:
            raise ValueError(Text("终点须在起点之后。", "The end must come after the start."))
        return self


@dataclass(frozen=True, slots=True)
class Answer:
    words: tuple[str, ...]
    at: datetime
    title: Text


async def ask(query: Wanted) -> Answer:
    """Ask."""
    return Answer(words=query.amenity, at=datetime(2026, 1, 1, tzinfo=UTC), title=Text("水", "water"))


async def write(body: Written) -> Created[Answer]:
    """Write."""
    return Created(Answer((body.name,), START, Text("", "")), location="/things/1")


async def measure(body: Span) -> None:
    """Measure."""


async def pick(thing_id: int) -> None:
    """Pick."""
    raise NotFound()


async def fail() -> None:
    """Fail."""
    raise RuntimeError("secret detail")


async def break_off() -> None:
    """Lose the database."""
    raise asyncpg.ConnectionDoesNotExistError("gone")


ROUTES = (
    Route("GET", "/ask", ask, ANYONE),
    Route("POST", "/write", write, ANYONE, 201),
    Route("POST", "/measure", measure, ANYONE),
    Route("GET", "/things/{thing_id}", pick, ANYONE),
    Route("GET", "/fail", fail, ANYONE),
    Route("GET", "/broken", break_off, ANYONE),
    Route("GET", "/mine", fail, SIGNED_IN),
)


@pytest_asyncio.fixture
async def edge() -> AsyncIterator[Client]:
    app = web.Application(middlewares=[answer_problems], client_max_size=1000)
    app[DISTRICT_ID], app[CLOCK], app[CONSTRAINTS] = DISTRICT, lambda: START, {}
    add_routes(app, ROUTES)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_repeated_field_arrives_as_a_tuple(edge: Client) -> None:
    answer = await (await edge.get("/ask?limit=5&amenity=water&amenity=heat")).json()
    assert {"words": ["water", "heat"], "at": "2026-01-01T00:00:00Z", "title": {"zh": "水", "en": "water"}} == answer


async def test_a_packed_body_is_refused_unread(edge: Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    response = await edge.post("/write", data=gzip.compress(b'{"name":"ab","count":1}'), headers=headers)
    assert 415 == response.status
    assert "identity" in (await response.json())["detail"]


async def test_every_wrong_field_is_named_at_once_in_chinese(edge: Client) -> None:
    response = await edge.get("/ask?limit=0&lat=1")
    problem = await response.json()
    assert 422 == response.status
    assert {"/query/limit": "应不小于 1。", "/query/lat": "没有这个字段，请检查拼写。"} == {
        error["pointer"]: error["detail"] for error in problem["errors"]
    }


async def test_a_reader_of_english_is_told_in_english(edge: Client) -> None:
    response = await edge.get("/ask?limit=0", headers={"Accept-Language": "en-GB,zh;q=0.5"})
    assert "Input should be greater than or equal to 1" == (await response.json())["errors"][0]["detail"]
    assert "en" == response.headers["Content-Language"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("en", "en"),
        ("EN-gb", "en"),
        ("en,zh", "en"),
        ("zh,en", "zh-CN"),
        ("zh;q=0.4, en;q=0.5", "en"),
        ("zh;q=0.9, en; q=0.1", "zh-CN"),
        ("zh;q=0.9, en ;Q=0.95", "en"),
        ("en;q=0", "zh-CN"),
        ("en;q=0.000, zh;q=0.001", "zh-CN"),
        ("en;q=nan", "zh-CN"),
        ("zh, en;q=inf", "zh-CN"),
        ("zh, en;q=9", "zh-CN"),
        ("zh, en;q=", "zh-CN"),
        ("eng, enough", "zh-CN"),
        ("fr, de;q=0.9", "zh-CN"),
        ("*", "zh-CN"),
        ("", "zh-CN"),
        (",;,=;q", "zh-CN"),
    ],
)
async def test_the_language_is_what_the_reader_wants_most(edge: Client, wanted: str, expected: str) -> None:
    response = await edge.get("/nowhere", headers={"Accept-Language": wanted})
    assert expected == response.headers["Content-Language"]


@pytest.mark.parametrize(
    ("wanted", "expected"), [("zh", "终点须在起点之后。"), ("en", "The end must come after the start.")]
)
async def test_a_rule_of_ours_speaks_its_own_words(edge: Client, wanted: str, expected: str) -> None:
    response = await edge.post("/measure", json={"start": 2, "end": 1}, headers={"Accept-Language": wanted})
    assert [{"pointer": "", "detail": expected}] == (await response.json())["errors"]


@pytest.mark.parametrize("wanted", ["zh", "en"])
async def test_a_rule_in_plain_words_is_told_as_it_stands(edge: Client, wanted: str) -> None:
    body = {"start": 1, "end": 2, "colour": "{red}"}
    response = await edge.post("/measure", json=body, headers={"Accept-Language": wanted})
    assert [{"pointer": "/colour", "detail": "不要 {red} / not {red}"}] == (await response.json())["errors"]


@pytest.mark.parametrize("body", ["[1, 2]", '"text"', "5", "null"])
async def test_a_body_that_is_no_object_is_told_so(edge: Client, body: str) -> None:
    response = await edge.post("/measure", data=body, headers={"Content-Type": "application/json"})
    assert (422, [{"pointer": "", "detail": "应为对象。"}]) == (response.status, (await response.json())["errors"])


async def test_a_strange_name_is_still_one_step_of_a_pointer(edge: Client) -> None:
    response = await edge.post("/measure", json={"start": 1, "end": 2, "a/b~c": 1})
    assert ["/a~1b~0c"] == [error["pointer"] for error in (await response.json())["errors"]]


async def test_a_field_given_twice_is_refused(edge: Client) -> None:
    response = await edge.get("/ask?limit=1&limit=2")
    assert ["/query/limit"] == [error["pointer"] for error in (await response.json())["errors"]]


async def test_something_new_has_an_address(edge: Client) -> None:
    response = await edge.post("/write", json={"name": "ab", "count": 1})
    assert (201, "/things/1") == (response.status, response.headers["Location"])


async def test_wrong_fields_of_a_body_are_named_by_pointer(edge: Client) -> None:
    response = await edge.post("/write", json={"name": "a", "extra": 1})
    assert {"/name", "/count", "/extra"} == {error["pointer"] for error in (await response.json())["errors"]}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "slug"),
    [
        (b"{", "application/json", 400, "malformed-body"),
        (b'{"name": NaN, "count": 1}', "application/json", 400, "malformed-body"),
        (b'{"name": "a\\u0000b", "count": 1}', "application/json", 400, "malformed-body"),
        (b"name=ab", "application/x-www-form-urlencoded", 415, "wrong-media-type"),
        (b"x" * 2000, "application/json", 413, "too-large"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    edge: Client, body: bytes, content_type: str, status: int, slug: str
) -> None:
    response = await edge.post("/write", data=body, headers={"Content-Type": content_type})
    assert (status, "application/problem+json") == (response.status, response.content_type)
    assert (await response.json())["type"].endswith(slug)


async def test_a_body_that_does_not_arrive_is_given_up(edge: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_bytes, "__kwdefaults__", {"timeout_s": 0.05})

    async def trickle() -> AsyncIterator[bytes]:
        yield b'{"name":'
        await asyncio.sleep(1)
        yield b'"ab"}'

    response = await edge.post("/write", data=trickle(), headers={"Content-Type": "application/json"})
    assert 408 == response.status
    assert (await response.json())["type"].endswith("too-slow")


async def test_a_path_that_is_no_number_is_named(edge: Client) -> None:
    response = await edge.get("/things/abc")
    assert ["/path/thing_id"] == [error["pointer"] for error in (await response.json())["errors"]]


async def test_an_inner_error_shows_a_number_and_no_detail(edge: Client) -> None:
    response = await edge.get("/fail")
    told = await response.text()
    assert (500, True, False) == (response.status, "server-fault" in told, "secret" in told)


async def test_a_lost_database_asks_to_try_again(edge: Client) -> None:
    response = await edge.get("/broken")
    assert (503, "2") == (response.status, response.headers["Retry-After"])
    assert (await response.json())["type"].endswith("unavailable")


async def test_a_stranger_learns_how_to_sign_in(edge: Client) -> None:
    response = await edge.get("/mine")
    assert (401, "Bearer") == (response.status, response.headers["WWW-Authenticate"])


async def test_unknown_addresses_and_methods_are_problems_too(edge: Client) -> None:
    missing = await edge.get("/nowhere")
    wrong = await edge.delete("/ask")
    assert (404, 405) == (missing.status, wrong.status)
    assert (await wrong.json())["type"].endswith("method-not-allowed")
    assert "GET,HEAD" == wrong.headers["Allow"].replace(" ", "")


@pytest.mark.parametrize("path", ["/ask?limit=1", "/nowhere", "/fail", "/mine"])
async def test_every_answer_carries_the_security_headers(edge: Client, path: str) -> None:
    response = await edge.get(path)
    assert "nosniff" == response.headers["X-Content-Type-Options"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_a_handler_with_an_unknown_parameter_fails_at_start_up() -> None:
    async def odd(weather: str) -> None:
        """Be odd."""

    with pytest.raises(TypeError, match="weather"):
        add_routes(web.Application(), (Route("GET", "/odd", odd, ANYONE),))


@pytest.mark.parametrize(
    ("path", "pointer"), [("/ask?limit=1&amenity=a%00b", "/query/amenity"), ("/things/%00", "/path/thing_id")]
)
async def test_a_nul_character_is_refused_by_name(edge: Client, path: str, pointer: str) -> None:
    response = await edge.get(path)
    assert [pointer] == [error["pointer"] for error in (await response.json())["errors"]]


async def test_a_number_no_row_can_have_is_not_found(edge: Client) -> None:
    assert 404 == (await edge.get(f"/things/{2**63}")).status


async def test_an_answer_that_fails_in_the_middle_is_cut_off() -> None:
    """Nobody is left waiting for the rest, nor takes a part for the whole."""

    async def break_off(request: web.Request) -> web.StreamResponse:
        """Fail after the first bytes."""
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"a part")
        raise RuntimeError

    app = web.Application(middlewares=[answer_problems])
    add_routes(app, (Route("GET", "/half", break_off, ANYONE, answer=bytes),))
    app[DISTRICT_ID], app[PUBLIC_URL] = DISTRICT, ""
    async with TestClient(TestServer(app)) as client, asyncio.timeout(5):
        answer = await client.get("/half")
        with pytest.raises(ClientError):
            await answer.read()
