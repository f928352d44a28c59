"""A day at the desk. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from community.desk.notes.models import Person
from community.detail import Offer
from community.lists.models import BoundedCount
from community.models import CaseLine, Clock
from core.errors import Text


class Section(StrEnum):
    """A part of the day. The first four hold every open case of one's desks once, by the clock that runs out next."""

    OVERDUE = "overdue"
    DUE_TODAY = "due_today"
    DUE_LATER = "due_later"
    NO_CLOCK = "no_clock"
    HELD = "held"
    VISITS = "visits"
    REOPENINGS = "reopenings"
    MENTIONS = "mentions"

    @property
    def text(self) -> Text:
        """The section in the field's words."""
        return _SECTION_TEXTS[self]


_SECTION_TEXTS = {
    Section.OVERDUE: Text("已超时", "Overdue"),
    Section.DUE_TODAY: Text("今日到期", "Due today"),
    Section.DUE_LATER: Text("稍后到期", "Due later"),
    Section.NO_CLOCK: Text("无时限", "Without a clock"),
    Section.HELD: Text("挂起即将到期", "Hold ends soon"),
    Section.VISITS: Text("待回访", "Visits owed"),
    Section.REOPENINGS: Text("申请重开", "Reopening asked for"),
    Section.MENTIONS: Text("提到我的", "Mentions of me"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a day's order that a section shows: moments in UTC, `start` included and `end` not; None is open."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class RunningClock:
    """The clock of a case that runs out next."""

    clock: Clock
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DayLine:
    """A case to see to. `at` is what the section is ordered by: when the clock runs out, the hold ends, it was asked.

    `clock` is the one that runs out next, `seconds_left` until then (negative when it is late), `verbs` what the reader
    may do now.
    """

    case: CaseLine
    at: datetime | None
    clock: Clock | None
    seconds_left: int | None
    verbs: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A note that mentions the reader and that he has not read."""

    notice_id: int
    note_id: int
    case_id: int
    case_number: str
    author: Person
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class DaySection:
    """A page of a section: `lines`, or `mentions` in the section of that name. `count` only on its first page."""

    section: Section
    text: Text
    count: BoundedCount | None
    lines: tuple[DayLine, ...]
    mentions: tuple[Mention, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Day:
    """Sections of a day, as of a moment by which `seconds_left` are counted."""

    as_of: datetime
    sections: tuple[DaySection, ...]
