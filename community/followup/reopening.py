"""Asking for a case to be reopened: dissatisfaction asks, and a person grants or declines it."""

from datetime import datetime

from community.models import Case, Satisfaction
from core.access.models import Actor
from core.database import Connection
from core.events import record_event


def asked_at(case: Case, satisfaction: Satisfaction | None, now: datetime) -> datetime | None:
    """Give since when reopening is asked for after this was said; a better word takes an earlier request back."""
    return (case.reopening_asked_at or now) if satisfaction is Satisfaction.DISSATISFIED else None


async def say_if_asked(
    conn: Connection, *, before: Case, after: Case, words: str | None, actor: Actor | None, now: datetime
) -> None:
    """Record that reopening is asked for where it was not before, so that the desk and those above it are told."""
    if after.reopening_asked_at is None or before.reopening_asked_at is not None:
        return
    await record_event(
        conn,
        district_id=after.district_id,
        kind="case.reopening_asked",
        subject="case",
        subject_id=after.id,
        actor=actor,
        now=now,
        data={"from": before.state, "to": after.state, "satisfaction": after.satisfaction, "note": words},
    )
