"""Whatever is sent, an error tells the words of the problem and nothing of what it is made of."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio

from app.docs_page import DOCS_ROUTES
from app.routes import ROUTES
from core.access.models import Role
from core.access.sessions import open_session
from core.database import Pool, pool_transaction
from core.http.endpoint import read_signature
from tests.community.district import hire
from tests.conftest import DISTRICT, START, Client
from tests.riders.verification.looking import add_reporter

ALL = ROUTES + DOCS_ROUTES
#: What a stack trace, a driver, a query or a machine would give away.
INNER = re.compile(
    r'Traceback|asyncpg|pydantic|aiohttp\.|site-packages|File "|\.py\b|/root|/home|/tmp|/work|/usr/'
    r"|station_(app|owner)|psql|postgres|pg_|constraint|select .* from|insert into|unique_violation",
    re.IGNORECASE,
)
NASTY = (
    "'", '"; drop table station; --', "../../etc/passwd", "%00", "\ud800", "９", "-1", "9" * 40, "1e309", "null", "‮",
    "a" * 5000,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, "'", "\x00", "a" * 70_000, -1, 2**63, True, [], {"a": {"b": []}}, "9999-12-31T23:59:59Z", "2026-02-30",
    "\ud83d",
)  # fmt: skip
BODIES = (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":' * 2000, b"{" + b'"a":1,' * 20_000, b'{"\\ud800": 1}')


@pytest_asyncio.fixture
async def headers(client: Client, pool: Pool) -> list[dict[str, str]]:
    """Sign in those who are let into most routes: an administrator and a rider."""
    async with pool_transaction(pool) as conn:
        people = [await hire(conn, "admin", Role.DISTRICT_ADMIN, ""), await add_reporter(conn)]
        tokens = [
            await open_session(conn, district_id=DISTRICT, kind=who.kind, subject_id=who.id or 0, now=START)
            for who in people
        ]
    signed_in = [{"Authorization": f"Bearer {token.access}", "Idempotency-Key": "a" * 20} for token in tokens]
    for each in signed_in:  # or all would be refused at the door, and nothing behind it looked at
        assert 200 == (await client.get("/api/v1/session", headers=each)).status
    return signed_in


def bodies(route_body: Any) -> Iterator[Any]:
    """Give the examples of a body with each of its fields, and one that it has not, holding what it should not."""
    for example in route_body.model_json_schema()["examples"]:
        for place in (*places(example), ("unknown",)):
            for value in VALUES:
                changed = copy.deepcopy(example)
                inner = changed
                for step in place[:-1]:
                    inner = inner[step]
                inner[place[-1]] = value
                yield changed


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List the ways to every field in an example."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*above, key)
        yield from places(each, (*above, key))


async def judge(client: Client, method: str, path: str, headers: dict[str, str], **sent: Any) -> list[str]:
    async with client.request(method, path, headers=headers, **sent) as answer:
        if answer.content_type == "text/event-stream":
            return []
        text = (await answer.read()).decode(errors="replace")
        told = re.sub(r'"instance":"[^"]*"', "", text) if answer.status >= 400 else ""
        seen = INNER.search(told) or INNER.search(str(dict(answer.headers)))
    if answer.status == 500 or seen:
        return [f"{method} {path} {str(sent)[:200]}: {answer.status} {seen}: {text[:300]}"]
    return []


async def test_malformed_addresses_and_queries_give_nothing_away(client: Client, headers: list[dict[str, str]]) -> None:
    wrong = []
    for route in ALL:
        signature = read_signature(route)
        names = [] if signature.query is None else [f.alias or name for name, f in signature.query.model_fields.items()]
        for n, nasty in enumerate(NASTY):
            quoted = nasty.encode(errors="surrogatepass").decode(errors="replace")
            path = re.sub(r"\{\w+\}", lambda _, word=quoted: word.replace("/", "%2F") or "x", route.path)
            params = dict.fromkeys(names, quoted) if n % 2 else {"unknown": quoted}
            wrong += await judge(client, route.method, path, headers[n % 2], params=params)
    assert not wrong, "\n".join(wrong)


async def test_malformed_bodies_give_nothing_away(client: Client, headers: list[dict[str, str]]) -> None:
    wrong, asked = [], 0
    for route in ALL:
        body = read_signature(route).body
        if body is None:
            continue
        who = headers[0] if route.policy.kinds >= {"staff"} else headers[1]
        path = re.sub(r"\{\w+\}", "1", route.path)
        json = who | {"Content-Type": "application/json"}
        for raw in BODIES:
            wrong += await judge(client, route.method, path, json, data=raw)
        for said in bodies(body):
            asked += 1
            wrong += await judge(client, route.method, path, who, json=said)
    assert asked > 1000
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND"])
async def test_methods_that_nobody_needs_are_refused_everywhere(
    client: Client, headers: list[dict[str, str]], method: str
) -> None:
    for path in {re.sub(r"\{\w+\}", "1", route.path) for route in ALL}:
        async with client.request(method, path, headers=headers[0] | {"X-Echo": "echoed"}) as answer:
            assert (405, False) == (answer.status, "echoed" in await answer.text()), path
    assert 404 == (await client.request(method, "/api/v1/nothing", headers=headers[0])).status
