"""Checks a draft generation before it may become active. Reads only; what it finds is told, never repaired.

Gaps and overlaps are warnings, because real boundaries have them and locating is settled there too; a leaf inside
another is an error, because the outer one would then be given every point of both. The geometry is
worked out in a thread: others are served meanwhile.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import shapely

from core.database import Connection
from core.errors import Text
from geo import queries
from geo.datum_check import find_wrong_datum
from geo.errors import NoDraft
from geo.frame import frames_at
from geo.models import Generation, Point
from geo.queries import ShapedArea

Shapes = npt.NDArray[np.object_]

#: Less than this is rounding along a common line.
MIN_SIZE_M2 = 1.0
#: A child with more than half of its ground outside its parent belongs to another one.
MAX_SHARE_OUTSIDE = 0.5
#: A leaf that shares so much of its ground with another is meant to lie below it, and was imported beside it.
MIN_SHARE_INSIDE = 0.9
#: Of each kind so many are told one by one, the rest in one line.
MAX_TOLD = 20
MAX_COMPARED = 10_000


class FindingKind(StrEnum):
    """What a check found."""

    EMPTY = "empty"
    INVALID = "invalid"
    OUTSIDE_PARENT = "outside_parent"
    GAP = "gap"
    OVERLAP = "overlap"
    NESTED = "nested"
    DATUM = "datum"
    SCOPE = "scope"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; where that means something, `size_m2` is how large it is and `at` a point of it."""

    kind: FindingKind
    text: Text
    size_m2: float = 0.0
    at: Point | None = None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What is wrong with a draft: errors hinder its activation, warnings do not. The worst of each kind first."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Family:
    """A parent (None: the generation itself) and its children, with their shapes."""

    parent: ShapedArea | None
    outline: shapely.Geometry | None
    children: list[ShapedArea]
    shapes: Shapes


async def check_draft(conn: Connection, *, district_id: int, accept_datum: bool = False) -> CheckReport:
    """Check the draft generation; `accept_datum` leaves out the check of the datum. Raises `NoDraft`."""
    draft = await queries.find_draft_generation(conn, district_id=district_id)
    if draft is None:
        raise NoDraft
    areas = await queries.list_shaped_areas(conn, district_id=district_id, generation_id=draft.id)
    if not areas:
        nothing = Finding(FindingKind.EMPTY, Text("草稿中没有任何区域", "the draft holds no areas"))
        return CheckReport((nothing,), ())
    datum = [] if accept_datum else await _find_datum_errors(conn, district_id, draft)
    scopes = await queries.list_missing_scopes(conn, district_id=district_id, generation_id=draft.id)
    return await asyncio.to_thread(_examine, areas, datum, scopes)


def _examine(areas: Sequence[ShapedArea], datum: list[Finding], scopes: Sequence[str]) -> CheckReport:
    """Look at the shapes, and put what was found with what the database told."""
    shapes = shapely.from_wkb([area.geometry for area in areas])
    if invalid := tuple(_find_invalid(areas, shapes)):
        return CheckReport(invalid, ())
    families = _families(areas, shapes)
    strays, misfits = _find_outside(families)
    nested, overlaps = _find_overlaps(areas, shapes)
    warnings = [
        *_worst(FindingKind.GAP, _find_gaps(families)),
        *_worst(FindingKind.OVERLAP, overlaps),
        *_worst(FindingKind.OUTSIDE_PARENT, misfits),
        *_worst(FindingKind.SCOPE, map(_missing_scope, scopes)),
    ]
    return CheckReport((*datum, *_worst(FindingKind.NESTED, nested), *strays), tuple(warnings))


def _families(areas: Sequence[ShapedArea], shapes: Shapes) -> list[_Family]:
    places = {area.code: place for place, area in enumerate(areas)}
    members: defaultdict[str | None, list[int]] = defaultdict(list)
    for place, area in enumerate(areas):
        members[area.parent_code].append(place)
    return [
        _Family(
            None if code is None else areas[places[code]],
            None if code is None else shapes[places[code]],
            [areas[child] for child in children],
            shapes[children],
        )
        for code, children in members.items()
    ]


