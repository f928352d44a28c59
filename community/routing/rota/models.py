"""Posts, shifts and what a rota leaves open. Values only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Post:
    """A place where somebody is on duty; `is_default`: also for cases below it that no rule sends to another post."""

    id: int
    name: str
    area_path: str
    is_default: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody's time at a post, the end excluded; the last three say from which shift it was taken over and why."""

    id: int
    post_id: int
    staff_id: int
    staff_name: str
    starts_at: datetime
    ends_at: datetime
    handed_over_from: int | None
    handed_over_at: datetime | None
    handed_over_reason: str | None


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post as a list shows it, with who is on duty now."""

    post: Post
    on_duty: Shift | None


@dataclass(frozen=True, slots=True)
class FitPerson:
    """Somebody who may be on duty at a post."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A shift to be put on the rota."""

    staff_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """A time from `starts_at` until just before `ends_at`."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Rota:
    """A post, who is on duty now, the shifts of a period in order, and the times in it when nobody is."""

    post: Post
    on_duty: Shift | None
    shifts: tuple[Shift, ...]
    uncovered: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The shift that began with a hand-over, and how many open cases went along."""

    shift: Shift
    cases: int


def uncovered(shifts: Iterable[Shift], period: Span) -> tuple[Span, ...]:
    """Give the spans of `period` in which none of `shifts` holds; they are in order and do not overlap."""
    gaps, reached = [], period.starts_at
    for shift in shifts:
        if shift.starts_at > reached:
            gaps.append(Span(reached, min(shift.starts_at, period.ends_at)))
        reached = max(reached, shift.ends_at)
    if reached < period.ends_at:
        gaps.append(Span(reached, period.ends_at))
    return tuple(gaps)
