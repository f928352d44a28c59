"""Shell commands: `departments add`, `departments list`, `rules add`, `rules list`; and what their words stand for."""

import argparse
from argparse import Namespace

from community import queries
from community.errors import UnknownArea, UnknownCategory, UnknownDepartment
from community.models import RoutingRule
from community.routing import queries as routing
from core.errors import Text
from core.shell import Shell, add_command, filled

_MOST = 9999


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the commands."""
    departments = commands.add_parser("departments", help="处置部门 / the departments that handle cases")
    verbs = departments.add_subparsers(dest="verb", required=True, metavar="VERB")
    founding = add_command(verbs, "add", add_department, "新增部门 / add a department")
    founding.add_argument("code", type=filled)
    founding.add_argument("name", type=filled)
    founding.add_argument("--phone")
    founding.add_argument(
        "--category",
        action="append",
        default=[],
        metavar="C",
        help="该类别默认由它处置，可重复 / it usually handles this category; may be repeated",
    )
    add_command(verbs, "list", list_departments, "列出部门 / list the departments")
    rules = commands.add_parser("rules", help="分拨规则 / which desk answers for which cases")
    verbs = rules.add_subparsers(dest="verb", required=True, metavar="VERB")
    _describe_rule(add_command(verbs, "add", add_rule, "新增规则 / add a rule"))
    add_command(verbs, "list", list_rules, "列出规则 / list the rules in words")


def _describe_rule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("position", type=_count, help="从小到大，先合者定 / lowest first; the first that fits decides")
    parser.add_argument("--category", metavar="C", help="缺省为所有类别 / default every category")
    parser.add_argument("--area", default="", metavar="PATH", help="缺省为全区 / default the whole district")
    parser.add_argument(
        "--desk-depth",
        type=_count,
        metavar="N",
        help="由第 N 级区域受理（1 为最高级），缺省为所在区域 / the area N levels down answers, 1 the topmost; "
        "default the area where the case lies",
    )
    parser.add_argument("--department", metavar="CODE", help="建议处置部门 / department suggested")
    parser.add_argument("--note", default="", help="备注 / why there is this rule")


def _count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= _MOST):
        raise argparse.ArgumentTypeError(f"应为 1 到 {_MOST} 的整数 / must be a whole number from 1 to {_MOST}")
    return int(text)


async def find_area_path(shell: Shell, path: str) -> str:
    """Give `path` back if the active generation has it or it is `''`, the whole district. Raises `UnknownArea`."""
    if path:
        code = path.rpartition("/")[2]
        area = await queries.find_area(shell.conn, district_id=shell.district_id, generation_id=None, code=code)
        if area is None or area.path != path:
            raise UnknownArea(pointer="/area", code=path)
    return path


async def find_department(shell: Shell, code: str | None) -> int | None:
    """Give the id of the department with this code, None for None. Raises `UnknownDepartment`."""
    if code is None:
        return None
    department_id = await routing.find_department_id(shell.conn, district_id=shell.district_id, code=code)
    if department_id is None:
        raise UnknownDepartment(pointer="/department", department_id=code)
    return department_id


async def _check_category(shell: Shell, code: str) -> None:
    category = await queries.find_category(shell.conn, district_id=shell.district_id, code=code)
    if category is None or not category.is_active:
        raise UnknownCategory(pointer="/category", code=code)


async def add_department(shell: Shell, arguments: Namespace) -> int:
    """Add a department and make it the usual one of its categories."""
    for category in arguments.category:
        await _check_category(shell, category)
    async with shell.conn.transaction():
        department_id = await routing.insert_department(
            shell.conn,
            district_id=shell.district_id,
            code=arguments.code,
            name=arguments.name,
            phone=arguments.phone,
        )
        for category in arguments.category:
            await routing.set_default_department(
                shell.conn, district_id=shell.district_id, category_code=category, department_id=department_id
            )
    print(f"已新增部门 / department added: {arguments.code} {arguments.name}")
    return 0


async def list_departments(shell: Shell, _arguments: Namespace) -> int:
    """List the departments, each with the categories that are usually its own."""
    categories = await queries.list_categories(shell.conn, district_id=shell.district_id)
    for department in await routing.list_departments(shell.conn, district_id=shell.district_id):
        usual = [f"{each.code} {each.zh}" for each in categories if each.default_department_id == department.id]
        print(f"{department.code}\t{department.name}\t{department.phone or '-'}\t{', '.join(usual) or '-'}")
    nobodys = [f"{each.code} {each.zh}" for each in categories if each.default_department_id is None]
    print(f"无默认部门的类别 / categories without a department: {', '.join(nobodys) or '-'}")
    return 0


async def add_rule(shell: Shell, arguments: Namespace) -> int:
    """Add a routing rule; it holds for the cases opened or handed over from now on."""
    if arguments.category is not None:
        await _check_category(shell, arguments.category)
    await routing.insert_routing_rule(
        shell.conn,
        district_id=shell.district_id,
        position=arguments.position,
        area_path=await find_area_path(shell, arguments.area),
        category_code=arguments.category,
        desk_depth=arguments.desk_depth,
        department_id=await find_department(shell, arguments.department),
        note=arguments.note,
    )
    print(f"已新增规则 / rule added: {arguments.position}")
    return 0


async def list_rules(shell: Shell, _arguments: Namespace) -> int:
    """Say in words which cases go where, in the order in which the rules are read."""
    departments = await routing.list_departments(shell.conn, district_id=shell.district_id)
    names = {department.id: department.name for department in departments}
    for rule in await routing.list_routing_rules(shell.conn, district_id=shell.district_id):
        words = _in_words(rule, names)
        print(f"{rule.position}. {words.zh} / {words.en}" + (f" ({rule.note})" if rule.note else ""))
    print(
        "其余案件由所在区域受理，建议类别的默认部门；没有区域的案件归值班台 / "
        "every other case goes to the area where it lies, suggesting the department of its category; "
        "without an area it goes to the duty desk"
    )
    return 0


def _in_words(rule: RoutingRule, departments: dict[int, str]) -> Text:
    area = Text(rule.area_path or "全区", rule.area_path or "the whole district")
    category = Text(rule.category_code or "所有类别", rule.category_code or "every category")
    depth = rule.desk_depth
    desk = Text("所在区域", "the area where it lies")
    if depth is not None:
        desk = Text(f"其第 {depth} 级区域", f"the area above it at level {depth}")
    department = Text("类别的默认部门", "the department of its category")
    if rule.department_id is not None:
        department = Text(*[departments.get(rule.department_id, f"#{rule.department_id}")] * 2)
    return Text(
        f"{area.zh}，{category.zh}：由{desk.zh}受理，建议{department.zh}",
        f"{category.en} in {area.en}: to {desk.en}, suggesting {department.en}",
    )
