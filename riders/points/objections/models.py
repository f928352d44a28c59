"""Objections to entries of the ledger and to missing ones. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import Text


class ObjectionStatus(StrEnum):
    """Where an objection stands."""

    WAITING = "waiting"
    GRANTED = "granted"
    DECLINED = "declined"

    @property
    def text(self) -> Text:
        """The status in the field's words."""
        return _STATUS_TEXTS[self]


_STATUS_TEXTS = {
    ObjectionStatus.WAITING: Text("待处理", "Waiting"),
    ObjectionStatus.GRANTED: Text("已支持", "Granted"),
    ObjectionStatus.DECLINED: Text("未支持", "Declined"),
}


@dataclass(frozen=True, slots=True)
class Objection:
    """A rider's objection to an entry, or that a report brought none, and the answer in words."""

    id: int
    rider_id: int
    entry_id: int | None
    report_id: int | None
    case_id: int | None
    area_path: str
    words: str
    status: ObjectionStatus
    made_at: datetime
    decided_at: datetime | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class ReportInQuestion:
    """A rider's report that he misses points for: its case, and when something last happened on it."""

    case_id: int
    area_path: str | None
    last_moved_at: datetime


@dataclass(frozen=True, slots=True)
class Contested:
    """What an objection is to (an entry, or a report), who answers for it, and since when it could be contested."""

    entry_id: int | None
    report_id: int | None
    case_id: int | None
    area_path: str
    since: datetime
