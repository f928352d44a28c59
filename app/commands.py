"""Shell commands of the program itself: schema, district, given-up events, holidays, locating a file, documents."""

import sys
from argparse import Namespace
from pathlib import Path

from app.docs_page import openapi_document
from app.figures_page import figures_markdown
from app.problem_page import problems_markdown
from community.clocks.recounting import recount_open_clocks
from core import queries
from core.audit import record_act
from core.calendar import read_holidays
from core.calendar_edits import set_days
from core.shell import Shell
from geo.errors import NoActiveGeneration
from geo.live import nowhere_known, read_active_index
from geo.locate_csv import locate_rows
from geo.models import Locate


async def say_migrated(_shell: Shell, _arguments: Namespace) -> int:
    """Say that the schema is current: opening the database has just seen to it."""
    print("数据库结构已是最新 / the schema is current")
    return 0


async def name_district(shell: Shell, arguments: Namespace) -> int:
    """Set the name of the district."""
    district = await queries.find_district(shell.conn, district_id=shell.district_id)
    assert district is not None  # noqa: S101 — opening the database has just looked
    async with shell.conn.transaction():
        await queries.update_district(
            shell.conn, district_id=shell.district_id, name=arguments.name, is_demo=district.is_demo
        )
        await record_act(
            shell.conn,
            district_id=shell.district_id,
            act="district.named",
            actor=None,
            now=shell.now,
            subject="district",
            subject_id=shell.district_id,
            data={"name": arguments.name, "before": district.name},
        )
    print(f"辖区 / district {shell.district_id}: {arguments.name}")
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
        await set_days(
            shell.conn,
            district_id=shell.district_id,
            days=days,
            source="、".join(dict.fromkeys(row.source for row in days)),
            staff_id=None,
            now=shell.now,
        )
    print(f"已导入 / imported: {len(days)}")
    count, moved = None, 0
    while count != 0:
        async with shell.conn.transaction():
            count, some = await recount_open_clocks(shell.conn, district_id=shell.district_id, now=shell.now)
        moved += len(some)
        for each in some:
            print(f"{each.number}\t{each.clock}\t{each.due_before:%Y-%m-%d %H:%M}Z → {each.due_at:%Y-%m-%d %H:%M}Z")
    print(f"改变的时限 / clocks moved: {moved}")
    return 0


async def locate_file(shell: Shell, arguments: Namespace, *, nearest_limit_m: float) -> int:
    """Write the rows of a CSV file to standard output, each with the area it belongs to.

    Raises `NoActiveGeneration`, `CsvColumnMissing`.
    """
    index = await read_active_index(shell.conn, district_id=shell.district_id, nearest_limit_m=nearest_limit_m)
    if index is None:
        raise NoActiveGeneration()
    with arguments.csv.open(newline="", encoding="utf-8-sig") as source:
        locate_rows(source, sys.stdout, index=index, lon=arguments.lon, lat=arguments.lat, datum=arguments.datum)
    return 0


async def load_locate(shell: Shell, *, nearest_limit_m: float) -> Locate:
    """Give the function by which a command locates points; without areas everything goes to the duty desk."""
    index = await read_active_index(shell.conn, district_id=shell.district_id, nearest_limit_m=nearest_limit_m)
    return nowhere_known if index is None else index.locate


def write_documents(root: Path) -> int:
    """Write the documents that are made from the code into `root`."""
    from app.openapi_file import to_yaml  # PyYAML is on developers' machines only

    (root / "openapi.yaml").write_text(to_yaml(openapi_document()), encoding="utf-8")
    (root / "figures.md").write_text(figures_markdown(), encoding="utf-8")
    (root / "problems.md").write_text(problems_markdown(), encoding="utf-8")
    return 0
