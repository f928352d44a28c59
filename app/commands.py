"""Shell commands of the program itself: schema, staff accounts, given-up events, holidays."""

import getpass
import os
from argparse import Namespace

from core import queries
from core.access.accounts import add_staff
from core.access.models import Grant, Role
from core.calendar import read_holidays
from core.changes import record_change
from core.shell import Shell

#: Read instead of asking, for scripts; never an argument, which every user of the machine could see.
PASSWORD_VARIABLE = "RIDER_STATION_PASSWORD"  # noqa: S105 — the name of a variable


async def say_migrated(_shell: Shell, _arguments: Namespace) -> int:
    """Say that the schema is current: opening the database has just seen to it."""
    print("数据库结构已是最新 / the schema is current")
    return 0


async def make_staff(shell: Shell, arguments: Namespace) -> int:
    """Make a staff account with one role; the password is asked for."""
    password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("密码 / password: ")
    async with shell.conn.transaction():
        staff = await add_staff(
            shell.conn,
            district_id=shell.district_id,
            username=arguments.username,
            name=arguments.name,
            password=password,
            grants=(Grant(Role(arguments.role), arguments.area),),
            now=shell.now,
        )
    print(f"{staff.username}（{staff.name}）: {arguments.role} @ {arguments.area or '全区 / whole district'}")
    return 0


async def show_events(shell: Shell, arguments: Namespace) -> int:
    """Count the events whose reactions were given up, or queue them again."""
    if arguments.retry:
        count = await queries.retry_given_up_events(shell.conn, district_id=shell.district_id, now=shell.now)
        print(f"已重新排队 / queued again: {count}")
        return 0
    for event in await queries.list_given_up_events(shell.conn, district_id=shell.district_id):
        print(f"{event.id}\t{event.kind}\t{event.subject} {event.subject_id}\t{event.occurred_at:%Y-%m-%d %H:%M:%S}Z")
    count = await queries.count_given_up_events(shell.conn, district_id=shell.district_id)
    print(f"放弃的事件 / events given up: {count}")
    return 0


async def import_holidays(shell: Shell, arguments: Namespace) -> int:
    """Read holidays from a CSV file, all of it or nothing; later rows of a day replace earlier ones."""
    days = read_holidays(arguments.file)
    async with shell.conn.transaction():
        for row in days:
            await queries.upsert_holiday(shell.conn, district_id=shell.district_id, holiday=row)
        await record_change(shell.conn, district_id=shell.district_id, kind="holiday", ref=str(arguments.file.name))
    print(f"已导入 / imported: {len(days)}")
    return 0
