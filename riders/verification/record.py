"""Saying what happened to a task: an event on its case, so that the case keeps it."""

from datetime import datetime

from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.events import record_event
from riders.verification.models import Task


async def record(
    conn: Connection,
    *,
    kind: str,
    district_id: int,
    task: Task,
    actor: Actor | None,
    now: datetime,
    **more: object,
) -> int:
    """Write an event about `task` in the caller's transaction and give its id; `actor` None is the system."""
    async with acting(conn, Work.CONSEQUENCE):  # a rider does not see the case that he looks at
        return await record_event(
            conn,
            district_id=district_id,
            kind=kind,
            subject="case",
            subject_id=task.case_id,
            actor=actor,
            now=now,
            data={"task_id": task.id, "purpose": task.purpose, **more},
        )
