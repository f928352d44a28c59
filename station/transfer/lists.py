"""Importing and exporting the register, row by row in the report and all or nothing in the database.

The whole import is the caller's transaction: any wrong row, and nothing is stored. What is merely unknown is not
wrong: unreadable hours are kept as typed with the schedule unknown, a station without a position is entered without a
place on the map; both are said in the report.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg

from core.access.models import Actor
from core.audit import record_act
from core.database import Connection
from core.errors import Refusal, Text
from core.events import record_event
from geo.models import Datum, Locate
from station import queries, registry
from station.amenities.queries import list_amenity_kinds
from station.errors import FileUnreadable, ImportUnderWay, StationCodeTaken, UnreadableHours
from station.hours import read_hours
from station.models import Station, StationDraft
from station.registry import KEEPERS, READERS
from station.transfer.columns import COLUMNS, RowProblem, read_row, recognise, write_row
from station.transfer.files import Format, Table, write_geojson, write_table

_PAGE = 500


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do. With any error nothing is stored."""

    rows: int
    created: int
    updated: int
    unchanged: int
    is_stored: bool
    errors: list[RowProblem]
    warnings: list[RowProblem]
    ignored_columns: list[str]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that could be read: its number and the fields it sets."""

    number: int
    fields: dict[str, Any]

    def draft(self, station: Station | None) -> StationDraft:
        """Lay the fields over what is stored, or over an empty station."""
        if station is not None:
            return replace(registry.draft_of(station), **self.fields)
        draft = StationDraft(**self.fields)
        return draft if draft.code else replace(draft, code=registry.code_of(draft.name, draft.address))


class _Undo(Exception):
    """Takes back what a dry run or a faulty file wrote."""


async def import_stations(
    conn: Connection,
    *,
    actor: Actor,
    table: Table,
    datum: Datum | None,
    mapping: Mapping[str, str],
    locate: Locate,
    now: datetime,
    dry_run: bool = False,
) -> ImportReport:
    """Enter or update the stations of a file, matched by code; a station without code gets one of name and address.

    `datum` is that of positions whose row or header states none; `mapping` names the header of a canonical column.
    Raises `FileUnreadable` where the columns cannot be made sense of, and `ImportUnderWay`.
    """
    if not await queries.try_hold_import(conn, district_id=actor.district_id):
        raise ImportUnderWay(retry_after_s=30)
    places, ignored = _check_columns(table, datum, mapping)
    stated = datum or recognise(table.headers, mapping)[1]
    known = frozenset(kind.code for kind in await list_amenity_kinds(conn, district_id=actor.district_id))
    rows, errors, warnings = _read_rows(table, places, stated, known)
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    try:
        async with conn.transaction():
            for row in rows:
                try:
                    async with conn.transaction():
                        counts[await _store(conn, actor, row, locate, now, warnings)] += 1
                except (Refusal, asyncpg.UniqueViolationError) as error:
                    # A code that a station elsewhere has: only the index tells, the station itself is not seen.
                    refusal = error if isinstance(error, Refusal) else StationCodeTaken()
                    errors.append(RowProblem(row.number, "", Text(refusal.explain("zh"), refusal.explain("en"))))
            if errors or dry_run:
                raise _Undo
            await _record(conn, actor, "stations.imported", now, {"rows": len(table.rows), **counts})
    except _Undo:
        pass
    return ImportReport(
        rows=len(table.rows),
        **counts,
        is_stored=not (errors or dry_run),
        errors=sorted(errors, key=lambda problem: problem.row),
        warnings=sorted(warnings, key=lambda problem: problem.row),
        ignored_columns=ignored,
    )


async def export_stations(conn: Connection, *, actor: Actor, form: Format, now: datetime) -> bytes:
    """Write the stations of the caller's areas; every export is in the audit trail."""
    stations = [station async for station in _all_stations(conn, actor)]
    await record_act(
        conn,
        district_id=actor.district_id,
        act="stations.exported",
        actor=actor,
        now=now,
        subject="station_list",
        data={"rows": len(stations), "format": form},
    )
    if form is Format.GEOJSON:
        return write_geojson(
            ((station.point.lon, station.point.lat) if station.point else None, write_row(station))
            for station in stations
        )
    return write_table(COLUMNS, (write_row(station) for station in stations), form)


async def _all_stations(conn: Connection, actor: Actor) -> AsyncIterator[Station]:
    after = 0
    scopes = actor.scopes(*READERS)
    while page := await queries.list_stations(
        conn, district_id=actor.district_id, scopes=scopes, after=after, limit=_PAGE
    ):
        for station in page:
            yield station
        after = page[-1].id


