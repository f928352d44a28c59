"""Takes a boundary file into the draft generation: all of it or nothing, with a report row by row.

Rows without a code are left out and listed, for real files mix levels; rows that are parts of one area are joined and
listed. Everything else that is wrong refuses the file, and shapes are never repaired.
"""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely

from core.access.models import Actor
from core.audit import record_act
from core.database import Connection
from core.errors import Text
from geo import queries
from geo.boundary_file import Feature, find_flaw, read_features
from geo.datum import FloatArray, to_wgs84
from geo.drafts import add_areas, open_draft
from geo.errors import AreaNotFound, BoundaryFileUnreadable
from geo.models import Area, Datum

MAX_CODE_LENGTH = 40
MAX_NAME_LENGTH = 200
#: Parts of one area may share this much of their ground, so that rounding along a common line is forgiven.
_SAME_GROUND = 1e-6
_PLAIN_CODE = re.compile(rf"[^\s/|,\x00-\x1f]{{1,{MAX_CODE_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class ImportSource:
    """A boundary file and how to read it.

    `parent_fields` go from the outermost level inwards; `parent` is instead the code of one area of the draft that all
    rows hang below. Not both. `where` are (field, value) pairs that a row must have to be
    taken at all. `scheme` and `year` say whose codes these are and of when.
    """

    file: Path
    level: str
    name_field: str
    code_field: str
    datum: Datum
    parent_fields: tuple[str, ...] = ()
    parent: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    scheme: str = "local"
    year: int | None = None
    layer: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class RowNote:
    """What is to be said about one row of the file, counted from 1."""

    row: int
    name: str
    reason: Text


@dataclass(frozen=True, slots=True)
class BoundaryReport:
    """What came of an import; with `errors` nothing was stored and `generation_id` is None."""

    generation_id: int | None
    areas: int
    parents_made: tuple[str, ...]
    left_out: tuple[RowNote, ...]
    joined: tuple[RowNote, ...]
    errors: tuple[RowNote, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A feature that is to become an area; `parents` are the codes of its ancestors in the file, outermost first."""

    feature: Feature
    code: str
    name: str
    parents: tuple[str, ...]
    shape: shapely.Geometry


class _Reading(NamedTuple):
    rows: list[_Row]
    joined: tuple[RowNote, ...]
    errors: tuple[RowNote, ...]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a file would bring into the draft, found without looking at the draft; with `errors`, nothing."""

    source: ImportSource
    rows: list[_Row]
    left_out: tuple[RowNote, ...]
    joined: tuple[RowNote, ...]
    errors: tuple[RowNote, ...]


async def import_areas(
    conn: Connection, *, district_id: int, source: ImportSource, actor_name: str, now: datetime
) -> BoundaryReport:
    """Read a file and add its areas to the draft generation: `plan_import` and `store_import`, raising what they do."""
    features = read_features(source.file, layer=source.layer, encoding=source.encoding)
    plan = plan_import(features, source)
    return await store_import(conn, district_id=district_id, plan=plan, actor_name=actor_name, now=now)


def plan_import(features: list[Feature], source: ImportSource) -> ImportPlan:
    """Make areas of the features of a file, or say what is wrong with each; takes its time, so call it in a thread.

    Raises `BoundaryFileUnreadable` when the file as a whole cannot be taken.
    """
    _check_fields(features, source)
    chosen = [f for f in features if all(f.fields.get(field) == value for field, value in source.where)]
    left_out = tuple(
        RowNote(f.row, f.fields.get(source.name_field, ""), Text("没有编码，未导入", "has no code and was left out"))
        for f in chosen
        if source.code_field not in f.fields
    )
    rows, joined, errors = _read_rows([f for f in chosen if source.code_field in f.fields], source)
    return ImportPlan(source, rows, left_out, joined, errors)


async def store_import(
    conn: Connection,
    *,
    district_id: int,
    plan: ImportPlan,
    actor_name: str,
    now: datetime,
    actor: Actor | None = None,
) -> BoundaryReport:
    """Add the areas of a plan to the draft generation, which is made if there is none; `actor` None is a command's.

    With parent fields, a parent that the draft has is attached to; any other is made, named by its code, its level by
    the field, its shape the union of its children. Of several parent fields the inner codes are written
    `outer-inner`, for sector 1 of district 17 is another than sector 1 of district 18.

    Raises `AreaNotFound` when the draft lacks the parent that the file is to hang below.
    """
    source, rows, left_out, joined = plan.source, plan.rows, plan.left_out, plan.joined
    if plan.errors:
        return BoundaryReport(None, 0, (), left_out, joined, plan.errors)
    async with conn.transaction():
        draft = await open_draft(conn, district_id=district_id, actor_name=actor_name, now=now)
        existing = await _list_existing(conn, district_id, draft.id, rows)
        if source.parent is not None and source.parent not in existing:
            raise AreaNotFound(code=source.parent)
        if taken := _find_taken(rows, existing):
            return BoundaryReport(None, 0, (), left_out, joined, taken)
        areas, shapes = await asyncio.to_thread(_build_tree, rows, existing, source)
        await add_areas(
            conn, district_id=district_id, generation_id=draft.id, areas=areas, polygons=shapes, datum=source.datum
        )
        await record_act(
            conn,
            district_id=district_id,
            act="generation.filled",
            actor=actor,
            now=now,
            subject="generation",
            subject_id=draft.id,
            data={"areas": len(rows), "level": source.level, "datum": source.datum},
        )
    made = tuple(area.code for area in areas if not area.is_leaf)
    return BoundaryReport(draft.id, len(rows), made, left_out, joined, ())


def _check_fields(features: list[Feature], source: ImportSource) -> None:
    if not features:
        raise BoundaryFileUnreadable(reason=Text("没有任何要素", "it holds no features"))
    known = {name for feature in features for name in feature.fields}
    wanted = [source.name_field, source.code_field, *source.parent_fields, *(field for field, _ in source.where)]
    if missing := [name for name in wanted if name not in known]:
        there = ", ".join(sorted(known))
        raise BoundaryFileUnreadable(
            reason=Text(
                f"没有字段 {', '.join(missing)}，现有：{there}", f"no field {', '.join(missing)}; there are: {there}"
            )
        )


def _read_rows(features: list[Feature], source: ImportSource) -> _Reading:
    """Read all rows and name all that is wrong with any of them."""
    rows: list[_Row] = []
    errors: list[RowNote] = []
    for feature in features:
        row, wrong = _read_row(feature, source)
        errors += wrong
        if row is not None:
            rows.append(row)
    whole, joined = _join_parts(rows)
    counts = Counter(row.code for row in whole)
    parents = {code for row in whole for code in row.parents}
    errors += [
        _note(row, Text(f"编码 {row.code} 重复", f"the code {row.code} appears more than once"))
        for row in whole
        if counts[row.code] > 1 or row.code in parents
    ]
    if not errors:
        whole, errors = _into_wgs84(whole, source.datum)
    return _Reading(whole, tuple(joined), tuple(errors))


def _join_parts(rows: list[_Row]) -> tuple[list[_Row], list[RowNote]]:
    """Make one of rows that are parts of one area: same code, name and parents, and no ground in common."""
    groups: defaultdict[tuple[object, ...], list[_Row]] = defaultdict(list)
    for row in rows:
        groups[row.code, row.name, row.parents].append(row)
    whole: list[_Row] = []
    joined: list[RowNote] = []
    for first, *others in groups.values():
        shapes = np.array([first.shape, *(row.shape for row in others)], dtype=object)
        union = shapely.union_all(shapes)
        if not others or shapely.area(union) < shapely.area(shapes).sum() * (1 - _SAME_GROUND):
            whole += [first, *others]
            continue
        whole.append(replace(first, shape=union))
        reason = Text(
            f"与第 {first.feature.row} 行同属一个区域，已合并", f"joined with row {first.feature.row}: one area"
        )
        joined += [_note(row, reason) for row in others]
    return whole, joined


def _read_row(feature: Feature, source: ImportSource) -> tuple[_Row | None, list[RowNote]]:
    name = feature.fields.get(source.name_field, "")
    outer = [feature.fields.get(field, "") for field in source.parent_fields]
    if source.parent is not None:
        outer = [source.parent]
    parents = tuple("-".join(outer[: depth + 1]) for depth in range(len(outer)))
    codes = [feature.fields[source.code_field], *(parents if all(outer) else ())]
    reasons = [] if feature.flaw is None else [feature.flaw]
    reasons += [_odd_code(code) for code in codes if not _PLAIN_CODE.fullmatch(code)]
    if not (name.isprintable() and 0 < len(name) <= MAX_NAME_LENGTH):
        reasons.append(Text("没有名称或名称不可用", "has no name or one that cannot be used"))
    if not all(outer):
        reasons.append(Text("没有上级编码", "has no code for its parent"))
    if reasons or feature.shape is None:
        return None, [RowNote(feature.row, name, reason) for reason in reasons]
    return _Row(feature, feature.fields[source.code_field], name, parents, feature.shape), []


def _odd_code(code: str) -> Text:
    return Text(
        f"编码 {code!r} 含空白、/、| 或逗号，或超过 {MAX_CODE_LENGTH} 字",
        f"the code {code!r} holds a space, / | or comma, or is longer than {MAX_CODE_LENGTH}",
    )


def _note(row: _Row, reason: Text) -> RowNote:
    return RowNote(row.feature.row, row.name, reason)


def _into_wgs84(rows: list[_Row], datum: Datum) -> tuple[list[_Row], list[RowNote]]:
    """Convert all shapes at once; each distinct vertex once, so that neighbours go on sharing theirs."""
    if datum is Datum.WGS84:
        return rows, []

    def convert(vertices: FloatArray) -> FloatArray:
        distinct, place = np.unique(vertices, axis=0, return_inverse=True)
        return np.column_stack(to_wgs84(distinct[:, 0], distinct[:, 1], datum))[place]

    shapes = shapely.transform(np.array([row.shape for row in rows], dtype=object), convert)
    flaws = [(row, flaw) for row, shape in zip(rows, shapes, strict=True) if (flaw := find_flaw(shape))]
    return (
        [replace(row, shape=shape) for row, shape in zip(rows, shapes, strict=True)],
        [_note(row, flaw) for row, flaw in flaws],
    )


async def _list_existing(
    conn: Connection, district_id: int, generation_id: int, rows: Sequence[_Row]
) -> dict[str, Area]:
    codes = {code for row in rows for code in (row.code, *row.parents)}
    found = await queries.list_areas(conn, district_id=district_id, generation_id=generation_id, codes=sorted(codes))
    return {area.code: area for area in found}


def _find_taken(rows: Sequence[_Row], existing: dict[str, Area]) -> tuple[RowNote, ...]:
    return tuple(
        _note(row, Text(f"草稿中已有编码 {row.code}", f"the draft has the code {row.code} already"))
        for row in rows
        if row.code in existing
    )


def _build_tree(
    rows: Sequence[_Row], existing: dict[str, Area], source: ImportSource
) -> tuple[list[Area], list[shapely.Geometry]]:
    """Give the new areas and their shapes: the rows themselves, then the parents made for them."""
    known = dict(existing)
    beneath: defaultdict[str, list[shapely.Geometry]] = defaultdict(list)
    leaves = []
    for row in rows:
        parent = None
        for depth in range(_deepest_existing(row, existing), len(row.parents)):
            code = row.parents[depth]
            if code not in known:
                field = source.parent_fields[depth]
                known[code] = _area(source, parent, code=code, name=row.feature.fields[field], level=field)
            parent = known[code]
            beneath[code].append(row.shape)
        leaves.append(_area(source, parent, code=row.code, name=row.name, level=source.level))
    made = [replace(area, is_leaf=False) for code, area in known.items() if code not in existing]
    unions = [shapely.union_all(beneath[area.code]) for area in made]
    return [*leaves, *made], [*(row.shape for row in rows), *unions]


def _deepest_existing(row: _Row, existing: dict[str, Area]) -> int:
    return max((depth for depth, code in enumerate(row.parents) if code in existing), default=0)


def _area(source: ImportSource, parent: Area | None, *, code: str, name: str, level: str) -> Area:
    return Area(
        code=code,
        name=name,
        level=level,
        path=code if parent is None else f"{parent.path}/{code}",
        names=(name,) if parent is None else (*parent.names, name),
        parent_code=None if parent is None else parent.code,
        code_scheme=source.scheme,
        code_year=source.year,
        is_leaf=True,
    )
