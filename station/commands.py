"""Shell commands: `stations import FILE` and `stations export FILE`."""

import argparse
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path

from core.access.models import Actor, Grant, Role
from core.errors import Text
from core.shell import Shell
from geo.models import Datum, Locate
from station.errors import FileUnreadable
from station.transfer.columns import RowProblem
from station.transfer.files import Format, read_table
from station.transfer.lists import ImportReport, export_stations, import_stations

LoadAreas = Callable[[Shell], Awaitable[Locate]]

_FORMS = {".csv": Format.CSV, ".xlsx": Format.XLSX, ".geojson": Format.GEOJSON, ".json": Format.GEOJSON}


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", load_areas: LoadAreas) -> None:
    """Describe the commands; `load_areas` gives the function that locates points."""
    stations = commands.add_parser("stations", help="驿站名录 / the register of stations")
    verbs = stations.add_subparsers(dest="verb", required=True, metavar="VERB")
    importing = verbs.add_parser("import", help="导入 CSV、xlsx 或 GeoJSON / import a list, all or nothing")
    importing.add_argument("file", type=Path)
    importing.add_argument("--datum", type=Datum, choices=list(Datum), help="坐标系 / datum of the positions")
    importing.add_argument("--dry-run", action="store_true", help="只检查 / only report")
    importing.add_argument(
        "--map", action="append", default=[], metavar="COLUMN=HEADER", help="指定列 / name the header of a column"
    )
    importing.set_defaults(run=import_file, load_areas=load_areas)
    exporting = verbs.add_parser("export", help="导出 / export the register")
    exporting.add_argument("file", type=Path)
    exporting.set_defaults(run=export_file)


async def import_file(shell: Shell, arguments: Namespace) -> int:
    """Import a list and print the report; 1 when anything was wrong and nothing was stored."""
    form = _form_of(arguments.file)
    try:
        data = arguments.file.read_bytes()
    except OSError as error:
        raise FileUnreadable(reason=Text(str(error), str(error))) from None
    locate = await arguments.load_areas(shell)
    async with shell.conn.transaction():
        report = await import_stations(
            shell.conn,
            actor=_operator(shell),
            table=read_table(data, form),
            datum=arguments.datum,
            mapping=dict(item.partition("=")[::2] for item in arguments.map),
            locate=locate,
            now=shell.now,
            dry_run=arguments.dry_run,
        )
    _print_report(report)
    return 1 if report.errors else 0


async def export_file(shell: Shell, arguments: Namespace) -> int:
    """Write the whole register to a file; its ending decides the form."""
    form = _form_of(arguments.file)
    async with shell.conn.transaction():
        data = await export_stations(shell.conn, actor=_operator(shell), form=form, now=shell.now)
    arguments.file.write_bytes(data)
    print(f"已导出 / exported: {arguments.file}")
    return 0


def _form_of(file: Path) -> Format:
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        endings = " ".join(_FORMS)
        raise FileUnreadable(reason=Text(f"扩展名应为 {endings}", f"the ending must be one of {endings}"))
    return form


def _operator(shell: Shell) -> Actor:
    """Act for whoever has the machine: the whole district, without an account."""
    return Actor("staff", None, shell.district_id, "operator", (Grant(Role.DISTRICT_ADMIN, ""),))


def _print_report(report: ImportReport) -> None:
    for kind, problems in (("错误 / error", report.errors), ("提示 / warning", report.warnings)):
        for problem in problems:
            print(f"{kind}: {_place(problem)}: {problem.reason.zh} / {problem.reason.en}")
    if report.ignored_columns:
        print(f"未使用的列 / columns not used: {', '.join(report.ignored_columns)}")
    print(
        f"共 / rows {report.rows}, 新增 / created {report.created}, 更新 / updated {report.updated}, "
        f"不变 / unchanged {report.unchanged}, 错误 / errors {len(report.errors)}"
    )
    print("已保存 / stored" if report.is_stored else "未保存任何内容 / nothing was stored")


def _place(problem: RowProblem) -> str:
    return f"第 {problem.row} 行 / row {problem.row}" + (f" [{problem.column}]" if problem.column else "")
