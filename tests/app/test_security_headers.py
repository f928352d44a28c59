"""Every answer carries the security headers: each route as strangers, riders and staff meet it, and every failure."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient
from multidict import CIMultiDict, CIMultiDictProxy

from app.docs_page import DOCS_ROUTES
from app.main import create_app
from app.routes import ROUTES
from app.settings import Settings
from core.access.models import Grant, Role
from core.access.queries import insert_grant
from core.database import Pool, pool_transaction
from core.http.endpoint import JSON_BODY_LIMIT
from tests.community.stream.listening import AsServed
from tests.conftest import DISTRICT, START, Client, Database, FakeClock
from tests.sessions import open_long_session
from tests.staff import insert_staff

ALL = ROUTES + DOCS_ROUTES
NEEDED = {
    "Content-Security-Policy": r"default-src 'none'(;.*)?",
    "Permissions-Policy": r"camera=\(self\), geolocation=\(self\), .*",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
FOREIGN_PAGE = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

Headers = CIMultiDictProxy[str]


async def breaks(_request: web.Request) -> web.Response:
    raise RuntimeError("broken on purpose")


@pytest_asyncio.fixture
async def served(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Client]:
    """Run the whole application in its own server, with one more address that fails."""
    app = create_app(Settings(data_dir=tmp_path), dsn=database.app_dsn, sweeper_dsn=database.sweeper_dsn, clock=clock)
    app.router.add_get("/broken", breaks)
    async with TestClient(AsServed(app)) as client:
        yield client


@pytest_asyncio.fixture
async def admin(pool: Pool) -> dict[str, str]:
    """Give the header of an administrator of the district."""
    async with pool_transaction(pool) as conn:
        staff = await insert_staff(conn, district_id=DISTRICT, username="admin", name="管理员", now=START)
        grant = Grant(Role.DISTRICT_ADMIN, "")
        await insert_grant(conn, district_id=DISTRICT, staff_id=staff.id, grant=grant, now=START)
        token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=staff.id, now=START)
    return {"Authorization": f"Bearer {token}"}


@pytest_asyncio.fixture
async def rider(pool: Pool) -> dict[str, str]:
    """Give the header of a rider."""
    async with pool_transaction(pool) as conn:
        token = await open_long_session(conn, district_id=DISTRICT, kind="rider", subject_id=1, now=START)
    return {"Authorization": f"Bearer {token}"}


def faults(headers: Headers) -> list[str]:
    """Name what is missing or wrong, and what must not be there."""
    wrong = [name for name, value in NEEDED.items() if not re.fullmatch(value, headers.get(name, ""))]
    policy = headers.get("Content-Security-Policy", "")
    wrong += [word for word in ("unsafe", "data:", "*", "http") if word in policy]
    wrong += [word for word in ("default-src 'none'", "frame-ancestors 'none'") if word not in policy]
    forbidden = ("Server", "X-Powered-By", "Strict-Transport-Security")
    return wrong + [name for name in headers if name in forbidden or name.lower().startswith("access-control-")]


def address(path: str) -> str:
    """Put something in the places of a path."""
    return re.sub(r"\{(\w+)\}", lambda place: "0" * 64 if place[1] == "sha256" else "1", path)


async def sent(client: Client, text: bytes) -> tuple[int, Headers, bytes]:
    """Send bytes as they are; give what is answered."""
    assert client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(text)
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = CIMultiDict(line.split(": ", 1) for line in lines)
    return int(status.split()[1]), CIMultiDictProxy(headers), body


async def test_every_route_answers_with_them_whoever_asks(
    served: Client, admin: dict[str, str], rider: dict[str, str]
) -> None:
    wrong, statuses = {}, set()
    for route in ALL:
        for name, who in (("anyone", {}), ("admin", admin), ("rider", rider)):
            async with served.request(route.method, address(route.path), headers=who | FOREIGN_PAGE) as answer:
                statuses.add(answer.status)
                if found := faults(answer.headers):
                    wrong[f"{route.method} {route.path} as {name}: {answer.status}"] = found
    assert {} == wrong
    assert {200, 401, 403, 404, 415, 422} <= statuses


async def test_every_failure_answers_with_them(served: Client, admin: dict[str, str]) -> None:
    big = b'{"username":"' + b"x" * JSON_BODY_LIMIT + b'","password":"x"}'
    as_json = {"Content-Type": "application/json"}
    wrong, statuses = {}, set()
    for method, path, said, headers in (
        ("GET", "/nowhere", None, {}),
        ("GET", "/api/v1/../../etc/passwd", None, {}),
        ("POST", "/api/v1/session", big, as_json),
        ("POST", "/api/v1/session", b"{", as_json),
        ("POST", "/api/v1/session", b"{}", as_json | {"Content-Encoding": "gzip"}),
        ("POST", "/api/v1/session", b"{}", as_json | {"Expect": "the impossible"}),
        ("GET", "/api/v1/stations/nearby?lat=x", None, {}),
        ("GET", "/api/v1/session", None, {"Authorization": "Bearer x"}),
        ("GET", "/broken", None, {}),
        ("HEAD", "/docs", None, {}),
    ):
        async with served.request(method, path, data=said, headers=headers) as answer:
            statuses.add(answer.status)
            if found := faults(answer.headers):
                wrong[f"{method} {path}: {answer.status}"] = found
    assert {} == wrong
    assert {200, 400, 401, 404, 413, 415, 417, 422, 500} == statuses


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PROPFIND", "BREW", "get"])
async def test_methods_that_nothing_takes_are_refused_and_tell_which_are_taken(served: Client, method: str) -> None:
    text = f"{method} /api/v1/session HTTP/1.1\r\nHost: x\r\nX-Echo: 回声\r\nConnection: close\r\n\r\n"
    status, headers, body = await sent(served, text.encode())
    assert (405, [], True) == (status, faults(headers), "GET" in headers["Allow"])
    assert "application/problem+json" == headers["Content-Type"].partition(";")[0]
    assert b"X-Echo" not in body


async def test_a_preflight_of_a_foreign_page_is_refused_at_every_address(served: Client) -> None:
    for path in {address(route.path) for route in ALL}:
        async with served.options(path, headers=FOREIGN_PAGE) as answer:
            assert (405, []) == (answer.status, faults(answer.headers)), path


@pytest.mark.parametrize(
    "text",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\nConnection: close\r\n\r\n",
    ],
    ids=[
        "no host",
        "two hosts",
        "no colon",
        "no such version",
        "long",
        "long header",
        "smuggling",
        "TLS",
        "nonsense",
        "tunnel",
    ],
)
async def test_what_is_no_request_is_answered_with_them_too(served: Client, text: bytes) -> None:
    status, headers, body = await sent(served, text)
    assert (True, []) == (status in (400, 404, 405), faults(headers))
    assert "application/problem+json" == headers["Content-Type"].partition(";")[0]
    assert not re.search(rb"aiohttp|Traceback|x{50}", body)


async def test_the_stream_carries_them(served: Client, admin: dict[str, str]) -> None:
    async with served.get("/api/v1/cases/stream", headers=admin) as stream:
        assert (200, []) == (stream.status, faults(stream.headers))


async def test_no_page_holds_a_script_or_style_of_its_own(served: Client) -> None:
    for path in ("/", "/docs", "/docs/problems"):
        answer = await served.get(path)
        page = await answer.text()
        if answer.status == 200:
            assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+\s*=|javascript:", page, re.I), path


async def test_browsers_are_bound_to_tls_where_people_are_known_to_come_by_it(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    settings = replace(Settings(data_dir=tmp_path), public_url="https://station.example.org")
    app = create_app(settings, dsn=database.app_dsn, sweeper_dsn=database.sweeper_dsn, clock=clock)
    async with TestClient(AsServed(app)) as client:
        answer = await client.get("/livez")
        _, malformed, _ = await sent(client, b"nonsense\r\n\r\n")
        ours = {"Origin": "https://station.example.org"}
        refused = await client.post("/api/v1/session/refresh", json={}, headers={"Origin": str(client.make_url(""))})
        taken = await client.post("/api/v1/session/refresh", json={}, headers=ours)
    assert "max-age=31536000" == answer.headers["Strict-Transport-Security"]
    assert "max-age=31536000" == malformed["Strict-Transport-Security"]
    assert (403, 401) == (refused.status, taken.status)
