"""The sweep that awards the honours of the last local month, each area once and for good.

The row of the run is the claim and the memory: a month that was looked at is never looked at again, whatever happens to
its cases afterwards. Only the last month is awarded; one in which the service never ran is left out.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from community.figures.definitions import SMALL
from core.access.models import Actor, Role
from core.access.wall import Work, acting, holds_area
from core.database import Connection
from core.errors import NotFound
from core.events import record_event
from core.queries import get_timezone
from core.sealing.ring import KeyRing
from riders.models import rider_id_of
from riders.points.honours import queries
from riders.points.honours.merit import choose
from riders.points.honours.models import HonourLine, HonourRecord
from riders.reporters.appointments import REVIEWERS

AREAS_PER_SWEEP = 20

#: A look is answered in time within this from when it arose; an order comes first, and it finds someone near.
PROMPT_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Month:
    """A local calendar month: its first day, when it begins, and when the next one does."""

    first_day: date
    begins_at: datetime
    ends_at: datetime


def month_before(now: datetime, zone: ZoneInfo) -> Month:
    """Give the calendar month before the one that `now` falls in, in the district's time."""
    this_one = now.astimezone(zone).date().replace(day=1)
    first_day = (this_one - timedelta(days=1)).replace(day=1)
    return Month(first_day, _midnight(first_day, zone), _midnight(this_one, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


async def sweep_honours(
    conn: Connection, *, district_id: int, now: datetime, limit: int = AREAS_PER_SWEEP
) -> list[str]:
    """Award the last month in up to `limit` areas not yet looked at, and give them; call again until there are none."""
    month = month_before(now, await get_timezone(conn, district_id=district_id))
    area_paths = await queries.list_areas_to_honour(
        conn,
        district_id=district_id,
        month=month.first_day,
        begins_at=month.begins_at,
        ends_at=month.ends_at,
        limit=limit,
    )
    for area_path in area_paths:
        await _award(conn, district_id=district_id, area_path=area_path, month=month, now=now)
    return area_paths


async def _award(conn: Connection, *, district_id: int, area_path: str, month: Month, now: datetime) -> None:
    if not await queries.begin_run(conn, district_id=district_id, month=month.first_day, area_path=area_path, now=now):
        return
    figures = await queries.list_figures(
        conn,
        district_id=district_id,
        area_path=area_path,
        begins_at=month.begins_at,
        ends_at=month.ends_at,
        prompt_within=PROMPT_WITHIN,
    )
    for winner in choose(figures):
        honour_id = await queries.insert_honour(
            conn, district_id=district_id, month=month.first_day, area_path=area_path, winner=winner, now=now
        )
        await record_event(
            conn,
            district_id=district_id,
            kind="honour.awarded",
            subject="honour",
            subject_id=honour_id,
            actor=None,
            now=now,
            data={"rider_id": winner.figures.rider_id, "month": month.first_day, "kind": winner.kind},
        )
    await queries.end_run(
        conn, district_id=district_id, month=month.first_day, area_path=area_path, reporters=len(figures)
    )


async def list_honours(
    conn: Connection, *, ring: KeyRing, actor: Actor, month: date, area_path: str
) -> list[HonourLine]:
    """List the honours of an area's month as everyone may see them.

    Where fewer than `SMALL` reporters were at work, the first sign of a name tells who it is: then only staff over the
    area are shown any.
    """
    over = (*REVIEWERS, Role.AUDITOR)
    is_over = actor.reaches(area_path, *over) and await holds_area(conn, area_path, *over)
    async with acting(conn, Work.NAMES):
        return await queries.list_honours(
            conn,
            ring=ring,
            district_id=actor.district_id,
            month=month,
            area_path=area_path,
            fewest_reporters=0 if is_over else SMALL,
        )


async def list_records(conn: Connection, *, actor: Actor, month: date, area_path: str) -> list[HonourRecord]:
    """List the honours of an area's month with their figures. Raises `NotFound` outside the actor's areas."""
    if not actor.reaches(area_path, *REVIEWERS, Role.AUDITOR):
        raise NotFound()
    return await queries.list_records(conn, district_id=actor.district_id, month=month, area_path=area_path)


async def list_own_records(conn: Connection, *, actor: Actor, before: int | None, limit: int) -> list[HonourRecord]:
    """List the rider's own honours, newest first."""
    return await queries.list_own_records(
        conn, district_id=actor.district_id, rider_id=rider_id_of(actor), before=before, limit=limit
    )
