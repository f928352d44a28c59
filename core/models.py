"""Rows of core that rooms meet: districts, events, changes, holidays."""

from dataclasses import dataclass
from datetime import date, datetime, time


@dataclass(frozen=True, slots=True)
class District:
    """The city district that one deployment serves; `timezone` is an IANA name."""

    id: int
    name: str
    timezone: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a subject (`case`, `report`, `station` …); `data` differs by `kind`."""

    id: int
    district_id: int
    kind: str
    subject: str
    subject_id: int
    actor_kind: str
    actor_id: int | None
    occurred_at: datetime
    data: dict[str, object]
    attempts: int


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A thing (`ref`, of `kind`) that in-process indices must read again."""

    kind: str
    ref: str


@dataclass(frozen=True, slots=True)
class HolidayRow:
    """A day that differs from the weekday rule: a holiday, or a weekend worked in exchange (`is_workday`)."""

    day: date
    is_workday: bool
    name: str
    source: str
    version: int


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """A span in which offices work on an ISO `weekday` (1 Monday), local time."""

    weekday: int
    opens: time
    closes: time
