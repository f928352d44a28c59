"""Shell commands: `departments add`, `departments list`; those of routing stand in its own part."""

import argparse
from argparse import Namespace

from community import queries
from community.routing import cli as routing_commands
from community.routing import queries as routing
from community.routing.cli import check_category, find_area_path
from core.audit import record_act
from core.errors import FieldError, InvalidInput, Text
from core.shell import Shell, add_command, filled

_WHOLE_DISTRICT_ONLY = Text(
    "只服务部分区域的部门不能作为类别的默认部门；请用分拨规则指定。",
    "A department that serves only an area cannot be the usual one of a category: name it in a routing rule.",
)


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the commands."""
    departments = commands.add_parser("departments", help="处置部门 / the departments that handle cases")
    verbs = departments.add_subparsers(dest="verb", required=True, metavar="VERB")
    founding = add_command(verbs, "add", add_department, "新增部门 / add a department")
    founding.add_argument("code", type=filled)
    founding.add_argument("name", type=filled)
    founding.add_argument("--phone")
    founding.add_argument(
        "--area", default="", metavar="PATH", help="只服务该区域及下级；不填为全区 / it serves this area and below only"
    )
    founding.add_argument(
        "--category",
        action="append",
        default=[],
        metavar="C",
        help="该类别默认由它处置，可重复 / it usually handles this category; may be repeated",
    )
    add_command(verbs, "list", list_departments, "列出部门 / list the departments")
    routing_commands.add_commands(commands)


async def add_department(shell: Shell, arguments: Namespace) -> int:
    """Add a department and make it the usual one of its categories, which only one of the whole district can be."""
    area_path = await find_area_path(shell, arguments.area)
    if area_path and arguments.category:
        raise InvalidInput([FieldError("/category", _WHOLE_DISTRICT_ONLY)])
    for category in arguments.category:
        await check_category(shell, category)
    async with shell.conn.transaction():
        department_id = await routing.insert_department(
            shell.conn,
            district_id=shell.district_id,
            code=arguments.code,
            name=arguments.name,
            phone=arguments.phone,
            area_path=area_path,
        )
        for category in arguments.category:
            await routing.set_default_department(
                shell.conn, district_id=shell.district_id, category_code=category, department_id=department_id
            )
        await record_act(
            shell.conn,
            district_id=shell.district_id,
            act="department.added",
            actor=None,
            now=shell.now,
            subject="department",
            subject_id=department_id,
            data={"code": arguments.code, "categories": arguments.category},
        )
    print(f"已新增部门 / department added: {arguments.code} {arguments.name}")
    return 0


async def list_departments(shell: Shell, _arguments: Namespace) -> int:
    """List the departments, each with the categories that are usually its own."""
    categories = await queries.list_categories(shell.conn, district_id=shell.district_id)
    for department in await routing.list_departments(shell.conn, district_id=shell.district_id):
        usual = [f"{each.code} {each.zh}" for each in categories if each.default_department_id == department.id]
        serves = department.area_path or "全区 / whole"
        about = (department.code, department.name, serves, department.phone or "-", ", ".join(usual) or "-")
        print("\t".join(about))
    nobodys = [f"{each.code} {each.zh}" for each in categories if each.default_department_id is None]
    print(f"无默认部门的类别 / categories without a department: {', '.join(nobodys) or '-'}")
    return 0
