"""A time that cannot be reckoned with is a wrong field of the request, and no fault of ours."""

from typing import Any

import pytest
import pytest_asyncio

from core.access.models import Role
from core.database import Pool, pool_transaction
from tests.community.desk.house import pointers
from tests.community.district import hire
from tests.conftest import DISTRICT, START, Client
from tests.sessions import open_long_session

FIRST, LAST = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"
TRIAL = {"changes": [{"act": "retire", "rule_id": 1}], "opened_from": FIRST, "opened_before": LAST}
SHIFT = {"staff_id": 1, "starts_at": FIRST, "ends_at": "0001-01-02T00:00:00+14:00"}


@pytest_asyncio.fixture
async def admin(client: Client, pool: Pool) -> dict[str, str]:
    async with pool_transaction(pool) as conn:
        who = await hire(conn, "admin", Role.DISTRICT_ADMIN)
        token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id or 0, now=START)
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("method", "path", "said", "expected"),
    [
        ("GET", "/cases?opened_from=" + FIRST.replace("+", "%2B"), None, ["/query/opened_from"]),
        ("GET", "/cases?opened_before=" + LAST, None, ["/query/opened_before"]),
        ("GET", "/posts/1/rota?since=" + LAST, None, ["/query/since"]),
        ("GET", "/posts/1/rota?since=9999-12-30T00:00:00Z", None, ["/query/since"]),
        ("GET", "/figures?from=9999-12-01&to=9999-12-31", None, ["/query/from", "/query/to"]),
        ("POST", "/posts/1/shifts", {"shifts": [SHIFT]}, ["/shifts/0/starts_at", "/shifts/0/ends_at"]),
        ("POST", "/routing-rules/try", TRIAL, ["/opened_from", "/opened_before"]),
        ("POST", "/saved-filters", {"name": "x", "query": {"opened_from": FIRST}}, ["/query/opened_from"]),
    ],
)
async def test_a_time_beyond_reckoning_is_a_wrong_field(
    client: Client, admin: dict[str, str], method: str, path: str, said: Any, expected: list[str]
) -> None:
    answer = await client.request(method, f"/api/v1{path}", json=said, headers=admin)
    assert (422, expected) == (answer.status, pointers(await answer.json()))


async def test_a_filter_of_such_a_time_that_is_stored_already_is_outdated_and_spoils_no_list(
    client: Client, admin: dict[str, str], pool: Pool
) -> None:
    kept = {"name": "x", "query": {"opened_from": "2026-03-01T00:00:00Z"}, "area": ""}
    assert 201 == (await client.post("/api/v1/saved-filters", json=kept, headers=admin)).status
    async with pool_transaction(pool) as conn:
        await conn.execute("update saved_filter set query = $1", {"opened_from": FIRST})
    answer = await client.get("/api/v1/saved-filters", headers=admin)
    assert 200 == answer.status
    assert [(True, None)] == [(each["is_outdated"], each["cases"]) for each in (await answer.json())["filters"]]
