"""Notes between colleagues: whom they may mention, who is told, and that no reporter ever reads one."""

import random

import pytest

from community.desk.notes.mention import list_mentionable
from community.models import State
from community.progress import get_progress
from community.sight import roles_on
from core.access import queries as access
from core.access.models import Actor, Grant, Role
from core.database import Connection, pool_transaction
from tests.community.desk.house import House, Json, Visitor, pointers, slug
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
from tests.conftest import DISTRICT, START
from tests.sessions import open_long_session


def usernames(people: list[Json]) -> list[str]:
    return [person["username"] for person in people]


async def inbox(who: Visitor) -> list[str]:
    return [notice["kind"] for notice in (await who.get("/notices"))["notices"]]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.HELD, (201, "")),
        (State.CLOSED, (201, "")),
        (State.REJECTED, (201, "")),
        (State.DUPLICATE, (409, "case-takes-no-notes")),
        (State.VOIDED, (409, "case-takes-no-notes")),
    ],
)
async def test_notes_are_taken_as_long_as_somebody_may_work_on_the_case(
    house: House, state: State, expected: tuple[int, str]
) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    async with pool_transaction(house.pool) as conn:
        case = await put_in_state(conn, await open_report(conn, 1, at=located()), state)
    status, answer = await secretary.ask("POST", f"/cases/{case.id}/notes", {"text": "居民又来电"})
    assert expected == (status, slug(answer) if status == 409 else "")


