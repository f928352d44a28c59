"""The room over HTTP: statuses, problems that name the field, who is answered 404, what the contract describes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from community import api
from community.appeals import api as appeals
from community.models import Case, State
from community.notices import api as notices
from community.workflow import Field
from core.access.models import Actor, Role
from core.access.policy import ANY_STAFF, ANYONE, SIGNED_IN
from core.database import Pool, pool_transaction
from core.http import wiring
from core.http.endpoint import JSON_BODY_LIMIT, Route, add_routes
from core.http.openapi import describe
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, POOL
from geo.api import LOCATE
from tests.community.district import COMMUNITY, NEIGHBOUR, found, hire, located, open_report
from tests.conftest import DISTRICT, RING, START, Client, FakeClock
from tests.sessions import open_long_session

ROUTES = (
    Route("GET", "/api/v1/cases", api.get_cases, ANY_STAFF),
    Route("GET", "/api/v1/cases/{case_id}", api.get_case, ANY_STAFF),
    Route("POST", "/api/v1/cases/{case_id}/{verb}", api.act_on_case, ANY_STAFF),
    Route("GET", "/api/v1/categories", api.get_categories, ANYONE),
    Route("GET", "/api/v1/departments", api.get_departments, ANY_STAFF),
    Route("POST", "/api/v1/appeals", appeals.post_appeal, ANYONE, 201),
    Route("GET", "/api/v1/appeals/{token}", appeals.get_appeal, ANYONE),
    Route("GET", "/api/v1/notices", notices.get_notices, SIGNED_IN),
)
KEY = {"Idempotency-Key": "3f1c2a90-0d0e-4a8e-9a55-6b1f2f0f9d11"}
APPEAL = {"category": "help", "text": "想请社区帮忙", "contact_phone": "199 0000 0001"}


@dataclass(frozen=True)
class House:
    """The community's room behind a server, with one case in it."""

    client: Client
    pool: Pool
    case: Case

    async def signed_in(self, role: Role, area_path: str, department_id: int | None = None) -> dict[str, str]:
        """Hire someone, sign him in and give his header."""
        async with pool_transaction(self.pool) as conn:
            who = await hire(conn, f"{role} {area_path}", role, area_path, department_id)
            return {"Authorization": f"Bearer {await _token(self.pool, who)}"}

    async def act(self, verb: str, who: dict[str, str], **said: object) -> tuple[int, dict[str, object]]:
        """Do a verb to the case; give status and answer."""
        answer = await self.client.post(f"/api/v1/cases/{self.case.id}/{verb}", json=said, headers=who)
        return answer.status, await answer.json()


async def _token(pool: Pool, who: Actor) -> str:
    assert who.id is not None
    async with pool_transaction(pool) as conn:
        return await open_long_session(conn, district_id=DISTRICT, kind=who.kind, subject_id=who.id, now=START)


@pytest_asyncio.fixture
async def house(pool: Pool, app_pool: Pool, clock: FakeClock) -> AsyncIterator[House]:
    app = web.Application(middlewares=[answer_problems], client_max_size=JSON_BODY_LIMIT)
    app[CLOCK], app[DISTRICT_ID], app[CONSTRAINTS] = clock, DISTRICT, {}
    app[POOL], app[BACKGROUND] = app_pool, pool
    app[wiring.RING] = RING
    app[LOCATE] = lambda _: located()
    add_routes(app, ROUTES)
    async with pool_transaction(pool) as conn:
        case = await open_report(conn, 1, at=located())
    async with TestClient(TestServer(app)) as client:
        yield House(client, pool, case)


def pointers(problem: dict[str, object]) -> list[str]:
    errors = problem["errors"]
    assert isinstance(errors, list)
    return [error["pointer"] for error in errors]


async def test_a_secretary_sees_the_case_files_it_and_reads_what_is_next(house: House) -> None:
    secretary = await house.signed_in(Role.SECRETARY, COMMUNITY)
    listed = await (await house.client.get("/api/v1/cases", headers=secretary)).json()
    assert [house.case.number] == [line["number"] for line in listed["cases"]]
    status, filed = await house.act("file", secretary)
    assert (200, "filed", 2) == (status, filed["state"], filed["version"])
    detail = await (await house.client.get(f"/api/v1/cases/{house.case.id}", headers=secretary)).json()
    assert ["case.opened", "case.filed"] == [step["kind"] for step in detail["history"]]
    assert "secretary 37/01/02的名字" == detail["history"][1]["actor_name"]
    assert {"dispatch": ["department_id"]}.items() <= {row["verb"]: row["required"] for row in detail["verbs"]}.items()


