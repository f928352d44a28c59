"""Shell commands: `areas import`, `check`, `activate`, `grids`, `discard`, `rollback`, `list`."""

import argparse
from argparse import Namespace
from pathlib import Path

from core.errors import Text
from core.shell import Shell, add_command
from geo import queries
from geo.checking import check_draft
from geo.generations import activate, discard, roll_back
from geo.grids import add_grids
from geo.importing import BoundaryReport, ImportSource, RowNote, import_areas
from geo.models import Datum, Generation

LEAST_METRES, MOST_METRES = 20, 50_000

#: Who the history says did it: whoever has the machine.
_ACTOR = "operator"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the commands."""
    areas = commands.add_parser("areas", help="区域版次 / the generations of areas")
    verbs = areas.add_subparsers(dest="verb", required=True, metavar="VERB")
    _describe_import(
        add_command(verbs, "import", import_file, "导入边界文件到草稿 / take a boundary file into the draft")
    )
    accepting = (
        add_command(verbs, "check", check, "检查草稿 / check the draft"),
        add_command(verbs, "activate", activate_draft, "启用草稿 / make the draft the active generation"),
    )
    for parser in accepting:
        parser.add_argument(
            "--accept-datum", action="store_true", help="坐标系确认无误 / the datum is right although it looks wrong"
        )
    grids = add_command(verbs, "grids", divide, "把草稿的最小区域划成网格 / divide the leaves of the draft into grids")
    grids.add_argument("--metres", required=True, type=_metres, metavar="N", help="网格边长（米）/ side of a grid")
    grids.add_argument("--level", required=True, metavar="NAME", help="层级名称 / what the grids are called")
    add_command(verbs, "discard", discard_draft, "放弃草稿 / drop the draft")
    add_command(verbs, "rollback", restore_former, "恢复上一版次 / make the generation before active again")
    add_command(verbs, "list", list_all, "列出版次 / list the generations")


def _describe_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="GeoJSON, Shapefile, GeoPackage")
    parser.add_argument("--level", required=True, metavar="NAME", help="层级名称 / what these areas are called")
    parser.add_argument("--name-field", required=True, metavar="F", help="名称字段 / field with the name")
    parser.add_argument("--code-field", required=True, metavar="F", help="编码字段 / field with the code")
    parents = parser.add_mutually_exclusive_group()
    parents.add_argument("--parent", metavar="CODE", help="所有行的上级编码 / code of the parent of all rows")
    parents.add_argument(
        "--parent-field",
        action="append",
        default=[],
        metavar="F",
        help="上级编码字段，由外到内可重复 / field with the parent's code; repeat from the outermost inwards",
    )
    parser.add_argument("--datum", required=True, type=Datum, choices=list(Datum), help="坐标系 / datum of the file")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        type=_pair,
        metavar="F=V",
        help="只导入该字段等于该值的行，可重复 / only rows with this value; may be repeated",
    )
    parser.add_argument("--scheme", default="local", help="编码体系 / whose codes these are")
    parser.add_argument("--year", type=int, help="编码年份 / of which year")
    parser.add_argument("--layer", help="图层 / layer of the file")
    parser.add_argument("--encoding", help="Shapefile 的文字编码 / text encoding of a Shapefile")


def _pair(text: str) -> tuple[str, str]:
    field, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("应为 字段=值 / must be FIELD=VALUE")
    return field, value


def _metres(text: str) -> float:
    metres = float(text)
    if not LEAST_METRES <= metres <= MOST_METRES:
        raise argparse.ArgumentTypeError(f"应为 {LEAST_METRES} 到 {MOST_METRES} / must be within these")
    return metres


async def import_file(shell: Shell, arguments: Namespace) -> int:
    """Import a boundary file and print the report; 1 when anything was wrong and nothing was stored."""
    source = ImportSource(
        file=arguments.file,
        level=arguments.level,
        name_field=arguments.name_field,
        code_field=arguments.code_field,
        datum=arguments.datum,
        parent_fields=tuple(arguments.parent_field),
        parent=arguments.parent,
        where=tuple(arguments.where),
        scheme=arguments.scheme,
        year=arguments.year,
        layer=arguments.layer,
        encoding=arguments.encoding,
    )
    report = await import_areas(
        shell.conn, district_id=shell.district_id, source=source, actor_name=_ACTOR, now=shell.now
    )
    _print_import(report)
    return 1 if report.errors else 0


async def check(shell: Shell, arguments: Namespace) -> int:
    """Check the draft and print what was found; 1 when it cannot be activated."""
    report = await check_draft(shell.conn, district_id=shell.district_id, accept_datum=arguments.accept_datum)
    for label, findings in (("错误 / error", report.errors), ("警告 / warning", report.warnings)):
        for finding in findings:
            print(f"{label}: {_both(finding.text)}")
    print(f"错误 / errors {len(report.errors)}, 警告 / warnings {len(report.warnings)}")
    return 1 if report.errors else 0


async def divide(shell: Shell, arguments: Namespace) -> int:
    """Put grids below the leaves of the draft."""
    count = await add_grids(shell.conn, district_id=shell.district_id, metres=arguments.metres, level=arguments.level)
    print(f"已生成网格 {count} 个 / {count} grids made")
    return 0


async def activate_draft(shell: Shell, arguments: Namespace) -> int:
    """Make the draft active unless it has errors."""
    generation = await activate(
        shell.conn,
        district_id=shell.district_id,
        actor_name=_ACTOR,
        now=shell.now,
        accept_datum=arguments.accept_datum,
    )
    print(f"版次 {generation.id} 已启用 / generation {generation.id} is active")
    return 0


async def discard_draft(shell: Shell, _arguments: Namespace) -> int:
    """Drop the draft."""
    generation = await discard(shell.conn, district_id=shell.district_id, now=shell.now)
    print(f"草稿版次 {generation.id} 已放弃 / draft generation {generation.id} is discarded")
    return 0


async def restore_former(shell: Shell, _arguments: Namespace) -> int:
    """Go back to the generation that was active before."""
    generation = await roll_back(shell.conn, district_id=shell.district_id, actor_name=_ACTOR, now=shell.now)
    print(f"已恢复版次 {generation.id} / generation {generation.id} is active again")
    return 0


async def list_all(shell: Shell, _arguments: Namespace) -> int:
    """List the generations with their levels."""
    for generation in await queries.list_generations(shell.conn, district_id=shell.district_id):
        levels = await queries.list_levels(shell.conn, district_id=shell.district_id, generation_id=generation.id)
        print(_line(generation), ", ".join(f"{level.name} {level.areas}" for level in levels))
    return 0


def _line(generation: Generation) -> str:
    since = generation.activated_at or generation.created_at
    return f"{generation.id} {generation.status} {since:%Y-%m-%d %H:%M}Z"


def _print_import(report: BoundaryReport) -> None:
    for label, notes in (
        ("错误 / error", report.errors),
        ("未导入 / left out", report.left_out),
        ("合并 / joined", report.joined),
    ):
        for note in notes:
            print(f"{label}: {_place(note)}: {_both(note.reason)}")
    if report.errors:
        print(f"错误 / errors {len(report.errors)}; 未保存任何内容 / nothing was stored")
        return
    print(
        f"草稿版次 / draft generation {report.generation_id}: 区域 / areas {report.areas}, "
        f"上级 / parents made {len(report.parents_made)}, 未导入 / left out {len(report.left_out)}"
    )


def _place(note: RowNote) -> str:
    return f"第 {note.row} 行 / row {note.row} {note.name}".rstrip()


def _both(text: Text) -> str:
    return f"{text.zh} / {text.en}"
