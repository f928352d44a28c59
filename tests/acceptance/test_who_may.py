"""Who may: every route about cases, asked by everyone who has no business with them, on the real application.

A case out of sight is answered 404, a wrong kind of caller 401 or 403, and no answer holds a word, name, phone,
coordinate, token or id of it. A route that is added must be put into one of the tables here, or a test fails.
"""

import asyncio
import re
from contextlib import AsyncExitStack
from typing import Any

import pytest_asyncio

from app.routes import ROUTES
from community.workflow import Verb
from core.access.models import is_within
from core.database import Pool, pool_transaction
from core.errors import Refusal
from core.http.endpoint import Route
from tests.acceptance.strangers import (
    DUTY_WORDS,
    FOREIGN_ID,
    OWN,
    PHONE,
    PROOF,
    WORDS,
    Builder,
    Someone,
    World,
    build,
    lay_out,
)
from tests.conftest import Client, Database, FakeClock

#: Routes about one case or what belongs to one: what is sent; out of sight is 404. `{case}` and so on stand for ids.
ONE: dict[str, Any] = {
    "GET /cases/{case_id}": None,
    "GET /cases/{case_id}/duplicates": None,
    "POST /cases/{case_id}/duplicates/{other_id}/dismissal": {},
    "DELETE /cases/{case_id}/duplicates/{other_id}/dismissal": None,
    "POST /cases/{case_id}/reroute": {"note": "x"},
    "GET /cases/{case_id}/notes": None,
    "POST /cases/{case_id}/notes": {"text": "x"},
    "DELETE /cases/{case_id}/notes/{note_id}": None,
    "GET /cases/{case_id}/mentionable": None,
    "POST /cases/{case_id}/{verb}": {},
    "PUT /cases/{case_id}/photos/{sha256}": PROOF,
    "GET /cases/{case_id}/photos/{sha256}": None,
    "GET /cases/{case_id}/verification-tasks": None,
    "GET /reports/{report_id}": None,
    "PUT /reports/{report_id}/photos/{sha256}": PROOF,
    "GET /reports/{report_id}/photos/{sha256}": None,
    "POST /templates/{template_id}/render": {"case_id": "{case_id}"},
    "PUT /templates/{template_id}": {"title": "x", "body": "x"},
    "DELETE /templates/{template_id}": None,
    "PUT /saved-filters/{filter_id}": {"name": "x", "query": {}},
    "DELETE /saved-filters/{filter_id}": None,
    "DELETE /posts/{post_id}": None,
    "GET /posts/{post_id}/rota": None,
    "POST /posts/{post_id}/shifts": {
        "shifts": [{"staff_id": 1, "starts_at": "2026-03-10T08:00:00Z", "ends_at": "2026-03-10T09:00:00Z"}]
    },
    "DELETE /posts/{post_id}/shifts/{shift_id}": None,
    "POST /posts/{post_id}/hand-over": {"staff_id": 1, "reason": "x", "with_cases": True},
    "POST /verification-tasks/{task_id}/accept": {},
    "POST /verification-tasks/{task_id}/give-back": {},
    "PUT /verification-tasks/{task_id}/photos/{sha256}": PROOF,
    "POST /verification-tasks/{task_id}/answer": {"answer": "gone"},
    "GET /riders/{rider_id}/points": None,
    "POST /riders/{rider_id}/points": {"points": 1, "reason": "x"},
    "POST /points/entries/{entry_id}/reverse": {"reason": "x"},
    "POST /points/objections": {"entry_id": "{entry_id}", "words": "x"},
    "POST /points/objections/{objection_id}/grant": {"answer": "x", "points": 1},
    "POST /points/objections/{objection_id}/decline": {"answer": "x"},
    "GET /honours/record?month=2026-03&area=37/01/02": None,
    "POST /applications/{application_id}/approve": {"term_months": 6},
    "POST /applications/{application_id}/decline": {"reason": "x"},
    "POST /appointments/{appointment_id}/renew": {"term_months": 6},
    "POST /appointments/{appointment_id}/revoke": {"reason": "x"},
}
#: Lists, counts and sums: answered 200 to whom they are for, and hold nothing foreign.
MANY: dict[str, Any] = {
    "GET /cases": None,
    "GET /cases?order=newest&limit=200": None,
    "GET /cases?order=newest&area=37/01/02": None,
    "GET /cases?order=newest&duty_desk=true": None,
    "GET /cases/nearby?lon=120.0043&lat=36.0065&category=litter": None,
    "GET /cases/duplicate-counts?case_id={case_id}&case_id={other_id}": None,
    "GET /my-day": None,
    "GET /saved-filters": None,
    "GET /templates": None,
    "GET /notices": None,
    "POST /notices/read": {"up_to": 2**62},
    "GET /posts": None,
    "GET /follow-ups": None,
    "GET /oversights": None,
    "GET /reports": None,
    "GET /applications": None,
    "GET /appointments": None,
    "GET /points/objections": None,
    "GET /riders/me/points": None,
    "GET /riders/me/honours": None,
    "GET /honours?month=2026-03&area=37/01/02": None,
    "GET /verification-tasks": None,
    "GET /verification-tasks/mine": None,
    "GET /departments": None,
    "GET /photo-uploads/{sha256}": None,
    "GET /figures?from=2026-03-01&to=2026-04-01&area=37/01/02&by=category": None,
    "POST /cases/bulk": {"verb": "file", "case_ids": ["{case_id}", "{other_id}"]},
}
#: Naming what is foreign where it does not belong, or an area of others: refused, and nothing told.
REFUSED: dict[str, Any] = {
    "POST /posts": {"name": "x", "area_path": OWN},
    "POST /templates": {"title": "x", "body": "x", "area": OWN},
    "POST /saved-filters": {"name": "x", "query": {}, "area": OWN},
    "GET /templates?case_id={case_id}": None,
    "POST /appeals/on-behalf": {"category": "help", "text": "x", "channel": "phone", "area_code": "02"},
    "POST /appeals/{token}/words": {"text": "x"},
    "POST /appeals/{token}/withdrawal": {},
    "GET /appeals/{token}": None,
    "GET /follow-ups/{token}": None,
    "POST /follow-ups/{token}": {"satisfaction": "satisfied"},
}
#: What is public, one's own alone, or the same for the whole district; and settings, which other tests are about.
ELSEWHERE = re.compile(
    r"/(livez|readyz|sessions?|account|setup|staff|areas|places|generations|stations|amenities|categories|calendar)\b"
    r"|/figures/definitions\b"
    r"|/riders/(codes|sessions|me(/consents|/willingness|/applications)?)$|POST /api/v1/(reports|appeals)$"
    r"|/[a-z]+-rules\b|/points/rules|/cases/stream$"
)
#: What an area shares with everyone in it and beneath it, whoever sees its cases.
SHARED = re.compile(r"/(templates|saved-filters|posts)(/\{|$)")


