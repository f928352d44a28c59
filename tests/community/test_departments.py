"""Departments that serve an area only: where they may be put to work, and who is shown them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from community.acts import Act
from community.categories import set_category
from community.departments import list_serving
from community.errors import DepartmentServesElsewhere, UnknownDepartment
from community.queries import find_category
from community.routing.changes import Add
from community.routing.models import RuleTerms
from community.routing.queries import insert_department
from community.routing.rules import add_rule
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor, Grant, Role
from core.database import Connection
from tests.community.district import COMMUNITY, ELSEWHERE, NEIGHBOUR, STREET, add_areas, hire, located, open_report
from tests.conftest import DISTRICT, START

NOW = START + timedelta(minutes=5)


async def serving(conn: Connection, area_path: str, code: str = "roads") -> int:
    return await insert_department(conn, district_id=DISTRICT, code=code, name=code, phone=None, area_path=area_path)


@pytest.mark.parametrize(("area_path", "is_taken"), [("", True), (STREET, True), (COMMUNITY, True), (NEIGHBOUR, False)])
async def test_a_case_is_dispatched_to_departments_that_serve_where_it_lies(
    conn: Connection, area_path: str, is_taken: bool
) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located(), trusted=True)
    act = Act(department_id=await serving(conn, area_path))
    if is_taken:
        await carry_out(conn, case_id=case.id, verb=Verb.DISPATCH, act=act, actor=secretary, now=NOW)
    else:
        with pytest.raises(DepartmentServesElsewhere, match="roads"):
            await carry_out(conn, case_id=case.id, verb=Verb.DISPATCH, act=act, actor=secretary, now=NOW)


async def test_a_department_passes_on_only_to_one_that_serves_there_too(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located(), trusted=True)
    first, other = await serving(conn, COMMUNITY), await serving(conn, NEIGHBOUR, "water")
    dispatched = Act(department_id=first)
    await carry_out(conn, case_id=case.id, verb=Verb.DISPATCH, act=dispatched, actor=secretary, now=NOW)
    worker = Actor("staff", secretary.id, DISTRICT, grants=(Grant(Role.DEPARTMENT, COMMUNITY, first),))
    act = Act(department_id=other, note="请供水处理")
    with pytest.raises(DepartmentServesElsewhere):
        await carry_out(conn, case_id=case.id, verb=Verb.PASS_ON, act=act, actor=worker, now=NOW)


async def test_a_rule_names_departments_that_serve_all_of_its_area(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY)
    department_id = await serving(conn, COMMUNITY)
    terms = RuleTerms(area_path=STREET, department_ids=(department_id,))
    with pytest.raises(DepartmentServesElsewhere):
        await add_rule(conn, district_id=DISTRICT, add=Add(terms, None), actor=None, now=NOW)
    terms = replace(terms, area_path=COMMUNITY)
    record = await add_rule(conn, district_id=DISTRICT, add=Add(terms, None), actor=None, now=NOW)
    assert (department_id,) == record.rule.department_ids
    terms = replace(terms, department_ids=(department_id, 99))
    with pytest.raises(UnknownDepartment):
        await add_rule(conn, district_id=DISTRICT, add=Add(terms, None), actor=None, now=NOW)


async def test_the_usual_department_of_a_category_serves_the_whole_district(conn: Connection) -> None:
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN, "")
    litter = await find_category(conn, district_id=DISTRICT, code="litter")
    assert litter is not None
    of_an_area, of_all = await serving(conn, STREET), await serving(conn, "", "all")
    with pytest.raises(DepartmentServesElsewhere):
        await set_category(conn, category=replace(litter, default_department_id=of_an_area), actor=admin, now=NOW)
    await set_category(conn, category=replace(litter, default_department_id=of_all), actor=admin, now=NOW)


async def test_a_case_at_the_duty_desk_goes_only_to_departments_of_the_whole_district(conn: Connection) -> None:
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN, "")
    case = await open_report(conn, 1, trusted=True)
    of_an_area = Act(department_id=await serving(conn, STREET))
    of_all = Act(department_id=await serving(conn, "", "all"))
    with pytest.raises(DepartmentServesElsewhere):
        await carry_out(conn, case_id=case.id, verb=Verb.DISPATCH, act=of_an_area, actor=admin, now=NOW)
    await carry_out(conn, case_id=case.id, verb=Verb.DISPATCH, act=of_all, actor=admin, now=NOW)


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ("", ["all", "own", "street"]),
        (STREET, ["all", "own", "street"]),
        (COMMUNITY, ["all", "own", "street"]),
        (NEIGHBOUR, ["all", "street"]),
        (ELSEWHERE, ["all"]),
    ],
)
async def test_one_is_shown_the_departments_that_serve_anything_of_his_areas(
    conn: Connection, scope: str, seen: list[str]
) -> None:
    for code, area_path in {"all": "", "own": COMMUNITY, "street": STREET}.items():
        await serving(conn, area_path, code)
    who = await hire(conn, "worker", Role.GRID_WORKER, scope)
    assert seen == [department.code for department in await list_serving(conn, actor=who)]
