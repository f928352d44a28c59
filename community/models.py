"""Cases and what surrounds them. Values only: no database, no rules."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import Text
from geo.models import Point, Received


class Origin(StrEnum):
    """What a case was opened from."""

    REPORT = "report"
    APPEAL = "appeal"
    STATION_FAULT = "station_fault"


class State(StrEnum):
    """Where a case stands."""

    COLLECTED = "collected"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLED = "handled"
    VERIFIED = "verified"
    CLOSED = "closed"
    FOLLOWED_UP = "followed_up"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"

    @property
    def text(self) -> Text:
        """The state in the field's words."""
        return _STATE_TEXTS[self]


_STATE_TEXTS = {
    State.COLLECTED: Text("待立案", "Collected"),
    State.FILED: Text("已立案", "Filed"),
    State.DISPATCHED: Text("处置中", "Dispatched"),
    State.HANDLED: Text("待核查", "Handled"),
    State.VERIFIED: Text("待结案", "Verified"),
    State.CLOSED: Text("已结案", "Closed"),
    State.FOLLOWED_UP: Text("已回访", "Followed up"),
    State.REJECTED: Text("不予立案", "Rejected"),
    State.DUPLICATE: Text("已并案", "Merged as a duplicate"),
}

#: Nothing more is owed in these; `closed_at` is set exactly in them.
ENDED = frozenset({State.CLOSED, State.FOLLOWED_UP, State.REJECTED, State.DUPLICATE})


class Clock(StrEnum):
    """A limit that can run on a case: first answer of the community, and handling after filing."""

    RESPOND = "respond"
    HANDLE = "handle"


class Unit(StrEnum):
    """What a limit is counted in."""

    MINUTE = "minute"
    WORKING_HOUR = "working_hour"
    WORKING_DAY = "working_day"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take: wall-clock minutes, working hours or working days."""

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer a question offers."""

    key: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a category asks besides place and text; `datatype` is one of Open311's attribute types."""

    variable: str
    datatype: str
    required: bool
    zh: str
    en: str
    values: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of case: its names, questions, limits and the department that usually handles it."""

    code: str
    zh: str
    en: str
    questions: tuple[Question, ...]
    respond_minutes: int
    handle: Limit
    default_department_id: int | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Department:
    """A unit that handles what communities dispatch to it; `area_path` is the subtree it serves."""

    id: int
    code: str
    name: str
    phone: str | None
    area_path: str


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Cases of `category_code` (None: any) within `area_path` go to the desk `desk_depth` levels from the root."""

    id: int
    position: int
    area_path: str
    category_code: str | None
    desk_depth: int | None
    department_id: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Route:
    """Where a case goes and why: the desk that answers for it, and the department suggested to it."""

    desk_path: str
    department_id: int | None
    rule_id: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case is: WGS-84, what was received before conversion, and the accuracy claimed for it in metres."""

    point: Point
    received: Received
    accuracy_m: float | None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as stored; area, generation and candidates are as routed. `area_path` None is the duty desk."""

    id: int
    district_id: int
    number: str
    origin: Origin
    origin_ref: str
    category_code: str
    state: State
    description: str
    lon: float | None
    lat: float | None
    received_lon: float | None
    received_lat: float | None
    received_datum: str | None
    accuracy_m: float | None
    area_code: str | None
    area_path: str | None
    area_names: tuple[str, ...] | None
    generation_id: int | None
    candidates: tuple[str, ...]
    metres_to_line: float | None
    needs_confirmation: bool
    located_reason: str | None
    desk_path: str
    suggested_department_id: int | None
    department_id: int | None
    assignee_id: int | None
    duplicate_of: int | None
    reporter_kind: str
    reporter_id: int | None
    result: str | None
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    next_due_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case as a list shows it."""

    id: int
    number: str
    origin: Origin
    category_code: str
    state: State
    description: str
    lon: float | None
    lat: float | None
    area_path: str | None
    area_names: tuple[str, ...] | None
    needs_confirmation: bool
    department_id: int | None
    assignee_id: int | None
    opened_at: datetime
    closed_at: datetime | None
    next_due_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Deadline:
    """One round of a clock on a case. `calendar_known` is False where a year without rows was counted by weekday."""

    clock: Clock
    round: int
    due_at: datetime
    started_at: datetime
    met_at: datetime | None
    breached_at: datetime | None
    cancelled_at: datetime | None
    calendar_version: int
    calendar_known: bool


@dataclass(frozen=True, slots=True)
class Breach:
    """A clock that the sweep found late."""

    case_id: int
    clock: Clock
    round: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """How the resident who appealed can be reached."""

    name: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Appeal:
    """A resident's appeal. `body_hash` tells a repetition from another appeal under a used key."""

    id: int
    body_hash: bytes
    token: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """A line of someone's message list: which event of which case."""

    id: int
    kind: str
    case_id: int
    case_number: str
    created_at: datetime
