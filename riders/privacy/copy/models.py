"""What only a rider's copy of his data holds. Values only."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """The rider as he is known, the phone in full."""

    id: int
    phone: str
    name: str | None
    platform: str | None
    languages: list[str]
    signed_up_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentDecision:
    """One decision of the rider and the text it was about."""

    id: int
    purpose: str
    version: int
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    is_given: bool
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class SentReport:
    """What a report holds that its receipt does not show: what the phone sent with it."""

    id: int
    answers: dict[str, str]
    received_lon: float | None
    received_lat: float | None
    received_datum: str | None
    accuracy_m: float | None
    observed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A sign-in of the rider."""

    device: str
    opened_at: datetime
    last_used_at: datetime
    ends_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnWechat:
    """That the rider has bound a WeChat account; which one is not known to us."""

    bound_at: datetime


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo that the rider sent under `sha256`, and the file that is kept of it."""

    sha256: str
    stored_sha256: str
    media_type: str
