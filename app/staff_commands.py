"""Shell commands about staff: what an administrator does over HTTP, for the operator at the machine."""

import argparse
import os
from argparse import Namespace
from collections.abc import Awaitable, Callable

from community.routing.queries import list_departments
from community.staff import administer
from community.staff.granting import settle_grant
from community.staff.models import WantedGrant
from core.access import queries
from core.access.accounts import ONE_TIME_LIFE, OneTimePassword, context_of, make_one_time_password
from core.access.models import Grant, Role
from core.access.passwords import hash_password
from core.errors import FieldError, InvalidInput, Text
from core.shell import Shell, add_command, filled

#: A one-time password of one's own making, for scripts; never an argument, which every user of the machine could see.
PASSWORD_VARIABLE = "RIDER_STATION_PASSWORD"  # noqa: S105 — the name of a variable

_PLAIN = (
    ("disable", "停用账号并结束其会话 / disable an account, end its sessions", "已停用 / disabled"),
    ("enable", "恢复已停用的账号 / let a disabled account sign in again", "已恢复 / enabled"),
)
_RESETS = (
    ("password", "发一次性密码并解锁 / give a one-time password, unlock", "密码已更换 / the password is new"),
    (
        "second-factor",
        "解除丢失的验证器，发一次性密码 / take a lost authenticator, give a one-time password",
        "验证器已解除 / the authenticator is taken",
    ),
)
_VERBS: dict[str, Callable[..., Awaitable[None]]] = {
    "disable": administer.disable,
    "enable": administer.enable,
    "password": administer.reset_password,
    "second-factor": administer.reset_second_factor,
}


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the commands."""
    staff = commands.add_parser("staff", help="工作人员账号 / the accounts of staff")
    verbs = staff.add_subparsers(dest="verb", required=True, metavar="VERB")
    making = add_command(
        verbs, "add", make_staff, "新增账号，打印一次性密码 / make an account, print its one-time password"
    )
    making.add_argument("username", type=filled)
    making.add_argument("name", type=filled)
    granting = add_command(verbs, "grant", grant_role, "再授予一个角色 / give one more role")
    taking = add_command(verbs, "revoke", revoke_role, "收回一个角色 / take a role")
    for parser in (granting, taking):
        parser.add_argument("username")
    for parser in (making, granting, taking):
        parser.add_argument("role", choices=[role.value for role in Role])
        parser.add_argument(
            "--area", default="", metavar="PATH", help="区域路径，缺省为全区 / default the whole district"
        )
        parser.add_argument("--department", metavar="CODE", help="角色 department 的部门 / of the role department")
    for verb, help_text, said in _PLAIN:
        add_command(verbs, verb, act_on_staff, help_text).set_defaults(said=said)
    for verb, help_text, said in _RESETS:
        add_command(verbs, verb, reset_staff, help_text).set_defaults(said=said)
    for verb, *_ in (*_PLAIN, *_RESETS):
        verbs.choices[verb].add_argument("username")
    add_command(verbs, "list", list_staff, "列出账号与角色 / list the accounts with their roles")


async def make_staff(shell: Shell, arguments: Namespace) -> int:
    """Make a staff account with one role and a one-time password."""
    wanted = _wanted(arguments)
    await settle_grant(shell.conn, district_id=shell.district_id, wanted=wanted)  # before anything else is asked
    password = await _one_time_password(shell, arguments.username, arguments.name)
    async with shell.conn.transaction():
        await administer.add(
            shell.conn,
            district_id=shell.district_id,
            actor=None,
            username=arguments.username,
            name=arguments.name,
            wanted=wanted,
            password_hash=password.hash,
            now=shell.now,
        )
    print(f"{arguments.username}（{arguments.name}）: {_words(wanted.role, wanted.area_path, wanted.department)}")
    _hand_over(password)
    return 0


async def grant_role(shell: Shell, arguments: Namespace) -> int:
    """Give an account one more role; its sessions end."""
    staff_id, title = await _find(shell, arguments.username)
    wanted = _wanted(arguments)
    async with shell.conn.transaction():
        await administer.grant(
            shell.conn, district_id=shell.district_id, actor=None, staff_id=staff_id, wanted=wanted, now=shell.now
        )
    print(f"{title}: {_words(wanted.role, wanted.area_path, wanted.department)}")
    return 0


async def revoke_role(shell: Shell, arguments: Namespace) -> int:
    """Take a role from an account; its sessions end."""
    staff_id, title = await _find(shell, arguments.username)
    codes = await _department_codes(shell)
    department_id = next((known for known, code in codes.items() if code == arguments.department), None)
    taken = Grant(Role(arguments.role), arguments.area, department_id)
    async with shell.conn.transaction():
        await administer.revoke_grant(
            shell.conn, district_id=shell.district_id, actor=None, staff_id=staff_id, taken=taken, now=shell.now
        )
    print(f"{title}: {_words(taken.role, taken.area_path, arguments.department)} 已收回 / taken")
    return 0


async def act_on_staff(shell: Shell, arguments: Namespace) -> int:
    """Disable or enable an account."""
    staff_id, title = await _find(shell, arguments.username)
    async with shell.conn.transaction():
        await _VERBS[arguments.verb](
            shell.conn, district_id=shell.district_id, actor=None, staff_id=staff_id, now=shell.now
        )
    print(f"{title}: {arguments.said}")
    return 0


async def reset_staff(shell: Shell, arguments: Namespace) -> int:
    """Give an account a one-time password, perhaps in place of a lost authenticator too."""
    staff_id, title = await _find(shell, arguments.username)
    password = await _one_time_password(shell, arguments.username, title)
    async with shell.conn.transaction():
        await _VERBS[arguments.verb](
            shell.conn,
            district_id=shell.district_id,
            actor=None,
            staff_id=staff_id,
            password_hash=password.hash,
            now=shell.now,
        )
    print(f"{title}: {arguments.said}")
    _hand_over(password)
    return 0


async def list_staff(shell: Shell, _arguments: Namespace) -> int:
    """List the accounts, each with its roles."""
    codes = await _department_codes(shell)
    for staff in await queries.list_staff(shell.conn, district_id=shell.district_id):
        grants = await queries.list_grants(shell.conn, district_id=shell.district_id, staff_id=staff.id)
        held = sorted(_words(each.role, each.area_path, codes.get(each.department_id or 0)) for each in grants)
        ended = " [已停用 / disabled]" if staff.disabled_at else ""
        print(f"{staff.username}（{staff.name}）: {'; '.join(held) or '-'}{ended}")
    return 0


async def _department_codes(shell: Shell) -> dict[int, str]:
    departments = await list_departments(shell.conn, district_id=shell.district_id)
    return {department.id: department.code for department in departments}


async def _find(shell: Shell, username: str) -> tuple[int, str]:
    staff = await queries.find_staff(shell.conn, district_id=shell.district_id, username=username)
    if staff is None:
        reason = Text(f"没有账号 {username}。", f"There is no account {username}.")
        raise InvalidInput([FieldError("/username", reason)])
    return staff.id, f"{staff.username}（{staff.name}）"


def _wanted(arguments: Namespace) -> WantedGrant:
    return WantedGrant(Role(arguments.role), arguments.area, arguments.department)


async def _one_time_password(shell: Shell, username: str, name: str) -> OneTimePassword:
    """Make a password, or take the one of the environment. Raises what `hash_password` raises."""
    given = os.environ.get(PASSWORD_VARIABLE)
    if not given:
        return await make_one_time_password()
    words = await context_of(shell.conn, district_id=shell.district_id, username=username, name=name)
    return OneTimePassword("", await hash_password(given, context=words))


def _hand_over(password: OneTimePassword) -> None:
    """Print a password that was made here; one that was given is known already."""
    if password.text:
        days = ONE_TIME_LIFE.days
        print(
            f"一次性密码（{days} 天内首次登录时更换） / one-time password, to be replaced at the first sign-in "
            f"within {days} days: {password.text}"
        )


def _words(role: Role, area_path: str, department: str | None) -> str:
    of = f" {department}" if department else ""
    return f"{role}{of} @ {area_path or '全区 / whole district'}"
