"""A rider objects to an entry of his ledger, or that a report brought none; his community has to answer."""

from datetime import datetime

from core.access.models import Actor, Role
from core.database import Connection
from core.errors import NotFound
from core.events import record_event
from riders.models import rider_id_of
from riders.points import queries as ledger
from riders.points.errors import AlreadyObjected, ObjectionTooLate
from riders.points.models import OBJECT_WITHIN
from riders.points.objections import queries
from riders.points.objections.models import Contested, Objection, ObjectionStatus
from riders.reporters.appointments import REVIEWERS


async def contest(
    conn: Connection, *, actor: Actor, entry_id: int | None, report_id: int | None, words: str, now: datetime
) -> Objection:
    """Contest an entry of one's own, or that a report of one's own brought none; exactly one of the two is given.

    Raises `NotFound` for what is not the rider's, `ObjectionTooLate`, `AlreadyObjected`.
    """
    rider_id = rider_id_of(actor)
    if entry_id is not None:
        contested = await _own_entry(conn, actor, rider_id, entry_id)
    else:
        contested = await _own_report(conn, actor, rider_id, report_id or 0, now)
    if now > contested.since + OBJECT_WITHIN:
        raise ObjectionTooLate(days=OBJECT_WITHIN.days)
    objection_id = await queries.insert_objection(
        conn, district_id=actor.district_id, rider_id=rider_id, contested=contested, words=words, now=now
    )
    if objection_id is None:
        raise AlreadyObjected()
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="points.objected",
        subject="point_objection",
        subject_id=objection_id,
        actor=actor,
        now=now,
        data={"entry_id": contested.entry_id, "report_id": contested.report_id},
    )
    return await get_objection(conn, actor=actor, objection_id=objection_id)


async def list_objections(
    conn: Connection, *, actor: Actor, status: ObjectionStatus | None, before: int | None, limit: int
) -> list[Objection]:
    """Give a rider his own objections, and staff those their areas answer for; newest first."""
    is_rider = actor.kind == "rider"
    return await queries.list_objections(
        conn,
        district_id=actor.district_id,
        scopes=[""] if is_rider else actor.scopes(*REVIEWERS, Role.AUDITOR),
        rider_id=actor.id if is_rider else None,
        status=status,
        before=before,
        limit=limit,
    )


async def _own_entry(conn: Connection, actor: Actor, rider_id: int, entry_id: int) -> Contested:
    """Find what is contested; of an entry that was taken back that is the taking back, whoever did it."""
    entry = await ledger.find_entry(conn, district_id=actor.district_id, entry_id=entry_id)
    while entry is not None and entry.reversed_by is not None:
        entry = await ledger.find_entry(conn, district_id=actor.district_id, entry_id=entry.reversed_by)
    if entry is None or entry.rider_id != rider_id:
        raise NotFound()
    return Contested(entry.id, None, entry.case_id, entry.area_path, entry.created_at)


async def _own_report(conn: Connection, actor: Actor, rider_id: int, report_id: int, now: datetime) -> Contested:
    report = await queries.find_report_in_question(
        conn, district_id=actor.district_id, rider_id=rider_id, report_id=report_id
    )
    if report is None:
        raise NotFound()
    appointed = await ledger.find_appointed_area(
        conn, district_id=actor.district_id, rider_id=rider_id, near=report.area_path, at=now
    )
    area_path = appointed if appointed is not None else report.area_path or ""
    return Contested(None, report_id, report.case_id, area_path, report.last_moved_at)


async def get_objection(conn: Connection, *, actor: Actor, objection_id: int) -> Objection:
    """Give an objection of the actor's district. Raises `NotFound`."""
    objection = await queries.find_objection(conn, district_id=actor.district_id, objection_id=objection_id)
    if objection is None:
        raise NotFound()
    return objection
