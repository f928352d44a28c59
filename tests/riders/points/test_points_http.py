"""Points over HTTP: who may call, what is answered, and who is answered 404."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.constraints import CONSTRAINTS as MEANINGS
from app.routes import ROUTES
from app.schedule import REACTIONS
from community.workflow import Verb
from core.access.models import Actor, Grant, Role
from core.access.queries import insert_grant
from core.database import Pool, pool_transaction
from core.events import dispatch_due
from core.http import wiring
from core.http.endpoint import JSON_BODY_LIMIT, add_routes
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, POOL
from geo.models import Locate
from riders.points.honours.award import sweep_honours
from riders.signup.profile import update_profile
from tests.conftest import DISTRICT, RING, START, Client, FakeClock
from tests.riders.points.reporters import Reporting, appoint
from tests.sessions import open_long_session

AddRider = Callable[..., Awaitable[Actor]]
AddSecretary = Callable[..., Awaitable[Actor]]
Header = dict[str, str]
OBJECTIONS = "/api/v1/points/objections"
RULE = {"ground": "filed", "points": 4, "daily_cap": 3, "zh": "上报已立案", "en": "Filed"}


@dataclass(frozen=True)
class House:
    """The points of a reporter behind a server: one report filed and closed, its events worked off."""

    client: Client
    pool: Pool
    rider_id: int
    rider: Header
    stranger: Header
    secretary: Header
    above: Header
    foreign: Header
    worker: Header
    admin: Header

    async def get(self, path: str, who: Header) -> tuple[int, dict[str, object]]:
        answer = await self.client.get(path, headers=who)
        return answer.status, await answer.json()

    async def post(self, path: str, who: Header, **body: object) -> tuple[int, dict[str, object]]:
        answer = await self.client.post(path, json=body, headers=who)
        return answer.status, await answer.json()

    async def ledger(self) -> list[dict[str, object]]:
        """Give the rider's entries as he reads them, newest first."""
        _, page = await self.get("/api/v1/riders/me/points", self.rider)
        entries = page["entries"]
        assert isinstance(entries, list)
        return entries

    async def work_off(self, now: datetime = START) -> None:
        await dispatch_due(self.pool, district_id=DISTRICT, now=now, reactions=REACTIONS)


async def _signed_in(pool: Pool, who: Actor, *grants: Grant) -> Header:
    assert who.id is not None
    async with pool_transaction(pool) as conn:
        for grant in grants or who.grants:
            await insert_grant(conn, district_id=DISTRICT, staff_id=who.id, grant=grant, now=START)
        token = await open_long_session(conn, district_id=DISTRICT, kind=who.kind, subject_id=who.id, now=START)
    return {"Authorization": f"Bearer {token}"}


@pytest_asyncio.fixture
async def house(
    pool: Pool,
    app_pool: Pool,
    clock: FakeClock,
    add_rider: AddRider,
    add_secretary: AddSecretary,
    locate: Locate,
    north: str,
    south: str,
) -> AsyncIterator[House]:
    app = web.Application(middlewares=[answer_problems], client_max_size=JSON_BODY_LIMIT)
    app[CLOCK], app[DISTRICT_ID], app[CONSTRAINTS] = clock, DISTRICT, MEANINGS
    app[POOL], app[BACKGROUND] = app_pool, pool
    app[wiring.RING] = RING
    add_routes(app, tuple(route for route in ROUTES if "points" in route.path or "honours" in route.path))
    async with pool_transaction(pool) as conn:
        rider, stranger = await add_rider(conn), await add_rider(conn, "+8613800000002")
        secretary, foreign = await add_secretary(conn, south), await add_secretary(conn, north)
        above, worker = await add_secretary(conn, south.rpartition("/")[0]), await add_secretary(conn, "x")
        admin = await add_secretary(conn, "")
        await appoint(conn, rider, secretary, south)
        work = Reporting(conn, rider, secretary, locate)
        await work.finish(await work.do(await work.report(), Verb.FILE))
    async with TestClient(TestServer(app)) as client:
        ready = House(
            client,
            pool,
            rider.id or 0,
            await _signed_in(pool, rider),
            await _signed_in(pool, stranger),
            await _signed_in(pool, secretary),
            await _signed_in(pool, above),
            await _signed_in(pool, foreign),
            await _signed_in(pool, worker, Grant(Role.GRID_WORKER, south)),
            await _signed_in(pool, admin, Grant(Role.DISTRICT_ADMIN, "")),
        )
        await ready.work_off()
        yield ready


async def test_a_rider_reads_balance_and_reasons_and_nobody_else_reads_them_there(house: House) -> None:
    status, page = await house.get("/api/v1/riders/me/points", house.rider)
    assert (200, 5, None) == (status, page["balance"], page["next_cursor"])
    newest = (await house.ledger())[0]
    assert ("closed", 3, "办结") == (newest["ground"], newest["points"], newest["ground_text"]["zh"])  # type: ignore[index]
    assert 403 == (await house.get("/api/v1/riders/me/points", house.secretary))[0]
    assert 401 == (await house.get("/api/v1/riders/me/points", {}))[0]
    assert [] == (await house.get("/api/v1/riders/me/points", house.stranger))[1]["entries"]


