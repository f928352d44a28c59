"""What somebody learns about his own account."""

from dataclasses import dataclass
from datetime import datetime

from core.sealing.models import SealedTable

STAFF = SealedTable("staff", ("totp_secret", "totp_offered"))


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The sealed secrets of an account: the one in force, the one offered, and the last thirty seconds used up."""

    secret: bytes | None
    offered: bytes | None
    last_step: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A new secret for an authenticator app; `uri` is what a QR code holds, `secret` is for typing it in."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class FirstRunToken:
    """The token that makes the first administrator, in the clear, and until when it is good."""

    token: str
    expires_at: datetime
