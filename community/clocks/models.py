"""Rules, rounds and changes of clocks. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from community.models import Clock, Limit


class Stage(StrEnum):
    """What is told of a clock, in this order; `escalated` once for each span of its rule."""

    WARNED = "warned"
    BREACHED = "breached"
    ESCALATED = "escalated"

    @property
    def event(self) -> str:
        """The kind of event that telling it leaves behind."""
        return f"deadline.{self.value}"


@dataclass(frozen=True, slots=True)
class ClockRule:
    """How long a clock may run for `category_code` (None: any) within `area_path`.

    `escalate_minutes` are wall-clock minutes after the breach: the first tells one level above the desk, and so on.
    `most_extensions` and `most_hold_days` (calendar days in all) bound a round.
    """

    id: int
    clock: Clock
    category_code: str | None
    area_path: str
    limit: Limit
    warn_percent: int
    escalate_minutes: tuple[int, ...]
    most_extensions: int
    most_hold_days: int
    version: int
    valid_from: datetime
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deadline:
    """One round of a clock on a case. `calendar_known` is False where a year without rows was counted by weekday.

    `fixed_at` is a promised date in place of the limit, made at `fixed_since`. `fires_at` is when something is told of
    it next; None while it is paused, and when there is nothing more to tell.
    """

    clock: Clock
    round: int
    rule_id: int
    started_at: datetime
    fixed_at: datetime | None
    fixed_since: datetime | None
    due_at: datetime
    warn_at: datetime
    warned_at: datetime | None
    breached_at: datetime | None
    escalated: int
    fires_at: datetime | None
    paused_at: datetime | None
    met_at: datetime | None
    cancelled_at: datetime | None
    calendar_version: int
    calendar_known: bool

    @property
    def is_running(self) -> bool:
        """Tell whether it has neither been met nor cancelled; a paused clock still runs in this sense."""
        return self.met_at is None and self.cancelled_at is None


@dataclass(frozen=True, slots=True)
class Pause:
    """A span during which a clock stood still; `ended_at` None while it still does."""

    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Extension:
    """More time, in the unit of the clock's limit, given at `began_at`."""

    amount: int
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Firing:
    """Something that the sweep told of a clock: `level` counts escalations from 1, `late_s` how late it was told."""

    case_id: int
    clock: Clock
    round: int
    stage: Stage
    level: int
    due_at: datetime
    late_s: float


@dataclass(frozen=True, slots=True)
class Moved:
    """An open clock whose due time a new edition of the calendar has changed."""

    case_id: int
    number: str
    clock: Clock
    round: int
    due_before: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Recount:
    """What a new edition of the calendar did: how many open clocks moved, and the first of them."""

    version: int
    moved_count: int
    moved: tuple[Moved, ...]
