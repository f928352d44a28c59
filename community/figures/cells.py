"""Sums of tallied cases kept ready: which cells a case belongs to, and what a change of cases adds to each. Pure.

A district has too many cases to add up at every question, a community has few. So sums are kept of the whole, of the
areas of the first level and of those of the second, by day and by month, each cut by category and department; of the
third level by month alone, cut by category. What is not kept is added up from the tallied cases themselves.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from community.figures.models import Cut, Grain, Tallied

WHOLLY_KEPT_DEPTH = 2
KEPT_DEPTH = 3

ALL_CATEGORIES = ""
ALL_DEPARTMENTS = -1
NO_DEPARTMENT = 0

#: Stands where a child's code would, for what lies in an area and in none beneath it. No code may hold it.
ITSELF = "|"


def is_kept(grain: Grain, cut: Cut, depth: int) -> bool:
    """Tell whether sums of this kind are kept for areas of `depth` codes."""
    if depth <= WHOLLY_KEPT_DEPTH:
        return True
    return depth <= KEPT_DEPTH and grain is Grain.MONTH and cut in (Cut.ALL, Cut.CATEGORY)


_KEPT = [
    [(grain, cut) for grain in Grain for cut in Cut if is_kept(grain, cut, depth)] for depth in range(KEPT_DEPTH + 1)
]


class CellKey(NamedTuple):
    """Which sum. `depth` is the number of codes in `area_path`; `starts_on` the day, or the first of the month."""

    grain: Grain
    cut: Cut
    depth: int
    area_path: str
    starts_on: date
    category_code: str
    department_id: int


def child_of(area_path: str, code: str) -> str:
    """Give the path one step beneath `area_path`."""
    return f"{area_path}/{code}" if area_path else code


def nodes_of(area_path: str | None) -> list[str]:
    """List the areas that a case at `area_path` (None: the duty desk) counts in, from the district down."""
    codes = area_path.split("/") if area_path else []
    shown = codes if len(codes) >= KEPT_DEPTH else [*codes, ITSELF]
    return ["/".join(shown[:depth]) for depth in range(min(len(shown), KEPT_DEPTH) + 1)]


def cells_of(case: Tallied) -> list[CellKey]:
    """List every cell a case counts in."""
    department = case.department_id or NO_DEPARTMENT
    under = {
        Cut.ALL: (ALL_CATEGORIES, ALL_DEPARTMENTS),
        Cut.CATEGORY: (case.category_code, ALL_DEPARTMENTS),
        Cut.DEPARTMENT: (ALL_CATEGORIES, department),
        Cut.BOTH: (case.category_code, department),
    }
    starts_on = {Grain.DAY: case.opened_on, Grain.MONTH: case.opened_on.replace(day=1)}
    return [
        CellKey(grain, cut, depth, area_path, starts_on[grain], *under[cut])
        for depth, area_path in enumerate(nodes_of(case.area_path))
        for grain, cut in _KEPT[depth]
    ]


def add_up(before: Iterable[Tallied], after: Iterable[Tallied]) -> dict[CellKey, Counter[int]]:
    """Give what replacing cases as they were tallied `before` by those `after` adds to each cell; nothing where 0."""
    sums: defaultdict[CellKey, Counter[int]] = defaultdict(Counter)
    for cases, count in ((after, Counter.update), (before, Counter.subtract)):
        for case in cases:
            for key in cells_of(case):
                count(sums[key], case.slots)
    changed = {key: Counter({slot: n for slot, n in sum_.items() if n}) for key, sum_ in sums.items()}
    return {key: sum_ for key, sum_ in changed.items() if sum_}
