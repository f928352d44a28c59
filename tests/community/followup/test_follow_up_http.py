"""Links over HTTP: no sign-in, looking changes nothing, and each refusal has a status of its own."""

from datetime import timedelta

import pytest
import pytest_asyncio

from community.followup.tokens import make_token
from community.models import Case
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Pool, pool_transaction
from tests.community.district import COMMUNITY, hire, located, open_report
from tests.community.followup.story import RIDER, close, do
from tests.conftest import DISTRICT, RING, START, Client, FakeClock
from tests.sessions import open_long_session

GOOD = {"satisfaction": "satisfied", "words": "谢谢"}


@pytest_asyncio.fixture
async def secretary(pool: Pool) -> Actor:
    async with pool_transaction(pool) as conn:
        return await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)


@pytest_asyncio.fixture
async def case(pool: Pool, secretary: Actor) -> Case:
    async with pool_transaction(pool) as conn:
        return await close(conn, await open_report(conn, 1, at=located(), actor=RIDER), secretary, now=START)


def address(case: Case, of_round: int = 1) -> str:
    return "/api/v1/follow-ups/" + make_token(RING, district_id=DISTRICT, case_id=case.id, round=of_round)


async def test_whoever_holds_the_link_looks_and_answers_without_signing_in(client: Client, case: Case) -> None:
    url = address(case)
    assert 200 == (await client.head(url)).status
    shown = await (await client.get(url)).json()
    assert (case.number, None, "2026-03-24T02:00:00Z") == (
        shown["number"],
        shown["satisfaction"],
        shown["expires_at"],
    )
    answers = [await client.post(url, json=GOOD) for _ in range(2)]
    assert [200, 200] == [answer.status for answer in answers]
    assert await answers[0].json() == await answers[1].json() == await (await client.get(url)).json()


async def test_looking_answers_nothing(client: Client, pool: Pool, case: Case) -> None:
    await client.get(address(case))
    async with pool_transaction(pool) as conn:
        assert "closed" == await conn.fetchval("select state from community_case where id = $1", case.id)


@pytest.mark.parametrize(
    ("story", "status", "slug", "zh", "en"),
    [
        ("wrong", 404, "follow-up-not-found", "没有找到", "does not exist"),
        ("answered", 409, "follow-up-answered", "“满意”", "“satisfied”"),
        ("expired", 410, "follow-up-expired", "14 天", "14 days"),
        ("reopened", 410, "follow-up-replaced", "重新办理", "opened again"),
    ],
)
async def test_each_refusal_has_its_status_and_says_it_in_both_languages(
    client: Client,
    pool: Pool,
    clock: FakeClock,
    case: Case,
    secretary: Actor,
    story: str,
    status: int,
    slug: str,
    zh: str,
    en: str,
) -> None:
    url = address(case, 2 if story == "wrong" else 1)
    if story == "answered":
        await client.post(url, json=GOOD)
    elif story == "expired":
        clock.advance(timedelta(days=14))
    elif story == "reopened":
        async with pool_transaction(pool) as conn:
            await do(conn, case, Verb.REOPEN, secretary, note="再处理")
    for language, words in (("zh", zh), ("en", en)):
        refused = await client.post(url, json={"satisfaction": "dissatisfied"}, headers={"Accept-Language": language})
        problem = await refused.json()
        assert (status, f"/docs/problems#{slug}") == (refused.status, problem["type"])
        assert words in problem["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/satisfaction"),
        ({"satisfaction": "great"}, "/satisfaction"),
        (GOOD | {"words": "字" * 1001}, "/words"),
        (GOOD | {"words": " "}, "/words"),
        (GOOD | {"stars": 5}, "/stars"),
    ],
)
async def test_a_wrong_answer_is_named_by_field(
    client: Client, case: Case, body: dict[str, object], pointer: str
) -> None:
    refused = await client.post(address(case), json=body)
    assert (422, [pointer]) == (refused.status, [error["pointer"] for error in (await refused.json())["errors"]])


@pytest.mark.parametrize(
    ("role", "status"), [(Role.GRID_WORKER, 200), (Role.AUDITOR, 200), (Role.DEPARTMENT, 403), (None, 401)]
)
async def test_visits_are_for_the_staff_of_areas(client: Client, pool: Pool, role: Role | None, status: int) -> None:
    headers = {}
    if role is not None:
        async with pool_transaction(pool) as conn:
            who = await hire(conn, "someone", role, COMMUNITY)
            token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id or 0, now=START)
        headers = {"Authorization": f"Bearer {token}"}
    assert status == (await client.get("/api/v1/follow-ups", headers=headers)).status
