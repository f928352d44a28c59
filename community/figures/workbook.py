"""Figures as a workbook: a sheet of numbers with what they are of, and one of the words behind them."""

import io
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from community.figures.definitions import RATES, RULES, SMALL, SPANS
from community.figures.models import FigureRow, Figures
from core.errors import Text

Cell = str | int | float | None
_HIDDEN = Text(f"小于 {SMALL}，不显示", f"below {SMALL}, not shown")


def write_workbook(figures: Figures, names: Mapping[str, str], *, language: str, timezone: ZoneInfo) -> bytes:
    """Write an .xlsx; `names` says in words what the keys of the rows stand for. Times are in hours.

    Blocks: use a thread.
    """

    def say(text: Text) -> str:
        return text.en if language == "en" else text.zh

    book = openpyxl.Workbook(write_only=True)
    numbers = book.create_sheet(say(Text("统计", "Figures")))
    until = figures.as_of.astimezone(timezone)
    head = (
        (say(Text("区域", "Area")), names.get(figures.area, figures.area) or say(Text("全区", "the whole district"))),
        (say(Text("收到日期", "Opened")), f"{figures.opened_from} ≤ … < {figures.opened_before}"),
        (say(Text("截至", "As of")), f"{until:%Y-%m-%d %H:%M %Z}"),
    )
    rows: list[tuple[Cell, ...]] = [*head, (), _columns(say)]
    rows += [_line(row, names, say) for row in figures.rows]
    _fill(numbers, rows)
    words = book.create_sheet(say(Text("口径", "Definitions")))
    rows = [(say(rule),) for rule in RULES]
    rows += [(), tuple(say(part) for part in (_RATE, _NUMERATOR, _DENOMINATOR, _NOT_YET, _NEITHER))]
    rows += [
        tuple(
            say(part) for part in (each.name, each.numerator, each.denominator, each.not_yet_due, each.not_applicable)
        )
        for each in RATES
    ]
    rows += [(), *((say(each.name), say(each.ends)) for each in SPANS)]
    _fill(words, rows)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


_RATE, _NUMERATOR, _DENOMINATOR = Text("指标", "Rate"), Text("分子", "Numerator"), Text("分母", "Denominator")
_NOT_YET, _NEITHER = Text("未到期", "Not yet due"), Text("不适用", "Neither")
_OF_EACH_RATE = (Text("", ""), _NUMERATOR, _DENOMINATOR)
_OF_EACH_SPAN = (
    Text("中位数（小时）", "median (h)"),
    Text("90 分位（小时）", "90th percentile (h)"),
    Text("件数", "cases"),
)


def _columns(say: Callable[[Text], str]) -> tuple[Cell, ...]:
    rates = [f"{say(rate.name)} {say(part)}".strip() for rate in RATES for part in _OF_EACH_RATE]
    spans = [f"{say(span.name)} {say(part)}" for span in SPANS for part in _OF_EACH_SPAN]
    return (say(Text("对象", "Of")), say(Text("收到", "Opened")), *rates, *spans)


def _line(row: FigureRow, names: Mapping[str, str], say: Callable[[Text], str]) -> tuple[Cell, ...]:
    cells: list[Cell] = [_name(row.key, names, say), row.opened]
    for rate in RATES:
        figure = row.rates[rate.code]
        cells += [say(_HIDDEN)] * 3 if figure.suppressed else [figure.rate, figure.numerator, figure.denominator]
    for span in SPANS:
        times = row.spans[span.code]
        cells += [_hours(times.median_s), _hours(times.p90_s), times.n]
    return tuple(cells)


def _name(key: str | None, names: Mapping[str, str], say: Callable[[Text], str]) -> str:
    return say(Text("合计或未归属", "all, or under none")) if key is None else names.get(key, key)


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 3)


def _fill(sheet: WriteOnlyWorksheet, rows: list[tuple[Cell, ...]]) -> None:
    for row in rows:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=value)
            if isinstance(value, str):
                cell.data_type = "s"  # a name that begins with = is no formula
            cells.append(cell)
        sheet.append(cells)
