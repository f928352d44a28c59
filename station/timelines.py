"""Which stations are open, for any moment, without evaluating hours while a rider waits.

Stations with the same hours share one timeline; one under suspension, or with fresh evidence, has its own. Each has a
number, by which the index refers to it. At a moment the whole is a row of flags and a few bytes of JSON for each
timeline, kept up to date at the edges only.
"""

import heapq
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import orjson

from core.calendar import Calendar
from station.errors import UnreadableHours
from station.hours import OpenDay, Schedule, days_of, work_out
from station.index import Flags
from station.models import StationCard
from station.opening import LOCKED_FOR, Openness, Timeline, draw_timeline

#: How far ahead opening can be asked for; the day before is kept for evidence of last night.
DAYS_AHEAD = 8


@dataclass(slots=True)
class _Moment:
    """What held when it was last worked out: a flag and a JSON fragment for each timeline, and the next edges."""

    flags: Flags
    fragments: list[bytes]
    edges: list[tuple[float, int]]


class Timelines:
    """The timelines of one day's shelf; drawn anew each day, because they reach only so far."""

    def __init__(self, *, calendar: Calendar, timezone: ZoneInfo, now: datetime) -> None:
        self._calendar = calendar
        self._timezone = timezone
        self.first_day = now.astimezone(timezone).date() - timedelta(days=1)
        self._begins = datetime.combine(self.first_day, time.min, timezone)
        self._schedules: dict[str, Schedule | None] = {}
        self._shared: dict[str | None, int] = {}
        self._own: dict[int, int] = {}
        self._timelines: list[Timeline] = []
        self._moment = _Moment(np.zeros(64, np.bool_), [], [])
        self._now = now.timestamp()

    def is_of(self, day: date) -> bool:
        """Tell whether these timelines were drawn on `day`."""
        return self.first_day + timedelta(days=1) == day

    def number_of(self, card: StationCard) -> int:
        """Give the number of a station's timeline, drawing it where needed."""
        if not self._is_special(card):
            if card.hours not in self._shared:
                self._shared[card.hours] = self._add(draw_timeline(self._schedule(card.hours), begins=self._begins))
            return self._shared[card.hours]
        timeline = self._draw(card)
        number = self._own.get(card.id)
        if number is None:
            number = self._own[card.id] = self._add(timeline)
        else:
            self._timelines[number] = timeline
            self._refresh(number)
        return number

    def openness_of(self, card: StationCard) -> Openness:
        """Tell how a station stands at the moment last moved to, whether or not it has a number."""
        return self._draw(card).at(self._now)

    def week_of(self, card: StationCard) -> tuple[OpenDay, ...]:
        """Give the posted spans of today and the six days after, without suspension or evidence; none when unknown."""
        schedule = self._schedule(card.hours)
        if schedule is None:
            return ()
        today = self.first_day + timedelta(days=1)
        return tuple(days_of(schedule, calendar=self._calendar, timezone=self._timezone, first_day=today, days=7))

    def move_to(self, now: float) -> Flags:
        """Bring flags and fragments up to `now` (epoch seconds) and give the flags."""
        self._now = now
        edges = self._moment.edges
        while edges and edges[0][0] <= now:
            self._refresh(heapq.heappop(edges)[1])
        return self._moment.flags

    def next_edge(self) -> float:
        """Give when a flag may next change, in epoch seconds."""
        return self._moment.edges[0][0] if self._moment.edges else float("inf")

    @property
    def fragments(self) -> list[bytes]:
        """The JSON of each timeline's openness at the moment last moved to."""
        return self._moment.fragments

    def flags_at(self, moment: float) -> Flags:
        """Work out the flags of another moment, without keeping them."""
        return np.array([timeline.at(moment).is_open for timeline in self._timelines], np.bool_)

    def fragment_at(self, number: int, moment: float) -> bytes:
        """Give the JSON of a timeline's openness at another moment."""
        return _to_json(self._timelines[number].at(moment))

    def _is_special(self, card: StationCard) -> bool:
        suspended = card.suspension is not None and (
            card.suspension.ends_at is None or card.suspension.ends_at.timestamp() > self._now
        )
        findings = (card.found_open_at, card.found_locked_at)
        return suspended or any(at is not None and (at + LOCKED_FOR).timestamp() > self._now for at in findings)

    def _draw(self, card: StationCard) -> Timeline:
        return draw_timeline(
            self._schedule(card.hours), begins=self._begins, suspension=card.suspension, evidence=card.evidence
        )

    def _schedule(self, hours: str | None) -> Schedule | None:
        if hours is None:
            return None
        if hours not in self._schedules:
            try:
                self._schedules[hours] = work_out(
                    hours,
                    calendar=self._calendar,
                    timezone=self._timezone,
                    first_day=self.first_day,
                    days=DAYS_AHEAD + 1,
                )
            except UnreadableHours:  # stored by an earlier release that read more than this one
                self._schedules[hours] = None
        return self._schedules[hours]

    def _add(self, timeline: Timeline) -> int:
        number = len(self._timelines)
        self._timelines.append(timeline)
        self._moment.fragments.append(b"")
        if number == len(self._moment.flags):
            self._moment.flags = np.concatenate((self._moment.flags, np.zeros_like(self._moment.flags)))
        self._refresh(number)
        return number

    def _refresh(self, number: int) -> None:
        timeline = self._timelines[number]
        answer = timeline.at(self._now)
        self._moment.flags[number] = answer.is_open
        self._moment.fragments[number] = _to_json(answer)
        edge = timeline.next_edge(self._now)
        if edge != float("inf"):
            heapq.heappush(self._moment.edges, (edge, number))


def _to_json(answer: object) -> bytes:
    return orjson.dumps(answer, option=orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS)
