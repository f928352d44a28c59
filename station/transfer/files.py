"""Station lists as bytes: reads and writes CSV, xlsx and GeoJSON. Knows cells, not what they mean.

What goes out cannot run as a formula in a spreadsheet: text that begins like one gets an apostrophe, and xlsx cells
are strings. The apostrophe is taken off again on the way in.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import openpyxl
import orjson
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from core.errors import Text
from station.errors import FileUnreadable

LARGEST_FILE = 8 * 1024 * 1024
#: A workbook is a zip: what it unpacks to is bounded as well.
LARGEST_UNPACKED = 96 * 1024 * 1024
#: Styles and the like are parsed whole, into thirty times their size in memory; only cells and texts are streamed.
LARGEST_UNSTREAMED = 4 * 1024 * 1024
_STREAMED = ("xl/worksheets/", "xl/sharedStrings")
MOST_ROWS = 20_000
MOST_COLUMNS = 200

_FORMULA_SIGNS = frozenset("=+-@＝＋－＠")

Cell = str | float | int | None


class Format(StrEnum):
    """The forms a list may have."""

    CSV = "csv"
    XLSX = "xlsx"
    GEOJSON = "geojson"

    @property
    def media_type(self) -> str:
        """What the form is called in Content-Type."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.GEOJSON: "application/geo+json",
}


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file as text. `first_row` is the number a person would give the first of `rows`."""

    headers: list[str]
    rows: list[list[str]]
    first_row: int


def read_table(data: bytes, form: Format) -> Table:
    """Read a file whole. Raises `FileUnreadable` for what is too large, damaged or empty. Blocks: use a thread."""
    if len(data) > LARGEST_FILE:
        limit = LARGEST_FILE // (1024 * 1024)
        raise FileUnreadable(reason=Text(f"文件超过 {limit} MB", f"the file is larger than {limit} MB"))
    if form is Format.GEOJSON:
        return _read_geojson(data)
    lines = _read_csv(data) if form is Format.CSV else _read_xlsx(data)
    if not lines or not any(lines[0]):
        raise FileUnreadable(reason=Text("文件没有表头", "the file has no header row"))
    return Table(headers=lines[0], rows=[[_unescape(cell) for cell in line] for line in lines[1:]], first_row=2)


def write_table(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]], form: Format) -> bytes:
    """Write rows as CSV (UTF-8 with BOM) or xlsx."""
    if form is Format.CSV:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows([_escape(_legal(row[column])) for column in columns] for row in rows)
        return text.getvalue().encode("utf-8-sig")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("stations")
    sheet.append(list(columns))
    for row in rows:
        cells = []
        for column in columns:
            cell = WriteOnlyCell(sheet, value=_escape(_legal(row[column])))
            if isinstance(row[column], str):
                cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def write_geojson(features: Iterable[tuple[tuple[float, float] | None, Mapping[str, Cell]]]) -> bytes:
    """Write a FeatureCollection of points (WGS-84, as RFC 7946 demands) with their properties."""
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": None if place is None else {"type": "Point", "coordinates": place},
                    "properties": properties,
                }
                for place, properties in features
            ],
        }
    )


def _read_csv(data: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):  # what Chinese spreadsheets save
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise FileUnreadable(reason=Text("文字编码既不是 UTF-8 也不是 GB18030", "neither UTF-8 nor GB18030 text"))
    if "\x00" in text:
        raise FileUnreadable(reason=Text("不是文本文件", "it is no text file"))
    try:
        return _bounded(line for line in csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise FileUnreadable(reason=Text(f"CSV 格式有误（{error}）", f"malformed CSV ({error})")) from error


def _read_xlsx(data: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
        whole = [entry for entry in entries if _is_parsed_whole(entry.filename)]
        if _unpacked(entries) > LARGEST_UNPACKED or _unpacked(whole) > LARGEST_UNSTREAMED:
            raise FileUnreadable(reason=Text("工作簿展开后过大", "the workbook unpacks to too much"))
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            return _bounded([_spell(value) for value in line] for line in sheet.iter_rows(values_only=True))
        finally:
            book.close()
    except FileUnreadable:
        raise
    except Exception as error:  # openpyxl lets through whatever zip, XML and its own parser raise
        raise FileUnreadable(reason=Text("不是有效的 xlsx 工作簿", "it is no readable xlsx workbook")) from error


def _is_parsed_whole(name: str) -> bool:
    return name.endswith((".xml", ".rels")) and not name.startswith(_STREAMED)


def _unpacked(entries: Iterable[zipfile.ZipInfo]) -> int:
    return sum(entry.file_size for entry in entries)


def _bounded(lines: Iterable[list[str]]) -> list[list[str]]:
    kept: list[list[str]] = []
    for line in lines:
        if len(line) > MOST_COLUMNS or len(kept) > MOST_ROWS:
            raise FileUnreadable(
                reason=Text(
                    f"超过 {MOST_ROWS} 行或 {MOST_COLUMNS} 列", f"over {MOST_ROWS} rows or {MOST_COLUMNS} columns"
                )
            )
        kept.append(line)
    while kept and not any(cell.strip() for cell in kept[-1]):
        kept.pop()
    return kept


def _read_geojson(data: bytes) -> Table:
    try:
        document = orjson.loads(data)
        features = document["features"]
        rows = [_read_feature(feature) for feature in features[: MOST_ROWS + 1]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FileUnreadable(reason=Text("不是 GeoJSON 要素集合", "it is no GeoJSON FeatureCollection")) from error
    if len(rows) > MOST_ROWS:
        raise FileUnreadable(reason=Text(f"超过 {MOST_ROWS} 个要素", f"over {MOST_ROWS} features"))
    headers = list(dict.fromkeys(name for row in rows for name in row))
    return Table(headers=headers, rows=[[row.get(name, "") for name in headers] for row in rows], first_row=1)


def _read_feature(feature: dict[str, Any]) -> dict[str, str]:
    """Give the properties as cells; a position among them, as an export writes it, goes before the geometry's."""
    row = {str(name): _spell(value) for name, value in (feature.get("properties") or {}).items()}
    geometry = feature.get("geometry")
    if geometry is not None and not (row.get("lon") and row.get("lat")):
        is_point = geometry.get("type") == "Point"
        longitude, latitude = geometry["coordinates"][:2] if is_point else (geometry.get("type"), "")
        row |= {"lon": _spell(longitude), "lat": _spell(latitude)}
    return row


def _spell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _escape(value: Cell) -> Cell:
    return f"'{value}" if isinstance(value, str) and _may_run(value) else value


def _may_run(text: str) -> bool:
    """Tell whether a spreadsheet may take a text for a formula, also behind blanks and marks that it does not show."""
    first = next((sign for sign in text if sign.isprintable() and not sign.isspace() and sign != "'"), "")
    return first in _FORMULA_SIGNS or text.lstrip("'")[:1] in ("\t", "\r", "\n")


def _legal(value: Cell) -> Cell:
    return ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value


def _unescape(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _may_run(cell[1:]) else cell
