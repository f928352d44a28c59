"""Templates: what one may hold, whom it serves, and what it becomes on a case."""

import asyncio
from dataclasses import replace

import pytest

from community.desk.errors import UnknownPlaceholder
from community.desk.templates.keep import MAX_TEMPLATES
from community.desk.templates.models import Placeholder
from community.desk.templates.render import check_placeholders, render
from community.models import State
from core.access.models import Role
from core.database import Connection, pool_transaction
from tests.community.desk.house import House, ids, pointers, slug
from tests.community.district import (
    COMMUNITY,
    NEIGHBOUR,
    STREET,
    found,
    hire,
    located,
    open_report,
    put_in_state,
)
from tests.conftest import DISTRICT, RING, START

CLOSING = {"title": "结案答复", "body": "{case_number}已处理", "verb": "close", "field": "result"}


async def test_a_secretary_saves_words_and_fills_them_for_a_case(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    case = await house.open(1, at=located())
    saved = await secretary.post("/templates", CLOSING)
    assert (secretary.actor.id, None) == (saved["owner_id"], saved["area_path"])
    listed = await secretary.get(f"/templates?case_id={case.id}&verb=close&field=result")
    assert [saved["id"]] == ids(listed["templates"])
    assert [place.value for place in Placeholder] == listed["placeholders"]
    filled = await secretary.post(f"/templates/{saved['id']}/render", {"case_id": case.id}, expected=200)
    assert {"text": f"{case.number}已处理", "missing": []} == filled


async def test_an_unknown_place_is_refused_by_name_with_those_there_are(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    status, problem = await secretary.ask("POST", "/templates", CLOSING | {"body": "{case_number} {phone} ｛居民｝"})
    assert (422, "unknown-placeholder", ["/body"]) == (status, slug(problem), pointers(problem))
    assert "{phone} {居民}" in problem["detail"]
    assert all(f"{{{place}}}" in problem["detail"] for place in Placeholder)
    assert [] == (await secretary.get("/templates"))["templates"]


async def test_saving_anew_checks_the_places_too(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    saved = await secretary.post("/templates", CLOSING)
    status, problem = await secretary.ask("PUT", f"/templates/{saved['id']}", CLOSING | {"body": "{phone}"})
    assert (422, "unknown-placeholder") == (status, slug(problem))
    status, replaced = await secretary.ask("PUT", f"/templates/{saved['id']}", CLOSING | {"body": "好了"})
    assert (200, "好了") == (status, replaced["body"])


@pytest.mark.parametrize("body", ["", "没有占位符", "{{", "}", "{ case_number }", "｛result｝", "{due_at}{due_at}"])
def test_plain_braces_and_the_braces_of_a_chinese_keyboard_are_taken(body: str) -> None:
    check_placeholders(body)


@pytest.mark.parametrize("body", ["{}", "{Result}", "{result!r}", "{result.zh}", "{0}", "{{phone}}"])
def test_nothing_but_the_listed_names_is_a_place(body: str) -> None:
    with pytest.raises(UnknownPlaceholder):
        check_placeholders(body)


async def test_every_place_is_filled_in_local_time_and_in_the_words_of_the_field(conn: Connection) -> None:
    secretary = await hire(conn, "wang", Role.SECRETARY, COMMUNITY)
    department_id = await found(conn, "城管")
    case = await put_in_state(
        conn, await open_report(conn, 1, at=located()), State.DISPATCHED, department_id=department_id
    )
    body = "{case_number}|{category}|{area}|{opened_at}|{due_at}|{department}|{secretary}|{result}"
    filled = await render(conn, ring=RING, body=body, case=replace(case, result="{area}干净了"), actor=secretary)
    expected = f"{case.number}|暴露垃圾|370102|2026年3月10日 10:00|2026年3月10日 10:15|城管|wang的名字|{{area}}干净了"
    assert (expected, ()) == (filled.text, filled.missing)


async def test_what_the_case_has_nothing_for_is_marked_and_named(conn: Connection) -> None:
    secretary = await hire(conn, "wang", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    filled = await render(
        conn, ring=RING, body="由｛department｝处理：{result}，{reporter}。{result}", case=case, actor=secretary
    )
    assert "由—处理：—，—。—" == filled.text
    assert (Placeholder.DEPARTMENT, Placeholder.RESULT, Placeholder.REPORTER) == filled.missing


async def test_who_leads_the_case_is_its_secretary_to_those_who_are_none(conn: Connection) -> None:
    leader = await hire(conn, "wang", Role.SECRETARY, COMMUNITY)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    case = await open_report(conn, 1, at=located())
    assert "—" == (await render(conn, ring=RING, body="{secretary}", case=case, actor=centre)).text
    led = replace(case, assignee_id=leader.id)
    assert "wang的名字" == (await render(conn, ring=RING, body="{secretary}", case=led, actor=centre)).text


async def test_who_may_reach_the_resident_gets_the_first_sign_of_his_name(house: House) -> None:
    appeal = {"category": "help", "text": "想请社区帮忙", "contact_name": "演示居民"}
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    auditor = await house.hire("auditor", Role.AUDITOR)
    place = {"lon": 120.18, "lat": 35.96, "datum": "wgs84"}
    status, _ = await secretary.ask("POST", "/appeals", appeal | {"place": place}, key="an-appeal-1")
    assert 201 == status
    (case,) = (await secretary.get("/cases"))["cases"]
    for who, expected in [(secretary, "演*您好"), (auditor, "—您好")]:
        own = await who.post("/templates", {"title": "问候", "body": "{reporter}您好"})
        filled = await who.post(f"/templates/{own['id']}/render", {"case_id": case["id"]}, expected=200)
        assert expected == filled["text"]


async def test_words_are_shared_with_everyone_beneath_and_with_nobody_beside(house: House) -> None:
    centre = await house.hire("centre", Role.SUBDISTRICT, STREET)
    own = await house.hire("own", Role.GRID_WORKER, COMMUNITY)
    beside = await house.hire("beside", Role.SECRETARY, "37/011")
    case = await house.open(1, at=located())
    street = await centre.post("/templates", CLOSING | {"area": STREET})
    community = await centre.post("/templates", CLOSING | {"area": COMMUNITY})
    neighbour = await centre.post("/templates", CLOSING | {"area": NEIGHBOUR})
    both = [street["id"], community["id"]]
    assert both == ids((await own.get("/templates"))["templates"])
    assert both == ids((await own.get(f"/templates?case_id={case.id}"))["templates"])
    assert [*both, neighbour["id"]] == ids((await centre.get("/templates"))["templates"])
    assert [] == (await beside.get("/templates"))["templates"]
    status, problem = await own.ask("POST", f"/templates/{neighbour['id']}/render", {"case_id": case.id})
    assert (404, "template-not-found") == (status, slug(problem))


async def test_a_person_of_another_area_renders_for_no_case_of_ours(house: House) -> None:
    beside = await house.hire("beside", Role.SECRETARY, NEIGHBOUR)
    case = await house.open(1, at=located())
    own = await beside.post("/templates", CLOSING)
    status, problem = await beside.ask("POST", f"/templates/{own['id']}/render", {"case_id": case.id})
    assert (404, "case-not-found") == (status, slug(problem))
    status, _ = await beside.ask("GET", f"/templates?case_id={case.id}")
    assert 404 == status


async def test_what_is_someones_own_is_nobody_elses(house: House) -> None:
    one = await house.hire("one", Role.SECRETARY, COMMUNITY)
    other = await house.hire("other", Role.DISTRICT_ADMIN)
    case = await house.open(1, at=located())
    own = await one.post("/templates", CLOSING)
    for method, path, said in [
        ("PUT", f"/templates/{own['id']}", CLOSING),
        ("DELETE", f"/templates/{own['id']}", None),
        ("POST", f"/templates/{own['id']}/render", {"case_id": case.id}),
    ]:
        status, problem = await other.ask(method, path, said)
        assert (404, "template-not-found") == (status, slug(problem))
    assert [] == (await other.get("/templates"))["templates"]


async def test_an_area_is_kept_by_its_secretary_and_those_above(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    worker = await house.hire("worker", Role.GRID_WORKER, COMMUNITY)
    centre = await house.hire("centre", Role.SUBDISTRICT, STREET)
    shared = await secretary.post("/templates", CLOSING | {"area": COMMUNITY})
    for who, area in [(worker, COMMUNITY), (secretary, STREET), (secretary, NEIGHBOUR), (secretary, ""), (centre, "")]:
        status, problem = await who.ask("POST", "/templates", CLOSING | {"area": area})
        assert (403, "sharing-not-yours", ["/area"]) == (status, slug(problem), pointers(problem)), area
    status, problem = await worker.ask("DELETE", f"/templates/{shared['id']}")
    assert (403, "sharing-not-yours") == (status, slug(problem))
    status, moved = await centre.ask("PUT", f"/templates/{shared['id']}", CLOSING | {"area": STREET})
    assert (200, STREET) == (status, moved["area_path"])
    assert (403, 204) == (
        (await secretary.ask("DELETE", f"/templates/{shared['id']}"))[0],
        (await centre.ask("DELETE", f"/templates/{shared['id']}"))[0],
    )


async def test_what_becomes_of_shared_words_is_history(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    shared = await secretary.post("/templates", CLOSING | {"area": COMMUNITY})
    await secretary.ask("PUT", f"/templates/{shared['id']}", CLOSING | {"area": COMMUNITY, "body": "好了"})
    await secretary.ask("DELETE", f"/templates/{shared['id']}")
    await secretary.post("/templates", CLOSING)
    async with house.pool.acquire() as conn:
        rows = await conn.fetch(
            "select kind, data->>'body' as body from event where district_id = $1 and subject = 'template' order by id",
            DISTRICT,
        )
    assert [
        ("template.created", CLOSING["body"]),
        ("template.replaced", "好了"),
        ("template.deleted", "好了"),
    ] == [(row["kind"], row["body"]) for row in rows]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"title": " "}, "/title"),
        ({"body": "字" * 1001}, "/body"),
        ({"verb": "burn"}, "/verb"),
        ({"verb": "file", "field": "result"}, "/field"),
        ({"verb": None, "field": "result"}, "/field"),
        ({"category": "no_such"}, "/category"),
        ({"area": "37/09"}, "/area"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_every_wrong_field_of_a_template_is_named(house: House, change: dict[str, object], expected: str) -> None:
    admin = await house.hire("admin", Role.DISTRICT_ADMIN)
    status, problem = await admin.ask("POST", "/templates", CLOSING | change)
    assert (422, [expected]) == (status, pointers(problem))


async def test_a_title_is_given_once_at_each_holder(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    await secretary.post("/templates", CLOSING)
    await secretary.post("/templates", CLOSING | {"area": COMMUNITY})
    status, problem = await secretary.ask("POST", "/templates", CLOSING)
    assert (422, ["/title"]) == (status, pointers(problem))


async def test_templates_are_offered_for_the_words_and_the_category_asked_for(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    closing = await secretary.post("/templates", CLOSING)
    litter = await secretary.post("/templates", CLOSING | {"title": "垃圾", "category": "litter"})
    note = await secretary.post("/templates", {"title": "转告", "body": "请看现场"})
    for query, expected in [
        ("", [closing, litter, note]),
        ("?verb=close", [closing, litter]),
        ("?category=litter&verb=close", [closing, litter]),
        ("?category=rubble&verb=close", [closing]),
        ("?for_notes=true", [note]),
        ("?field=result", [closing, litter]),
        ("?verb=file", []),
    ]:
        assert ids(expected) == ids((await secretary.get(f"/templates{query}"))["templates"]), query


async def test_templates_come_in_pages(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    made = [(await secretary.post("/templates", CLOSING | {"title": str(n)}))["id"] for n in range(5)]
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = await secretary.get(f"/templates?limit=2&after={after}")
        seen += ids(page["templates"])
        after = page["next_after"]
    assert made == seen


async def test_nobody_keeps_more_templates_than_he_finds_his_way_in(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    await house.execute(
        """
        insert into template (district_id, owner_id, field, title, body, updated_by, updated_at)
        select 1, $1, 'note', n::text, '好', $1, now() from generate_series(1, $2) n
        """,
        secretary.actor.id,
        MAX_TEMPLATES,
    )
    status, problem = await secretary.ask("POST", "/templates", CLOSING)
    assert (409, "desk-full") == (status, slug(problem))
    await secretary.post("/templates", CLOSING | {"area": COMMUNITY})


async def test_many_that_are_shared_at_once_do_not_all_find_the_last_room(house: House) -> None:
    people = [await house.hire(f"secretary {number}", Role.SECRETARY, COMMUNITY) for number in range(4)]
    await fill(house, COMMUNITY, by=people[0].actor.id or 0)
    said = [CLOSING | {"title": f"at once {number}", "area": COMMUNITY} for number in range(4)]
    asked = zip(people, said, strict=True)
    answers = await asyncio.gather(*(who.ask("POST", "/templates", each) for who, each in asked))
    assert [201, 409, 409, 409] == sorted(status for status, _ in answers)


async def test_a_template_is_not_moved_to_an_area_that_has_no_room(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    mine = await secretary.post("/templates", CLOSING)
    await fill(house, COMMUNITY, by=secretary.actor.id or 0)
    shared = CLOSING | {"area": COMMUNITY}
    moved, _ = await secretary.ask("PUT", f"/templates/{mine['id']}", shared)
    status, problem = await secretary.ask("PUT", f"/templates/{mine['id']}", shared | {"title": "改名"})
    assert (200, 200) == (moved, status)  # the last room is taken by it, and it may be renamed there
    other = await secretary.post("/templates", CLOSING)
    status, problem = await secretary.ask("PUT", f"/templates/{other['id']}", shared)
    assert (409, "desk-full") == (status, slug(problem))


async def fill(house: House, area_path: str, *, by: int) -> None:
    """Share so many templates with an area that there is room for one more."""
    async with pool_transaction(house.pool) as conn:
        await conn.execute(
            """
            insert into template (district_id, area_path, verb, field, title, body, updated_by, updated_at)
            select $1, $2, 'close', 'result', 'title ' || n, 'body', $3, $4 from generate_series(1, $5) n
            """,
            *(DISTRICT, area_path, by, START, MAX_TEMPLATES - 1),
        )
