"""The commands about departments and routing rules, run on a connection as the shell would run them."""

import argparse
from pathlib import Path

import pytest

from community.cli import add_commands
from community.errors import UnknownArea, UnknownCategory, UnknownDepartment
from community.routing.queries import list_departments, list_routing_rules
from core.database import Connection
from core.errors import InvalidInput
from core.shell import Shell
from tests.community.district import COMMUNITY, STREET, add_areas, found, located, open_report
from tests.conftest import DISTRICT, START


async def run(conn: Connection, *words: str) -> int:
    """Run a command as `python -m app` would."""
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    arguments = parser.parse_args(words)
    status: int = await arguments.run(Shell(conn, DISTRICT, START, Path("/nowhere")), arguments)
    return status


async def test_a_department_is_suggested_for_the_categories_it_was_given(conn: Connection) -> None:
    words = ("sanitation", "环卫中心", "--phone", "12345", "--category", "litter", "--category", "rubble")
    assert 0 == await run(conn, "departments", "add", *words)
    (department,) = await list_departments(conn, district_id=DISTRICT)
    assert ("sanitation", "环卫中心", "12345", "") == (
        department.code,
        department.name,
        department.phone,
        department.area_path,
    )
    suggested = [
        (await open_report(conn, category, at=located(), category_code=category)).suggested_department_id
        for category in ("litter", "rubble", "road_damage")
    ]
    assert [department.id, department.id, None] == suggested


async def test_a_department_of_an_unknown_category_is_not_added(conn: Connection) -> None:
    with pytest.raises(UnknownCategory):
        await run(conn, "departments", "add", "navy", "海军", "--category", "litter", "--category", "pirates")
    assert [] == await list_departments(conn, district_id=DISTRICT)


async def test_a_department_of_an_area_is_no_category_s_usual_one(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY)
    with pytest.raises(InvalidInput):
        await run(conn, "departments", "add", "roads", "路灯所", "--area", STREET, "--category", "litter")
    with pytest.raises(UnknownArea):
        await run(conn, "departments", "add", "roads", "路灯所", "--area", "99")
    assert 0 == await run(conn, "departments", "add", "roads", "路灯所", "--area", STREET)
    assert [STREET] == [department.area_path for department in await list_departments(conn, district_id=DISTRICT)]


async def test_departments_are_listed_with_their_categories(
    conn: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(conn, "departments", "add", "sanitation", "环卫中心", "--category", "litter")
    capsys.readouterr()
    assert 0 == await run(conn, "departments", "list")
    department, rest = capsys.readouterr().out.splitlines()
    assert "sanitation\t环卫中心\t全区 / whole\t-\tlitter 暴露垃圾" == department
    assert ("litter" in rest, "rubble" in rest) == (False, True)


async def test_a_rule_sends_cases_to_the_desk_and_the_department_it_names(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY)
    department_id = await found(conn, "roads")
    words = ("--category", "litter", "--area", STREET, "--desk-depth", "2", "--department", "roads")
    assert 0 == await run(conn, "rules", "add", "10", *words)
    case = await open_report(conn, 1, at=located())
    assert (STREET, department_id) == (case.desk_path, case.suggested_department_id)


@pytest.mark.parametrize(
    ("option", "value", "refusal"),
    [
        ("--category", "pirates", UnknownCategory),
        ("--area", "37/02", UnknownArea),
        ("--department", "navy", UnknownDepartment),
    ],
)
async def test_a_rule_names_only_what_there_is(
    conn: Connection, option: str, value: str, refusal: type[Exception]
) -> None:
    await add_areas(conn, COMMUNITY)
    with pytest.raises(refusal):
        await run(conn, "rules", "add", "10", option, value)
    assert [] == await list_routing_rules(conn, district_id=DISTRICT)


async def test_the_rules_are_read_out_in_order_and_then_what_holds_without_one(
    conn: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await add_areas(conn, COMMUNITY)
    await found(conn, "roads")
    await run(conn, "rules", "add", "20", "--note", "试行")
    await run(
        conn,
        *("rules", "add", "10", "--category", "litter", "--area", STREET, "--desk-depth", "2", "--department", "roads"),
    )
    capsys.readouterr()
    assert 0 == await run(conn, "rules", "list")
    first, second, rest = capsys.readouterr().out.splitlines()
    assert (
        "10. 37/01，litter：由其第 2 级区域受理，建议roads / "
        "litter in 37/01: to the area above it at level 2, suggesting roads"
    ) == first
    assert second.startswith(
        "20. 全区，所有类别：由所在区域受理，建议类别的默认部门 / every category in the whole district: "
    )
    assert second.endswith(" (试行)")
    assert "值班台" in rest
