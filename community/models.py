"""Cases and what surrounds them. Values only: no database, no rules."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import Text
from core.masking import mask_name, mask_phone
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
    HANDLING = "handling"
    HANDLED = "handled"
    VERIFIED = "verified"
    CLOSED = "closed"
    FOLLOWED_UP = "followed_up"
    HELD = "held"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    VOIDED = "voided"

    @property
    def text(self) -> Text:
        """The state in the field's words."""
        return _STATE_TEXTS[self]


_STATE_TEXTS = {
    State.COLLECTED: Text("待立案", "Collected"),
    State.FILED: Text("已立案", "Filed"),
    State.DISPATCHED: Text("已派遣", "Dispatched"),
    State.HANDLING: Text("处置中", "Being handled"),
    State.HANDLED: Text("待核查", "Handled"),
    State.VERIFIED: Text("待结案", "Verified"),
    State.CLOSED: Text("已结案", "Closed"),
    State.FOLLOWED_UP: Text("已回访", "Followed up"),
    State.HELD: Text("已挂起", "On hold"),
    State.REJECTED: Text("不予立案", "Rejected"),
    State.DUPLICATE: Text("已并案", "Merged as a duplicate"),
    State.VOIDED: Text("已作废", "Voided"),
}

#: Nothing more is owed in these; `closed_at` is set exactly in them.
ENDED = frozenset({State.CLOSED, State.FOLLOWED_UP, State.REJECTED, State.DUPLICATE, State.VOIDED})


class Kind(StrEnum):
    """How a case is to be settled: at once, by a promised date, or with the help of those above."""

    IMMEDIATE = "immediate"
    PROMISED = "promised"
    COORDINATED = "coordinated"


class Satisfaction(StrEnum):
    """What the person concerned says of the result: 满意, 基本满意, 不满意."""

    SATISFIED = "satisfied"
    FAIRLY_SATISFIED = "fairly_satisfied"
    DISSATISFIED = "dissatisfied"


class Channel(StrEnum):
    """How a person was reached."""

    PHONE = "phone"
    FACE_TO_FACE = "face_to_face"
    WECHAT = "wechat"
    SMS = "sms"


class ClosingPhotos(StrEnum):
    """Which photos closing a case of a category needs."""

    NONE = "none"
    AFTER = "after"
    BEFORE_AFTER = "before_after"


class Clock(StrEnum):
    """A limit that can run on a case.

    `respond` from opening to the first answer, `file` from opening to filing, `dispatch` and `handle` from filing on,
    `verify` from handled to closed, `follow_up` from closing to the visit.
    """

    RESPOND = "respond"
    FILE = "file"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    VERIFY = "verify"
    FOLLOW_UP = "follow_up"


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
    """A kind of case: its names, questions, the photos closing needs, and the department that usually handles it."""

    code: str
    zh: str
    en: str
    questions: tuple[Question, ...]
    closing_photos: ClosingPhotos
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
class Place:
    """Where a case is: WGS-84, what was received before conversion, and the accuracy claimed for it in metres."""

    point: Point
    received: Received
    accuracy_m: float | None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as stored; area, generation and candidates are as routed. `area_path` None is the duty desk.

    `department_ids` are all departments at work on it, the lead (`department_id`) first. `state_before` is what a held
    or merged case goes back to, `desk_before` the desk from which it was transferred up. `contact_owed` says that only
    reaching the resident counts as the first answer.
    """

    id: int
    district_id: int
    number: str
    origin: Origin
    origin_ref: str
    category_code: str
    kind: Kind
    promised_at: datetime | None
    state: State
    state_before: State | None
    held_until: datetime | None
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
    desk_before: str | None
    suggested_department_id: int | None
    suggested_department_ids: tuple[int, ...]
    post_id: int | None
    department_id: int | None
    department_ids: tuple[int, ...]
    assignee_id: int | None
    duplicate_of: int | None
    reporter_kind: str
    reporter_id: int | None
    contact_owed: bool
    result: str | None
    satisfaction: Satisfaction | None
    reopening_asked_at: datetime | None
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
class Contact:
    """How somebody can be reached."""

    name: str | None
    phone: str | None

    def masked(self) -> "Contact":
        """Give what shows that there is somebody to reach, and not whom or how."""
        return Contact(mask_name(self.name), mask_phone(self.phone))


NOBODY = Contact(None, None)


@dataclass(frozen=True, slots=True)
class Appeal:
    """A resident's appeal. `body_hash` tells a repetition from another appeal under a used key."""

    id: int
    body_hash: bytes
    token: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """A line of someone's message list: which event of which case, and when he read it."""

    id: int
    kind: str
    case_id: int
    case_number: str
    created_at: datetime
    read_at: datetime | None