async def test_a_case_says_who_leads_it_and_by_which_limits(house: House) -> None:
    secretary = await house.signed_in(Role.SECRETARY, COMMUNITY)
    path = f"/api/v1/cases/{house.case.id}"
    assert (await (await house.client.get(path, headers=secretary)).json())["assignee_name"] is None
    await house.act("file", secretary)
    detail = await (await house.client.get(path, headers=secretary)).json()
    assert "secretary 37/01/02的名字" == detail["assignee_name"]
    limits = {rule["id"]: rule["limit"] for rule in detail["clock_rules"]}
    running = {row["clock"]: limits[row["rule_id"]] for row in detail["deadlines"] if row["met_at"] is None}
    assert {"unit": "working_hour", "amount": 4} == running["handle"]


async def test_another_communitys_secretary_is_answered_404_everywhere(house: House) -> None:
    foreign = await house.signed_in(Role.SECRETARY, NEIGHBOUR)
    status, problem = await house.act("file", foreign)
    assert (404, "/docs/problems#case-not-found") == (status, problem["type"])
    assert 404 == (await house.client.get(f"/api/v1/cases/{house.case.id}", headers=foreign)).status
    assert [] == (await (await house.client.get("/api/v1/cases", headers=foreign)).json())["cases"]


async def test_riders_and_strangers_are_kept_out(house: House) -> None:
    assert 401 == (await house.client.get("/api/v1/cases")).status


async def test_a_conflict_names_the_state_the_case_is_in_now(house: House) -> None:
    secretary = await house.signed_in(Role.SECRETARY, COMMUNITY)
    await house.act("file", secretary)
    status, problem = await house.act("file", secretary)
    assert 409 == status
    assert "已立案" in str(problem["detail"])


async def test_the_auditor_sees_and_may_not_act(house: House) -> None:
    auditor = await house.signed_in(Role.AUDITOR, "37")
    detail = await house.client.get(f"/api/v1/cases/{house.case.id}", headers=auditor)
    assert (200, []) == (detail.status, (await detail.json())["verbs"])
    assert 403 == (await house.act("file", auditor))[0]


@pytest.mark.parametrize(
    ("verb", "said", "expected"),
    [
        ("reject", {}, ["/note"]),
        ("reject", {"note": "   "}, ["/note"]),
        ("mark_duplicate", {"result": "x", "area_code": "03"}, ["/result", "/area_code", "/duplicate_of"]),
        ("file", {"department_id": 0}, ["/department_id"]),
        ("file", {"colour": "red"}, ["/colour"]),
        ("burn", {}, ["/path/verb"]),
    ],
)
async def test_every_wrong_field_is_named(
    house: House, verb: str, said: dict[str, object], expected: list[str]
) -> None:
    secretary = await house.signed_in(Role.SECRETARY, COMMUNITY)
    status, problem = await house.act(verb, secretary, **said)
    assert (422, sorted(expected)) == (status, sorted(pointers(problem)))


@pytest.mark.parametrize("query", ["state=lost", "limit=many", "opened_from=2026-03-10T00:00:00", "x=1", "cursor=zz"])
async def test_a_wrong_filter_is_named(house: House, query: str) -> None:
    secretary = await house.signed_in(Role.SECRETARY, COMMUNITY)
    answer = await house.client.get(f"/api/v1/cases?{query}", headers=secretary)
    assert 422 == answer.status
    assert pointers(await answer.json())[0].startswith(f"/query/{query.split('=')[0]}")


async def test_the_filters_reach_the_list(house: House) -> None:
    secretary = await house.signed_in(Role.SECRETARY, COMMUNITY)
    for query, expected in [
        ("state=collected&state=filed&category=litter&origin=report&order=newest&limit=1", 1),
        ("state=closed", 0),
        ("area=37/01", 1),
        (f"area={NEIGHBOUR}", 0),
        ("overdue=true", 0),
        ("opened_from=2026-03-10T00:00:00Z&opened_before=2026-03-11T00:00:00%2B08:00", 1),
        (f"number={house.case.number}", 1),
    ]:
        answer = await house.client.get(f"/api/v1/cases?{query}", headers=secretary)
        assert expected == len((await answer.json())["cases"]), query


