"""The sweep of looks: a hold that is over frees the task, an offer nobody took goes to the grid worker, and what nobody
looked at is given up. It may run never twice, ten times at once, or hours late.
"""

from datetime import datetime

from core.database import Connection
from riders.verification import queries
from riders.verification.models import Task, TaskState
from riders.verification.offers.offering import leave
from riders.verification.record import record
from riders.verification.take import release

MAX_TASKS_PER_SWEEP = 200


async def sweep_verification(
    conn: Connection, *, district_id: int, now: datetime, limit: int = MAX_TASKS_PER_SWEEP
) -> list[Task]:
    """Move on at most `limit` tasks whose time has come, and give them as they were. Call again while some come back.

    Mark and event stand or fall together in the caller's transaction.
    """
    due = await queries.claim_due(conn, district_id=district_id, now=now, limit=limit)
    for task in due:
        await _move_on(conn, district_id=district_id, task=task, now=now)
    return due


async def _move_on(conn: Connection, *, district_id: int, task: Task, now: datetime) -> None:
    if task.state is TaskState.ACCEPTED:
        task = await release(conn, district_id=district_id, task=task, actor=None, now=now)
    if task.expires_at <= now:
        await queries.end_offer(conn, district_id=district_id, task_id=task.id, state=TaskState.EXPIRED)
        await record(conn, kind="case.verification_expired", district_id=district_id, task=task, actor=None, now=now)
    elif task.state is TaskState.OPEN and task.fallback_at <= now:
        await leave(conn, district_id=district_id, task=task, now=now)
