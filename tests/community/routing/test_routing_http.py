"""Rules, posts and rota over HTTP, by the program's own routes: statuses, fields that are named, who may."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.constraints import CONSTRAINTS as MEANINGS
from app.routes import ROUTES
from community.models import Case
from core.access.models import Actor, Role
from core.database import Pool, pool_transaction
from core.http.endpoint import JSON_BODY_LIMIT, add_routes
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, POOL
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, add_areas, found, hire, located, open_report
from tests.conftest import DISTRICT, START, Client, FakeClock
from tests.sessions import open_long_session

RULES, POSTS = "/api/v1/routing-rules", "/api/v1/posts"


@dataclass(frozen=True)
class House:
    """The program's routes behind a server, on areas without shapes."""

    client: Client
    pool: Pool

    async def signed_in(self, username: str, role: Role, area_path: str = "") -> tuple[Actor, dict[str, str]]:
        """Hire someone; give him and his header."""
        async with pool_transaction(self.pool) as conn:
            who = await hire(conn, username, role, area_path)
            assert who.id is not None
            token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id, now=START)
        return who, {"Authorization": f"Bearer {token}"}

    async def report(self, ref: object) -> Case:
        async with pool_transaction(self.pool) as conn:
            return await open_report(conn, ref, at=located())

    async def found(self, code: str) -> int:
        async with pool_transaction(self.pool) as conn:
            return await found(conn, code)

    async def ask(self, method: str, path: str, who: dict[str, str], body: object = None) -> tuple[int, Any]:
        """Give status and answer; None where there is none."""
        answer = await self.client.request(method, path, json=body, headers=who)
        return answer.status, await answer.json(content_type=None) if answer.status != 204 else None


@pytest_asyncio.fixture
async def house(pool: Pool, app_pool: Pool, clock: FakeClock) -> AsyncIterator[House]:
    app = web.Application(middlewares=[answer_problems], client_max_size=JSON_BODY_LIMIT)
    app[CLOCK], app[DISTRICT_ID], app[CONSTRAINTS] = clock, DISTRICT, MEANINGS
    app[POOL], app[BACKGROUND] = app_pool, pool
    add_routes(app, ROUTES)
    async with pool_transaction(pool) as conn:
        await add_areas(conn, COMMUNITY, NEIGHBOUR)
    async with TestClient(TestServer(app)) as client:
        yield House(client, pool)


def pointers(problem: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in problem["errors"]]


async def test_an_administrator_keeps_the_rules_and_everyone_reads_them(house: House) -> None:
    _, admin = await house.signed_in("admin", Role.DISTRICT_ADMIN)
    _, secretary = await house.signed_in("secretary", Role.SECRETARY, COMMUNITY)
    lead, partner = await house.found("lead"), await house.found("partner")
    rule = {
        "category_code": "litter",
        "weekdays": [6, 5],
        "from_time": "22:00",
        "to_time": "06:00",
        "desk_depth": 2,
        "department_ids": [lead, partner],
    }
    status, added = await house.ask("POST", RULES, admin, rule)
    assert (201, 10, [5, 6], "22:00:00") == (
        status,
        added["rule"]["position"],
        added["rule"]["weekdays"],
        added["rule"]["from_time"],
    )
    rule_id = added["rule"]["id"]
    again = {name: value for name, value in added["rule"].items() if name not in ("id", "position")}
    status, changed = await house.ask("POST", f"{RULES}/{rule_id}/replace", admin, again | {"desk_depth": 1})
    assert (201, rule_id, 1) == (status, changed["replaces"], changed["rule"]["desk_depth"])
    new_id = changed["rule"]["id"]
    status, moved = await house.ask("POST", f"{RULES}/{new_id}/move", admin, {"position": 5})
    assert (200, 5) == (status, moved["rule"]["position"])
    status, listed = await house.ask("GET", RULES, secretary)
    (line,) = listed["rules"]
    assert (200, new_id) == (status, line["rule"]["id"])
    assert "lead牵头、partner协办" in line["text"]["zh"]
    status, old = await house.ask("GET", f"{RULES}/{rule_id}", secretary)
    assert (200, False, new_id) == (status, old["is_active"], old["replaced_by"])
    status, retired = await house.ask("POST", f"{RULES}/{new_id}/retire", admin, {"reason": "试行结束"})
    assert (200, False) == (status, retired["is_active"])
    status, problem = await house.ask("POST", f"{RULES}/{new_id}/move", admin, {"position": 5})
    assert (409, "/docs/problems#rule-retired") == (status, problem["type"])
    assert [] == (await house.ask("GET", RULES, secretary))[1]["rules"]


