"""Shell commands: `staff add`, `grant`, `disable`, `password`, `list`."""

import argparse
import getpass
import os
from argparse import Namespace

from community.routing.cli import find_area_path, find_department
from community.routing.queries import list_departments
from core.access import queries
from core.access.accounts import add_staff, disable, set_password
from core.access.models import Grant, Role, Staff
from core.errors import FieldError, InvalidInput, Text
from core.shell import Shell, add_command, filled

#: Read instead of asking, for scripts; never an argument, which every user of the machine could see.
PASSWORD_VARIABLE = "RIDER_STATION_PASSWORD"  # noqa: S105 — the name of a variable

#: Roles that may be held without naming an area; a forgotten --area must not open the whole district to another.
DISTRICT_WIDE = frozenset({Role.DISTRICT_ADMIN, Role.AUDITOR, Role.DEPARTMENT})


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the commands."""
    staff = commands.add_parser("staff", help="工作人员账号 / the accounts of staff")
    verbs = staff.add_subparsers(dest="verb", required=True, metavar="VERB")
    making = add_command(verbs, "add", make_staff, "新增账号，会询问密码 / make an account; asks for its password")
    making.add_argument("username", type=filled)
    making.add_argument("name", type=filled)
    granting = add_command(verbs, "grant", grant_role, "再授予一个角色 / give one more role")
    granting.add_argument("username")
    for parser in (making, granting):
        parser.add_argument("role", choices=[role.value for role in Role])
        parser.add_argument(
            "--area", default="", metavar="PATH", help="区域路径，缺省为全区 / default the whole district"
        )
        parser.add_argument("--department", metavar="CODE", help="角色 department 的部门 / of the role department")
    disabling = add_command(
        verbs, "disable", disable_staff, "停用账号并结束其会话 / disable an account, end its sessions"
    )
    disabling.add_argument("username")
    renewing = add_command(
        verbs, "password", renew_password, "设置新密码并结束其会话 / set a password, end the sessions"
    )
    renewing.add_argument("username")
    add_command(verbs, "list", list_staff, "列出账号与角色 / list the accounts with their roles")


async def make_staff(shell: Shell, arguments: Namespace) -> int:
    """Make a staff account with one role; the password is asked for."""
    grant = await _read_grant(shell, arguments)
    async with shell.conn.transaction():
        staff = await add_staff(
            shell.conn,
            district_id=shell.district_id,
            username=arguments.username,
            name=arguments.name,
            password=_read_password(),
            grants=(grant,),
            now=shell.now,
        )
    print(f"{_title(staff)}: {_words(grant, arguments.department)}")
    return 0


async def grant_role(shell: Shell, arguments: Namespace) -> int:
    """Give an account one more role; it counts from its next request."""
    staff = await _find(shell, arguments.username)
    grant = await _read_grant(shell, arguments)
    await queries.insert_grant(shell.conn, district_id=shell.district_id, staff_id=staff.id, grant=grant, now=shell.now)
    print(f"{_title(staff)}: {_words(grant, arguments.department)}")
    return 0


async def disable_staff(shell: Shell, arguments: Namespace) -> int:
    """Disable an account."""
    staff = await _find(shell, arguments.username)
    async with shell.conn.transaction():
        await disable(shell.conn, district_id=shell.district_id, staff_id=staff.id, now=shell.now)
    print(f"{_title(staff)}: 已停用 / disabled")
    return 0


async def renew_password(shell: Shell, arguments: Namespace) -> int:
    """Set a new password, which is asked for."""
    staff = await _find(shell, arguments.username)
    password = _read_password()
    async with shell.conn.transaction():
        await set_password(
            shell.conn, district_id=shell.district_id, staff_id=staff.id, password=password, now=shell.now
        )
    print(f"{_title(staff)}: 密码已更换 / the password is new")
    return 0


async def list_staff(shell: Shell, _arguments: Namespace) -> int:
    """List the accounts, each with its roles."""
    departments = await list_departments(shell.conn, district_id=shell.district_id)
    codes = {department.id: department.code for department in departments}
    for staff in await queries.list_staff(shell.conn, district_id=shell.district_id):
        grants = await queries.list_grants(shell.conn, district_id=shell.district_id, staff_id=staff.id)
        held = sorted(_words(grant, codes.get(grant.department_id or 0)) for grant in grants)
        print(f"{_title(staff)}: {'; '.join(held) or '-'}" + (" [已停用 / disabled]" if staff.disabled_at else ""))
    return 0


async def _find(shell: Shell, username: str) -> Staff:
    staff = await queries.find_staff(shell.conn, district_id=shell.district_id, username=username)
    if staff is None:
        reason = Text(f"没有账号 {username}。", f"There is no account {username}.")
        raise InvalidInput([FieldError("/username", reason)])
    return staff


async def _read_grant(shell: Shell, arguments: Namespace) -> Grant:
    """Give the grant that was asked for. Raises `InvalidInput`, `UnknownArea`, `UnknownDepartment`."""
    role = Role(arguments.role)
    errors = []
    if not arguments.area and role not in DISTRICT_WIDE:
        errors.append(
            FieldError("/area", Text(f"角色 {role} 须用 --area 指定区域。", f"The role {role} needs --area."))
        )
    if (role is Role.DEPARTMENT) != (arguments.department is not None):
        reason = Text(
            "角色 department 须用 --department 指定部门，其他角色不用。",
            "The role department needs --department, and no other role takes it.",
        )
        errors.append(FieldError("/department", reason))
    if errors:
        raise InvalidInput(errors)
    area_path = await find_area_path(shell, arguments.area)
    code = arguments.department
    return Grant(role, area_path, None if code is None else await find_department(shell, code))


def _read_password() -> str:
    return os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("密码 / password: ")


def _title(staff: Staff) -> str:
    return f"{staff.username}（{staff.name}）"


def _words(grant: Grant, department: str | None) -> str:
    of = f" {department}" if department else ""
    return f"{grant.role}{of} @ {grant.area_path or '全区 / whole district'}"
