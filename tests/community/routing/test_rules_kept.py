"""Keeping rules in the database: history, order, what is refused, and that no case moves by it."""

import random
from dataclasses import replace
from datetime import time

import asyncpg
import pytest

from community.errors import UnknownArea, UnknownCategory, UnknownDepartment
from community.routing.changes import Add, Change, Move, Replace, Retire, apply
from community.routing.errors import PostTooNarrow, RuleNotFound, RuleNotYours, RuleRetired, UnknownPost
from community.routing.models import RuleTerms
from community.routing.queries import insert_routing_rule, list_routing_rules
from community.routing.rules import add_rule, get_rule, move_rule, replace_rule, retire_rule
from core.access.models import Actor, Grant, Role
from core.database import Connection
from core.queries import list_events
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, add_areas, found, located, open_report, read
from tests.community.routing.rule_making import make_post, make_rule
from tests.conftest import DISTRICT, START

ADMIN = Actor("staff", None, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, ""),))
EVERYTHING = RuleTerms(
    category_code="litter",
    weekdays=(1, 7),
    from_time=time(22),
    to_time=time(6),
    on_workdays=False,
    desk_depth=2,
    note="夜间",
)


async def test_a_rule_is_read_as_it_was_written(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY)
    post = await make_post(conn, STREET)
    departments = (await found(conn, "b"), await found(conn, "a"))
    terms = replace(EVERYTHING, area_path=STREET, department_ids=departments, post_id=post.id)
    rule_id = await make_rule(conn, terms)
    (rule,) = await list_routing_rules(conn, district_id=DISTRICT)
    assert {name: getattr(rule, name) for name in terms.__dataclass_fields__} == {
        name: getattr(terms, name) for name in terms.__dataclass_fields__
    }
    assert (rule_id, 10) == (rule.id, rule.position)


async def test_all_departments_of_a_rule_are_suggested_and_the_first_leads(conn: Connection) -> None:
    departments = (await found(conn, "b"), await found(conn, "a"))
    await make_rule(conn, RuleTerms(department_ids=departments))
    case = await open_report(conn, 1, at=located())
    assert (departments, departments[0]) == (case.suggested_department_ids, case.suggested_department_id)


async def test_no_change_of_rules_moves_a_case(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY)
    rule_id = await make_rule(conn, RuleTerms(desk_depth=2))
    case = await open_report(conn, 1, at=located())
    post = await make_post(conn)
    changed = await replace_rule(
        conn,
        district_id=DISTRICT,
        change=Replace(rule_id, RuleTerms(desk_depth=1, department_ids=(await found(conn),))),
        actor=ADMIN,
        now=START,
    )
    await make_rule(conn, RuleTerms(area_path=COMMUNITY, post_id=post.id), position=1)
    assert case == await read(conn, case)
    await retire_rule(conn, district_id=DISTRICT, rule_id=changed.rule.id, reason="不再需要", actor=ADMIN, now=START)
    assert case == await read(conn, case)


async def test_the_rule_that_an_old_case_names_still_says_what_it_said(conn: Connection) -> None:
    rule_id = await make_rule(conn, RuleTerms(desk_depth=2, note="先行"))
    case = await open_report(conn, 1, at=located())
    changed = await replace_rule(
        conn, district_id=DISTRICT, change=Replace(rule_id, RuleTerms(desk_depth=1)), actor=ADMIN, now=START
    )
    (opened,) = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    assert rule_id == opened.data["rule_id"]
    then = await get_rule(conn, district_id=DISTRICT, rule_id=rule_id)
    assert (2, "先行", False, changed.rule.id, START) == (
        then.rule.desk_depth,
        then.rule.note,
        then.is_active,
        then.replaced_by,
        then.retired_at,
    )
    now = await get_rule(conn, district_id=DISTRICT, rule_id=changed.rule.id)
    assert (1, True, rule_id, then.rule.position) == (
        now.rule.desk_depth,
        now.is_active,
        now.replaces,
        now.rule.position,
    )


async def test_every_change_leaves_an_event_that_says_the_whole_rule(conn: Connection) -> None:
    rule_id = await make_rule(conn, EVERYTHING)
    await move_rule(conn, district_id=DISTRICT, change=Move(rule_id, 3), actor=ADMIN, now=START)
    changed = await replace_rule(
        conn, district_id=DISTRICT, change=Replace(rule_id, RuleTerms()), actor=ADMIN, now=START
    )
    await retire_rule(conn, district_id=DISTRICT, rule_id=changed.rule.id, reason="试行结束", actor=None, now=START)
    told = [
        event
        for subject_id in (rule_id, changed.rule.id)
        for event in await list_events(conn, district_id=DISTRICT, subject="routing_rule", subject_id=subject_id)
    ]
    assert ["rule.added", "rule.moved", "rule.changed", "rule.retired"] == [event.kind for event in told]
    added, moved, replaced, retired = (event.data for event in told)
    assert {"from_time": "22:00:00", "weekdays": [1, 7], "desk_depth": 2}.items() <= added["rule"].items()  # type: ignore[attr-defined]
    assert {"position": 10} == moved["before"]
    assert rule_id == replaced["replaces"]
    assert "夜间" == replaced["before"]["note"]  # type: ignore[index]
    assert "试行结束" == retired["reason"]


