"""The command line: `python -m app COMMAND`. Opens the database, then hands over to a room's command."""

import argparse
import asyncio
import logging
import os
import sys
from argparse import Namespace
from pathlib import Path

from app.commands import import_holidays, make_staff, say_migrated, show_events
from app.database import opened_database
from app.main import utc_now
from app.postgres import PostgresRefused
from app.serve import serve
from app.settings import SettingRefused, Settings, read_settings
from core.access.models import Role
from core.database import connected
from core.errors import InvalidInput, Refusal
from core.migration import MigrationRefused
from core.shell import Command, Shell


def main() -> None:
    """Run one command and leave with its exit status: 0 done, 1 refused, 2 wrong words."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    arguments = build_parser().parse_args()
    try:
        settings = read_settings(os.environ)
        sys.exit(_run(settings, arguments))
    except (SettingRefused, MigrationRefused, PostgresRefused) as error:
        sys.exit(f"拒绝启动 / refused: {error}")
    except Refusal as refusal:
        wrong = refusal.errors if isinstance(refusal, InvalidInput) else []
        lines = [f"{error.pointer}: {error.reason.zh} / {error.reason.en}" for error in wrong]
        sys.exit("\n".join([f"{refusal.explain('zh')} / {refusal.explain('en')}", *lines]))
    except KeyboardInterrupt:
        sys.exit(130)


def build_parser() -> argparse.ArgumentParser:
    """Describe every command."""
    parser = argparse.ArgumentParser(prog="python -m app", description="骑士驿站 Rider Station")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="启动服务 / run the service")
    serving.add_argument(
        "--demo", action="store_true", help="空库时装入演示数据 / load the demonstration into an empty database"
    )
    serving.set_defaults(serve=True)
    _add(commands, "migrate", say_migrated, "升级数据库结构 / bring the schema to this release")
    staff = _add(commands, "add-staff", make_staff, "新增工作人员 / make a staff account; asks for the password")
    staff.add_argument("username")
    staff.add_argument("name")
    staff.add_argument("role", choices=[role.value for role in Role])
    staff.add_argument("--area", default="", help="区域路径，缺省为全区 / area path, default the whole district")
    events = _add(commands, "events", show_events, "查看放弃的事件 / count events given up")
    events.add_argument("--retry", action="store_true", help="重新排队 / queue them again")
    holidays = _add(commands, "holidays", import_holidays, "导入节假日 / import holidays from CSV")
    holidays.add_argument("file", type=Path)
    return parser


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Command, help_text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(run=run)
    return parser


def _run(settings: Settings, arguments: Namespace) -> int:
    if "serve" in arguments:
        return serve(settings, demo=arguments.demo)
    return asyncio.run(_run_on_database(settings, arguments))


async def _run_on_database(settings: Settings, arguments: Namespace) -> int:
    async with opened_database(settings) as databases, connected(databases.owner_dsn) as conn:
        shell = Shell(conn=conn, district_id=settings.district, now=utc_now(), data_dir=settings.data_dir)
        run: Command = arguments.run
        return await run(shell, arguments)
