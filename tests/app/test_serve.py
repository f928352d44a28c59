"""The server as it listens: what it takes from the network, and what it leaves out of the log."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from app.serve import make_runner
from core.access.policy import ANYONE
from core.http.endpoint import Input, Route, add_routes
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import CLOCK, DISTRICT_ID
from tests.conftest import DISTRICT, START


class Words(Input):
    text: str


async def listen(body: Words) -> None:
    """Listen."""


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    app = web.Application(middlewares=[answer_problems])
    app[DISTRICT_ID], app[CLOCK], app[CONSTRAINTS] = DISTRICT, lambda: START, {}
    add_routes(app, (Route("POST", "/words", listen, ANYONE),))
    runner = make_runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def send(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "request_head",
    [
        "GET /nearby?lat=36.123456&place=湾畔 HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer 36.123456\x01\r\n\r\n",
    ],
)
async def test_the_words_of_a_malformed_request_are_not_logged(
    port: int, request_head: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert b"400" in await send(port, request_head)
    assert "Error handling request" in caplog.text
    assert "36.123456" not in caplog.text


async def test_a_damaged_packed_body_is_no_fault_of_the_server(port: int, caplog: pytest.LogCaptureFixture) -> None:
    head = "POST /words HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
    assert b"415" in await send(port, f"{head}Content-Length: 4\r\nConnection: close\r\n\r\nnone".encode())
    assert "" == caplog.text
