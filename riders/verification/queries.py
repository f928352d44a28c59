"""SQL of verification tasks. Reads of a case where it is and who reported it, and changes no case."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from community.verification.models import Answer, Purpose
from core.database import Connection
from core.errors import Text
from geo.models import Point
from riders.verification.models import OwnTask, Receipt, Task, TaskState

_TASK = """
    id, case_id, purpose, area_path, state, asked_by_kind, asked_by_id, asked_at, fallback_at, expires_at, rider_id,
    accepted_at, accept_until, answer, note, photos, distance_m, answered_by_kind, answered_by_id, answered_at
"""

#: What a rider sees of a task's case, and the joins that give it.
SHOWN = """
    verification_task.id, verification_task.purpose, community_case.category_code, category.zh, category.en,
    community_case.area_names, community_case.lon, community_case.lat
"""
WITH_CASE = """
    join community_case
        on community_case.district_id = verification_task.district_id
        and community_case.id = verification_task.case_id
    join category
        on category.district_id = community_case.district_id and category.code = community_case.category_code
"""

_LIVE = "state in ('open', 'accepted', 'fallback')"


def _task(row: asyncpg.Record) -> Task:
    values = dict(row)
    values["purpose"] = Purpose(values["purpose"])
    values["state"] = TaskState(values["state"])
    values["answer"] = None if values["answer"] is None else Answer(values["answer"])
    values["photos"] = tuple(values["photos"])
    return Task(**values)


async def insert_task(
    conn: Connection,
    *,
    district_id: int,
    case_id: int,
    event_id: int,
    purpose: Purpose,
    area_path: str | None,
    state: TaskState,
    asked_by_id: int | None,
    fallback_at: datetime,
    expires_at: datetime,
    now: datetime,
) -> Task | None:
    """Make a task; None where this event has made one before, or the case has a live one for this purpose.

    `asked_by_id` None is the rule of the category.
    """
    row = await conn.fetchrow(
        f"""
        insert into verification_task (
            district_id, case_id, event_id, purpose, area_path, state, asked_by_kind, asked_by_id, asked_at,
            fallback_at, expires_at
        )
        values ($1, $2, $3, $4, $5, $6, case when $7::bigint is null then 'system' else 'staff' end, $7, $8, $9, $10)
        on conflict do nothing
        returning {_TASK}
        """,  # noqa: S608
        *(district_id, case_id, event_id, purpose.value, area_path, state.value, asked_by_id, now),
        *(fallback_at, expires_at),
    )
    return None if row is None else _task(row)


async def find_task(conn: Connection, *, district_id: int, task_id: int, lock: bool = False) -> Task | None:
    """Give a task; with `lock` nobody else changes it until this transaction ends."""
    row = await conn.fetchrow(
        f"select {_TASK} from verification_task where district_id = $1 and id = $2"  # noqa: S608
        + (" for update" if lock else ""),
        district_id,
        task_id,
    )
    return None if row is None else _task(row)


async def list_tasks_of_case(conn: Connection, *, district_id: int, case_id: int) -> list[Task]:
    """List the tasks of a case, oldest first."""
    rows = await conn.fetch(
        f"select {_TASK} from verification_task where district_id = $1 and case_id = $2 order by id",  # noqa: S608
        district_id,
        case_id,
    )
    return [_task(row) for row in rows]


async def accept_task(
    conn: Connection, *, district_id: int, task_id: int, rider_id: int, accept_until: datetime, now: datetime
) -> bool:
    """Let a rider hold an open task, at most until it expires; False where somebody was first."""
    done = await conn.execute(
        """
        update verification_task set
            state = 'accepted', rider_id = $3, accepted_at = $5, accept_until = least($4, expires_at)
        where district_id = $1 and id = $2 and state = 'open' and expires_at > $5
        """,
        *(district_id, task_id, rider_id, accept_until, now),
    )
    return done == "UPDATE 1"


async def release_task(conn: Connection, *, district_id: int, task_id: int, now: datetime) -> Task:
    """Put a held task on offer again for as long as it was to be; the time it was held does not count."""
    row = await conn.fetchrow(
        f"""
        update verification_task set
            state = 'open', fallback_at = fallback_at + ($3 - accepted_at), rider_id = null, accepted_at = null,
            accept_until = null
        where district_id = $1 and id = $2 and state = 'accepted'
        returning {_TASK}
        """,  # noqa: S608
        *(district_id, task_id, now),
    )
    assert row is not None  # noqa: S101 — the caller holds the row's lock and has looked
    return _task(row)


async def answer_task(
    conn: Connection,
    *,
    district_id: int,
    task_id: int,
    answer: Answer,
    note: str | None,
    photos: Sequence[str],
    distance_m: int | None,
    by_kind: str,
    by_id: int,
    now: datetime,
) -> None:
    """Keep what was found; the caller holds the row's lock and has looked whether it may be answered."""
    await conn.execute(
        """
        update verification_task set
            state = 'answered', answer = $3, note = $4, photos = $5, distance_m = $6, answered_by_kind = $7,
            answered_by_id = $8, answered_at = $9, accept_until = null
        where district_id = $1 and id = $2
        """,
        *(district_id, task_id, answer.value, note, photos, distance_m, by_kind, by_id, now),
    )


