"""Who may: the generated matrix of every route × role × position, on the real application.

Out of sight is 404, a wrong kind of caller 401 or 403; no answer holds a word, name, phone, coordinate, token or id of
what the reader may not see; and what is refused changes nothing.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from app.docs_page import DOCS_ROUTES
from app.postgres import Server
from app.routes import ROUTES
from community.stream.api import follow_cases
from tests.acceptance.matrix.crawl import harvest, swap
from tests.acceptance.matrix.described import asks_for, beyond_description
from tests.acceptance.matrix.row import NOBODY, STAFF, one, statuses
from tests.acceptance.matrix.table import STREAM, TABLE
from tests.acceptance.matrix.walk import compare_effects, walk
from tests.acceptance.matrix.world import PHONE, WORDS, World, opened_world


@pytest_asyncio.fixture(scope="module")
async def world(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with opened_world(server, tmp_path_factory.mktemp("matrix")) as opened:
        yield opened


def test_every_route_stands_in_the_table() -> None:
    routes = [(route.method, route.path) for route in ROUTES + DOCS_ROUTES]
    assert [] == [route for route in routes if not any(asks_for(row, *route) for row in (*TABLE, STREAM))]


async def test_everyone_gets_what_the_table_says(world: World) -> None:
    outcome = await walk(world)
    print(f"{outcome.cells} cells, {len(TABLE)} rows, {len(world.people)} people")
    assert not outcome.wrong, f"{len(outcome.wrong)}\n" + "\n".join(outcome.wrong)


async def test_the_wall_of_the_database_takes_nothing_from_what_is_allowed(world: World) -> None:
    asked, wrong = await compare_effects(world)
    print(f"{asked} acts")
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong)


async def test_the_walk_sees_what_gets_out_what_changes_and_what_is_not_described(world: World) -> None:
    rows = [
        one("GET /api/v1/cases/{case_id}/notes", STAFF, NOBODY, otherwise=statuses(200, 404)),
        one("POST /api/v1/cases/{case_id}/notes", STAFF, NOBODY, {"text": "x"}),
    ]
    outcome = await walk(world, rows=rows)
    assert {"subdistrict/parent", "secretary/own", "auditor/whole"} <= {
        line[1:].partition(">")[0] for line in outcome.leaks
    }
    assert ["case_note", "event"] == sorted(re.findall(r"case_note|event", outcome.changes[0]))
    assert [line for line in outcome.statuses if line.startswith("<grid_worker/own> POST")]
    assert beyond_description(rows[0], 200, {"notes": [], "next_after": None, "phone": "1"})


async def test_what_one_was_given_ids_of_is_not_there_for_another(world: World) -> None:
    ids = await harvest(world, ["secretary/own", "department/own", "rider/owner", "district_admin/own"])
    assert len(ids) >= 20
    others = ["secretary/sibling", "district_admin/other", "rider/sibling", "department/other"]
    outcome = await swap(world, sorted(ids), others)
    print(f"{len(ids)} ids, {outcome.cells} questions")
    assert not outcome.wrong, f"{len(outcome.wrong)}\n" + "\n".join(outcome.wrong)


async def test_who_listens_hears_of_a_case_only_if_he_sees_it(world: World) -> None:
    staff = [who for who in world.people.values() if who.role != "anonymous" and who.actor.kind == "staff"]
    sees = {who.name for who in staff if (who.role, who.position) in STREAM.readers}
    path, heard = STREAM.path, {}
    async with AsyncExitStack() as stack:
        streams = {}
        for who in staff:
            asked = world.client.get(path, headers=who.header)
            streams[who.name] = (await stack.enter_async_context(asked)).content
            await streams[who.name].readuntil(b"\n\n")
        note = {"text": "暗语：内部再记"}
        secretary = world.people["secretary/own"]
        assert 201 == (await secretary.ask(world.client, "POST", world.fill("/api/v1/cases/{case_id}/notes"), note))[0]
        await follow_cases(world.client.app)
        for name in sees:
            async with asyncio.timeout(10):
                heard[name] = (await streams[name].readuntil(b"\n\n")).decode()
        await asyncio.sleep(0.2)
        heard |= {name: bytes(stream.read_nowait()).decode() for name, stream in streams.items() if name not in sees}
    assert sees == {name for name, text in heard.items() if str(world.ids["case_id"]) in text}
    assert not [name for name, text in heard.items() if any(word in text for word in (*WORDS, "内部"))]
    for who in world.people.values():
        if (who.role, who.position) not in STREAM.gate:
            assert (401 if who.role == "anonymous" else 403) == (await who.ask(world.client, "GET", path))[0]


async def test_the_rider_and_the_resident_read_no_inner_word(world: World) -> None:
    own = ["/reports/{report_id}", "/reports", "/notices", "/riders/me/points", "/points/objections"]
    looks = ["/verification-tasks", "/verification-tasks/mine", "/notices"]
    asked = {
        "rider/owner": own,
        "rider/own": looks,
        "anonymous/none": ["/appeals/{appeal_token}", "/follow-ups/{link}"],
    }
    inner = ("内部", "暗名secretary", PHONE, "0043217", "subdistrict parent")
    for name, paths in asked.items():
        for path in paths:
            status, text = await world.people[name].ask(world.client, "GET", world.fill(f"/api/v1{path}"))
            assert (200, []) == (status, [word for word in inner if word in text]), (name, path, text)