def _find_invalid(areas: Sequence[ShapedArea], shapes: Shapes) -> Iterator[Finding]:
    """Find shapes that nothing can be worked out with; files never bring them in, other ways into the draft might."""
    for place in np.flatnonzero(~shapely.is_valid(shapes)).tolist():
        name, reason = _named(areas[place]), shapely.is_valid_reason(shapes[place])
        at = _middle_of(shapes[place])
        yield Finding(FindingKind.INVALID, Text(f"{name}图形无效：{reason}", f"{name} is invalid: {reason}"), at=at)


def _find_gaps(families: Iterable[_Family]) -> Iterator[Finding]:
    """Find ground of a parent that no child has, and holes among the roots, which may be meant to be there."""
    for family in families:
        union = shapely.union_all(family.shapes)
        outline = _without_holes(union) if family.outline is None else family.outline
        pieces = shapely.get_parts(shapely.difference(outline, union))
        name = "" if family.parent is None else _named(family.parent)
        for piece, size in _sizeable(pieces):
            at = _place_in(piece)
            yield Finding(
                FindingKind.GAP,
                Text(
                    f"{name}空白 {size:,.0f} 平方米，位于 {_written(at)}",
                    f"gap of {size:,.0f} m² at {_written(at)} in {name or 'the whole'}",
                ),
                size,
                at,
            )


def _without_holes(union: shapely.Geometry) -> shapely.Geometry:
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(union))))


def _find_overlaps(areas: Sequence[ShapedArea], shapes: Shapes) -> tuple[list[Finding], list[Finding]]:
    """Find leaves that lie inside another leaf, and lesser ground that two leaves have, whoever their parents are."""
    leaves = np.flatnonzero([area.is_leaf for area in areas])
    polygons = shapes[leaves]
    sizes = square_metres(polygons)
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    is_once = first < second
    first, second = first[is_once], second[is_once]
    common = shapely.intersection(polygons[first], polygons[second])
    nested: list[Finding] = []
    overlaps: list[Finding] = []
    for one, two, piece, size in zip(first, second, common, square_metres(common).tolist(), strict=True):
        if size < MIN_SIZE_M2:
            continue
        inner, outer = sorted((one, two), key=lambda place: float(sizes[place]))
        if size >= MIN_SHARE_INSIDE * sizes[inner]:
            nested.append(_nested(areas[leaves[inner]], areas[leaves[outer]], piece, size))
        else:
            overlaps.append(_overlap(areas[leaves[one]], areas[leaves[two]], piece, size))
    return nested, overlaps


def _nested(inner: ShapedArea, outer: ShapedArea, piece: shapely.Geometry, size: float) -> Finding:
    return Finding(
        FindingKind.NESTED,
        Text(
            f"末级区域 {_named(inner)}套在另一个末级区域 {_named(outer)}里面；"
            "请先导入外面的，再指明上级（--parent 或 --parent-field）把里面的挂到其下级",
            f"{_named(inner)} lies inside {_named(outer)} and both are leaves: "
            "import the outer one first, then the inner one below it, naming its parent (--parent or --parent-field)",
        ),
        size,
        _place_in(piece),
    )


def _overlap(one: ShapedArea, two: ShapedArea, piece: shapely.Geometry, size: float) -> Finding:
    names, at = f"{_named(one)} × {_named(two)}", _place_in(piece)
    return Finding(
        FindingKind.OVERLAP,
        Text(
            f"{names} 重叠 {size:,.0f} 平方米，位于 {_written(at)}",
            f"{names} overlap by {size:,.0f} m² at {_written(at)}",
        ),
        size,
        at,
    )


def _find_outside(families: Iterable[_Family]) -> tuple[list[Finding], list[Finding]]:
    """Find children that lie mostly, or only partly, outside their parent."""
    strays: list[Finding] = []
    misfits: list[Finding] = []
    for family in families:
        if family.parent is None:
            continue
        shapely.prepare(family.outline)
        for place in np.flatnonzero(~shapely.covers(family.outline, family.shapes)):
            shape = family.shapes[place]
            outside = shapely.difference(shape, family.outline)
            (size,) = square_metres(np.array([outside])).tolist()
            share = size / float(square_metres(np.array([shape]))[0])
            if size >= MIN_SIZE_M2:
                (strays if share > MAX_SHARE_OUTSIDE else misfits).append(
                    _outside(family.children[place], family.parent, outside, size, share)
                )
    return strays, misfits