@pytest_asyncio.fixture
async def places(pool: Pool) -> None:
    """Lay the areas out before the application starts and reads them."""
    async with pool_transaction(pool) as conn:
        await lay_out(conn)


@pytest_asyncio.fixture
async def world(places: None, client: Client, pool: Pool, database: Database, clock: FakeClock) -> World:
    return await build(Builder(client, pool, database, clock))


def route_of(asked: str) -> Route:
    """Give the route that a line of the tables is for."""
    method, path = asked.partition("?")[0].split(" ")
    return next(route for route in ROUTES if (route.method, route.path) == (method, f"/api/v1{path}"))


def test_every_route_stands_in_a_table() -> None:
    in_tables = {route_of(asked) for asked in (*ONE, *MANY, *REFUSED)}
    left = {f"{route.method} {route.path}" for route in set(ROUTES) - in_tables}
    assert set() == {each for each in left if not ELSEWHERE.search(each)}


def told(text: str, *, knows_ids: bool, sees_duty_desk: bool) -> list[str]:
    """List what of the foreign cases an answer tells."""
    found = [word for word in (*WORDS, *(() if sees_duty_desk else DUTY_WORDS)) if word in text]
    return found + ([] if knows_ids else re.findall(str(FOREIGN_ID // 1000) + r"\d{3}", text))


async def trespass(world: World, who: Someone, asked: str, said: Any, admitted: set[int]) -> list[str]:
    """Ask, and list what is wrong with the answer."""
    method, path = asked.split(" ")
    if SHARED.match(path) and any(is_within(scope, OWN) for scope in who.actor.scopes()):
        return []
    path, said = world.fill(path), said if isinstance(said, bytes) else world.fill(said)
    try:
        route_of(asked).policy.check(who.actor)
    except Refusal as refused:
        admitted = {refused.status}
    status, text = await who.ask(method, path, said)
    knows_ids = path.startswith("/cases/bulk")
    sees_duty_desk = any(grant.role in ("subdistrict", "district_admin") for grant in who.actor.grants)
    wrong = told(text, knows_ids=knows_ids, sees_duty_desk=sees_duty_desk)
    if status not in admitted or wrong:
        return [f"{asked}: {status}, not {admitted}; tells {wrong}: {text[:300]}"]
    return []


async def test_strangers_learn_nothing(world: World) -> None:
    wrong = []
    for name, who in world.strangers.items():
        for asked, said in ONE.items():
            for verb in Verb if "{verb}" in asked else (None,):
                world.ids["verb"] = verb
                wrong += await trespass(world, who, asked, said, {404})
        for asked, said in MANY.items():
            wrong += await trespass(world, who, asked, said, {200, 422} if "/figures" in asked else {200})
        for asked, said in REFUSED.items():
            wrong += await trespass(world, who, asked, said, {403, 404, 422})
        wrong = [line if line.startswith("<") else f"<{name}> {line}" for line in wrong]
    assert not wrong, "\n".join(wrong)
    await own_people_see(world)
    await streams_stay_apart(world)
    await reporters_read_no_inner_word(world)


async def own_people_see(world: World) -> None:
    """Those of the own community find all of it, and only who may reach the resident finds how."""
    for name, finds_phone in {"secretary": True, "centre": True, "auditor": False, "department": False}.items():
        who = world.own[name]
        for asked in (*ONE, *MANY, "GET /cases/{other_id}"):
            method, path = asked.split(" ")
            if method != "GET" or path.startswith(("/riders/me", "/cases/stream")):
                continue
            status, text = await who.ask(method, world.fill(path))
            assert PHONE not in text or finds_phone, (name, asked)
            if path in ("/cases/{case_id}", "/cases?order=newest&limit=200", "/cases/{case_id}/notes"):
                assert (200, True) == (status, "暗语" in text), (name, asked, text)
        _, text = await who.ask("GET", world.fill("/cases/{other_id}"))
        assert finds_phone is (PHONE in text) or name == "department", (name, text)


async def streams_stay_apart(world: World) -> None:
    """Who listens hears of what happens on a case only if he sees it, and then no word of it."""
    staff = [who for who in world.strangers.values() if who.actor.kind == "staff"]
    heard: list[bytes] = []
    async with AsyncExitStack() as stack:
        streams = []
        for who in [world.own["centre"], *staff]:
            asked = who.client.get("/api/v1/cases/stream", headers=who.header)
            streams.append((await stack.enter_async_context(asked)).content)
            await streams[-1].readuntil(b"\n\n")
        await world.own["secretary"].do("POST", world.fill("/cases/{case_id}/notes"), {"text": "暗语：内部再记"})
        async with asyncio.timeout(10):
            heard = [await stream.readuntil(b"\n\n") for stream in streams[:1]]
        await asyncio.sleep(0.3)
        heard += [bytes(stream.read_nowait()) for stream in streams[1:]]
    texts = [text.decode() for text in heard]
    assert [True, *(False for _ in staff)] == [str(FOREIGN_ID) in text for text in texts]
    assert not told("".join(texts), knows_ids=True, sees_duty_desk=False)


async def reporters_read_no_inner_word(world: World) -> None:
    """What the rider and the resident read of their own cases names no staff and holds no inner note."""
    rider, resident = world.own["rider"], world.strangers["anonymous"]
    asked = [(resident, "/appeals/{appeal_token}"), (rider, "/reports/{report_id}"), (rider, "/reports")]
    asked += [(rider, path) for path in ("/notices", "/riders/me/points", "/points/objections", "/honours/record")]
    asked += [(world.own["looker"], path) for path in ("/verification-tasks", "/verification-tasks/mine", "/notices")]
    for who, path in asked:
        _, text = await who.ask("GET", world.fill(path))
        assert not [word for word in ("内部", "暗名", PHONE, "0043217") if word in text], (path, text)
        assert (who is resident) is ("follow_up" in text and "-1-" in text), (path, text)
