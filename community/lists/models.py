"""What a list of cases is asked for and answers. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from community.models import CaseLine, Origin, State


class Order(StrEnum):
    """What stands on top: of the open cases the clock that runs out next, or of all cases the newest."""

    DUE = "due"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What to look for; None and empty ask for nothing. `area_path` is a subtree, the times are half-open."""

    states: Sequence[State] = ()
    category_codes: Sequence[str] = ()
    origin: Origin | None = None
    department_id: int | None = None
    assignee_id: int | None = None
    area_path: str | None = None
    duty_desk: bool = False
    overdue: bool = False
    number: str | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class After:
    """The sort key of the last row shown: its due time as text (`infinity` where none runs) and its id."""

    due_at: str
    case_id: int


@dataclass(frozen=True, slots=True)
class CasePage:
    """Some cases and the cursor of the next page; None on the last."""

    cases: tuple[CaseLine, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class BoundedCount:
    """How many there are, counted up to a bound; `or_more` says that the bound was reached (“1000+”)."""

    count: int
    or_more: bool
