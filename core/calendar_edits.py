"""Editing the working calendar: each edit is an edition with who, when and by which source."""

from collections.abc import Sequence
from datetime import date, datetime

from core import queries
from core.access.models import Actor
from core.audit import record_act
from core.changes import record_change
from core.database import Connection
from core.errors import FieldError, InvalidInput, NotFound, Text
from core.models import HolidayRow, OfficeHours


async def set_days(
    conn: Connection, *, district_id: int, days: Sequence[HolidayRow], source: str, staff_id: int | None, now: datetime
) -> int:
    """Let these days differ from the week, and give the new edition's number."""
    version = await _begin(conn, district_id=district_id, source=source, staff_id=staff_id, now=now)
    for day in days:
        await queries.upsert_holiday(conn, district_id=district_id, holiday=day)
    await record_act(
        conn,
        district_id=district_id,
        act="calendar.days_set",
        actor=None if staff_id is None else Actor("staff", staff_id, district_id),
        now=now,
        subject="calendar",
        subject_id=version,
        data={"source": source, "days": {f"{day.day}": day.is_workday for day in days}},
    )
    return version


async def clear_day(conn: Connection, *, day: date, source: str, actor: Actor, now: datetime) -> int:
    """Let a day follow the week again, and give the new edition's number. Raises `NotFound` where it did."""
    version = await _begin(conn, district_id=actor.district_id, source=source, staff_id=actor.id, now=now)
    if not await queries.delete_holiday(conn, district_id=actor.district_id, day=day):
        raise NotFound()
    await record_act(
        conn,
        district_id=actor.district_id,
        act="calendar.day_cleared",
        actor=actor,
        now=now,
        subject="calendar",
        subject_id=version,
        data={"source": source, "day": f"{day}"},
    )
    return version


async def set_week(conn: Connection, *, spans: Sequence[OfficeHours], source: str, actor: Actor, now: datetime) -> int:
    """Set the hours of the whole week, and give the new edition's number.

    Raises `InvalidInput` where there are none, where one ends before it begins, or where two of a day overlap.
    """
    errors = []
    for place, span in enumerate(spans):
        others = [other for other in spans[:place] if other.weekday == span.weekday]
        if span.opens >= span.closes:
            errors.append(FieldError(f"/spans/{place}", Text("结束须晚于开始。", "It must close after it opens.")))
        elif any(span.opens < other.closes and other.opens < span.closes for other in others):
            errors.append(
                FieldError(f"/spans/{place}", Text("与当天其他时段重叠。", "It overlaps another of the day."))
            )
    if not spans:
        errors.append(FieldError("/spans", Text("至少一个时段。", "At least one span is needed.")))
    if errors:
        raise InvalidInput(errors)
    version = await _begin(conn, district_id=actor.district_id, source=source, staff_id=actor.id, now=now)
    await queries.replace_office_hours(conn, district_id=actor.district_id, spans=spans)
    await record_act(
        conn,
        district_id=actor.district_id,
        act="calendar.week_set",
        actor=actor,
        now=now,
        subject="calendar",
        subject_id=version,
        data={"source": source, "spans": [f"{span.weekday} {span.opens}-{span.closes}" for span in spans]},
    )
    return version


async def _begin(conn: Connection, *, district_id: int, source: str, staff_id: int | None, now: datetime) -> int:
    """Begin the next edition. Editors wait for each other here, before they write: so no two weeks get mixed."""
    version = await queries.insert_calendar_edition(
        conn, district_id=district_id, source=source, staff_id=staff_id, now=now
    )
    await record_change(conn, district_id=district_id, kind="holiday", ref=str(version))
    return version
