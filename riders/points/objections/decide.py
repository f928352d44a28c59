"""The community answers an objection: granted, which writes into the ledger, or declined; both in words.

What is contested and what was decided stay; a granted objection adds an entry and changes none. Nobody decides on an
objection to his own act.
"""

from datetime import datetime

from community.notices.queries import insert_notices
from core.access.models import Actor
from core.database import Connection
from core.errors import FieldError, InvalidInput, NotFound, Text
from core.events import record_event
from core.models import Event
from core.queries import get_timezone
from riders.models import staff_id_of
from riders.points import queries as ledger
from riders.points.corrections import enter
from riders.points.errors import ObjectionDecided, OwnDecisionContested
from riders.points.ledger import take_back
from riders.points.models import EntryDraft, Ground, PointEntry
from riders.points.objections import queries
from riders.points.objections.contest import get_objection
from riders.points.objections.models import Objection, ObjectionStatus
from riders.reporters.appointments import REVIEWERS

DECIDED = "points.objection_decided"

_POINTS_NEEDED = Text("请填写补记的分数。", "Say how many points are to be added.")
_POINTS_UNUSED = Text("支持此申诉即恢复原分数，不另填分数。", "Granting this restores the points; none are added.")


async def grant(
    conn: Connection, *, actor: Actor, objection_id: int, answer: str, points: int | None, now: datetime
) -> Objection:
    """Grant an objection: points taken back are restored, anything else is made good by `points`.

    Raises `NotFound` outside the actor's areas, `ObjectionDecided`, `OwnDecisionContested`, `InvalidInput`.
    """
    objection, entry = await _get_for_decision(conn, actor=actor, objection_id=objection_id)
    await ledger.lock_rider(conn, district_id=actor.district_id, rider_id=objection.rider_id)
    is_restored = entry is not None and entry.points < 0 and entry.reversed_by is None
    if is_restored == (points is not None):
        raise InvalidInput([FieldError("/points", _POINTS_UNUSED if is_restored else _POINTS_NEEDED)])
    reason = Text(f"申诉获支持：{answer}", f"objection granted: {answer}")
    if entry is not None and points is None:
        await take_back(
            conn,
            district_id=actor.district_id,
            entry=entry,
            reason=reason,
            now=now,
            objection_id=objection.id,
            by_id=staff_id_of(actor),
        )
    else:
        draft = await _made_good(conn, actor=actor, objection=objection, points=points or 0, reason=reason, now=now)
        await enter(conn, actor=actor, draft=draft, now=now)
    return await _decide(conn, objection, ObjectionStatus.GRANTED, answer=answer, actor=actor, now=now)


async def decline(conn: Connection, *, actor: Actor, objection_id: int, answer: str, now: datetime) -> Objection:
    """Decline an objection in words. Raises `NotFound`, `ObjectionDecided`, `OwnDecisionContested`."""
    objection, _ = await _get_for_decision(conn, actor=actor, objection_id=objection_id)
    return await _decide(conn, objection, ObjectionStatus.DECLINED, answer=answer, actor=actor, now=now)


async def tell_rider(conn: Connection, event: Event, now: datetime) -> None:
    """Give the rider a notice of the answer (a reaction); one that concerns no case is answered in the ledger alone."""
    objection = await queries.find_objection(conn, district_id=event.district_id, objection_id=event.subject_id)
    if objection is not None and objection.case_id is not None:
        await insert_notices(
            conn,
            district_id=event.district_id,
            event_id=event.id,
            kind=event.kind,
            case_id=objection.case_id,
            recipient_kind="rider",
            recipient_ids=[objection.rider_id],
            now=now,
        )


async def _get_for_decision(
    conn: Connection, *, actor: Actor, objection_id: int
) -> tuple[Objection, PointEntry | None]:
    """Lock the objection and give it with the contested entry, which must not be the decider's own act."""
    objection = await queries.find_objection(conn, district_id=actor.district_id, objection_id=objection_id, lock=True)
    if objection is None or not actor.reaches(objection.area_path, *REVIEWERS):
        raise NotFound()
    if objection.status is not ObjectionStatus.WAITING:
        raise ObjectionDecided(status=objection.status.text)
    if objection.entry_id is None:
        return objection, None
    entry = await ledger.find_entry(conn, district_id=actor.district_id, entry_id=objection.entry_id)
    if entry is not None and entry.by_id is not None and entry.by_id == actor.id:
        raise OwnDecisionContested()
    return objection, entry


async def _made_good(
    conn: Connection, *, actor: Actor, objection: Objection, points: int, reason: Text, now: datetime
) -> EntryDraft:
    zone = await get_timezone(conn, district_id=actor.district_id)
    return EntryDraft(
        rider_id=objection.rider_id,
        ground=Ground.OBJECTION,
        points=points,
        reason=reason,
        area_path=objection.area_path,
        earned_on=now.astimezone(zone).date(),
        case_id=objection.case_id,
        report_id=objection.report_id,
        objection_id=objection.id,
        by_id=staff_id_of(actor),
    )


async def _decide(
    conn: Connection,
    objection: Objection,
    status: ObjectionStatus,
    *,
    answer: str,
    actor: Actor,
    now: datetime,
) -> Objection:
    await queries.decide_objection(
        conn,
        district_id=actor.district_id,
        objection_id=objection.id,
        status=status,
        answer=answer,
        decided_by=staff_id_of(actor),
        now=now,
    )
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="points.objection_decided",
        subject="point_objection",
        subject_id=objection.id,
        actor=actor,
        now=now,
        data={"status": status, "answer": answer},
    )
    return await get_objection(conn, actor=actor, objection_id=objection.id)
