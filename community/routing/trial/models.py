"""What a dry run answers. Values only."""

from dataclasses import dataclass
from datetime import datetime

from community.routing.models import Route


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a case goes, whichever rule sends it there."""

    desk_path: str
    department_ids: tuple[int, ...]
    post_id: int | None


@dataclass(frozen=True, slots=True)
class Flow:
    """How many cases would have gone elsewhere in the same way."""

    before: Goal
    after: Goal
    cases: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A case that would have gone elsewhere; rule ids below zero are the n-th change of the proposal."""

    case_id: int
    number: str
    area_path: str | None
    category_code: str
    opened_at: datetime
    before: Route
    after: Route


@dataclass(frozen=True, slots=True)
class Trial:
    """Present rules against proposed ones over the cases opened in a period.

    `flows` are the most frequent, `other_cases` go elsewhere in none of these ways; `samples` are the newest.
    """

    opened_from: datetime
    opened_before: datetime
    same: int
    changed: int
    flows: tuple[Flow, ...]
    other_cases: int
    samples: tuple[Sample, ...]
