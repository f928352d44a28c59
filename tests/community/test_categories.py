"""Editing the kinds of case over HTTP."""

import pytest

from core.access.models import Role
from core.database import Pool, pool_transaction
from tests.community.district import found, hire
from tests.conftest import DISTRICT, START, Client
from tests.sessions import open_long_session

BODY = {"zh": "共享单车乱停", "en": "Shared bicycles left about", "closing_photos": "after"}


async def sign_in(pool: Pool, role: Role) -> dict[str, str]:
    async with pool_transaction(pool) as conn:
        who = await hire(conn, str(role), role)
        assert who.id is not None
        token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id, now=START)
    return {"Authorization": f"Bearer {token}"}


async def codes(client: Client) -> dict[str, dict[str, object]]:
    answer = await (await client.get("/api/v1/categories")).json()
    return {row["code"]: row for row in answer["categories"]}


async def test_a_category_is_added_replaced_and_retired(client: Client, pool: Pool) -> None:
    admin = await sign_in(pool, Role.DISTRICT_ADMIN)
    async with pool_transaction(pool) as conn:
        department_id = await found(conn)
    question = {"variable": "how_many", "datatype": "number", "zh": "多少辆", "en": "How many"}
    body = BODY | {"default_department_id": department_id, "questions": [question]}
    assert 200 == (await client.put("/api/v1/categories/bicycles", json=body, headers=admin)).status
    row = (await codes(client))["bicycles"]
    assert ("after", department_id) == (row["closing_photos"], row["default_department_id"])
    assert [question | {"required": False, "values": []}] == row["questions"]
    await client.put("/api/v1/categories/bicycles", json=BODY | {"is_active": False}, headers=admin)
    assert "bicycles" not in await codes(client)
    async with pool_transaction(pool) as conn:
        events = await conn.fetch("select data from event where kind = 'category.set' order by id")
    assert [None, "after"] == [(row["data"]["before"] or {}).get("closing_photos") for row in events]


@pytest.mark.parametrize(
    ("code", "wrong", "pointer"),
    [
        ("Bicycles", {}, "/path/code"),
        ("bicycles", {"default_department_id": 10**9}, "/default_department_id"),
        (
            "bicycles",
            {"questions": [{"variable": "a", "datatype": "singlevaluelist", "zh": "问", "en": "Q"}]},
            "/questions/0/values",
        ),
        (
            "bicycles",
            {"questions": [{"variable": "a", "datatype": "text", "zh": "问", "en": "Q"}] * 2},
            "/questions/1/variable",
        ),
    ],
)
async def test_what_cannot_be_taken_is_named(
    client: Client, pool: Pool, code: str, wrong: dict[str, object], pointer: str
) -> None:
    admin = await sign_in(pool, Role.DISTRICT_ADMIN)
    refused = await client.put(f"/api/v1/categories/{code}", json=BODY | wrong, headers=admin)
    assert (422, [pointer]) == (refused.status, [error["pointer"] for error in (await refused.json())["errors"]])


async def test_only_the_district_edits_categories(client: Client, pool: Pool) -> None:
    centre = await sign_in(pool, Role.SUBDISTRICT)
    assert 403 == (await client.put("/api/v1/categories/bicycles", json=BODY, headers=centre)).status
