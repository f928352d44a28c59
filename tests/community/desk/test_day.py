"""My day: what one's desks owe, in the order of what breaches next, and nothing else."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from community.desk.day.models import Section
from community.desk.day.read import desks_of, read_day
from community.lists.models import CaseFilter, Order
from community.lists.pages import list_cases
from community.models import Case, Clock, State
from community.routing.models import RuleTerms
from community.routing.queries import insert_routing_rule
from core.access.models import Actor, Grant, Role, is_within
from core.database import Connection, pool_transaction
from tests.community.desk.house import House, Json, Visitor, ids, pointers, slug
from tests.community.district import (
    COMMUNITY,
    ELSEWHERE,
    NEIGHBOUR,
    STREET,
    found,
    located,
    open_report,
    put_in_state,
    read,
)
from tests.conftest import DISTRICT, START

OPEN_SECTIONS = ("overdue", "due_today", "due_later", "no_clock")
MIDNIGHT = datetime(2026, 3, 10, 16, tzinfo=UTC)  # the end of the local day


async def set_due(conn: Connection, case: Case, at: datetime | None) -> None:
    """Let the first answer be due at `at`, or nothing at all, and no other clock run."""
    await conn.execute("update deadline set cancelled_at = now() where case_id = $1 and clock <> 'respond'", case.id)
    if at is None:
        await conn.execute("update deadline set met_at = now() where case_id = $1 and clock = 'respond'", case.id)
    else:
        await conn.execute("update deadline set due_at = $2 where case_id = $1 and clock = 'respond'", case.id, at)
    await conn.execute("update community_case set next_due_at = $2 where id = $1", case.id, at)


async def due(house: House, ref: object, at: datetime | None, **how: Any) -> Case:
    case = await house.open(ref, **({"at": located()} | how))
    async with pool_transaction(house.pool) as conn:
        await set_due(conn, case, at)
    return case


async def day(who: Visitor, query: str = "") -> dict[str, Json]:
    """Give the sections by name."""
    answer = await who.get(f"/my-day{query}")
    return {section["section"]: section for section in answer["sections"]}


def cases(section: Json) -> list[int]:
    return ids([line["case"] for line in section["lines"]])


def shown(sections: dict[str, Json]) -> dict[str, list[int]]:
    """Give the cases of the sections that have any."""
    return {name: cases(section) for name, section in sections.items() if section["lines"]}


async def test_open_cases_stand_in_the_order_of_what_breaches_next_each_once(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    nothing = await due(house, 1, None)
    next_week = await due(house, 2, START + timedelta(days=7))
    tomorrow = await due(house, 3, MIDNIGHT)
    tonight = await due(house, 4, MIDNIGHT - timedelta(seconds=1))
    soon = await due(house, 5, START + timedelta(microseconds=1))
    this_moment = await due(house, 6, START)
    late = await due(house, 7, START - timedelta(days=2))
    sections = await day(secretary)
    assert {
        "overdue": [late.id, this_moment.id],
        "due_today": [soon.id, tonight.id],
        "due_later": [tomorrow.id, next_week.id],
        "no_clock": [nothing.id],
    } == shown(sections)
    assert [2, 2, 2, 1] == [sections[name]["count"]["count"] for name in OPEN_SECTIONS]
    assert [section.value for section in Section] == list(sections)
    assert {"zh": "已超时", "en": "Overdue"} == sections["overdue"]["text"]


async def test_a_line_tells_which_clock_runs_out_next_how_long_is_left_and_what_may_be_done(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    case = await house.open(1, at=located())
    answer = await secretary.get("/my-day")
    assert "2026-03-10T02:00:00Z" == answer["as_of"]
    (line,) = answer["sections"][1]["lines"]
    assert ("respond", 900, "2026-03-10T02:15:00Z") == (line["clock"], line["seconds_left"], line["at"])
    assert (await secretary.get(f"/cases/{case.id}"))["verbs"] == line["verbs"]
    house.clock.advance(timedelta(minutes=20))
    (line,) = (await day(secretary))["overdue"]["lines"]
    assert ("respond", -300) == (line["clock"], line["seconds_left"])


async def test_one_click_on_a_line_acts_and_the_next_clock_takes_over(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    case = await house.open(1, at=located(), category_code="greenery")
    (line,) = (await day(secretary))["due_today"]["lines"]
    assert "file" in [offer["verb"] for offer in line["verbs"]]
    status, _ = await secretary.ask("POST", f"/cases/{line['case']['id']}/file", {"version": line["case"]["version"]})
    assert 200 == status
    (line,) = (await day(secretary))["due_today"]["lines"]
    assert (case.id, Clock.DISPATCH) == (line["case"]["id"], line["clock"])


async def test_a_clock_that_stands_still_is_not_the_next(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    case = await due(house, 1, START + timedelta(hours=1))
    await house.execute(
        "update deadline set cancelled_at = null, paused_at = now(), due_at = $2 where case_id = $1 and clock = 'file'",
        case.id,
        START,
    )
    (line,) = (await day(secretary))["due_today"]["lines"]
    assert ("respond", 3600) == (line["clock"], line["seconds_left"])


async def test_a_case_lifted_to_the_subdistrict_is_on_its_day_alone(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    centre = await house.hire("centre", Role.SUBDISTRICT, STREET)
    async with pool_transaction(house.pool) as conn:
        terms = RuleTerms(category_code="fire_lane", desk_depth=2)
        await insert_routing_rule(conn, district_id=DISTRICT, position=1, terms=terms)
    own = await house.open(1, at=located())
    lifted = await house.open(2, at=located(), category_code="fire_lane")
    assert [own.id, lifted.id] == sorted(ids((await secretary.get("/cases"))["cases"]))
    assert {"due_today": [own.id]} == shown(await day(secretary))
    assert {"due_today": [own.id, lifted.id]} == shown(await day(centre))


async def test_others_desks_are_not_on_ones_day(house: House) -> None:
    await house.open(1, at=located())
    lost = await house.open(2)
    for name, role, area, expected in [
        ("neighbour", Role.SECRETARY, NEIGHBOUR, {}),
        ("elsewhere", Role.SECRETARY, ELSEWHERE, {}),
        ("auditor", Role.AUDITOR, "", {}),
        ("host", Role.STATION_HOST, COMMUNITY, {}),
        ("beside", Role.SUBDISTRICT, "37/011", {"due_today": [lost.id]}),
    ]:
        sections = await day(await house.hire(name, role, area))
        assert expected == shown(sections), name
        assert len(expected.get("due_today", [])) == sections["due_today"]["count"]["count"]


async def test_a_departments_day_is_what_it_was_sent_and_has_not_finished(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    async with pool_transaction(house.pool) as conn:
        department_id, other_id = await found(conn), await found(conn, "other")
    handler = await house.hire("handler", Role.DEPARTMENT, "", department_id)
    other = await house.hire("other", Role.DEPARTMENT, "", other_id)
    case = await house.open(1, at=located(), trusted=True, category_code="greenery")
    assert {} == shown(await day(handler))
    await secretary.ask("POST", f"/cases/{case.id}/dispatch", {"department_id": department_id})
    assert ({"due_later": [case.id]}, {}) == (shown(await day(handler)), shown(await day(other)))
    assert 200 == (await handler.ask("POST", f"/cases/{case.id}/accept", {}))[0]
    assert 200 == (await handler.ask("POST", f"/cases/{case.id}/handle", {"note": "已清理"}))[0]
    assert ({}, [case.id]) == (shown(await day(handler)), cases((await day(secretary))["due_later"]))


async def test_holds_that_end_by_tomorrow_are_shown_and_others_are_not(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    held = []
    for ref, until in enumerate([MIDNIGHT, MIDNIGHT + timedelta(days=1), MIDNIGHT + timedelta(hours=23)]):
        case = await house.open(ref, at=located(), trusted=True)
        await secretary.ask("POST", f"/cases/{case.id}/contact", {"note": "已联系", "channel": "phone"})
        said = {"note": "等配件", "until": until.isoformat()}
        assert 200 == (await secretary.ask("POST", f"/cases/{case.id}/hold", said))[0]
        held.append(case.id)
    sections = await day(secretary)
    assert {"held": [held[0], held[2]]} == shown(sections)
    line = sections["held"]["lines"][0]
    assert ("2026-03-10T16:00:00Z", None, None) == (line["at"], line["clock"], line["seconds_left"])
    assert "resume" in [offer["verb"] for offer in line["verbs"]]


async def close(house: House, secretary: Visitor, ref: object) -> Case:
    """Walk the case of someone who can be reached to its end."""
    case = await house.open(ref, at=located(), trusted=True, contact_owed=True)
    contact = ("contact", {"note": "已联系", "channel": "phone"})
    for verb, said in [contact, ("handle", {"note": "已清理"}), ("verify", {}), ("close", {"result": "干净了"})]:
        status, body = await secretary.ask("POST", f"/cases/{case.id}/{verb}", said)
        assert 200 == status, body
    return case


async def test_visits_that_are_owed_stand_until_they_are_made(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    neighbour = await house.hire("neighbour", Role.SECRETARY, NEIGHBOUR)
    case = await close(house, secretary, 1)
    assert ({"visits": [case.id]}, {}) == (shown(await day(secretary)), shown(await day(neighbour)))
    (line,) = (await day(secretary))["visits"]["lines"]
    assert (Clock.FOLLOW_UP, "follow_up") == (line["clock"], line["verbs"][0]["verb"])
    said = {"note": "回访", "satisfaction": "satisfied"}
    assert 200 == (await secretary.ask("POST", f"/cases/{case.id}/follow_up", said))[0]
    assert {} == shown(await day(secretary))


async def test_who_is_dissatisfied_asks_for_reopening_until_someone_answers(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    centre = await house.hire("centre", Role.SUBDISTRICT, STREET)
    neighbour = await house.hire("neighbour", Role.SECRETARY, NEIGHBOUR)
    case = await close(house, secretary, 1)
    said = {"note": "回访", "satisfaction": "dissatisfied"}
    await secretary.ask("POST", f"/cases/{case.id}/follow_up", said)
    sections = await day(secretary)
    assert ({"reopenings": [case.id]}, {}) == (shown(sections), shown(await day(neighbour)))
    offers = [(await day(who))["reopenings"]["lines"][0]["verbs"] for who in (secretary, centre)]
    decides = [{"reopen", "decline_reopening"} & {offer["verb"] for offer in each} for each in offers]
    assert [{"reopen"}, {"reopen", "decline_reopening"}] == decides
    await centre.ask("POST", f"/cases/{case.id}/decline_reopening", {"note": "已按规定办理"})
    assert {} == shown(await day(secretary))


async def test_a_mention_stands_until_it_is_read_withdrawn_or_out_of_sight(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    wang = await house.hire("wang", Role.AUDITOR, COMMUNITY)
    case, moved = await house.open(1, at=located()), await house.open(2, at=located())
    notes = [await secretary.post(f"/cases/{case.id}/notes", {"text": f"@wang {n}"}) for n in range(3)]
    await secretary.post(f"/cases/{moved.id}/notes", {"text": "@wang 移走"})
    await house.react()

    async def texts() -> list[str]:
        section = (await day(wang))["mentions"]
        found = [mention["text"] for mention in section["mentions"]]
        assert len(found) == section["count"]["count"]
        return found

    assert ["@wang 移走", "@wang 2", "@wang 1", "@wang 0"] == await texts()
    await house.execute("update community_case set area_path = $2, desk_path = $2 where id = $1", moved.id, NEIGHBOUR)
    await secretary.ask("DELETE", f"/cases/{case.id}/notes/{notes[1]['id']}")
    assert ["@wang 2", "@wang 0"] == await texts()
    mention = (await day(wang))["mentions"]["mentions"][0]
    assert ("secretary", case.number) == (mention["author"]["username"], mention["case_number"])
    await wang.post("/notices/read", {"ids": [mention["notice_id"]]}, expected=200)
    assert ["@wang 0"] == await texts()
    assert [] == (await day(secretary))["mentions"]["mentions"]


async def walk(who: Visitor, section: str, things: str = "lines") -> list[int]:
    """Read a section to its end, three at a time."""
    seen: list[int] = []
    query = f"?section={section}&limit=3"
    while True:
        (page,) = (await day(who, query)).values()
        seen += [each["case"]["id"] if things == "lines" else each["note_id"] for each in page[things]]
        if page["next_cursor"] is None:
            return seen
        query = f"?section={section}&limit=3&cursor={page['next_cursor']}"


async def test_each_section_is_read_to_its_end_without_a_gap_or_a_repetition(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    opened: dict[str, list[int]] = {name: [] for name in OPEN_SECTIONS}
    async with pool_transaction(house.pool) as conn:
        for ref in range(28):
            case = await open_report(conn, ref, at=located())
            section = OPEN_SECTIONS[ref % 4]
            # Two and two are due at the same moment: the id decides.
            span = timedelta(minutes=ref // 8)
            starts = [START - timedelta(hours=1), START + timedelta(hours=1), MIDNIGHT + timedelta(hours=1)]
            await set_due(conn, case, None if section == "no_clock" else starts[ref % 4] + span)
            opened[section].append(case.id)
    for section, expected in opened.items():
        assert expected == await walk(secretary, section), section


async def test_mentions_are_read_to_their_end(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    wang = await house.hire("wang", Role.AUDITOR, COMMUNITY)
    case = await house.open(1, at=located())
    written = [(await secretary.post(f"/cases/{case.id}/notes", {"text": "@wang"}))["id"] for _ in range(7)]
    await house.react()
    assert written[::-1] == await walk(wang, "mentions", "mentions")


async def test_a_cursor_belongs_to_its_section(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    for ref in range(2):
        await house.open(ref, at=located())
    (page,) = (await day(secretary, "?section=due_today&limit=1")).values()
    for query in (
        f"section=overdue&cursor={page['next_cursor']}",
        f"cursor={page['next_cursor']}",
        "section=held&cursor=x",
    ):
        status, problem = await secretary.ask("GET", f"/my-day?{query}")
        assert (422, "unknown-cursor", ["/query/cursor"]) == (status, slug(problem), pointers(problem)), query


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-1, 1), (2, 2), (10**9, 3)])
async def test_the_size_of_a_section_is_clamped(house: House, asked: int, given: int) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    for ref in range(3):
        await house.open(ref, at=located())
    assert given == len((await day(secretary, f"?limit={asked}"))["due_today"]["lines"])


async def test_riders_have_no_such_day(house: House) -> None:
    assert 401 == (await house.client.get("/api/v1/my-day")).status


def is_at_desk(actor: Actor, case: Case) -> bool:
    """Tell it anew, grant by grant."""
    for grant in actor.grants:
        if (
            grant.role is Role.DEPARTMENT
            and grant.department_id in case.department_ids
            and case.state
            in (
                State.DISPATCHED,
                State.HANDLING,
            )
        ):
            return True
        if grant.role in (Role.SECRETARY, Role.GRID_WORKER, Role.SUBDISTRICT, Role.DISTRICT_ADMIN):
            if case.area_path is None and (
                grant.area_path == "" or grant.role in (Role.SUBDISTRICT, Role.DISTRICT_ADMIN)
            ):
                return True
            if case.area_path is not None and is_within(case.desk_path, grant.area_path):
                return True
    return False


@pytest.mark.parametrize("seed", range(25))
async def test_the_open_sections_hold_exactly_what_ones_desks_owe_and_nothing_out_of_sight(
    conn: Connection, seed: int
) -> None:
    dice = random.Random(seed)
    department_id = await found(conn)
    paths = [COMMUNITY, f"{COMMUNITY}/001", f"{COMMUNITY}-a", NEIGHBOUR, ELSEWHERE, None]
    opened = []
    for ref in range(24):
        path = dice.choice(paths)
        case = await open_report(conn, ref, at=located(path)) if path else await open_report(conn, ref)
        state = dice.choice([State.COLLECTED, State.FILED, State.DISPATCHED, State.HANDLED, State.REJECTED])
        sent = department_id if state is State.DISPATCHED else None
        case = await put_in_state(conn, case, state, department_id=sent)
        if path and dice.random() < 0.3:
            await conn.execute(
                "update community_case set desk_path = '37/01' where id = $1 and area_path like '37/01/%'", case.id
            )
        await set_due(
            conn, case, dice.choice([None, START - timedelta(days=1), START + timedelta(hours=dice.randint(1, 50))])
        )
        opened.append(await read(conn, case))
    scopes = ["", "37", STREET, COMMUNITY, f"{COMMUNITY}/001", NEIGHBOUR, "37/011"]
    actor = Actor(
        "staff",
        1,
        DISTRICT,
        "",
        tuple(
            Grant(dice.choice(list(Role)), dice.choice(scopes), dice.choice([None, department_id]))
            for _ in range(dice.randint(0, 3))
        ),
    )
    answer = await read_day(conn, actor=actor, section=None, cursor=None, limit=100, now=START)
    lines = [line for section in answer.sections if section.section in OPEN_SECTIONS for line in section.lines]
    expected = {case.id for case in opened if case.state is not State.REJECTED and is_at_desk(actor, case)}
    assert sorted(expected) == sorted(line.case.id for line in lines)
    order = [(line.at or datetime.max.replace(tzinfo=UTC), line.case.id) for line in lines]
    assert all(before < after for before, after in pairwise(order))
    page = await list_cases(conn, actor=actor, wanted=CaseFilter(), order=Order.DUE, cursor=None, limit=200, now=START)
    assert expected <= {line.id for line in page.cases}
    assert expected == set() or desks_of(actor).area_paths or desks_of(actor).department_ids
