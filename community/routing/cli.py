"""Shell commands: `rules add`, `rules list`, `rules retire`, `posts add`, `posts list`, `shifts add`, `shifts list`."""

import argparse
import re
from argparse import Namespace
from datetime import datetime, time, timedelta

from community.errors import UnknownCategory, UnknownDepartment
from community.queries import find_category
from community.routing import queries
from community.routing.changes import Add
from community.routing.models import RuleTerms
from community.routing.rota.models import Planned
from community.routing.rota.posts import open_post, plan_shifts
from community.routing.rota.queries import list_posts, list_shifts, list_shifts_at
from community.routing.rules import add_rule, check_area, retire_rule, say_rules
from core.access.queries import find_staff
from core.errors import FieldError, InvalidInput, Text
from core.queries import get_timezone
from core.shell import Shell, add_command, filled

_MOST = 9999
_SHOWN_DAYS = 14


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the commands."""
    rules = commands.add_parser("rules", help="分拨规则 / which desk answers for which cases")
    verbs = rules.add_subparsers(dest="verb", required=True, metavar="VERB")
    _describe_rule(add_command(verbs, "add", add_routing_rule, "新增规则 / add a rule"))
    add_command(verbs, "list", list_rules, "列出规则 / list the rules in words")
    retiring = add_command(verbs, "retire", retire_routing_rule, "停用规则 / let a rule hold no longer")
    retiring.add_argument("rule_id", type=int)
    retiring.add_argument("reason", type=filled)
    posts = commands.add_parser("posts", help="值班岗 / where somebody is on duty")
    verbs = posts.add_subparsers(dest="verb", required=True, metavar="VERB")
    opening = add_command(verbs, "add", add_post, "新增值班岗 / open a post")
    opening.add_argument("name", type=filled)
    opening.add_argument("--area", default="", metavar="PATH", help="缺省为全区 / default the whole district")
    opening.add_argument(
        "--only-by-rule", action="store_true", help="只接收规则指定的案件 / only for cases that a rule sends to it"
    )
    add_command(verbs, "list", show_posts, "列出值班岗和当班人 / list the posts and who is on duty")
    shifts = commands.add_parser("shifts", help="排班 / the rota of a post")
    verbs = shifts.add_subparsers(dest="verb", required=True, metavar="VERB")
    planning = add_command(verbs, "add", add_shift, "排一班 / put a shift on the rota")
    planning.add_argument("post_id", type=int)
    planning.add_argument("username", type=filled)
    planning.add_argument("starts_at", type=_local, metavar="FROM", help="当地时间，如 2026-03-10T08:00 / local time")
    planning.add_argument("ends_at", type=_local, metavar="TO")
    showing = add_command(verbs, "list", show_shifts, "列出两周内的班次 / list the shifts of two weeks")
    showing.add_argument("post_id", type=int)


def _describe_rule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("position", type=_count, help="从小到大，先合者定 / lowest first; the first that fits decides")
    parser.add_argument("--category", metavar="C", help="缺省为所有类别 / default every category")
    parser.add_argument("--area", default="", metavar="PATH", help="缺省为全区 / default the whole district")
    parser.add_argument(
        "--weekday", type=int, choices=range(1, 8), action="append", default=[], help="1 为周一，可重复 / 1 is Monday"
    )
    parser.add_argument(
        "--between", type=_window, metavar="HH:MM-HH:MM", help="当地时间，可跨午夜 / local time, may pass midnight"
    )
    days = parser.add_mutually_exclusive_group()
    days.add_argument(
        "--workdays", dest="on_workdays", action="store_true", default=None, help="仅工作日 / working days"
    )
    days.add_argument("--days-off", dest="on_workdays", action="store_false", help="仅非工作日 / days off")
    parser.add_argument(
        "--desk-depth",
        type=_count,
        metavar="N",
        help="由第 N 级区域受理（1 为最高级），缺省为所在区域 / the area N levels down answers, 1 the topmost; "
        "default the area where the case lies",
    )
    parser.add_argument(
        "--department",
        metavar="CODE",
        action="append",
        default=[],
        help="建议处置部门，可重复，第一个牵头 / department suggested; may be repeated, the first leads",
    )
    parser.add_argument("--post", type=int, metavar="ID", help="由该岗当班人负责 / who is on duty at this post leads")
    parser.add_argument("--note", default="", help="备注 / why there is this rule")


def _count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= _MOST):
        raise argparse.ArgumentTypeError(f"应为 1 到 {_MOST} 的整数 / must be a whole number from 1 to {_MOST}")
    return int(text)


def _window(text: str) -> tuple[time, time]:
    found = re.fullmatch(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)", text, re.ASCII)
    if found is None or found[1] == found[2]:
        raise argparse.ArgumentTypeError("应如 22:00-06:00 / must be like 22:00-06:00")
    return time.fromisoformat(found[1]), time.fromisoformat(found[2])


def _local(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None:
        raise argparse.ArgumentTypeError("应如 2026-03-10T08:00 / must be like 2026-03-10T08:00")
    return at


async def find_area_path(shell: Shell, path: str) -> str:
    """Give `path` back if the active generation has it or it is `''`, the whole district. Raises `UnknownArea`."""
    await check_area(shell.conn, district_id=shell.district_id, path=path, pointer="/area")
    return path


async def find_department(shell: Shell, code: str) -> int:
    """Give the id of the department with this code. Raises `UnknownDepartment`."""
    department_id = await queries.find_department_id(shell.conn, district_id=shell.district_id, code=code)
    if department_id is None:
        raise UnknownDepartment(pointer="/department", department_id=code)
    return department_id


async def check_category(shell: Shell, code: str) -> None:
    """Refuse a code that no active category has. Raises `UnknownCategory`."""
    category = await find_category(shell.conn, district_id=shell.district_id, code=code)
    if category is None or not category.is_active:
        raise UnknownCategory(pointer="/category", code=code)


async def add_routing_rule(shell: Shell, arguments: Namespace) -> int:
    """Add a routing rule; it holds for the cases opened or handed over from now on."""
    from_time, to_time = arguments.between or (None, None)
    terms = RuleTerms(
        area_path=arguments.area,
        category_code=arguments.category,
        weekdays=tuple(sorted(set(arguments.weekday))),
        from_time=from_time,
        to_time=to_time,
        on_workdays=arguments.on_workdays,
        desk_depth=arguments.desk_depth,
        department_ids=tuple([await find_department(shell, code) for code in dict.fromkeys(arguments.department)]),
        post_id=arguments.post,
        note=arguments.note,
    )
    async with shell.conn.transaction():
        record = await add_rule(
            shell.conn,
            district_id=shell.district_id,
            add=Add(terms, arguments.position),
            actor=None,
            now=shell.now,
        )
    print(f"已新增规则 / rule added: {record.rule.position} (id {record.rule.id})")
    return 0


async def retire_routing_rule(shell: Shell, arguments: Namespace) -> int:
    """Let a rule hold no longer."""
    async with shell.conn.transaction():
        await retire_rule(
            shell.conn,
            district_id=shell.district_id,
            rule_id=arguments.rule_id,
            reason=arguments.reason,
            actor=None,
            now=shell.now,
        )
    print(f"已停用规则 / rule retired: {arguments.rule_id}")
    return 0


async def list_rules(shell: Shell, _arguments: Namespace) -> int:
    """Say in words which cases go where, in the order in which the rules are read."""
    rules = await queries.list_routing_rules(shell.conn, district_id=shell.district_id)
    texts = await say_rules(shell.conn, district_id=shell.district_id, rules=rules)
    for rule, words in zip(rules, texts, strict=True):
        print(f"{rule.position}. {words.zh} / {words.en}" + (f" ({rule.note})" if rule.note else ""))
    print(
        "其余案件由所在区域受理，建议类别的默认部门；没有区域的案件归值班台 / "
        "every other case goes to the area where it lies, suggesting the department of its category; "
        "without an area it goes to the duty desk"
    )
    return 0


async def add_post(shell: Shell, arguments: Namespace) -> int:
    """Open a post."""
    async with shell.conn.transaction():
        post = await open_post(
            shell.conn,
            district_id=shell.district_id,
            name=arguments.name,
            area_path=arguments.area,
            is_default=not arguments.only_by_rule,
            actor=None,
            now=shell.now,
        )
    print(f"已新增值班岗 / post opened: {post.id}")
    return 0


async def show_posts(shell: Shell, _arguments: Namespace) -> int:
    """List the open posts, each with who is on duty now."""
    shifts = await list_shifts_at(shell.conn, district_id=shell.district_id, at=shell.now)
    for post in await list_posts(shell.conn, district_id=shell.district_id):
        on_duty = shifts[post.id].staff_name if post.id in shifts else "-"
        print(f"{post.id}\t{post.name}\t{post.area_path or '全区 / the whole district'}\t{on_duty}")
    return 0


async def add_shift(shell: Shell, arguments: Namespace) -> int:
    """Put one shift on the rota of a post, by local time."""
    person = await find_staff(shell.conn, district_id=shell.district_id, username=arguments.username)
    if person is None:
        raise InvalidInput([FieldError("/username", Text("没有此用户。", "There is no such user."))])
    zone = await get_timezone(shell.conn, district_id=shell.district_id)
    planned = Planned(person.id, arguments.starts_at.replace(tzinfo=zone), arguments.ends_at.replace(tzinfo=zone))
    if planned.ends_at <= planned.starts_at:
        raise InvalidInput([FieldError("/ends_at", Text("结束须晚于开始。", "It must end later than it starts."))])
    async with shell.conn.transaction():
        await plan_shifts(
            shell.conn,
            district_id=shell.district_id,
            post_id=arguments.post_id,
            planned=[planned],
            actor=None,
            now=shell.now,
        )
    print(f"已排班 / shift planned: {person.name}")
    return 0


async def show_shifts(shell: Shell, arguments: Namespace) -> int:
    """List the shifts of the coming two weeks, by local time."""
    zone = await get_timezone(shell.conn, district_id=shell.district_id)
    shifts = await list_shifts(
        shell.conn,
        district_id=shell.district_id,
        post_id=arguments.post_id,
        starts_at=shell.now,
        ends_at=shell.now + timedelta(days=_SHOWN_DAYS),
    )
    for shift in shifts:
        starts_at, ends_at = (at.astimezone(zone) for at in (shift.starts_at, shift.ends_at))
        print(f"{starts_at:%Y-%m-%d %H:%M}\t{ends_at:%Y-%m-%d %H:%M}\t{shift.staff_name}")
    return 0