async def test_only_an_administrator_touches_the_rules(house: House) -> None:
    _, secretary = await house.signed_in("secretary", Role.SECRETARY, COMMUNITY)
    for path in (RULES, f"{RULES}/1/replace", f"{RULES}/1/move", f"{RULES}/1/retire", f"{RULES}/try"):
        assert 403 == (await house.ask("POST", path, secretary, {}))[0], path
    assert 401 == (await house.ask("GET", RULES, {}))[0]


WRONG_RULES: list[tuple[dict[str, object], str]] = [
    ({"from_time": "22:00"}, ""),
    ({"from_time": "22:00", "to_time": "22:00:00"}, ""),
    ({"from_time": "22:00:30", "to_time": "23:00"}, "/from_time"),
    ({"from_time": "25:00", "to_time": "23:00"}, "/from_time"),
    ({"weekdays": [8]}, "/weekdays/0"),
    ({"weekdays": [1, 1]}, "/weekdays"),
    ({"department_ids": [1, 1]}, "/department_ids"),
    ({"department_ids": [999]}, "/department_ids/0"),
    ({"desk_depth": 0}, "/desk_depth"),
    ({"area_path": "37/77"}, "/area_path"),
    ({"category_code": "pirates"}, "/category_code"),
    ({"post_id": 999}, "/post_id"),
    ({"position": 0}, "/position"),
    ({"colour": "red"}, "/colour"),
]


async def test_every_wrong_field_of_a_rule_is_named(house: House) -> None:
    _, admin = await house.signed_in("admin", Role.DISTRICT_ADMIN)
    for body, expected in WRONG_RULES:
        assert (422, [expected]) == await refused(house, RULES, admin, body), body


async def test_changes_are_tried_before_they_are_made(house: House) -> None:
    _, admin = await house.signed_in("admin", Role.DISTRICT_ADMIN)
    case = await house.report(1)
    period = {"opened_from": "2026-03-09T00:00:00+08:00", "opened_before": "2026-03-11T00:00:00+08:00"}
    changes = [{"act": "add", "position": 10, "rule": {"desk_depth": 2}}]
    status, answer = await house.ask("POST", f"{RULES}/try", admin, {"changes": changes, **period})
    assert (200, 0, 1) == (status, answer["same"], answer["changed"])
    assert (COMMUNITY, STREET) == (answer["flows"][0]["before"]["desk_path"], answer["flows"][0]["after"]["desk_path"])
    assert [case.number] == [sample["number"] for sample in answer["samples"]]
    status, answer = await house.ask("POST", f"{RULES}/try", admin, {"changes": changes})
    assert (200, "2026-01-31T16:00:00Z", 0) == (status, answer["opened_from"], answer["changed"])


WRONG_TRIALS: list[tuple[dict[str, object], int, str]] = [
    ({"changes": []}, 422, "/changes"),
    ({"changes": [{"act": "add"}]}, 422, "/changes/0"),
    ({"changes": [{"act": "retire", "rule_id": 1, "position": 1}]}, 422, "/changes/0"),
    ({"changes": [{"act": "move", "rule_id": 1}]}, 422, "/changes/0"),
    ({"changes": [{"act": "add", "rule": {"desk_depth": 0}}]}, 422, "/changes/0/rule/desk_depth"),
    ({"changes": [{"act": "add", "rule": {"category_code": "x"}}]}, 422, "/changes/0/rule/category_code"),
    ({"changes": [{"act": "retire", "rule_id": 77}]}, 404, "/changes/0/rule_id"),
    ({"changes": [{"act": "add", "rule": {}}], "opened_from": "2026-03-09T00:00:00Z"}, 422, ""),
    (
        {
            "changes": [{"act": "add", "rule": {}}],
            "opened_from": "2026-01-01T00:00:00Z",
            "opened_before": "2026-06-01T00:00:00Z",
        },
        422,
        "/opened_before",
    ),
]