def _outside(child: ShapedArea, parent: ShapedArea, piece: shapely.Geometry, size: float, share: float) -> Finding:
    return Finding(
        FindingKind.OUTSIDE_PARENT,
        Text(
            f"{_named(child)}有 {share:.1%}（{size:,.0f} 平方米）在上级 {_named(parent)}之外",
            f"{child.code} lies outside its parent {parent.code} with {share:.1%} ({size:,.0f} m²)",
        ),
        size,
        _place_in(piece),
    )


async def _find_datum_errors(conn: Connection, district_id: int, draft: Generation) -> list[Finding]:
    active = await queries.find_active_generation(conn, district_id=district_id)
    if active is None:
        return []
    moved = await queries.list_moved_areas(
        conn, district_id=district_id, generation_id=draft.id, other_id=active.id, limit=MAX_COMPARED
    )
    wrong = find_wrong_datum(moved)
    if wrong is None:
        return []
    text = Text(
        f"与版次 {active.id} 相比，同编码区域整体偏移约 {wrong.shift_m:.0f} 米："
        f"像是 {wrong.likely} 坐标按 {wrong.stated} 导入（或上一版次如此）；确认无误可声明坐标系正确（--accept-datum）",
        f"areas that generation {active.id} has too have moved by about {wrong.shift_m:.0f} m, which looks like "
        f"{wrong.likely} imported as {wrong.stated} (or that generation was); if it is right, say so (--accept-datum)",
    )
    return [Finding(FindingKind.DATUM, text)]


def _missing_scope(path: str) -> Finding:
    return Finding(
        FindingKind.SCOPE,
        Text(f"有工作人员的辖区 {path} 不在草稿中", f"staff are scoped to {path}, which the draft does not have"),
    )


def _worst(kind: FindingKind, findings: Iterable[Finding]) -> list[Finding]:
    """Give the largest, and the others summed up in one."""
    ordered = sorted(findings, key=lambda finding: -finding.size_m2)
    rest = ordered[MAX_TOLD:]
    if not rest:
        return ordered
    size = sum(finding.size_m2 for finding in rest)
    told = Text(
        f"另有 {len(rest)} 处同类问题，共 {size:,.0f} 平方米", f"{len(rest)} more of kind {kind}, {size:,.0f} m² in all"
    )
    return [*ordered[:MAX_TOLD], Finding(kind, told, size)]


def _sizeable(pieces: Shapes) -> Iterator[tuple[shapely.Geometry, float]]:
    sizes = square_metres(pieces)
    return ((piece, float(size)) for piece, size in zip(pieces, sizes, strict=True) if size >= MIN_SIZE_M2)


def square_metres(shapes: Shapes) -> npt.NDArray[np.float64]:
    """Measure shapes in the metric frame of their own middle; 0 for empty ones and for lines."""
    bounds = shapely.bounds(shapes)
    frames = frames_at(np.nan_to_num(bounds[:, 1] + bounds[:, 3]) / 2)
    sizes: npt.NDArray[np.float64] = shapely.area(shapes) * frames.east * frames.north
    return sizes


def _named(area: ShapedArea) -> str:
    return f"{area.name}（{area.code}）"


def _place_in(piece: shapely.Geometry) -> Point:
    """Give a place inside a piece."""
    point = shapely.point_on_surface(piece)
    return Point(float(shapely.get_x(point)), float(shapely.get_y(point)))


def _middle_of(shape: shapely.Geometry) -> Point:
    """Give the middle of a shape's box: of what is invalid no more can be told."""
    west, south, east, north = shapely.bounds(shape).tolist()
    return Point((west + east) / 2, (south + north) / 2)


def _written(point: Point) -> str:
    """Write a place as lon,lat to some 10 cm."""
    return f"{point.lon:.6f},{point.lat:.6f}"
