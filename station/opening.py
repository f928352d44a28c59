"""Open-now truth: what a station's schedule, suspension and recent evidence say of a moment.

In this order: a suspension closes; a door reported locked within posted hours is doubted for `LOCKED_FOR`; then the
schedule holds; where there is none, a recent "found open" does. A single tap never opens a door that is posted closed.
Pure: reads no clock, no calendar, no database.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from station.hours import Schedule, Span

#: Posted sessions last some four hours (08:00-12:00, 14:00-18:00): a lockout condemns the session, not the next one.
LOCKED_FOR = timedelta(hours=4)
#: Without posted hours a tap says little about the hour after next.
TRUSTED_FOR = timedelta(hours=1)


class OpenState(StrEnum):
    """What a rider may expect of the door."""

    OPEN = "open"
    CLOSED = "closed"
    REPORTED_LOCKED = "reported_locked"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why the state is what it is."""

    SCHEDULE = "schedule"
    SUSPENDED = "suspended"
    FOUND_LOCKED = "found_locked"
    FOUND_OPEN = "found_open"
    HOURS_UNKNOWN = "hours_unknown"
    ASK_FIRST = "ask_first"
    BEYOND_FORECAST = "beyond_forecast"


@dataclass(frozen=True, slots=True)
class Suspension:
    """A station out of service from `starts_at` until `ends_at`; no end is known when None."""

    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """When riders last found the door open and last found it locked."""

    found_open_at: datetime | None = None
    found_locked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Openness:
    """The state of a door, why, and until when that answer holds (None: no change is foreseen)."""

    state: OpenState
    reason: Reason
    until: datetime | None

    @property
    def is_open(self) -> bool:
        """Tell whether a rider may be sent there."""
        return self.state is OpenState.OPEN


@dataclass(frozen=True, slots=True)
class Timeline:
    """Openness over time: `answers[i]` holds from `edges[i]` (epoch seconds) to the next edge."""

    edges: tuple[float, ...]
    answers: tuple[Openness, ...]

    def at(self, moment: float) -> Openness:
        """Give what holds at `moment`; before the first edge the first answer stands."""
        return self.answers[max(bisect_right(self.edges, moment) - 1, 0)]

    def next_edge(self, moment: float) -> float:
        """Give when the answer of `moment` ends, in epoch seconds; infinity when it does not."""
        place = bisect_right(self.edges, moment)
        return self.edges[place] if place < len(self.edges) else float("inf")


def draw_timeline(
    schedule: Schedule | None,
    *,
    begins: datetime,
    suspension: Suspension | None = None,
    evidence: Evidence | None = None,
) -> Timeline:
    """Work out the openness from `begins` on; `schedule` None means that the hours are unknown."""
    evidence = evidence or Evidence()
    moments = _turning_points(schedule, begins.timestamp(), suspension, evidence)
    verdicts = [_judge(moment, schedule, suspension, evidence) for moment in moments]
    starts = [n for n, verdict in enumerate(verdicts) if n == 0 or verdict != verdicts[n - 1]]
    ends = [datetime.fromtimestamp(moments[n], UTC) for n in starts[1:]]
    return Timeline(
        edges=tuple(moments[n] for n in starts),
        answers=tuple(Openness(*verdicts[n], until) for n, until in zip(starts, [*ends, None], strict=True)),
    )


def _turning_points(
    schedule: Schedule | None, begins: float, suspension: Suspension | None, evidence: Evidence
) -> list[float]:
    points = {begins}
    if schedule is not None:
        points.update(schedule.edges, [schedule.ends])
    if suspension is not None:
        points.update(at.timestamp() for at in (suspension.starts_at, suspension.ends_at) if at is not None)
    for found_at, lasts in (
        (evidence.found_locked_at, LOCKED_FOR),
        (evidence.found_locked_at, TRUSTED_FOR),
        (evidence.found_open_at, TRUSTED_FOR),
    ):
        if found_at is not None:
            points.update((found_at.timestamp(), (found_at + lasts).timestamp()))
    return sorted(point for point in points if point >= begins)


def _judge(
    moment: float, schedule: Schedule | None, suspension: Suspension | None, evidence: Evidence
) -> tuple[OpenState, Reason]:
    if suspension is not None and _is_suspended(moment, suspension):
        return OpenState.CLOSED, Reason.SUSPENDED
    if schedule is None:
        return _judge_by_evidence(moment, evidence)
    span = schedule.at(moment)
    if span is None:
        return OpenState.UNKNOWN, Reason.BEYOND_FORECAST
    if span is Span.CLOSED:
        return OpenState.CLOSED, Reason.SCHEDULE
    if _is_doubted(moment, schedule, evidence):
        return OpenState.REPORTED_LOCKED, Reason.FOUND_LOCKED
    if span is Span.UNKNOWN:
        return OpenState.UNKNOWN, Reason.ASK_FIRST
    return OpenState.OPEN, Reason.SCHEDULE


def _is_suspended(moment: float, suspension: Suspension) -> bool:
    ends_at = suspension.ends_at
    return suspension.starts_at.timestamp() <= moment and (ends_at is None or moment < ends_at.timestamp())


def _is_doubted(moment: float, schedule: Schedule, evidence: Evidence) -> bool:
    locked_at, open_at = evidence.found_locked_at, evidence.found_open_at
    if locked_at is None or (open_at is not None and open_at >= locked_at):
        return False
    seen = locked_at.timestamp()
    return seen <= moment < (locked_at + LOCKED_FOR).timestamp() and schedule.at(seen) is not Span.CLOSED


def _judge_by_evidence(moment: float, evidence: Evidence) -> tuple[OpenState, Reason]:
    seen = [
        (found_at, state, reason)
        for found_at, state, reason in (
            (evidence.found_locked_at, OpenState.REPORTED_LOCKED, Reason.FOUND_LOCKED),
            (evidence.found_open_at, OpenState.OPEN, Reason.FOUND_OPEN),
        )
        if found_at is not None and found_at.timestamp() <= moment < (found_at + TRUSTED_FOR).timestamp()
    ]
    if not seen:
        return OpenState.UNKNOWN, Reason.HOURS_UNKNOWN
    _, state, reason = max(seen, key=lambda item: item[0])
    return state, reason
