"""SQL of a day: ids are ordered and paged on small partial indexes; what is shown is read for those rows alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from community.desk.day.models import Mention, RunningClock, Section, Span
from community.desk.notes.models import Person
from community.lists.models import After
from community.lists.queries import DUE_KEY, Conditions, add_sight, plan_for_values
from community.models import Clock
from community.sight import Sight
from core.database import Connection

#: What orders a section, and which cases it holds besides those of one's desks. Each condition is that of an index.
_ORDERS = {
    Section.DUE_LATER: (DUE_KEY, f"closed_at is null and {DUE_KEY} < 'infinity'"),
    Section.HELD: ("held_until", "state = 'held'"),
    Section.VISITS: ("next_due_at", "state = 'closed' and next_due_at is not null"),
    Section.REOPENINGS: ("reopening_asked_at", "reopening_asked_at is not null"),
    Section.NO_CLOCK: (DUE_KEY, f"closed_at is null and {DUE_KEY} = 'infinity' and state <> 'held'"),
}
_OPEN = (DUE_KEY, "closed_at is null")


@dataclass(frozen=True, slots=True)
class DayRow:
    """A row of a section: the case and what it is ordered by; None where no clock runs."""

    case_id: int
    at: datetime | None


async def list_day(
    conn: Connection, *, district_id: int, desks: Sight, section: Section, span: Span, after: After | None, limit: int
) -> list[DayRow]:
    """List the cases of a section from below `after`. Needs a transaction."""
    key, where = _section(district_id, desks, section, span)
    await plan_for_values(conn)
    if after is not None:
        where.add(f"({key}, id) > ({where.value(after.due_at)}::text::timestamptz, {where.value(after.case_id)})")
    rows = await conn.fetch(
        f"""
        select id as case_id, nullif({key}, 'infinity') as at from community_case where {where.text()}
        order by {key}, id limit {where.value(limit)}
        """,  # noqa: S608 — every value is numbered
        *where.values,
    )
    return [DayRow(**row) for row in rows]


async def count_day(
    conn: Connection, *, district_id: int, desks: Sight, section: Section, span: Span, most: int
) -> int:
    """Count up to `most` cases of a section. Needs a transaction."""
    _, where = _section(district_id, desks, section, span)
    await plan_for_values(conn)
    count: int = await conn.fetchval(
        f"""
        select count(*) from (select from community_case where {where.text()} limit {where.value(most)}) as counted
        """,  # noqa: S608 — every value is numbered
        *where.values,
    )
    return count


def _section(district_id: int, desks: Sight, section: Section, span: Span) -> tuple[str, Conditions]:
    """Give what a section is ordered by, and its conditions."""
    where = Conditions(district_id)
    key, belongs = _ORDERS.get(section, _OPEN)
    where.add(belongs)
    if span.start is not None:
        where.add(f"{key} >= {where.value(span.start)}")
    if span.end is not None:
        where.add(f"{key} < {where.value(span.end)}")
    if "" not in desks.area_paths:
        at_desks = [_desk_within(where, path) for path in desks.area_paths]
        if desks.duty_desk:
            at_desks.append("area_path is null")
        if desks.department_ids:
            at_desks.append(_with_departments(where, desks.department_ids))
        where.add(f"({' or '.join(at_desks)})" if at_desks else "false")
    return key, where


def _desk_within(where: Conditions, area_path: str) -> str:
    """Give the condition for the desks of a subtree; the desk stands above the area, so the area is within it too."""
    scope = where.value(area_path)
    return (
        f"({where.within(area_path)} and (desk_path = {scope}::text or starts_with(desk_path, {scope}::text || '/')))"
    )


def _with_departments(where: Conditions, department_ids: Sequence[int]) -> str:
    """Give the condition for what departments still owe: a work order that has not ended."""
    departments = where.value(department_ids)
    return f"""(
        closed_at is null and department_ids <> '{{}}' and department_ids && {departments}::bigint[]
        and exists (
            select from work_order where work_order.district_id = $1 and work_order.case_id = community_case.id
                and work_order.department_id = any({departments}::bigint[]) and work_order.ended_at is null
        )
    )"""


async def list_next_clocks(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> dict[int, RunningClock]:
    """Give, for each case, the running clock that runs out next; none for a case where none runs."""
    rows = await conn.fetch(
        """
        select distinct on (case_id) case_id, clock, due_at from deadline
        where district_id = $1 and case_id = any($2::bigint[])
            and met_at is null and cancelled_at is null and paused_at is null
        order by case_id, due_at, clock
        """,
        district_id,
        case_ids,
    )
    return {row["case_id"]: RunningClock(Clock(row["clock"]), row["due_at"]) for row in rows}


async def list_unread_mentions(
    conn: Connection, *, district_id: int, staff_id: int, sight: Sight, before_id: int | None, limit: int
) -> list[Mention]:
    """List the notes that someone has not read and that mention him, the newest first, of cases in his sight."""
    mentions, where = _mentions(district_id, staff_id, sight)
    before = where.value(before_id)
    rows = await conn.fetch(
        f"""
        select notice.id as notice_id, note.id as note_id, note.case_id, seen.number, note.text, note.written_at,
            author.id as author_id, author.username, author.name
        {mentions} and notice.id < coalesce({before}, 9223372036854775807)
        order by notice.id desc limit {where.value(limit)}
        """,
        *where.values,
    )
    return [
        Mention(
            notice_id=row["notice_id"],
            note_id=row["note_id"],
            case_id=row["case_id"],
            case_number=row["number"],
            author=Person(row["author_id"], row["username"], row["name"]),
            text=row["text"],
            written_at=row["written_at"],
        )
        for row in rows
    ]


async def count_unread_mentions(conn: Connection, *, district_id: int, staff_id: int, sight: Sight, most: int) -> int:
    """Count up to `most` of them."""
    mentions, where = _mentions(district_id, staff_id, sight)
    count: int = await conn.fetchval(
        f"select count(*) from (select {mentions} limit {where.value(most)}) as counted",  # noqa: S608
        *where.values,
    )
    return count


def _mentions(district_id: int, staff_id: int, sight: Sight) -> tuple[str, Conditions]:
    """Give the joins of unread mentions without withdrawn notes, and the conditions that hold their values."""
    where = Conditions(district_id)
    add_sight(where, sight)
    where.add("id = note.case_id")
    seen, reader = where.text(), where.value(staff_id)
    return (
        f"""
        from notice
        join event on event.district_id = notice.district_id and event.id = notice.event_id
        join case_note as note on note.district_id = notice.district_id and note.id = (event.data->>'note_id')::bigint
        join staff as author on author.district_id = note.district_id and author.id = note.author_id
        cross join lateral (select number from community_case where {seen}) as seen
        where notice.district_id = $1 and notice.recipient_kind = 'staff' and notice.recipient_id = {reader}
            and notice.kind = 'case.noted' and notice.read_at is null and note.withdrawn_at is null
        """,  # noqa: S608 — every value is numbered
        where,
    )
