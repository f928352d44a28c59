"""What would change if the draft became active: areas added, removed and changed, by their codes. Reads only."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely

from core.database import Connection
from geo import queries
from geo.checking import MIN_SIZE_M2, square_metres
from geo.errors import NoDraft
from geo.models import Generation, Level
from geo.outlines import Outlines, Shapes, draw
from geo.queries import ShapedArea

#: Areas of a generation that are compared or checked while somebody waits at a page: some five seconds on a busy core.
#: Half the time after which PostgreSQL ends a transaction that waits for its client (core.database).
MOST_AREAS = 10_000
#: Changes told one by one and drawn.
MOST_CHANGES = 2_000


class ChangeKind(StrEnum):
    """What happens to an area."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Aspect(StrEnum):
    """In what a changed area differs."""

    NAME = "name"
    LEVEL = "level"
    PARENT = "parent"
    OUTLINE = "outline"


@dataclass(frozen=True, slots=True)
class AreaChange:
    """One area that is not as before; `names` from the root down, as they will be, or were.

    `moved_m2` is ground won and lost.
    """

    code: str
    kind: ChangeKind
    names: tuple[str, ...]
    old_names: tuple[str, ...]
    level: str
    aspects: tuple[Aspect, ...]
    moved_m2: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The draft beside the active generation (None: there is none yet).

    `is_too_large`: there are too many areas to compare one by one, only the levels were counted. Of the changes the
    first are told (`is_cut`: there are more), and the lowest areas among them drawn, with `code`, `name` and `kind`.
    """

    draft: Generation
    active: Generation | None
    before: list[Level]
    after: list[Level]
    is_too_large: bool
    added: int
    removed: int
    changed: int
    unchanged: int
    is_cut: bool
    changes: list[AreaChange]
    outlines: Outlines


async def compare_draft(conn: Connection, *, district_id: int) -> Comparison:
    """Hold the draft against the active generation. Raises `NoDraft`."""
    draft = await queries.find_draft_generation(conn, district_id=district_id)
    if draft is None:
        raise NoDraft
    active = await queries.find_active_generation(conn, district_id=district_id)
    before, after = [
        [] if each is None else await queries.list_levels(conn, district_id=district_id, generation_id=each.id)
        for each in (active, draft)
    ]
    if max(count(before), count(after)) > MOST_AREAS:
        nothing = Outlines("FeatureCollection", [], 0, is_cut=False)
        return Comparison(draft, active, before, after, True, 0, 0, 0, 0, True, [], nothing)
    old, new = [
        [] if each is None else await queries.list_shaped_areas(conn, district_id=district_id, generation_id=each.id)
        for each in (active, draft)
    ]
    return await asyncio.to_thread(_compare, draft, active, before, after, old, new)


def count(levels: Sequence[Level]) -> int:
    """Add up the areas of all levels."""
    return sum(level.areas for level in levels)


def _compare(
    draft: Generation,
    active: Generation | None,
    before: list[Level],
    after: list[Level],
    old: Sequence[ShapedArea],
    new: Sequence[ShapedArea],
) -> Comparison:
    was, will = {area.code: area for area in old}, {area.code: area for area in new}
    common = [code for code in will if code in was]
    moved = _moved([was[code] for code in common], [will[code] for code in common])
    changes = [
        *(_change(ChangeKind.ADDED, None, area) for area in new if area.code not in was),
        *(_change(ChangeKind.REMOVED, area, None) for area in old if area.code not in will),
        *(
            _change(ChangeKind.CHANGED, was[code], will[code], aspects, size)
            for code, size in zip(common, moved, strict=True)
            if (aspects := _aspects(was[code], will[code], size))
        ),
    ]
    numbers = {kind: sum(change.kind is kind for change in changes) for kind in ChangeKind}
    told = changes[:MOST_CHANGES]
    drawn = [(change, area) for change in told if (area := will.get(change.code) or was[change.code]).is_leaf]
    outlines = draw(
        _shapes([area for _, area in drawn]),
        [{"code": area.code, "name": area.name, "kind": change.kind} for change, area in drawn],
        total=len(drawn),
    )
    return Comparison(
        draft=draft,
        active=active,
        before=before,
        after=after,
        is_too_large=False,
        added=numbers[ChangeKind.ADDED],
        removed=numbers[ChangeKind.REMOVED],
        changed=numbers[ChangeKind.CHANGED],
        unchanged=len(common) - numbers[ChangeKind.CHANGED],
        is_cut=len(changes) > len(told),
        changes=told,
        outlines=outlines,
    )


def _shapes(areas: Sequence[ShapedArea]) -> Shapes:
    shapes = np.empty(len(areas), dtype=object)
    shapes[:] = [shapely.from_wkb(area.geometry) for area in areas]
    return shapes


def _moved(old: Sequence[ShapedArea], new: Sequence[ShapedArea]) -> list[float]:
    """Give the square metres by which each pair of outlines differs; what is stored alike is not looked at."""
    sizes = np.zeros(len(old))
    differ = [n for n, (one, other) in enumerate(zip(old, new, strict=True)) if one.geometry != other.geometry]
    if differ:
        one, other = [_shapes([areas[n] for n in differ]) for areas in (old, new)]
        sizes[differ] = square_metres(shapely.symmetric_difference(one, other))
    moved: list[float] = sizes.tolist()
    return moved


def _aspects(old: ShapedArea, new: ShapedArea, moved_m2: float) -> tuple[Aspect, ...]:
    differs = {
        Aspect.NAME: old.name != new.name,
        Aspect.LEVEL: old.level != new.level,
        Aspect.PARENT: old.path != new.path,
        Aspect.OUTLINE: moved_m2 >= MIN_SIZE_M2,
    }
    return tuple(aspect for aspect, is_so in differs.items() if is_so)


def _change(
    kind: ChangeKind,
    old: ShapedArea | None,
    new: ShapedArea | None,
    aspects: tuple[Aspect, ...] = (),
    moved_m2: float = 0.0,
) -> AreaChange:
    area = new or old
    if area is None:
        raise ValueError("a change is of something")
    return AreaChange(
        area.code, kind, area.names, () if old is None else old.names, area.level, aspects, round(moved_m2, 1)
    )