async def test_a_page_goes_on_where_the_one_before_ended(house: House) -> None:
    _, first = await house.get("/api/v1/riders/me/points?limit=1", house.rider)
    _, second = await house.get(f"/api/v1/riders/me/points?limit=1&cursor={first['next_cursor']}", house.rider)
    grounds = [page["entries"][0]["ground"] for page in (first, second)]  # type: ignore[index]
    assert (["closed", "filed"], None) == (grounds, second["next_cursor"])


async def test_staff_over_the_area_see_a_riders_points_and_foreign_staff_get_404(house: House) -> None:
    path = f"/api/v1/riders/{house.rider_id}/points"
    statuses = [(await house.get(path, who))[0] for who in (house.secretary, house.above, house.admin)]
    assert [200] * 3 == statuses
    assert (404, 403, 403) == tuple(
        [(await house.get(path, who))[0] for who in (house.foreign, house.worker, house.rider)]
    )


async def test_foreign_staff_can_neither_reverse_nor_award_nor_decide(house: House) -> None:
    entry_id = (await house.ledger())[0]["id"]
    _, objection = await house.post(OBJECTIONS, house.rider, entry_id=entry_id, words="应当更多")
    asked = {
        f"/api/v1/points/entries/{entry_id}/reverse": {"reason": "无"},
        f"/api/v1/riders/{house.rider_id}/points": {"points": 1, "reason": "无"},
        f"{OBJECTIONS}/{objection['id']}/grant": {"answer": "可", "points": 1},
        f"{OBJECTIONS}/{objection['id']}/decline": {"answer": "否"},
    }
    assert [404] * 4 == [(await house.post(path, house.foreign, **body))[0] for path, body in asked.items()]
    assert [403] * 4 == [(await house.post(path, house.worker, **body))[0] for path, body in asked.items()]
    assert [] == (await house.get(OBJECTIONS, house.foreign))[1]["objections"]


async def test_an_entry_is_taken_back_contested_and_restored(house: House, clock: FakeClock) -> None:
    entry_id = (await house.ledger())[0]["id"]
    reverse = f"/api/v1/points/entries/{entry_id}/reverse"
    assert 200 == (await house.post(reverse, house.secretary, reason="照片不符"))[0]
    status, problem = await house.post(reverse, house.secretary, reason="照片不符")
    assert (409, "/docs/problems#points-already-reversed") == (status, problem["type"])
    taken = (await house.ledger())[0]
    assert (-3, "撤销：照片不符", "staff") == (taken["points"], taken["reason"]["zh"], taken["by_kind"])  # type: ignore[index]
    assert "by_id" not in taken
    status, objection = await house.post(OBJECTIONS, house.rider, entry_id=taken["id"], words="照片是当天拍的")
    assert (201, "waiting") == (status, objection["status"])
    assert 409 == (await house.post(OBJECTIONS, house.rider, entry_id=taken["id"], words="再说一次"))[0]
    decision = f"{OBJECTIONS}/{objection['id']}"
    assert 403 == (await house.post(f"{decision}/grant", house.secretary, answer="可"))[0]
    _, queue = await house.get(f"{OBJECTIONS}?status=waiting", house.above)
    assert [objection["id"]] == [one["id"] for one in queue["objections"]]  # type: ignore[attr-defined]
    status, granted = await house.post(f"{decision}/grant", house.above, answer="复核属实")
    assert (200, "granted", "复核属实") == (status, granted["status"], granted["answer"])
    assert 409 == (await house.post(f"{decision}/decline", house.above, answer="否"))[0]
    _, page = await house.get("/api/v1/riders/me/points", house.rider)
    assert 5 == page["balance"]
    await house.work_off(clock.now)
    async with pool_transaction(house.pool) as conn:
        told = "select count(*) from notice where kind = 'points.objection_decided' and recipient_id = $1"
        assert 1 == await conn.fetchval(told, house.rider_id)


async def test_a_missing_entry_is_contested_in_time_only(house: House, clock: FakeClock) -> None:
    report_id = (await house.ledger())[0]["report_id"]
    clock.advance(timedelta(days=31))
    # Sessions end before that; a fresh one stands for the rider who comes back.
    rider = await _signed_in_at(house, clock.now)
    status, problem = await house.post(OBJECTIONS, rider, report_id=report_id, words="没有记分")
    assert (409, "/docs/problems#objection-too-late") == (status, problem["type"])


async def _signed_in_at(house: House, now: datetime) -> Header:
    async with pool_transaction(house.pool) as conn:
        token = await open_long_session(conn, district_id=DISTRICT, kind="rider", subject_id=house.rider_id, now=now)
    return {"Authorization": f"Bearer {token}"}


