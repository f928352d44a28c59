"""Positions in the stream, and what is read from there. Values only."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from community.models import Case

_POSITION = re.compile(r"([0-9a-f]{12})-([0-9]{1,18})-([0-9]{1,18})", re.ASCII)


class Position(NamedTuple):
    """After which event one is: its transaction and its id, within one epoch. Positions of one epoch are ordered."""

    epoch: str
    xid: int
    event_id: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.xid}-{self.event_id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `str` gave; None for anything else."""
        found = _POSITION.fullmatch(text)
        return None if found is None else cls(found[1], int(found[2]), int(found[3]))


@dataclass(frozen=True, slots=True)
class Epoch:
    """A life of a cluster in which transaction numbers can be compared. Its events have ids above `after_id`."""

    fingerprint: str
    from_xid: int
    after_id: int

    @property
    def beginning(self) -> Position:
        """Give the position before its first event."""
        return Position(self.fingerprint, self.from_xid, 0)


class ResetReason(StrEnum):
    """Why a listener must load anew what he shows."""

    UNKNOWN_POSITION = "unknown_position"
    TOO_FAR_BEHIND = "too_far_behind"
    SIGHT_CHANGED = "sight_changed"


@dataclass(frozen=True, slots=True)
class Start:
    """Where a listener begins. `reset` says why it is not where he asked to go on."""

    position: Position
    is_resumed: bool
    reset: ResetReason | None


@dataclass(frozen=True, slots=True)
class Change:
    """One event of a case: the case as it is now, and as it lay before where the event moved it out of someone's sight.

    `whole` and `left` are the two ways of telling it, written once for all who listen.
    """

    position: Position
    case: Case
    before: Case
    whole: bytes
    left: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """How many may listen in one process, and how long or how far each may lag."""

    listeners: int = 2_000
    per_person: int = 5
    #: Frames that wait for one listener to read.
    frames_waiting: int = 1_000
    #: Events of the district that a returning listener is given; beyond, loading anew is cheaper for both sides.
    events_behind: int = 10_000
    heartbeat_s: float = 15.0
