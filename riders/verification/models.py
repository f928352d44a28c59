"""Verification tasks as riders and staff see them. Values only; nobody's position is among them."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from community.verification.models import Answer, Purpose
from core.errors import Text
from geo.models import Point


class TaskState(StrEnum):
    """Where a task stands: on offer, held by a rider, left to the grid worker, or over in one of three ways."""

    OPEN = "open"
    ACCEPTED = "accepted"
    FALLBACK = "fallback"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def text(self) -> Text:
        """The state in the field's words."""
        return _STATE_TEXTS[self]


_STATE_TEXTS = {
    TaskState.OPEN: Text("待接", "On offer"),
    TaskState.ACCEPTED: Text("已有人接", "Taken"),
    TaskState.FALLBACK: Text("已转网格员", "Left to the grid worker"),
    TaskState.ANSWERED: Text("已核实", "Answered"),
    TaskState.EXPIRED: Text("已过期", "Expired"),
    TaskState.CANCELLED: Text("已取消", "Cancelled"),
}


@dataclass(frozen=True, slots=True)
class Task:
    """A task as stored, and as staff who see its case see it.

    `rider_id` holds it, answered it, or held it last. `distance_m`, in tens of metres, is all that is kept of where
    the one who answered stood.
    """

    id: int
    case_id: int
    purpose: Purpose
    area_path: str | None
    state: TaskState
    asked_by_kind: str
    asked_by_id: int | None
    asked_at: datetime
    fallback_at: datetime
    expires_at: datetime
    rider_id: int | None
    accepted_at: datetime | None
    accept_until: datetime | None
    answer: Answer | None
    note: str | None
    photos: tuple[str, ...]
    distance_m: int | None
    answered_by_kind: str | None
    answered_by_id: int | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A task that a rider may take, before he has: `near` (WGS-84) is the place to some 100 m.

    `distance_m`, in hundreds of metres, is from where he said he is, or off the way he said he goes; None when he said
    nothing.
    """

    id: int
    purpose: Purpose
    question: Text
    category_code: str
    category: Text
    area_names: tuple[str, ...]
    near: Point
    distance_m: int | None
    asked_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OwnTask:
    """A task that a rider holds or held; `point` is the exact place (WGS-84), only while he holds it."""

    id: int
    purpose: Purpose
    question: Text
    category_code: str
    category: Text
    area_names: tuple[str, ...]
    state: TaskState
    state_text: Text
    point: Point | None
    accepted_at: datetime
    accept_until: datetime | None
    answer: Answer | None
    note: str | None
    photos: tuple[str, ...]
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """What someone says he found. `stands_at` is where he says it from: used for the distance, and forgotten."""

    answer: Answer
    note: str | None = None
    stands_at: Point | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was kept of an answer; repeating the answer gives the same."""

    task_id: int
    purpose: Purpose
    answer: Answer
    note: str | None
    photos: tuple[str, ...]
    distance_m: int | None
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Willingness:
    """Whether a rider wants to be asked, and the local hours in which he is not told of anything.

    The quiet hours go past midnight where they end earlier than they begin; both None is none.
    """

    may_be_asked: bool
    quiet_from: time | None
    quiet_until: time | None
