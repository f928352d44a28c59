"""The command line: `python -m app COMMAND`. Opens the database, then hands over to a room's command."""

import argparse
import asyncio
import os
import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path

import asyncpg

from app.commands import (
    import_holidays,
    load_locate,
    locate_file,
    name_district,
    say_migrated,
    show_events,
    write_documents,
)
from app.constraints import CONSTRAINTS
from app.database import opened_database
from app.demo.command import run_demo, show_code
from app.erasures import add_commands as add_erasure_commands
from app.keys import add_commands as add_key_commands
from app.main import utc_now
from app.photo_commands import add_commands as add_photo_commands
from app.postgres import PostgresRefused
from app.serve import serve
from app.settings import SettingRefused, Settings, read_settings
from app.staff_commands import add_commands as add_staff_commands
from community.cli import add_commands as add_community_commands
from core.database import connected
from core.errors import InvalidInput, Refusal
from core.log import start_logging
from core.migration import MigrationRefused
from core.sealing.files import KeysRefused
from core.shell import Command, Shell, add_command, filled
from core.trail.cli import add_commands as add_audit_commands
from geo.cli import add_commands as add_area_commands
from geo.models import Datum
from station.commands import add_commands as add_station_commands


def main() -> None:
    """Run one command and leave with its exit status: 0 done, 1 refused, 2 wrong words."""
    start_logging(sys.stderr)
    try:
        settings = read_settings(os.environ)
        arguments = build_parser(settings).parse_args()
        sys.exit(arguments.plain(arguments) if "plain" in arguments else asyncio.run(_run(settings, arguments)))
    except (SettingRefused, KeysRefused, MigrationRefused, PostgresRefused) as error:
        sys.exit(f"拒绝执行 / refused: {error}")
    except Refusal as refusal:
        sys.exit(_say(refusal))
    except asyncpg.IntegrityConstraintViolationError as error:
        if (meaning := CONSTRAINTS.get(error.constraint_name or "")) is None:
            raise
        sys.exit(_say(meaning()))
    except OSError as error:  # a file that is not there, a port that is taken
        sys.exit(f"无法执行 / cannot be done: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def build_parser(settings: Settings) -> ArgumentParser:
    """Describe every command. One with `plain` opens no database by itself; the others get a `Shell`."""
    parser = ArgumentParser(prog="python -m app", description="骑士驿站 Rider Station")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_plain_commands(commands, settings)
    add_command(commands, "migrate", say_migrated, "升级数据库结构 / bring the schema to this release")
    district = add_command(commands, "district", name_district, "设置辖区名称 / set the name of the district")
    district.add_argument("name", type=filled)
    events = add_command(commands, "events", show_events, "查看已放弃的事件 / list events that were given up")
    events.add_argument("--retry", action="store_true", help="重新排队 / queue them again")
    holidays = add_command(commands, "holidays", import_holidays, "导入节假日 / import holidays from CSV")
    holidays.add_argument("file", type=Path)
    locate = partial(locate_file, nearest_limit_m=settings.nearest_limit_m)
    locating = add_command(
        commands, "locate", locate, "给 CSV 每行定位到网格 / tell the area of each row of a CSV file"
    )
    locating.add_argument("--csv", type=Path, required=True, metavar="FILE")
    locating.add_argument("--lon", required=True, metavar="COLUMN")
    locating.add_argument("--lat", required=True, metavar="COLUMN")
    locating.add_argument("--datum", type=Datum, choices=list(Datum), default=Datum.WGS84)
    add_audit_commands(commands, settings.records)
    add_erasure_commands(commands, records=settings.records, keys=settings.keys_folder, uploads=settings.uploads)
    add_staff_commands(commands)
    add_photo_commands(commands, settings)
    add_key_commands(commands, settings.keys_folder)
    add_area_commands(commands)
    add_community_commands(commands)
    add_station_commands(commands, partial(load_locate, nearest_limit_m=settings.nearest_limit_m))
    return parser


def _add_plain_commands(commands: "argparse._SubParsersAction[ArgumentParser]", settings: Settings) -> None:
    serving = commands.add_parser("serve", help="启动服务 / run the service")
    serving.add_argument("--demo", action="store_true", help="空库时装入演示数据 / load the demonstration if empty")
    serving.set_defaults(plain=lambda arguments: serve(settings, demo=arguments.demo))
    demo = commands.add_parser("demo", help="在临时库上走一遍全程 / walk the whole journey on a scratch database")
    demo.set_defaults(plain=lambda _: run_demo())
    code = commands.add_parser("demo-code", help="演示账号此刻的验证码 / the code of the demonstration's staff")
    code.set_defaults(plain=lambda _: show_code(settings))
    docs = commands.add_parser("docs", help="由代码生成文档 / write the documents made from the code")
    docs.set_defaults(plain=lambda _: write_documents(Path("docs")))


async def _run(settings: Settings, arguments: Namespace) -> int:
    async with opened_database(settings) as databases, connected(databases.sweeper_dsn) as conn:
        shell = Shell(conn=conn, district_id=settings.district, now=utc_now(), data_dir=settings.data_dir)
        run: Command = arguments.run
        return await run(shell, arguments)


def _say(refusal: Refusal) -> str:
    wrong = refusal.errors if isinstance(refusal, InvalidInput) else []
    lines = [f"{error.pointer}: {error.reason.zh} / {error.reason.en}" for error in wrong]
    return "\n".join([f"{refusal.explain('zh')} / {refusal.explain('en')}", *lines])
