"""What figures are made of and what they answer. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from community.models import Clock, Satisfaction, State


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a clock, as far as figures ask."""

    clock: Clock
    round: int
    due_at: datetime
    met_at: datetime | None
    breached_at: datetime | None
    cancelled_at: datetime | None
    paused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """A case entered the state `to` from `came_from`; None where it was opened."""

    came_from: State | None
    to: State
    at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """All of a case that figures are made of."""

    case_id: int
    opened_at: datetime
    state: State
    area_path: str | None
    category_code: str
    department_id: int | None
    satisfaction: Satisfaction | None
    rounds: tuple[Round, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Tallied:
    """What a case counts for: the day, place, category and department it stands under, and its slots."""

    case_id: int
    opened_on: date
    area_path: str | None
    category_code: str
    department_id: int | None
    slots: tuple[int, ...]


class By(StrEnum):
    """What the rows of an answer stand for."""

    AREA = "area"
    CATEGORY = "category"
    DEPARTMENT = "department"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class Grain(StrEnum):
    """How long a sum is over."""

    DAY = "day"
    MONTH = "month"


class Cut(StrEnum):
    """What a sum is cut by besides area and time."""

    ALL = "all"
    CATEGORY = "category"
    DEPARTMENT = "department"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Question:
    """Cases opened on local days in [`first`, `before`) within `area_path`; `''` is the whole district."""

    area_path: str
    first: date
    before: date
    category_code: str | None = None
    department_id: int | None = None
    by: By | None = None

    @property
    def cut(self) -> Cut:
        """Tell which sums answer it."""
        by_category = self.by is By.CATEGORY or self.category_code is not None
        by_department = self.by is By.DEPARTMENT or self.department_id is not None
        return ((Cut.ALL, Cut.DEPARTMENT), (Cut.CATEGORY, Cut.BOTH))[by_category][by_department]

    @property
    def depth(self) -> int:
        """Count the codes in the paths of the areas that are added up."""
        codes = self.area_path.count("/") + 1 if self.area_path else 0
        return codes + (self.by is By.AREA)


@dataclass(frozen=True, slots=True)
class Excluded:
    """Why cases of the period are not in a denominator; each case is counted under one reason."""

    rejected: int
    voided: int
    duplicates: int
    not_yet_due: int
    not_applicable: int


@dataclass(frozen=True, slots=True)
class RateFigure:
    """A share. `rate` is None where the denominator is 0; all is None where it is `suppressed`."""

    numerator: int | None
    denominator: int | None
    rate: float | None
    excluded: Excluded | None
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class SpanFigure:
    """Seconds from opening, over the `n` cases that got there. What may not be shown is None."""

    median_s: float | None
    p90_s: float | None
    n: int | None


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One line, its rates and spans by their codes. `key` is an area path, a category code, a department's id or a day.

    None is the whole, or what has no department, or what lies in none of the areas beneath.
    """

    key: str | None
    opened: int | None
    rates: Mapping[str, RateFigure]
    spans: Mapping[str, SpanFigure]


@dataclass(frozen=True, slots=True)
class Figures:
    """The answer. `outside`: the area is not the caller's, so that small counts are suppressed."""

    opened_from: date
    opened_before: date
    area: str
    category: str | None
    department: int | None
    by: By | None
    as_of: datetime
    outside: bool
    rows: tuple[FigureRow, ...]
