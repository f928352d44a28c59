"""Points: rules, entries of the ledger, and what a rider and his community see of them. Values only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from core.errors import Text

#: What staff may give one rider of their own accord in one local month, and by one decision on an objection.
MOST_BY_HAND = 20

#: How long an entry, or the lack of one, may be contested.
OBJECT_WITHIN = timedelta(days=30)


class Ground(StrEnum):
    """What points are given for. The first four are given by rules, the others by a person's decision."""

    FILED = "filed"
    CLOSED = "closed"
    VERIFIED = "verified"
    HELPFUL = "helpful"
    AWARD = "award"
    OBJECTION = "objection"

    @property
    def text(self) -> Text:
        """The ground in the field's words."""
        return _GROUND_TEXTS[self]


_GROUND_TEXTS = {
    Ground.FILED: Text("立案", "Filed"),
    Ground.CLOSED: Text("办结", "Closed"),
    Ground.VERIFIED: Text("核实", "Verified"),
    Ground.HELPFUL: Text("印证", "Bore out"),
    Ground.AWARD: Text("社区奖励", "Award of the community"),
    Ground.OBJECTION: Text("申诉补记", "Granted on objection"),
}


class Withheld(StrEnum):
    """Why an entry gives nothing although a rule would have paid for it."""

    DAILY_CAP = "daily_cap"
    SAME_SPOT = "same_spot"
    OWN_DUPLICATE = "own_duplicate"
    OWN_CASE = "own_case"

    @property
    def text(self) -> Text:
        """The words added to the reason."""
        return _WITHHELD_TEXTS[self]


_WITHHELD_TEXTS = {
    Withheld.DAILY_CAP: Text("当日该项已达上限，不计分", "the day's limit was reached: no points"),
    Withheld.SAME_SPOT: Text(
        "24 小时内同一地点同类问题只计一次", "one spot and category counts once in 24 hours: no points"
    ),
    Withheld.OWN_DUPLICATE: Text("与本人已上报的是同一问题，不计分", "you had reported the same matter: no points"),
    Withheld.OWN_CASE: Text("核实本人上报的问题，不计分", "it was your own report: no points"),
}


@dataclass(frozen=True, slots=True)
class PointRule:
    """A version of a rule: points for a ground, in one category or (`category_code` None) in all without their own."""

    id: int
    ground: Ground
    category_code: str | None
    points: int
    daily_cap: int
    zh: str
    en: str
    valid_from: datetime
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """What a rule says, before it is a row."""

    ground: Ground
    category_code: str | None
    points: int
    daily_cap: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry before it is a row; `by_id` None is the system."""

    rider_id: int
    ground: Ground
    points: int
    reason: Text
    area_path: str
    earned_on: date
    rule_id: int | None = None
    withheld: Withheld | None = None
    case_id: int | None = None
    report_id: int | None = None
    event_id: int | None = None
    reverses: int | None = None
    objection_id: int | None = None
    by_id: int | None = None


@dataclass(frozen=True, slots=True)
class PointEntry:
    """A row of the ledger as staff see it; `reversed_by` is the entry that took it back."""

    id: int
    rider_id: int
    ground: Ground
    points: int
    reason: Text
    rule_id: int | None
    withheld: Withheld | None
    case_id: int | None
    report_id: int | None
    reverses: int | None
    reversed_by: int | None
    objection_id: int | None
    area_path: str
    earned_on: date
    created_at: datetime
    by_kind: str
    by_id: int | None


@dataclass(frozen=True, slots=True)
class OwnPointEntry:
    """A row of the ledger as its rider sees it, with what became of his objection to it."""

    id: int
    ground: Ground
    ground_text: Text
    points: int
    reason: Text
    withheld: Withheld | None
    case_number: str | None
    report_id: int | None
    reverses: int | None
    reversed_by: int | None
    created_at: datetime
    by_kind: str
    may_object_until: datetime
    objection_status: str | None
    objection_answer: str | None
