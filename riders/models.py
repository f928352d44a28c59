"""What the riders' room keeps and answers: riders, consents, applications, appointments, reports, photos."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from community.models import State
from community.progress import Progress
from core.access.models import Actor, Tokens
from core.errors import SignInRequired, Text
from core.sealing.models import SealedTable
from geo.models import Received

RIDER = SealedTable("rider", ("phone", "name"), indexed="phone")
APPLICATION = SealedTable("application", ("id_number",))


class TrustLevel(IntEnum):
    """What an appointed reporter's word is worth in his area."""

    LOOKED_AT_FIRST = 1
    FILED_AT_ONCE = 2
    MAY_VERIFY_OTHERS = 3


class ApplicationStatus(StrEnum):
    """Where an application stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Rider:
    """A rider; of one who was erased neither phone nor name are left."""

    id: int
    phone: str | None
    name: str | None
    platform: str | None
    languages: list[str]
    signed_up_at: datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """A fresh session and whose it is."""

    tokens: Tokens
    rider_id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Consent:
    """A purpose in its newest version, and what the rider last decided about it.

    `is_in_force` only while the newest version is agreed to: a changed text asks again.
    """

    purpose: str
    version: int
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    is_in_force: bool
    decided_version: int | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Application:
    """A rider's wish to report for an area, as he and the reviewing community see it.

    Staff see of the name its first sign; of the number of the identity card everybody sees the last four.
    """

    id: int
    rider_id: int
    rider_name: str | None
    id_number: str | None
    area_path: str
    motivation: str
    status: str
    applied_at: datetime
    decided_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Appointment:
    """A rider's term as reporter in the area at `area_path` and beneath; it counts from `starts_at` until `ends_at`."""

    id: int
    rider_id: int
    application_id: int
    area_path: str
    trust_level: int
    starts_at: datetime
    ends_at: datetime
    appointed_by: int
    revoked_at: datetime | None
    revoke_reason: str | None


@dataclass(frozen=True, slots=True)
class Submission:
    """What a rider sends: the part of a report that the idempotency key stands for.

    `observed_at` is the phone's clock: kept, never trusted. `photos` are SHA-256 in lower-case hexadecimal.
    """

    category: str
    description: str = ""
    received: Received | None = None
    accuracy_m: float | None = None
    answers: dict[str, str] = field(default_factory=dict)
    observed_at: datetime | None = None
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The receipt of a submission. Only what never changes, so that repeating the request answers the same."""

    id: int
    rider_id: int
    case_id: int
    case_number: str
    category: str
    description: str
    area_path: str | None
    area_names: list[str] | None
    needs_confirmation: bool
    is_trusted: bool
    submitted_at: datetime
    photos: list[str]


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report as its rider's list shows it, with the state of its case."""

    id: int
    case_number: str
    category: str
    description: str
    state: State
    state_text: Text
    submitted_at: datetime
    photos_expected: int
    photos_received: int


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of a report; everything but `sha256`, its name, is None until it has arrived.

    The name is of the bytes as they were sent, the rest of the file that is served.
    """

    sha256: str
    stored_sha256: str | None
    media_type: str | None
    size: int | None
    stored_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportProgress:
    """A report, which of its photos have arrived, and the way its case has come in words for its rider."""

    report: Report
    photos: list[Photo]
    progress: Progress


def rider_id_of(actor: Actor) -> int:
    """Give the rider behind `actor`; raise `SignInRequired` for anyone else."""
    if actor.kind != "rider" or actor.id is None:
        raise SignInRequired()
    return actor.id


def staff_id_of(actor: Actor) -> int:
    """Give the staff member behind `actor`; raise `SignInRequired` for anyone else."""
    if actor.kind != "staff" or actor.id is None:
        raise SignInRequired()
    return actor.id