def _check_columns(table: Table, datum: Datum | None, mapping: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    places, stated, ignored = recognise(table.headers, mapping)
    strangers = sorted(set(mapping) - set(COLUMNS))
    if strangers:
        raise FileUnreadable(reason=Text(f"没有列 {strangers}", f"there are no columns {strangers}"))
    if "name" not in places:
        raise FileUnreadable(reason=Text("缺少名称列（name）", "the column name is missing"))
    if ("lon" in places) != ("lat" in places):
        raise FileUnreadable(reason=Text("经度列和纬度列须同时存在", "the columns lon and lat come together"))
    if datum is not None and stated is not None and datum is not stated:
        raise FileUnreadable(
            reason=Text(
                f"列名表明坐标系为 {stated}，与指定的 {datum} 不符", f"the headers say {stated}, but {datum} was stated"
            )
        )
    return places, ignored


def _read_rows(
    table: Table, places: Mapping[str, int], datum: Datum | None, amenity_codes: frozenset[str]
) -> tuple[list[_Row], list[RowProblem], list[RowProblem]]:
    rows: list[_Row] = []
    errors: list[RowProblem] = []
    warnings: list[RowProblem] = []
    seen: dict[str, int] = {}
    for number, line in _numbered(table):
        cells = {column: line[place] if place < len(line) else "" for column, place in places.items()}
        fields, problems = read_row(cells, row=number, datum=datum, amenity_codes=amenity_codes)
        if len(line) > len(table.headers) and any(line[len(table.headers) :]):
            problems.append(RowProblem(number, "", Text("单元格多于表头", "more cells than headers")))
        if problems:
            errors += problems
            continue
        row = _Row(number, fields)
        code = row.draft(None).code
        if code in seen:
            reason = Text(f"与第 {seen[code]} 行是同一驿站", f"the same station as row {seen[code]}")
            errors.append(RowProblem(number, "code" if "code" in places else "name", reason))
            continue
        seen[code] = number
        rows.append(row)
        warnings += _doubts(row)
    return rows, errors, warnings


def _numbered(table: Table) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that hold anything, with the numbers a person would give them."""
    for number, line in enumerate(table.rows, table.first_row):
        if any(cell.strip() for cell in line):
            yield number, line


def _doubts(row: _Row) -> Iterator[RowProblem]:
    if row.fields.get("hours_typed"):
        try:
            read_hours(row.fields["hours_typed"])
        except UnreadableHours as refusal:
            yield RowProblem(
                row.number,
                "hours",
                Text(
                    f"{refusal.reason.zh}；已按原文保存，开放时间视为未知",
                    f"{refusal.reason.en}; kept as typed, the hours count as unknown",
                ),
            )
    if row.fields.get("received", ...) is None:
        reason = Text("没有位置，暂不能在附近查询中显示", "without a position it cannot be found nearby")
        yield RowProblem(row.number, "lon", reason)


async def _store(
    conn: Connection, actor: Actor, row: _Row, locate: Locate, now: datetime, warnings: list[RowProblem]
) -> str:
    """Enter or update one station; tell which of the two, or `unchanged`."""
    code = row.draft(None).code
    station = await queries.find_station_by_code(conn, district_id=actor.district_id, code=code)
    if station is None:
        done = "created"
        stored = await registry.create(
            conn, actor=actor, draft=row.draft(None), locate=locate, now=now, must_read_hours=False
        )
    elif not actor.reaches(station.area_path, *KEEPERS):
        raise StationCodeTaken()
    elif row.draft(station) == registry.draft_of(station):
        return "unchanged"
    else:
        done = "updated"
        stored = await registry.overwrite(
            conn,
            actor=actor,
            station=station,
            draft=row.draft(station),
            locate=locate,
            now=now,
            must_read_hours=False,
        )
    if stored.point is not None and stored.area_code is None:
        reason = Text("不在任何区域内，归入值守台", "outside every area; it lies with the duty desk")
        warnings.append(RowProblem(row.number, "lon", reason))
    return done


async def _record(conn: Connection, actor: Actor, kind: str, now: datetime, data: dict[str, object]) -> None:
    await record_event(
        conn,
        district_id=actor.district_id,
        kind=kind,
        subject="station_list",
        subject_id=0,
        actor=actor,
        now=now,
        data=data,
    )
