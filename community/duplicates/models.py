"""What looking for duplicates is told and answers. Values only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from community.models import Case, State
from core.errors import Text

#: Metres; what a rule may at most ask for.
LARGEST_RADIUS_M = 500


@dataclass(frozen=True, slots=True)
class Reach:
    """How far to look: metres around, and days between two openings. A radius of 0 looks for nothing."""

    radius_m: int
    within_days: int


@dataclass(frozen=True, slots=True)
class CategoryReach:
    """The reach of one category in place of the default."""

    category: str
    radius_m: int
    within_days: int


@dataclass(frozen=True, slots=True)
class DuplicateRules:
    """By what duplicates are looked for. `related` are pairs of categories that one thing is reported under."""

    default: Reach
    categories: tuple[CategoryReach, ...]
    related: tuple[tuple[str, str], ...]

    def reach_of(self, category_code: str) -> Reach:
        """Give the category's own reach, or the default."""
        for row in self.categories:
            if row.category == category_code:
                return Reach(row.radius_m, row.within_days)
        return self.default

    def akin_to(self, category_code: str) -> tuple[str, ...]:
        """Give the category itself and, in order, those related to it."""
        others = {code for pair in self.related if category_code in pair for code in pair} - {category_code}
        return (category_code, *sorted(others))


class Aspect(StrEnum):
    """In what two cases are compared."""

    DISTANCE = "distance"
    TEXT = "text"
    CATEGORY = "category"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Part:
    """One aspect of a likeness, 0 to 1, the weight it had, and in words what it rests on."""

    aspect: Aspect
    likeness: float
    weight: float
    reason: Text


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two cases are, 0 to 1: the mean of its parts by their weights, which add up to 1."""

    score: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class OtherCase:
    """Another case as someone who compares it wants to see it."""

    id: int
    number: str
    category_code: str
    state: State
    state_text: Text
    description: str
    lon: float | None
    lat: float | None
    area_names: tuple[str, ...] | None
    opened_at: datetime
    closed_at: datetime | None
    version: int


def other_case(case: Case) -> OtherCase:
    """Give what is shown of a case beside another."""
    return OtherCase(
        id=case.id,
        number=case.number,
        category_code=case.category_code,
        state=case.state,
        state_text=case.state.text,
        description=case.description,
        lon=case.lon,
        lat=case.lat,
        area_names=case.area_names,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        version=case.version,
    )


def other_cases(cases: Iterable[Case]) -> tuple[OtherCase, ...]:
    """Give what is shown of several cases, the earliest first."""
    return tuple(other_case(case) for case in sorted(cases, key=lambda case: case.id))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An open case that may be the same: how far away, how alike, and why."""

    case: OtherCase
    metres: float
    score: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A case that someone found not to be the same."""

    case: OtherCase
    dismissed_by: str
    dismissed_at: datetime


@dataclass(frozen=True, slots=True)
class Dismissal:
    """The stored row about a case, seen from it: the other one, who said so and when."""

    other_id: int
    staff_id: int
    dismissed_at: datetime


@dataclass(frozen=True, slots=True)
class CaseDuplicates:
    """Everything about a case and its like, as far as the asker sees it.

    `original` is what it was merged into, `duplicates` were merged into it. `suggestions` stand in order of likeness
    and were looked for by `reach` among `categories`; a case that has ended gets none.
    """

    original: OtherCase | None
    duplicates: tuple[OtherCase, ...]
    suggestions: tuple[Suggestion, ...]
    dismissed: tuple[Dismissed, ...]
    reach: Reach
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SuggestionCount:
    """How many suggestions a case has for the asker."""

    case_id: int
    suggestions: int


@dataclass(frozen=True, slots=True)
class NearbyCase:
    """What anyone may know of an open case: what kind, where it stands, tens of metres away, since when."""

    category_code: str
    state: Text
    distance_m: int
    opened_at: datetime