def receipt_of(task: Task) -> Receipt:
    """Give what was kept of the answer to an answered task."""
    assert task.answer is not None and task.answered_at is not None  # noqa: PT018, S101 — a check of the table
    return Receipt(task.id, task.purpose, task.answer, task.note, task.photos, task.distance_m, task.answered_at)


async def move_tasks(conn: Connection, *, district_id: int, case_id: int, area_path: str | None) -> list[Task]:
    """Let the live tasks of a case lie in another area, and give those that have moved."""
    rows = await conn.fetch(
        f"""
        update verification_task set area_path = $3
        where district_id = $1 and case_id = $2 and {_LIVE} and area_path is distinct from $3
        returning {_TASK}
        """,  # noqa: S608
        *(district_id, case_id, area_path),
    )
    return [_task(row) for row in rows]


async def cancel_tasks(conn: Connection, *, district_id: int, case_id: int, before_event_id: int) -> list[Task]:
    """End the live tasks of a case that arose before that event, and give them."""
    rows = await conn.fetch(
        f"""
        update verification_task set state = 'cancelled', accept_until = null
        where district_id = $1 and case_id = $2 and {_LIVE} and event_id < $3
        returning {_TASK}
        """,  # noqa: S608
        *(district_id, case_id, before_event_id),
    )
    return [_task(row) for row in rows]


async def claim_due(conn: Connection, *, district_id: int, now: datetime, limit: int) -> list[Task]:
    """Lock the tasks for which a time has come, skipping those that somebody is at work on."""
    rows = await conn.fetch(
        f"""
        select {_TASK} from verification_task where district_id = $1 and due_at <= $2
        order by due_at, id limit $3 for update skip locked
        """,  # noqa: S608
        *(district_id, now, limit),
    )
    return [_task(row) for row in rows]


async def end_offer(conn: Connection, *, district_id: int, task_id: int, state: TaskState) -> None:
    """Leave a task to the grid worker, or give it up; whoever held it no longer does."""
    await conn.execute(
        "update verification_task set state = $3, accept_until = null where district_id = $1 and id = $2",
        *(district_id, task_id, state.value),
    )


async def list_own_tasks(
    conn: Connection, *, district_id: int, rider_id: int, before: int | None, limit: int
) -> list[OwnTask]:
    """List the tasks that a rider holds or held last, newest first, with ids under `before`."""
    rows = await conn.fetch(
        f"""
        select {SHOWN}, verification_task.state, verification_task.accepted_at, verification_task.accept_until,
            verification_task.answer, verification_task.note, verification_task.photos, verification_task.answered_at
        from verification_task {WITH_CASE}
        where verification_task.district_id = $1 and verification_task.rider_id = $2
            and ($3::bigint is null or verification_task.id < $3)
        order by verification_task.id desc limit $4
        """,  # noqa: S608
        *(district_id, rider_id, before, limit),
    )
    return [_own(row) for row in rows]


async def get_own_task(conn: Connection, *, district_id: int, rider_id: int, task_id: int) -> OwnTask:
    """Give one task that a rider holds or held last."""
    found = await list_own_tasks(conn, district_id=district_id, rider_id=rider_id, before=task_id + 1, limit=1)
    return found[0]


def _own(row: asyncpg.Record) -> OwnTask:
    purpose, state = Purpose(row["purpose"]), TaskState(row["state"])
    is_held = state is TaskState.ACCEPTED and row["lon"] is not None
    return OwnTask(
        id=row["id"],
        purpose=purpose,
        question=purpose.question,
        category_code=row["category_code"],
        category=Text(row["zh"], row["en"]),
        area_names=tuple(row["area_names"] or ()),
        state=state,
        state_text=state.text,
        point=Point(row["lon"], row["lat"]) if is_held else None,
        accepted_at=row["accepted_at"],
        accept_until=row["accept_until"],
        answer=None if row["answer"] is None else Answer(row["answer"]),
        note=row["note"],
        photos=tuple(row["photos"]),
        answered_at=row["answered_at"],
    )