async def test_an_objection_names_exactly_one_thing(house: House) -> None:
    for body in ({}, {"entry_id": 1, "report_id": 1}):
        assert 422 == (await house.post(OBJECTIONS, house.rider, words="为什么", **body))[0]
    assert 404 == (await house.post(OBJECTIONS, house.stranger, entry_id=1, words="不是我的"))[0]
    assert 403 == (await house.post(OBJECTIONS, house.secretary, entry_id=1, words="不是骑手"))[0]


async def test_an_award_is_limited_and_the_rest_is_told(house: House) -> None:
    path = f"/api/v1/riders/{house.rider_id}/points"
    assert 422 == (await house.post(path, house.secretary, points=21, reason="太多"))[0]
    assert 201 == (await house.post(path, house.secretary, points=20, reason="守住井口"))[0]
    status, problem = await house.post(path, house.above, points=1, reason="再奖")
    assert (422, "/docs/problems#award-over-cap") == (status, problem["type"])
    assert "还可奖励 0 分" in str(problem["detail"])


async def test_rules_are_open_to_riders_and_set_by_the_districts_administrator(house: House) -> None:
    status, found = await house.get("/api/v1/points/rules", house.rider)
    assert (200, 4) == (status, len(found["rules"]))  # type: ignore[arg-type]
    for who, expected in ((house.secretary, 403), (house.rider, 403), (house.admin, 200)):
        answer = await house.client.put("/api/v1/points/rules", json=RULE | {"category": "rubble"}, headers=who)
        assert expected == answer.status
    rule = await answer.json()
    assert ("rubble", 4, None) == (rule["category_code"], rule["points"], rule["superseded_at"])
    path = f"/api/v1/points/rules/{rule['id']}"
    assert [204, 404] == [(await house.client.delete(path, headers=house.admin)).status for _ in range(2)]


async def test_a_rule_names_a_ground_that_rules_can_give_and_a_category_there_is(house: House) -> None:
    for wrong in ({"ground": "award"}, {"category": "nothing"}, {"points": -1}, {"daily_cap": 0}, {"zh": ""}):
        answer = await house.client.put("/api/v1/points/rules", json=RULE | wrong, headers=house.admin)
        assert 422 == answer.status
        assert [f"/{name}" for name in wrong] == [error["pointer"] for error in (await answer.json())["errors"]]


async def test_a_points_zero_entry_cannot_be_taken_back(house: House) -> None:
    async with pool_transaction(house.pool) as conn:
        entry_id = await conn.fetchval(
            """
            insert into point_entry (district_id, rider_id, ground, points, reason_zh, reason_en, withheld, area_path,
                earned_on, created_at, by_kind)
            values (1, $1, 'filed', 0, '不计分', 'none', 'daily_cap', '', $2, $3, 'system') returning id
            """,
            house.rider_id,
            START.date(),
            START,
        )
    status, problem = await house.post(f"/api/v1/points/entries/{entry_id}/reverse", house.admin, reason="试")
    assert (409, "/docs/problems#no-points-to-reverse") == (status, problem["type"])


async def test_honours_are_shown_masked_to_all_and_with_figures_to_few(
    house: House, locate: Locate, south: str
) -> None:
    async with pool_transaction(house.pool) as conn:
        rider, staff = Actor("rider", house.rider_id, DISTRICT), Actor("staff", 1, DISTRICT)
        await update_profile(conn, ring=RING, actor=rider, name="王小海")
        secretary_id = await conn.fetchval("select appointed_by from appointment")
        staff = Actor("staff", secretary_id, DISTRICT, grants=(Grant(Role.SECRETARY, south),))
        work = Reporting(conn, rider, staff, locate)
        work._sent = 10
        for _ in range(4):
            await work.finish(await work.do(await work.report(), Verb.FILE))
        await sweep_honours(conn, district_id=DISTRICT, now=START + timedelta(days=30))
    asked = f"?month=2026-03&area={south}"
    assert (200, {"honours": []}) == await house.get(f"/api/v1/honours{asked}", house.stranger)  # one could tell who
    async with pool_transaction(house.pool) as conn:
        await conn.execute("update honour_run set reporters = 5")
    status, page = await house.get(f"/api/v1/honours{asked}", house.stranger)
    (line,) = page["honours"]  # type: ignore[misc]
    assert (200, "王*", 1, "2026-03-01") == (status, line["name"], line["place"], line["month"])
    assert not {"rider_id", "figures", "id"} & line.keys()
    _, own = await house.get("/api/v1/riders/me/honours", house.rider)
    assert 5 == own["honours"][0]["figures"]["decided"]  # type: ignore[index]
    wanted = [(house.secretary, 200), (house.foreign, 404), (house.rider, 403), (house.worker, 403)]
    for who, expected in wanted:
        assert expected == (await house.get(f"/api/v1/honours/record{asked}", who))[0]
    assert 401 == (await house.get(f"/api/v1/honours{asked}", {}))[0]


async def test_a_month_is_written_as_year_and_month(house: House, south: str) -> None:
    for month in ("2026-13", "2026-3", "26-03", "2026-03-01"):
        assert 422 == (await house.get(f"/api/v1/honours?month={month}&area={south}", house.rider))[0]