async def test_what_cannot_be_tried_is_named(house: House) -> None:
    _, admin = await house.signed_in("admin", Role.DISTRICT_ADMIN)
    for body, status, expected in WRONG_TRIALS:
        assert (status, [expected]) == await refused(house, f"{RULES}/try", admin, body), body


async def test_each_kind_of_change_can_be_tried(house: House) -> None:
    _, admin = await house.signed_in("admin", Role.DISTRICT_ADMIN)
    rule_ids = [(await house.ask("POST", RULES, admin, {}))[1]["rule"]["id"] for _ in range(3)]
    changes = [
        {"act": "move", "rule_id": rule_ids[0], "position": 99},
        {"act": "replace", "rule_id": rule_ids[1], "rule": {"desk_depth": 1}},
        {"act": "retire", "rule_id": rule_ids[2]},
    ]
    assert 200 == (await house.ask("POST", f"{RULES}/try", admin, {"changes": changes}))[0]


async def test_the_centre_routes_a_case_anew_and_a_community_does_not(house: House) -> None:
    _, admin = await house.signed_in("admin", Role.DISTRICT_ADMIN)
    _, centre = await house.signed_in("centre", Role.SUBDISTRICT, STREET)
    _, secretary = await house.signed_in("secretary", Role.SECRETARY, COMMUNITY)
    case = await house.report(1)
    await house.ask("POST", RULES, admin, {"desk_depth": 2})
    path = f"/api/v1/cases/{case.id}/reroute"
    assert 403 == (await house.ask("POST", path, secretary, {"note": "x"}))[0]
    assert (422, ["/note"]) == (await refused(house, path, centre, {"note": " "}))
    status, moved = await house.ask("POST", path, centre, {"note": "按新规则", "version": 1})
    assert (200, STREET, 2) == (status, moved["desk_path"], moved["version"])
    assert 200 == (await house.ask("POST", f"/api/v1/cases/{case.id}/file", secretary, {}))[0]


async def refused(house: House, path: str, who: dict[str, str], body: object) -> tuple[int, list[str]]:
    status, problem = await house.ask("POST", path, who, body)
    return status, pointers(problem)


async def test_a_secretary_keeps_the_rota_of_her_community(house: House) -> None:
    first, secretary = await house.signed_in("first", Role.SECRETARY, COMMUNITY)
    second, worker = await house.signed_in("second", Role.GRID_WORKER, COMMUNITY)
    status, post = await house.ask("POST", POSTS, secretary, {"name": "社区值班岗", "area_path": COMMUNITY})
    assert 201 == status
    rota = f"{POSTS}/{post['id']}/rota"
    shifts = [
        {"staff_id": second.id, "starts_at": "2026-03-10T08:00:00+08:00", "ends_at": "2026-03-10T20:00:00+08:00"},
        {"staff_id": first.id, "starts_at": "2026-03-11T08:00:00+08:00", "ends_at": "2026-03-11T20:00:00+08:00"},
    ]
    status, planned = await house.ask("POST", f"{POSTS}/{post['id']}/shifts", secretary, {"shifts": shifts})
    assert (201, ["second的名字", "first的名字"]) == (status, [row["staff_name"] for row in planned["shifts"]])
    assert (409, ["/shifts/0"]) == await refused(
        house, f"{POSTS}/{post['id']}/shifts", secretary, {"shifts": shifts[:1]}
    )
    status, listed = await house.ask("GET", POSTS, worker)
    assert (200, "second的名字") == (status, listed["posts"][0]["on_duty"]["staff_name"])
    case = await house.report(1)
    assert second.id == case.assignee_id
    status, done = await house.ask(
        "POST",
        f"{POSTS}/{post['id']}/hand-over",
        worker,
        {"staff_id": first.id, "reason": "临时外出", "with_cases": True},
    )
    assert (200, 1, first.id) == (status, done["cases"], done["shift"]["staff_id"])
    query = "?since=2026-03-10T08:00:00%2B08:00&before=2026-03-12T08:00:00%2B08:00"
    status, shown = await house.ask("GET", rota + query, worker)
    assert (200, 3, "first的名字") == (status, len(shown["shifts"]), shown["on_duty"]["staff_name"])
    assert [("2026-03-10T12:00:00Z", "2026-03-11T00:00:00Z"), ("2026-03-11T12:00:00Z", "2026-03-12T00:00:00Z")] == [
        (gap["starts_at"], gap["ends_at"]) for gap in shown["uncovered"]
    ]
    _, fit = await house.ask("GET", f"{POSTS}/{post['id']}/people", worker)
    assert [first.id, second.id] == [person["id"] for person in fit["people"]]
    path = f"{POSTS}/{post['id']}/shifts/{planned['shifts'][1]['id']}"
    assert 403 == (await house.ask("DELETE", path, worker))[0]
    assert 204 == (await house.ask("DELETE", path, secretary))[0]
    assert 404 == (await house.ask("DELETE", path, secretary))[0]
    assert 204 == (await house.ask("DELETE", f"{POSTS}/{post['id']}", secretary))[0]
    assert 404 == (await house.ask("GET", rota, secretary))[0]


