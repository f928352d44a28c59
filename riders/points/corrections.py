"""What staff write into the ledger by hand: taking an entry back, and an award; each with a reason the rider reads."""

from datetime import date, datetime, timedelta

from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import NotFound, Text
from core.events import record_event
from core.queries import get_timezone
from riders.models import staff_id_of
from riders.points import queries
from riders.points.errors import AlreadyReversed, AwardOverCap, NothingToReverse
from riders.points.ledger import take_back
from riders.points.models import MOST_BY_HAND, EntryDraft, Ground, PointEntry
from riders.reporters.appointments import REVIEWERS


async def reverse(conn: Connection, *, actor: Actor, entry_id: int, reason: str, now: datetime) -> PointEntry:
    """Take an entry back, or undo a reversal by reversing it; give the new entry.

    Raises `NotFound` for an entry earned outside the actor's areas, `NothingToReverse`, `AlreadyReversed`.
    """
    entry = await queries.find_entry(conn, district_id=actor.district_id, entry_id=entry_id)
    if entry is None or not actor.reaches(entry.area_path, *REVIEWERS):
        raise NotFound()
    if entry.points == 0:
        raise NothingToReverse()
    words = Text(f"恢复：{reason}", f"restored: {reason}") if entry.points < 0 else _taken_back(reason)
    reversal_id = await take_back(
        conn, district_id=actor.district_id, entry=entry, reason=words, now=now, by_id=staff_id_of(actor)
    )
    if reversal_id is None:
        raise AlreadyReversed()
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="points.reversed",
        subject="point_entry",
        subject_id=reversal_id,
        actor=actor,
        now=now,
        data={"rider_id": entry.rider_id, "reverses": entry.id, "points": -entry.points, "reason": reason},
    )
    return await get_entry(conn, district_id=actor.district_id, entry_id=reversal_id)


async def award(
    conn: Connection, *, actor: Actor, rider_id: int, points: int, reason: str, now: datetime
) -> PointEntry:
    """Give a reporter of one's area points of one's own accord, saying why.

    Raises `NotFound` where he is no reporter in the actor's areas now, `AwardOverCap` beyond what one rider may get by
    hand in a local month.
    """
    areas = await queries.list_appointed_areas(conn, district_id=actor.district_id, rider_id=rider_id, at=now)
    reached = [area_path for area_path in areas if actor.reaches(area_path, *REVIEWERS)]
    if not reached or not await queries.lock_rider(conn, district_id=actor.district_id, rider_id=rider_id):
        raise NotFound()
    today = now.astimezone(await get_timezone(conn, district_id=actor.district_id)).date()
    async with acting(conn, Work.COMPARE):  # what others gave him counts too
        given = await queries.sum_awards(
            conn,
            district_id=actor.district_id,
            rider_id=rider_id,
            since=today.replace(day=1),
            before=_next_month(today),
        )
    if given + points > MOST_BY_HAND:
        raise AwardOverCap(pointer="/points", most=MOST_BY_HAND, left=max(0, MOST_BY_HAND - given))
    draft = EntryDraft(
        rider_id=rider_id,
        ground=Ground.AWARD,
        points=points,
        reason=Text(f"社区奖励：{reason}", f"awarded: {reason}"),
        area_path=reached[0],
        earned_on=today,
        by_id=staff_id_of(actor),
    )
    return await enter(conn, actor=actor, draft=draft, now=now)


async def enter(conn: Connection, *, actor: Actor, draft: EntryDraft, now: datetime) -> PointEntry:
    """Write an entry that a person answers for, and say so; the caller has locked the rider."""
    entry_id = await queries.insert_entry(conn, district_id=actor.district_id, entry=draft, now=now)
    assert entry_id is not None  # noqa: S101 — nothing by hand is bound to an event or reverses anything
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="points.awarded",
        subject="point_entry",
        subject_id=entry_id,
        actor=actor,
        now=now,
        data={"rider_id": draft.rider_id, "points": draft.points, "reason": draft.reason.zh},
    )
    return await get_entry(conn, district_id=actor.district_id, entry_id=entry_id)


async def get_entry(conn: Connection, *, district_id: int, entry_id: int) -> PointEntry:
    """Give an entry. Raises `NotFound`."""
    entry = await queries.find_entry(conn, district_id=district_id, entry_id=entry_id)
    if entry is None:
        raise NotFound()
    return entry


def _taken_back(reason: str) -> Text:
    return Text(f"撤销：{reason}", f"taken back: {reason}")


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
