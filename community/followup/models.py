"""What is asked of a reporter after closing, and the visits that staff owe. Values only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from community.models import Contact, Satisfaction
from core.errors import Text

#: How long after closing a link can be answered.
LINK_LIFE = timedelta(days=14)

SATISFACTION_TEXTS = {
    Satisfaction.SATISFIED: Text("满意", "satisfied"),
    Satisfaction.FAIRLY_SATISFIED: Text("基本满意", "fairly satisfied"),
    Satisfaction.DISSATISFIED: Text("不满意", "dissatisfied"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """The link of one closing of a case. `is_latest` says that the case was not closed again since."""

    round: int
    closed_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    satisfaction: Satisfaction | None
    words: str | None
    is_latest: bool


@dataclass(frozen=True, slots=True)
class OwnLink:
    """What a reporter is given of the link of his case: the token that opens it, until when, and when he answered."""

    token: str
    expires_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reporter says of the result."""

    satisfaction: Satisfaction
    words: str | None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a link shows to whoever holds it: the matter and its result, and the answer once there is one."""

    number: str
    category_code: str
    result: str | None
    closed_at: datetime
    expires_at: datetime
    satisfaction: Satisfaction | None
    words: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A return visit that is owed: the closed case, until when, and whom to reach, masked."""

    case_id: int
    number: str
    category_code: str
    description: str
    result: str | None
    area_path: str | None
    area_names: tuple[str, ...] | None
    closed_at: datetime
    due_at: datetime
    contact: Contact


@dataclass(frozen=True, slots=True)
class VisitPage:
    """Some visits and the cursor of the next page; None on the last."""

    visits: tuple[Visit, ...]
    next_cursor: str | None
