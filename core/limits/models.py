"""Limits as values."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import inf


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `most` of something within `per`, counted from the first; `purpose` is its name in the database."""

    purpose: str
    most: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, and from then on `a_minute`."""

    burst: int
    a_minute: float


class Lane(StrEnum):
    """What requests wait in under load. Lanes are shed in this order, the last ones never for being slow."""

    EXPORTS = "exports"
    SEARCH = "search"
    PUBLIC = "public"
    UPLOADS = "uploads"
    STAFF = "staff"
    SIGN_IN = "sign-in"
    INTAKE = "intake"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class LaneSize:
    """How many of a lane are worked on at once, how many more wait and how long.

    The number is a `share` of the database's connections, or plain `places`, or so many `a_turn` of the event loop.
    Beyond `most_lag_s` of delay in the process itself that lasts newcomers are sent away at once.
    """

    waiting: int
    patience_s: float
    most_lag_s: float
    share: float = 0.0
    places: int = 0
    a_turn: int = 0


#: The shares of all but the staff's lane leave three tenths of the connections to staff, health and sweeps.
LANES: dict[Lane, LaneSize] = {
    Lane.EXPORTS: LaneSize(waiting=4, patience_s=1.0, most_lag_s=0.2, share=0.1),
    Lane.SEARCH: LaneSize(waiting=256, patience_s=0.4, most_lag_s=0.3, a_turn=8),
    Lane.PUBLIC: LaneSize(waiting=256, patience_s=0.4, most_lag_s=0.3, share=0.3),
    Lane.UPLOADS: LaneSize(waiting=64, patience_s=2.0, most_lag_s=0.5, places=200),
    Lane.STAFF: LaneSize(waiting=128, patience_s=1.0, most_lag_s=1.0, share=0.5),
    # Wait for gateways and password hashes, not for the database: they must not stand in the way of reports.
    Lane.SIGN_IN: LaneSize(waiting=128, patience_s=3.0, most_lag_s=inf, places=64),
    Lane.INTAKE: LaneSize(waiting=512, patience_s=3.0, most_lag_s=inf, share=0.3),
}
