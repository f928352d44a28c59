"""Locates every row of a CSV file: the input columns, then what was found. Reads no clock and opens no file itself."""

import csv
import math
from collections.abc import Iterator
from itertools import islice
from typing import Any, TextIO

import numpy as np

from core.errors import Text
from geo.answers import COLUMNS, columns_of
from geo.datum import to_wgs84
from geo.errors import CsvColumnMissing, CsvUnreadable
from geo.locate import AreaIndex
from geo.models import Datum, Located, Reason

_ROWS_AT_ONCE = 10_000


def locate_rows(source: TextIO, target: TextIO, *, index: AreaIndex, lon: str, lat: str, datum: Datum) -> int:
    """Copy CSV from `source` to `target` with `COLUMNS` added; gives the number of rows.

    A row whose coordinates are missing or no numbers belongs to the duty desk and needs confirmation. Blank lines are
    left out. Raises `CsvColumnMissing`, and `CsvUnreadable` when some rows may have been written already.
    """
    reader, writer = csv.reader(source), csv.writer(target, lineterminator="\n")
    count = 0
    try:
        header = next(reader, [])
        for column in (lon, lat):
            if column not in header:
                raise CsvColumnMissing(column=column, columns=", ".join(header))
        writer.writerow([*header, *COLUMNS])
        places = header.index(lon), header.index(lat)
        for rows in _batches(_fitted(reader, len(header))):
            located = _locate(rows, places, index, datum)
            writer.writerows([*row, *columns_of(found)] for row, found in zip(rows, located, strict=True))
            count += len(rows)
    except (UnicodeDecodeError, csv.Error) as error:
        reason = f"{reader.line_num}: {error}"
        raise CsvUnreadable(reason=Text(f"行 {reason}", f"line {reason}")) from None
    return count


def _fitted(reader: Any, width: int) -> Iterator[list[str]]:
    """Give the rows as wide as the header, so that what is added stands in its own columns."""
    for row in filter(None, reader):
        if len(row) > width:
            raise csv.Error(f"{len(row)} > {width} 列 / columns")
        yield row + [""] * (width - len(row))


def _batches(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        yield batch


def _locate(rows: list[list[str]], places: tuple[int, int], index: AreaIndex, datum: Datum) -> list[Located]:
    lons, lats = (np.array([_number(row, place) for row in rows]) for place in places)
    usable = np.isfinite(lons) & np.isfinite(lats) & (np.abs(lons) <= 180) & (np.abs(lats) <= 90)
    nowhere = Located(None, (), None, index.generation_id, needs_confirmation=True, reason=Reason.NO_POSITION)
    found = [nowhere] * len(rows)
    if usable.any():
        located = index.locate_many(*to_wgs84(lons[usable], lats[usable], datum))
        for place, one in zip(np.flatnonzero(usable), located, strict=True):
            found[place] = one
    return found


def _number(row: list[str], place: int) -> float:
    try:
        return float(row[place])
    except ValueError:
        return math.nan