async def test_a_note_is_written_read_by_colleagues_and_tells_whom_it_mentions(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    worker = await house.hire("wang", Role.GRID_WORKER, COMMUNITY)
    centre = await house.hire("centre", Role.SUBDISTRICT, STREET)
    case = await house.open(1, at=located())
    await house.react()
    said = {"text": "@wang请看一下现场", "mentions": [centre.actor.id]}
    note = await secretary.post(f"/cases/{case.id}/notes", said)
    assert ["wang", "centre"] == usernames(note["mentioned"])
    await house.react()
    assert [["case.opened"], ["case.noted", "case.opened"], ["case.noted"]] == [
        await inbox(who) for who in (secretary, worker, centre)
    ]
    assert [note] == (await worker.get(f"/cases/{case.id}/notes"))["notes"]
    history = (await worker.get(f"/cases/{case.id}"))["history"]
    assert ("case.noted", {"note_id": note["id"], "mentioned_ids": [worker.actor.id, centre.actor.id]}) == (
        history[-1]["kind"],
        history[-1]["data"],
    )


async def test_the_reporter_is_never_shown_a_note_nor_that_there_is_one(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    rider = Actor("rider", 5, DISTRICT)
    case = await house.open(1, at=located(), actor=rider)
    async with pool_transaction(house.pool) as conn:
        before = await get_progress(conn, district_id=DISTRICT, case_id=case.id)
    note = await secretary.post(f"/cases/{case.id}/notes", {"text": "这位骑手常报假案"})
    await secretary.ask("DELETE", f"/cases/{case.id}/notes/{note['id']}")
    async with pool_transaction(house.pool) as conn:
        assert before == await get_progress(conn, district_id=DISTRICT, case_id=case.id)
        token = await open_long_session(conn, district_id=DISTRICT, kind="rider", subject_id=5, now=START)
    await house.react()
    reporter = Visitor(house.client, rider, {"Authorization": f"Bearer {token}"})
    assert [] == (await reporter.get("/notices"))["notices"]
    assert 403 == (await reporter.ask("GET", f"/cases/{case.id}/notes"))[0]


async def test_the_resident_who_follows_his_appeal_reads_no_note(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    appeal = {"category": "help", "text": "想请社区帮忙", "place": {"lon": 120.18, "lat": 35.96, "datum": "wgs84"}}
    _, received = await secretary.ask("POST", "/appeals", appeal, key="an-appeal-1")
    (case,) = (await secretary.get("/cases"))["cases"]
    before = await secretary.get(f"/appeals/{received['token']}")
    await secretary.post(f"/cases/{case['id']}/notes", {"text": "内部备注"})
    assert before == await secretary.get(f"/appeals/{received['token']}")


async def test_who_does_not_see_the_case_cannot_be_mentioned_and_is_named(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    neighbour = await house.hire("li", Role.SECRETARY, NEIGHBOUR)
    case = await house.open(1, at=located())
    said = {"text": "@li 和＠nobody，请看", "mentions": [secretary.actor.id, neighbour.actor.id, 999]}
    status, problem = await secretary.ask("POST", f"/cases/{case.id}/notes", said)
    assert (422, ["/text", "/text", "/mentions/1", "/mentions/2"]) == (status, pointers(problem))
    assert ["@li", "@nobody", str(neighbour.actor.id), "999"] == [
        error["detail"].partition("”")[0][1:] for error in problem["errors"]
    ]
    assert [] == (await secretary.get(f"/cases/{case.id}/notes"))["notes"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@wang", ["wang"]),
        ("请@wang看", ["wang"]),
        ("＠王书记好", ["王书记"]),
        ("@wang.li 与 @wang", ["wang.li", "wang"]),
        ("@wang.", ["wang"]),
        ("@wang @wang", ["wang"]),
        ("写信到 someone@wang 即可", []),
        ("没有人", []),
        ("@wang\n@王书记", ["wang", "王书记"]),
    ],
)
async def test_the_longest_user_name_after_the_sign_is_meant(house: House, text: str, expected: list[str]) -> None:
    for name in ("wang", "wang.li", "王书记", "王书"):
        await house.hire(name, Role.GRID_WORKER, COMMUNITY)
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    case = await house.open(1, at=located())
    note = await secretary.post(f"/cases/{case.id}/notes", {"text": text})
    assert expected == usernames(note["mentioned"])


@pytest.mark.parametrize("text", ["@wangli", "@wang_2", "@wang.li", "@", "@ wang"])
async def test_the_beginning_of_another_name_mentions_nobody_by_mistake(house: House, text: str) -> None:
    await house.hire("wang", Role.GRID_WORKER, COMMUNITY)
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    case = await house.open(1, at=located())
    assert 422 == (await secretary.ask("POST", f"/cases/{case.id}/notes", {"text": text}))[0]


async def test_a_disabled_account_cannot_be_mentioned(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    gone = await house.hire("gone", Role.GRID_WORKER, COMMUNITY)
    await house.execute("update staff set disabled_at = now() where id = $1", gone.actor.id)
    case = await house.open(1, at=located())
    assert 422 == (await secretary.ask("POST", f"/cases/{case.id}/notes", {"text": "@gone"}))[0]


async def test_at_most_twenty_people_are_mentioned(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    for number in range(21):
        await house.hire(f"w{number}", Role.GRID_WORKER, COMMUNITY)
    case = await house.open(1, at=located())
    everyone = " ".join(f"@w{number}" for number in range(21))
    status, problem = await secretary.ask("POST", f"/cases/{case.id}/notes", {"text": everyone})
    assert (422, ["/text"]) == (status, pointers(problem))


async def test_whoever_lost_sight_of_the_case_meanwhile_is_not_told(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    moved = await house.hire("moved", Role.AUDITOR, COMMUNITY)
    stays = await house.hire("stays", Role.AUDITOR, COMMUNITY)
    case = await house.open(1, at=located())
    await secretary.post(f"/cases/{case.id}/notes", {"text": "@moved @stays"})
    await house.execute("update staff_grant set area_path = $2 where staff_id = $1", moved.actor.id, NEIGHBOUR)
    await house.react()
    assert ([], ["case.noted"]) == (await inbox(moved), await inbox(stays))


async def test_a_withdrawn_note_stays_as_one_without_words_and_tells_nobody_any_more(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    worker = await house.hire("wang", Role.AUDITOR, COMMUNITY)
    case = await house.open(1, at=located())
    note = await secretary.post(f"/cases/{case.id}/notes", {"text": "@wang 误写的话"})
    address = f"/cases/{case.id}/notes/{note['id']}"
    status, withdrawn = await secretary.ask("DELETE", address)
    assert (200, None, "2026-03-10T02:00:00Z") == (status, withdrawn["text"], withdrawn["withdrawn_at"])
    assert (200, withdrawn) == await secretary.ask("DELETE", address)
    await house.react()
    assert [] == await inbox(worker)
    history = (await worker.get(f"/cases/{case.id}"))["history"]
    assert ["case.opened", "case.noted", "case.note_withdrawn"] == [step["kind"] for step in history]
    assert "误写的话" not in str(await worker.get(f"/cases/{case.id}/notes")) + str(history)


async def test_a_note_is_withdrawn_by_its_author_alone_and_written_by_those_who_may_act(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    admin = await house.hire("admin", Role.DISTRICT_ADMIN)
    auditor = await house.hire("auditor", Role.AUDITOR)
    case = await house.open(1, at=located())
    note = await secretary.post(f"/cases/{case.id}/notes", {"text": "请看"})
    for who, method, address in [
        (admin, "DELETE", f"/cases/{case.id}/notes/{note['id']}"),
        (auditor, "POST", f"/cases/{case.id}/notes"),
    ]:
        status, problem = await who.ask(method, address, {"text": "好"} if method == "POST" else None)
        assert (403, "note-not-yours") == (status, slug(problem))
    assert ["请看"] == [each["text"] for each in (await auditor.get(f"/cases/{case.id}/notes"))["notes"]]


async def test_out_of_sight_there_are_no_notes_at_all(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    neighbour = await house.hire("neighbour", Role.SECRETARY, NEIGHBOUR)
    case, other = await house.open(1, at=located()), await house.open(2, at=located())
    note = await secretary.post(f"/cases/{case.id}/notes", {"text": "请看"})
    for method, address, said in [
        ("GET", "notes", None),
        ("POST", "notes", {"text": "好"}),
        ("DELETE", f"notes/{note['id']}", None),
        ("GET", "mentionable", None),
    ]:
        status, problem = await neighbour.ask(method, f"/cases/{case.id}/{address}", said)
        assert (404, "case-not-found") == (status, slug(problem)), address
    status, problem = await secretary.ask("DELETE", f"/cases/{other.id}/notes/{note['id']}")
    assert (404, "note-not-found") == (status, slug(problem))


async def test_notes_come_in_pages_oldest_first(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    case = await house.open(1, at=located())
    for number in range(5):
        await secretary.post(f"/cases/{case.id}/notes", {"text": str(number)})
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = await secretary.get(f"/cases/{case.id}/notes?limit=2&after={after}")
        seen += [note["text"] for note in page["notes"]]
        after = page["next_after"]
    assert list("01234") == seen


async def test_whom_one_may_mention_is_offered_while_typing(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    for name in ("wang", "wei", "w_x"):
        await house.hire(name, Role.GRID_WORKER, COMMUNITY)
    await house.hire("wanda", Role.SECRETARY, NEIGHBOUR)
    case = await house.open(1, at=located())
    for typed, expected in [("w", ["w_x", "wang", "wei"]), ("wa", ["wang"]), ("g的", ["wang"]), ("w_", ["w_x"])]:
        offered = await secretary.get(f"/cases/{case.id}/mentionable?q={typed}")
        assert expected == usernames(offered["people"]), typed


async def test_at_most_twenty_are_offered(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    for number in range(25):
        await house.hire(f"w{number}", Role.GRID_WORKER, COMMUNITY)
    case = await house.open(1, at=located())
    assert 20 == len((await secretary.get(f"/cases/{case.id}/mentionable"))["people"])


@pytest.mark.parametrize("seed", range(20))
async def test_exactly_those_are_offered_who_stand_before_the_case(conn: Connection, seed: int) -> None:
    dice = random.Random(seed)
    department_id, other_id = await found(conn), await found(conn, "other")
    case = await open_report(conn, 1, at=located()) if dice.random() < 0.8 else await open_report(conn, 1)
    if dice.random() < 0.5:
        case = await put_in_state(conn, case, case.state, department_id=department_id)
    caller = await hire(conn, "caller", Role.DISTRICT_ADMIN)
    expected = []
    for number in range(12):
        role, area = dice.choice(list(Role)), dice.choice(["", "37", STREET, COMMUNITY, NEIGHBOUR, "37/0"])
        who = await hire(conn, f"w{number:02}", role, area, dice.choice([None, department_id, other_id]))
        more = Grant(dice.choice(list(Role)), dice.choice(["", STREET, NEIGHBOUR]), None)
        assert who.id is not None
        if dice.random() < 0.3:
            await access.insert_grant(conn, district_id=DISTRICT, staff_id=who.id, grant=more, now=START)
            who = Actor("staff", who.id, DISTRICT, who.name, (*who.grants, more))
        if roles_on(who, case):
            expected.append(f"w{number:02}")
    offered = await list_mentionable(conn, case=case, typed="w", caller=caller)
    assert expected == [person.username for person in offered]