async def test_a_post_out_of_sight_is_answered_404_everywhere(house: House) -> None:
    _, secretary = await house.signed_in("secretary", Role.SECRETARY, COMMUNITY)
    _, foreign = await house.signed_in("foreign", Role.SECRETARY, NEIGHBOUR)
    _, post = await house.ask("POST", POSTS, secretary, {"name": "岗", "area_path": COMMUNITY})
    path = f"{POSTS}/{post['id']}"
    shift = {"staff_id": 1, "starts_at": "2026-03-10T08:00:00Z", "ends_at": "2026-03-10T09:00:00Z"}
    answers = [
        await house.ask("GET", f"{path}/rota", foreign),
        await house.ask("GET", f"{path}/people", foreign),
        await house.ask("POST", f"{path}/shifts", foreign, {"shifts": [shift]}),
        await house.ask("POST", f"{path}/hand-over", foreign, {"staff_id": 1, "reason": "x"}),
        await house.ask("DELETE", path, foreign),
    ]
    assert ["/docs/problems#post-not-found"] * 5 == [problem["type"] for _, problem in answers]
    assert [] == (await house.ask("GET", POSTS, foreign))[1]["posts"]


async def test_an_area_has_one_default_post_and_no_two_of_a_name(house: House) -> None:
    _, secretary = await house.signed_in("secretary", Role.SECRETARY, COMMUNITY)
    post = {"name": "值班岗", "area_path": COMMUNITY}
    assert 201 == (await house.ask("POST", POSTS, secretary, post))[0]
    assert (409, ["/is_default"]) == await refused(house, POSTS, secretary, post | {"name": "夜班岗"})
    assert (409, ["/name"]) == await refused(house, POSTS, secretary, post | {"is_default": False})
    assert 201 == (await house.ask("POST", POSTS, secretary, post | {"name": "夜班岗", "is_default": False}))[0]
    assert 403 == (await house.ask("POST", POSTS, secretary, post | {"area_path": STREET}))[0]


async def test_a_shift_takes_some_time_and_not_for_ever(house: House) -> None:
    _, secretary = await house.signed_in("secretary", Role.SECRETARY, COMMUNITY)
    for starts_at, ends_at, expected in [
        (START, START, "/shifts/0"),
        (START, START + timedelta(days=32), "/shifts/0"),
        (START.replace(tzinfo=None), START, "/shifts/0/starts_at"),
    ]:
        shift = {"staff_id": 1, "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        assert (422, [expected]) == await refused(house, f"{POSTS}/1/shifts", secretary, {"shifts": [shift]})


async def test_an_area_has_one_post_of_a_name_and_one_default_post(house: House) -> None:
    _, secretary = await house.signed_in("secretary", Role.SECRETARY, COMMUNITY)
    post = {"name": "值班岗", "area_path": COMMUNITY}
    await house.ask("POST", POSTS, secretary, post)
    for second, pointer in [(post | {"is_default": False}, "/name"), (post | {"name": "夜班岗"}, "/is_default")]:
        status, problem = await house.ask("POST", POSTS, secretary, second)
        assert (409, "/docs/problems#post-taken", [pointer]) == (status, problem["type"], pointers(problem))