async def test_a_resident_appeals_twice_with_one_key_and_follows_it_by_token(house: House) -> None:
    answers = [await house.client.post("/api/v1/appeals", json=APPEAL, headers=KEY) for _ in range(2)]
    assert [201, 201] == [answer.status for answer in answers]
    first, again = [await answer.json() for answer in answers]
    assert first == again
    followed = await house.client.get(answers[0].headers["Location"])
    progress = await followed.json()
    assert (200, "collected", "已收到") == (followed.status, progress["state"], progress["steps"][0]["text"]["zh"])
    assert "1990" not in await followed.text()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"text": " "}, "/text"),
        ({"category": "no_such"}, "/category"),
        ({"contact_phone": "call me"}, "/contact_phone"),
        ({"place": {"lon": 120, "lat": 91, "datum": "wgs84"}}, "/place/lat"),
        ({"place": {"lon": 120, "lat": 36}}, "/place/datum"),
    ],
)
async def test_a_wrong_appeal_is_refused_by_field_and_not_stored(
    house: House, change: dict[str, object], expected: str
) -> None:
    answer = await house.client.post("/api/v1/appeals", json=APPEAL | change, headers=KEY)
    assert (422, [expected]) == (answer.status, pointers(await answer.json()))
    assert 201 == (await house.client.post("/api/v1/appeals", json=APPEAL, headers=KEY)).status


async def test_an_appeal_without_a_key_is_refused_by_header(house: House) -> None:
    answer = await house.client.post("/api/v1/appeals", json=APPEAL)
    assert (400, ["/header/Idempotency-Key"]) == (answer.status, pointers(await answer.json()))


async def test_only_those_who_handle_an_appeal_see_that_there_is_somebody_to_reach(house: House) -> None:
    place = {"lon": 120.18, "lat": 35.96, "datum": "wgs84"}
    await house.client.post("/api/v1/appeals", json=APPEAL | {"place": place}, headers=KEY)
    async with pool_transaction(house.pool) as conn:
        department_id = await found(conn)
        case_id = await conn.fetchval("select id from community_case where origin = 'appeal'")
        await conn.execute(
            """
            update community_case set department_id = $2, department_ids = array[$2::bigint], state = 'dispatched'
            where id = $1
            """,
            case_id,
            department_id,
        )
    seen = []
    for role, department in [(Role.SECRETARY, None), (Role.DEPARTMENT, department_id), (Role.AUDITOR, None)]:
        who = await house.signed_in(role, COMMUNITY, department)
        detail = await (await house.client.get(f"/api/v1/cases/{case_id}", headers=who)).json()
        seen.append((detail["contact"] or {}).get("phone"))
    assert ["199****0001", None, None] == seen


async def test_the_vocabulary_is_public_and_departments_are_not(house: House) -> None:
    categories = await (await house.client.get("/api/v1/categories")).json()
    assert "station_locked" in {row["code"] for row in categories["categories"]}
    assert 401 == (await house.client.get("/api/v1/departments")).status


async def test_notices_are_ones_own(house: House) -> None:
    secretary = await house.signed_in(Role.SECRETARY, COMMUNITY)
    answer = await house.client.get("/api/v1/notices?limit=5", headers=secretary)
    assert (200, {"notices": [], "unread": {"count": 0, "or_more": False}}) == (answer.status, await answer.json())


def test_the_contract_describes_the_body_of_a_verb_and_every_verb() -> None:
    document = describe(ROUTES, title="t", version="1", description="d")
    operation = document["paths"]["/api/v1/cases/{case_id}/{verb}"]["post"]
    body = document["components"]["schemas"]["ActBody"]["properties"]
    assert {field.value for field in Field} | {"version"} == body.keys()
    (verb,) = [parameter for parameter in operation["parameters"] if parameter["name"] == "verb"]
    assert "hand_over" in str(verb["schema"])
    assert State.COLLECTED in str(document["components"]["schemas"]["State"])
