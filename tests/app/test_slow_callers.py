"""Callers who take their time, on raw sockets against the server as it runs."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import web

from app import serve
from core.access.policy import ANYONE
from core.http import endpoint, pace
from core.http.endpoint import JSON_BODY_LIMIT, Input, Route, add_routes, read_upload
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import CLOCK, DISTRICT_ID
from tests.conftest import DISTRICT, START

HEAD = b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
UPLOAD = b"PUT /files HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"


class Note(Input):
    text: str


async def take_note(body: Note) -> None:
    """Take a note."""


async def take_file(request: web.Request) -> dict[str, int]:
    """Take a file."""
    return {"size": len(await read_upload(request, limit=100_000, timeout_s=1.2))}


async def greet() -> dict[str, str]:
    """Greet."""
    return {"hello": "you"}


ROUTES = (
    Route("POST", "/notes", take_note, ANYONE, 204),
    Route("PUT", "/files", take_file, ANYONE),
    Route("GET", "/", greet, ANYONE),
)


@dataclass(frozen=True)
class Server:
    port: int

    async def send(self, *parts: bytes, pause_s: float = 0.0) -> tuple[bytes, float]:
        """Send the parts with pauses between them until there is an answer; give it and the seconds.

        It is empty where the connection was closed instead.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        begun, answer = time.monotonic(), asyncio.create_task(reader.read(65_536))
        try:
            for part in parts:
                if answer.done():
                    break
                writer.write(part)
                await asyncio.sleep(pause_s)
            async with asyncio.timeout(8):
                return await answer, time.monotonic() - begun
        except ConnectionError:
            return b"", time.monotonic() - begun
        finally:
            writer.close()


@pytest_asyncio.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """Run the server with its times cut to tenths of seconds."""
    monkeypatch.setattr(serve, "KEEP_ALIVE_S", 0.5)
    monkeypatch.setattr(pace, "GRACE_S", 0.3)
    monkeypatch.setattr(pace, "SLOWEST", 10_000)
    monkeypatch.setattr(endpoint.read_bytes, "__kwdefaults__", {"timeout_s": 0.5})
    app = web.Application(middlewares=[answer_problems], client_max_size=JSON_BODY_LIMIT)
    app[DISTRICT_ID], app[CLOCK], app[CONSTRAINTS] = DISTRICT, lambda: START, {}
    add_routes(app, ROUTES)
    runner = serve.make_runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Server(runner.addresses[0][1])
    await runner.cleanup()


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def test_the_real_times_are_those_promised() -> None:
    assert serve.KEEP_ALIVE_S <= 15
    assert endpoint.BODY_TIMEOUT_S <= 15
    assert (pace.GRACE_S, pace.SLOWEST) == (10, 1024)


async def test_a_head_that_trickles_in_is_cut_off(server: Server) -> None:
    answer, seconds = await server.send(*bytewise(HEAD * 5), pause_s=0.02)
    assert b"" == answer
    assert 0.4 < seconds < 3


async def test_a_second_head_that_trickles_in_is_cut_off_too(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.read(65_536)).startswith(b"HTTP/1.1 200")
    begun = time.monotonic()
    writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
    with suppress(ConnectionError):
        while not reader.at_eof():
            writer.write(b"a")
            with suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await reader.read(1)
    writer.close()
    assert 0.4 < time.monotonic() - begun < 3


async def test_a_connection_that_says_nothing_is_closed(server: Server) -> None:
    answer, seconds = await server.send()
    assert (b"", True) == (answer, seconds < 3)


async def test_a_body_that_trickles_in_is_given_up(server: Server) -> None:
    answer, seconds = await server.send(HEAD + b"Content-Length: 500\r\n\r\n", *bytewise(b" " * 200), pause_s=0.02)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"too-slow" in answer
    assert seconds < 6


@pytest.mark.parametrize("length", [b"Content-Length: 70000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
async def test_a_json_body_beyond_64_kb_is_refused_early(server: Server, length: bytes) -> None:
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    body = b" " * 70_000 if b"70000" in length else chunk * 3 + b"0\r\n\r\n"
    answer, seconds = await server.send(HEAD + b"Connection: close\r\n" + length, body)
    assert answer.startswith(b"HTTP/1.1 413")
    assert seconds < 5


async def test_an_upload_below_the_slowest_rate_is_given_up_after_the_grace(server: Server) -> None:
    head = UPLOAD + b"Content-Length: 90000\r\n\r\n"
    answer, _ = await server.send(head, *[b"x" * 20] * 100, pause_s=0.02)  # 1,000 bytes a second
    assert answer.startswith(b"HTTP/1.1 408")


async def test_an_upload_that_keeps_the_rate_may_take_longer_than_the_grace(server: Server) -> None:
    head = UPLOAD + b"Connection: close\r\nContent-Length: 20000\r\n\r\n"
    answer, seconds = await server.send(head, *[b"x" * 1000] * 20, pause_s=0.03)  # some 30,000 bytes a second
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b'{"size":20000}')
    assert seconds > 0.35


async def test_no_upload_takes_longer_than_the_time_there_is(server: Server) -> None:
    head = UPLOAD + b"Content-Length: 90000\r\n\r\n"
    answer, _ = await server.send(head, *[b"x" * 800] * 100, pause_s=0.03)  # fast enough, and 90,000 bytes are too many
    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    "lines",
    [
        b"X-Long: " + b"a" * 9_000 + b"\r\n",
        b"".join(b"X-Many-%d: a\r\n" % number for number in range(300)),
        b"X-Endless: " + b"a" * 100_000,
    ],
    ids=["long", "many", "endless"],
)
async def test_a_head_that_is_too_large_is_refused(server: Server, lines: bytes) -> None:
    answer, seconds = await server.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 400")
    assert seconds < 3


async def test_an_address_that_is_too_long_is_refused(server: Server) -> None:
    answer, _ = await server.send(b"GET /?" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 400")


async def test_a_hundred_slow_callers_keep_nobody_else_waiting(server: Server) -> None:
    slow = [
        asyncio.create_task(server.send(HEAD + b"Content-Length: 500\r\n\r\n", *bytewise(b" " * 40), pause_s=0.02))
        for _ in range(100)
    ]
    await asyncio.sleep(0.1)
    longest = 0.0
    for _ in range(20):
        begun = time.monotonic()
        answer, _ = await server.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        longest = max(longest, time.monotonic() - begun)
        assert answer.startswith(b"HTTP/1.1 200")
    assert longest < 1
    assert {b"HTTP/1.1 408"} == {answer[:12] for answer, _ in await asyncio.gather(*slow)}
