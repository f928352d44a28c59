"""What one department owes on a case. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OrderState(StrEnum):
    """Where a work order stands; from `done` on it is over."""

    SENT = "sent"
    ACCEPTED = "accepted"
    DONE = "done"
    RETURNED = "returned"
    PASSED_ON = "passed_on"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A work order of a case. `words` are the department's: what was done, or why it was returned or passed on."""

    id: int
    department_id: int
    department_name: str
    is_lead: bool
    state: OrderState
    sent_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    words: str | None
