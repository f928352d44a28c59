"""Shell commands: `departments add`, `departments list`; those of routing stand in its own part."""

import argparse
from argparse import Namespace

from community import queries
from community.routing import cli as routing_commands
from community.routing import queries as routing
from community.routing.cli import check_category
from core.shell import Shell, add_command, filled


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
    routing_commands.add_commands(commands)


async def add_department(shell: Shell, arguments: Namespace) -> int:
    """Add a department and make it the usual one of its categories."""
    for category in arguments.category:
        await check_category(shell, category)
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
