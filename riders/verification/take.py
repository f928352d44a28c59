"""Taking a task and giving it back. Whoever is first holds it; nobody else is sent there meanwhile."""

from datetime import datetime, timedelta

from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import NotFound
from riders.models import rider_id_of
from riders.verification import queries
from riders.verification.errors import VerificationNotHeld, VerificationOver, VerificationTaken
from riders.verification.models import OwnTask, Task, TaskState
from riders.verification.offers.queries import may_look
from riders.verification.record import record

#: Time to ride there and look; then the task is free again.
HOLD = timedelta(minutes=30)


async def get_seen(conn: Connection, *, actor: Actor, task_id: int, now: datetime, lock: bool = False) -> Task:
    """Give a task that a rider holds or held last, or may be offered; any other is `NotFound`."""
    rider_id = rider_id_of(actor)
    task = await queries.find_task(conn, district_id=actor.district_id, task_id=task_id, lock=lock)
    if task is None:
        raise NotFound()
    if task.rider_id != rider_id and not await may_look(
        conn, district_id=actor.district_id, task_id=task_id, rider_id=rider_id, now=now
    ):
        raise NotFound()
    return task


async def accept(conn: Connection, *, actor: Actor, task_id: int, now: datetime) -> OwnTask:
    """Take a task and learn its exact place; taking it again changes nothing.

    Raises `NotFound`, `VerificationTaken` when somebody was first, `VerificationOver`.
    """
    district_id, rider_id = actor.district_id, rider_id_of(actor)
    task = await get_seen(conn, actor=actor, task_id=task_id, now=now)
    if not _holds(task, rider_id):
        taken = await queries.accept_task(
            conn, district_id=district_id, task_id=task_id, rider_id=rider_id, accept_until=now + HOLD, now=now
        )
        if taken:
            await record(
                conn,
                kind="case.verification_accepted",
                district_id=district_id,
                task=task,
                actor=actor,
                now=now,
                rider_id=rider_id,
            )
        else:
            await _explain(conn, actor=actor, task_id=task_id)
    async with acting(conn, Work.LOOK):
        return await queries.get_own_task(conn, district_id=district_id, rider_id=rider_id, task_id=task_id)


async def give_back(conn: Connection, *, actor: Actor, task_id: int, now: datetime) -> None:
    """Let others take a task that the rider holds. Raises `NotFound`, `VerificationNotHeld`."""
    task = await get_seen(conn, actor=actor, task_id=task_id, now=now, lock=True)
    if not _holds(task, rider_id_of(actor)):
        raise VerificationNotHeld()
    await release(conn, district_id=actor.district_id, task=task, actor=actor, now=now)


async def release(conn: Connection, *, district_id: int, task: Task, actor: Actor | None, now: datetime) -> Task:
    """Put a held task, locked by the caller, on offer again and give it as it is now."""
    released = await queries.release_task(conn, district_id=district_id, task_id=task.id, now=now)
    await record(
        conn,
        kind="case.verification_released",
        district_id=district_id,
        task=task,
        actor=actor,
        now=now,
        rider_id=task.rider_id,
    )
    return released


def _holds(task: Task, rider_id: int) -> bool:
    return task.state is TaskState.ACCEPTED and task.rider_id == rider_id


async def _explain(conn: Connection, *, actor: Actor, task_id: int) -> None:
    """Raise what kept a rider from a task; a parallel request of his own may have been the first."""
    task = await queries.find_task(conn, district_id=actor.district_id, task_id=task_id)
    if task is not None and _holds(task, rider_id_of(actor)):
        return
    if task is not None and task.state is not TaskState.ACCEPTED:
        state = TaskState.EXPIRED if task.state is TaskState.OPEN else task.state
        raise VerificationOver(state=state.text)
    raise VerificationTaken()