async def test_a_rule_that_is_gone_cannot_be_changed(conn: Connection) -> None:
    rule_id = await make_rule(conn, RuleTerms())
    await retire_rule(conn, district_id=DISTRICT, rule_id=rule_id, reason="x", actor=ADMIN, now=START)
    with pytest.raises(RuleRetired):
        await move_rule(conn, district_id=DISTRICT, change=Move(rule_id, 1), actor=ADMIN, now=START)
    with pytest.raises(RuleRetired):
        await replace_rule(conn, district_id=DISTRICT, change=Replace(rule_id, RuleTerms()), actor=ADMIN, now=START)
    with pytest.raises(RuleNotFound):
        await move_rule(conn, district_id=DISTRICT, change=Move(rule_id + 1, 1), actor=ADMIN, now=START)


async def test_the_order_in_the_database_is_the_order_that_is_tried(conn: Connection) -> None:
    dice = random.Random(4)
    for _ in range(60):
        rules = await list_routing_rules(conn, district_id=DISTRICT)
        rule_id = dice.choice(rules).id if rules else 0
        terms = RuleTerms(note=str(dice.random()))
        acts: list[Change] = [Add(terms, dice.choice([None, *range(1, 40)]))] * (2 if rules else 1)
        acts += [Replace(rule_id, terms), Move(rule_id, dice.randint(1, 40)), Retire(rule_id)] if rules else []
        act = dice.choice(acts)
        expected = [(rule.note, rule.position) for rule in apply(rules, [act])]
        match act:
            case Add():
                await add_rule(conn, district_id=DISTRICT, add=act, actor=ADMIN, now=START)
            case Replace():
                await replace_rule(conn, district_id=DISTRICT, change=act, actor=ADMIN, now=START)
            case Move():
                await move_rule(conn, district_id=DISTRICT, change=act, actor=ADMIN, now=START)
            case Retire():
                await retire_rule(conn, district_id=DISTRICT, rule_id=act.rule_id, reason="x", actor=ADMIN, now=START)
        after = await list_routing_rules(conn, district_id=DISTRICT)
        assert expected == [(rule.note, rule.position) for rule in after], act


async def test_only_rules_that_hold_need_places_of_their_own(conn: Connection) -> None:
    rule_id = await insert_routing_rule(conn, district_id=DISTRICT, position=1, terms=RuleTerms())
    await retire_rule(conn, district_id=DISTRICT, rule_id=rule_id, reason="x", actor=ADMIN, now=START)
    await insert_routing_rule(conn, district_id=DISTRICT, position=1, terms=RuleTerms())
    with pytest.raises(asyncpg.ExclusionViolationError, match="routing_rule_position_unique"):
        await insert_routing_rule(conn, district_id=DISTRICT, position=1, terms=RuleTerms())


@pytest.mark.parametrize(
    ("terms", "refusal", "pointer"),
    [
        (RuleTerms(area_path="37/09"), UnknownArea, "/area_path"),
        (RuleTerms(category_code="pirates"), UnknownCategory, "/category_code"),
        (RuleTerms(department_ids=(999,)), UnknownDepartment, "/department_ids/0"),
        (RuleTerms(post_id=999), UnknownPost, "/post_id"),
    ],
)
async def test_a_rule_names_only_what_there_is(
    conn: Connection, terms: RuleTerms, refusal: type[UnknownArea], pointer: str
) -> None:
    with pytest.raises(refusal) as refused:
        await make_rule(conn, terms)
    assert pointer == refused.value.pointer


async def test_a_rule_sends_nobody_cases_that_he_does_not_see(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    post = await make_post(conn)
    for area_path in ("", STREET, NEIGHBOUR):
        with pytest.raises(PostTooNarrow):
            await make_rule(conn, RuleTerms(area_path=area_path, post_id=post.id))


async def test_an_administrator_of_a_part_makes_rules_for_that_part_only(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    of_part = Actor("staff", None, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, STREET), Grant(Role.SECRETARY, "")))
    with pytest.raises(RuleNotYours):
        await add_rule(conn, district_id=DISTRICT, add=Add(RuleTerms(desk_depth=1)), actor=of_part, now=START)
    await add_rule(conn, district_id=DISTRICT, add=Add(RuleTerms(area_path=COMMUNITY)), actor=of_part, now=START)
    of_all = await make_rule(conn, RuleTerms())
    with pytest.raises(RuleNotYours):
        await move_rule(conn, district_id=DISTRICT, change=Move(of_all, 1), actor=of_part, now=START)
