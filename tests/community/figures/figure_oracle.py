"""Figures worked out straight from the tables, one case after the other, by other means than the product."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.database import Connection
from tests.conftest import DISTRICT

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Whole:
    """A case with all that was ever written about it."""

    case: dict[str, Any]
    deadlines: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def day(self) -> date:
        return self.case["opened_at"].astimezone(ZONE).date()

    def has_entered(self, state: str) -> bool:
        return any(event["data"].get("to") == state for event in self.events)

    def seconds_to(self, state: str) -> float | None:
        """Give the seconds until the case first was in `state`."""
        times = [event["occurred_at"] for event in self.events if event["data"].get("to") == state]
        return (min(times) - self.case["opened_at"]).total_seconds() if times else None

    def missed(self, clock: str, now: datetime) -> bool | None:
        """Tell whether the clock was missed; None while it runs or where there is none."""
        rows = [row for row in self.deadlines if row["clock"] == clock and not row["cancelled_at"]]
        late = [
            row["breached_at"] or (row["met_at"] or now) > row["due_at"] or (not row["met_at"] and now == row["due_at"])
            for row in rows
            if row["met_at"] or not row.get("paused_at") or row["breached_at"]
        ]
        if any(late):
            return True
        return False if rows and all(row["met_at"] for row in rows) else None

    def has_clock(self, clock: str) -> bool:
        return any(row["clock"] == clock and not row["cancelled_at"] for row in self.deadlines)


async def read_everything(conn: Connection) -> list[Whole]:
    """Read every case of the district."""
    cases = await conn.fetch("select * from community_case where district_id = $1", DISTRICT)
    deadlines = await conn.fetch("select * from deadline where district_id = $1", DISTRICT)
    events = await conn.fetch("select * from event where district_id = $1 and subject = 'case'", DISTRICT)
    return [
        Whole(
            dict(case),
            [dict(row) for row in deadlines if row["case_id"] == case["id"]],
            [dict(row) for row in events if row["subject_id"] == case["id"]],
        )
        for case in cases
    ]


def rates(cases: Iterable[Whole], now: datetime) -> dict[str, tuple[int, int]]:
    """Give numerator and denominator of each rate."""
    cases = [each for each in cases if each.case["state"] not in ("voided", "duplicate")]
    valid = [each for each in cases if each.case["state"] != "rejected"]
    closed = [each for each in valid if each.case["state"] in ("closed", "followed_up")]
    reopened = [
        each
        for each in closed
        if any(e["kind"] == "case.reopened" and e["data"]["from"] in ("closed", "followed_up") for e in each.events)
    ]
    filed = [each for each in valid if each.has_entered("filed")]
    unfiled_late = [each for each in valid if each not in filed and each.missed("file", now)]
    open_late = [
        each for each in valid if each not in closed and (each.missed("handle", now) or each.missed("verify", now))
    ]
    stuck = [each for each in valid if each not in closed and each not in open_late and each.missed("file", now)]
    told = {
        clock: [m for each in valid if (m := each.missed(clock, now)) is not None] for clock in ("respond", "handle")
    }
    handled = [each for each in valid if each.has_entered("handled")]
    again = [
        each
        for each in handled
        if len([row for row in each.deadlines if row["clock"] == "handle" and not row["cancelled_at"]]) > 1
    ]
    answers = [each.case["satisfaction"] for each in valid if each.case.get("satisfaction")]
    return {
        "response": (told["respond"].count(False), len(told["respond"])),
        "solution": (len(closed) - len(reopened), len(closed) + len(open_late) + len(stuck)),
        "satisfaction": (sum(a != "dissatisfied" for a in answers), len(answers)),
        "full_satisfaction": (answers.count("satisfied"), len(answers)),
        "dissatisfaction": (answers.count("dissatisfied"), len(answers)),
        "filing": (len(filed), len(filed) + len(cases) - len(valid) + len(unfiled_late)),
        "punctuality": (told["handle"].count(False), len(told["handle"])),
        "closing": (len(closed), len(closed) + len([each for each in open_late if each in filed])),
        "rework": (len(again), len(handled)),
    }


def times(cases: Iterable[Whole], state: str) -> list[float]:
    """Give the seconds to `state` of all cases that got there and are not left out, in order."""
    kept = [each for each in cases if each.case["state"] not in ("rejected", "voided", "duplicate")]
    return sorted(seconds for each in kept if (seconds := each.seconds_to(state)) is not None)


def nearest_rank(seconds: list[float], percent: int) -> float | None:
    """Give the percentile by nearest rank."""
    return seconds[math.ceil(len(seconds) * percent / 100) - 1] if seconds else None
