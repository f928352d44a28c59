"""Saying what was found. It decides nothing by itself: the secretary files, verifies or returns with it as evidence."""

from datetime import datetime

from community import queries as case_queries
from community.models import Case
from community.photos.models import PhotoStage
from community.photos.queries import list_case_photos
from community.sight import roles_on
from core.access.models import Actor, Role
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import NotAllowed, NotFound
from geo.models import Point
from riders.models import rider_id_of, staff_id_of
from riders.signup.consents import LOOK_LOCATION, require_consents
from riders.verification import queries
from riders.verification.errors import (
    VerificationAnswered,
    VerificationNotHeld,
    VerificationOver,
    VerificationTaken,
)
from riders.verification.models import Receipt, Said, Task, TaskState
from riders.verification.offers.nearness import Way, metres_off
from riders.verification.offers.queries import list_scopes
from riders.verification.record import record
from riders.verification.take import get_seen

#: Who looks where no rider does.
LOOKERS = frozenset({Role.GRID_WORKER, Role.SECRETARY, Role.SUBDISTRICT, Role.DISTRICT_ADMIN})
_LIVE = (TaskState.OPEN, TaskState.ACCEPTED, TaskState.FALLBACK)


async def answer(conn: Connection, *, actor: Actor, task_id: int, said: Said, now: datetime) -> Receipt:
    """Keep what a rider who holds the task, or staff where nobody does, found; with the photos sent for it so far.

    The same answer again gives the same receipt. Raises `NotFound`, `NotAllowed`, `ConsentNeeded` for a rider's
    position, `VerificationAnswered`, `VerificationNotHeld`, `VerificationTaken`, `VerificationOver`.
    """
    task, case = await _get_for_answer(conn, actor=actor, task_id=task_id, now=now)
    if task.state is TaskState.ANSWERED:
        if (task.answered_by_kind, task.answered_by_id, task.answer, task.note) == (
            *(actor.kind, actor.id),
            *(said.answer, said.note),
        ):
            return queries.receipt_of(task)
        raise VerificationAnswered()
    if actor.kind == "rider":
        await _check_rider(conn, task=task, actor=actor, said=said, now=now)
    else:
        _check_staff(task)
    async with acting(conn, Work.CONSEQUENCE):
        return await _keep(conn, task=task, case=case, actor=actor, said=said, now=now)


async def _get_for_answer(conn: Connection, *, actor: Actor, task_id: int, now: datetime) -> tuple[Task, Case]:
    """Give the task, locked, and its case, to those who see them."""
    if actor.kind == "rider":
        task = await get_seen(conn, actor=actor, task_id=task_id, now=now, lock=True)
    else:
        staff_id_of(actor)
        found = await queries.find_task(conn, district_id=actor.district_id, task_id=task_id, lock=True)
        if found is None:  # or seen and not his to answer, so that no row is locked
            found = await queries.find_task(conn, district_id=actor.district_id, task_id=task_id)
        if found is None:
            raise NotFound()
        task = found
    async with acting(conn, Work.LOOK):
        case = await case_queries.find_case(conn, district_id=actor.district_id, case_id=task.case_id)
    if case is None:
        raise NotFound()
    if actor.kind == "staff":
        roles = roles_on(actor, case)
        if not roles:
            raise NotFound()
        if not roles & LOOKERS:
            raise NotAllowed()
    return task, case


async def _check_rider(conn: Connection, *, task: Task, actor: Actor, said: Said, now: datetime) -> None:
    if task.state not in _LIVE:
        raise VerificationOver(state=task.state.text)
    if task.state is not TaskState.ACCEPTED or task.rider_id != actor.id:
        raise VerificationNotHeld()
    # Revoked on the way: his word no longer counts. Where the case was handed over meanwhile, it does.
    if not await list_scopes(conn, district_id=actor.district_id, rider_id=rider_id_of(actor), now=now):
        raise VerificationNotHeld()
    if said.stands_at is not None:
        await require_consents(conn, actor=actor, needed=[(LOOK_LOCATION, "/position")])


def _check_staff(task: Task) -> None:
    if task.state is TaskState.ACCEPTED:
        raise VerificationTaken()
    if task.state not in _LIVE:
        raise VerificationOver(state=task.state.text)


async def _keep(conn: Connection, *, task: Task, case: Case, actor: Actor, said: Said, now: datetime) -> Receipt:
    since = task.accepted_at or task.asked_at
    photos = await list_photos_of(conn, task=task, actor=actor, since=since)
    distance_m = distance_between(case, said.stands_at)
    await queries.answer_task(
        conn,
        district_id=case.district_id,
        task_id=task.id,
        answer=said.answer,
        note=said.note,
        photos=photos,
        distance_m=distance_m,
        by_kind=actor.kind,
        by_id=actor.id or 0,
        now=now,
    )
    await record(
        conn,
        kind="case.verification_answered",
        district_id=case.district_id,
        task=task,
        actor=actor,
        now=now,
        rider_id=actor.id if actor.kind == "rider" else None,
        answer=said.answer,
        note=said.note,
        distance_m=distance_m,
        photos=photos,
        asked_at=task.asked_at,
    )
    answered = await queries.find_task(conn, district_id=case.district_id, task_id=task.id)
    assert answered is not None  # noqa: S101 — its row is locked
    return queries.receipt_of(answered)


def distance_between(case: Case, stands_at: Point | None) -> int | None:
    """Give the metres from a case to where somebody stands, in tens: enough to tell who was there, and no position."""
    if stands_at is None or case.lon is None or case.lat is None:
        return None
    return round(metres_off(Way(stands_at), Point(case.lon, case.lat)) / 10) * 10


async def list_photos_of(conn: Connection, *, task: Task, actor: Actor, since: datetime) -> list[str]:
    """List the hashes of the photos of a look that somebody has sent for this case since then."""
    photos = await list_case_photos(conn, district_id=actor.district_id, case_id=task.case_id)
    return [
        photo.sha256
        for photo in photos
        if photo.stage is PhotoStage.CHECK
        and (photo.by_kind, photo.by_id) == (actor.kind, actor.id)
        and photo.stored_at >= since
    ]
