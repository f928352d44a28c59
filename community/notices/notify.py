"""The reaction to what happens on a case: a notice to each who should know, harmless when it runs again."""

from datetime import datetime
from enum import Enum, auto

from community import queries as case_queries
from community.desk.notes.mention import list_mentioned_ids
from community.models import Case
from community.notices import queries
from community.routing.route import DUTY_DESK
from community.sight import roles_on
from community.workflow import Verb
from core.access.models import Role
from core.access.sessions import find_staff_actor
from core.database import Connection
from core.models import Event

_DESK_ROLES = (Role.SECRETARY, Role.GRID_WORKER)
_CENTRE_ROLES = (Role.SUBDISTRICT,)
_DISTRICT_ROLES = (Role.DISTRICT_ADMIN,)


class Audience(Enum):
    """Who is told: the desk that answers for the case, the grid workers of its place (or else the desk), the person it
    is assigned to, those one level above the desk or as many as an escalation says, the departments at work, the
    reporter, those whom a note mentions.
    """

    DESK = auto()
    GRID_WORKERS = auto()
    ASSIGNEE = auto()
    ABOVE = auto()
    DEPARTMENT = auto()
    REPORTER = auto()
    MENTIONED = auto()


#: Event kind → who is told.
AUDIENCES: dict[str, frozenset[Audience]] = {
    "case.opened": frozenset({Audience.DESK, Audience.ASSIGNEE}),
    "case.rerouted": frozenset({Audience.DESK, Audience.ASSIGNEE}),
    "case.settled": frozenset({Audience.REPORTER}),
    "case.contact_tried": frozenset({Audience.REPORTER}),
    "case.words_added": frozenset({Audience.DESK, Audience.ASSIGNEE, Audience.DEPARTMENT}),
    "case.rated": frozenset({Audience.DESK}),
    "case.reopening_asked": frozenset({Audience.DESK, Audience.ABOVE}),
    "case.verification_answered": frozenset({Audience.DESK}),
    "case.verification_fell_back": frozenset({Audience.GRID_WORKERS}),
    "case.verification_expired": frozenset({Audience.DESK}),
    "deadline.warned": frozenset({Audience.DESK, Audience.ASSIGNEE, Audience.DEPARTMENT}),
    "deadline.breached": frozenset({Audience.DESK, Audience.ASSIGNEE, Audience.DEPARTMENT}),
    "deadline.escalated": frozenset({Audience.ABOVE}),
    "deadline.moved": frozenset({Audience.DESK, Audience.ASSIGNEE}),
    Verb.FILE.event: frozenset({Audience.REPORTER}),
    Verb.CONTACT.event: frozenset({Audience.REPORTER}),
    Verb.CLASSIFY.event: frozenset({Audience.ABOVE}),
    Verb.ASSIGN.event: frozenset({Audience.ASSIGNEE}),
    Verb.DISPATCH.event: frozenset({Audience.DEPARTMENT, Audience.REPORTER}),
    Verb.PASS_ON.event: frozenset({Audience.DESK, Audience.DEPARTMENT}),
    Verb.FEEDBACK.event: frozenset({Audience.DESK}),
    Verb.HANDLE.event: frozenset({Audience.DESK, Audience.REPORTER}),
    Verb.CLOSE.event: frozenset({Audience.REPORTER}),
    Verb.FOLLOW_UP.event: frozenset({Audience.DESK}),
    Verb.RETURN.event: frozenset({Audience.DESK}),
    Verb.REOPEN.event: frozenset({Audience.DESK, Audience.REPORTER}),
    Verb.DECLINE_REOPENING.event: frozenset({Audience.REPORTER}),
    Verb.HOLD.event: frozenset({Audience.ABOVE, Audience.DEPARTMENT, Audience.REPORTER}),
    Verb.RESUME.event: frozenset({Audience.DESK, Audience.DEPARTMENT, Audience.REPORTER}),
    Verb.EXTEND.event: frozenset({Audience.ABOVE, Audience.DEPARTMENT, Audience.REPORTER}),
    Verb.REJECT.event: frozenset({Audience.REPORTER}),
    Verb.VOID.event: frozenset({Audience.DESK, Audience.ASSIGNEE}),
    Verb.MARK_DUPLICATE.event: frozenset({Audience.REPORTER}),
    Verb.SPLIT.event: frozenset({Audience.DESK, Audience.REPORTER}),
    Verb.HAND_OVER.event: frozenset({Audience.DESK}),
    Verb.TRANSFER_UP.event: frozenset({Audience.DESK}),
    Verb.TRANSFER_BACK.event: frozenset({Audience.DESK}),
    "case.noted": frozenset({Audience.MENTIONED}),
}


async def notify(conn: Connection, event: Event, now: datetime) -> None:
    """Write the notices of one event; whoever did the deed is not told of it."""
    case = await case_queries.find_case(conn, district_id=event.district_id, case_id=event.subject_id)
    audiences = AUDIENCES.get(event.kind)
    if case is None or audiences is None:
        return
    staff_ids = {staff_id for audience in audiences for staff_id in await _staff(conn, case, event, audience)}
    if event.actor_kind == "staff":
        staff_ids.discard(event.actor_id or 0)
    told = [("staff", sorted(staff_ids))]
    if Audience.REPORTER in audiences and case.reporter_kind == "rider" and case.reporter_id is not None:
        told.append(("rider", [case.reporter_id]))
    for recipient_kind, recipient_ids in told:
        await queries.insert_notices(
            conn,
            district_id=event.district_id,
            event_id=event.id,
            kind=event.kind,
            case_id=case.id,
            recipient_kind=recipient_kind,
            recipient_ids=recipient_ids,
            now=now,
        )


async def _staff(conn: Connection, case: Case, event: Event, audience: Audience) -> list[int]:
    if audience is Audience.DEPARTMENT and case.department_ids:
        return await queries.list_department_staff(
            conn, district_id=case.district_id, department_ids=case.department_ids
        )
    if audience is Audience.ASSIGNEE and case.assignee_id is not None:
        return await _assignee(conn, case, case.assignee_id)
    if audience is Audience.DESK:
        return await _over_desk(conn, case)
    if audience is Audience.GRID_WORKERS:
        return await _grid_workers(conn, case) or await _over_desk(conn, case)
    if audience is Audience.ABOVE:
        return await _above(conn, case, level=int(str(event.data.get("level", 1))))
    if audience is Audience.MENTIONED:
        return await list_mentioned_ids(conn, case=case, note_id=int(str(event.data["note_id"])))
    return []


async def _assignee(conn: Connection, case: Case, staff_id: int) -> list[int]:
    """Give the one who leads the case, unless his account or his sight of it has ended since."""
    assignee = await find_staff_actor(conn, district_id=case.district_id, staff_id=staff_id)
    return [staff_id] if assignee is not None and roles_on(assignee, case) else []


async def _grid_workers(conn: Connection, case: Case) -> list[int]:
    """Give the grid workers of the place itself and of all above it; nobody where the place has no area."""
    if case.area_path is None:
        return []
    return await queries.list_staff_over(
        conn, district_id=case.district_id, area_path=case.area_path, roles=(Role.GRID_WORKER,)
    )


async def _over_desk(conn: Connection, case: Case) -> list[int]:
    """Give the staff over the case's desk in the lowest tier that has anyone, so that no case goes untold."""
    at_duty_desk = case.desk_path == DUTY_DESK
    for roles in (_DISTRICT_ROLES, _CENTRE_ROLES) if at_duty_desk else (_DESK_ROLES, _CENTRE_ROLES, _DISTRICT_ROLES):
        found = await queries.list_staff_over(
            conn, district_id=case.district_id, area_path=None if at_duty_desk else case.desk_path, roles=roles
        )
        if found:
            return found
    return []


async def _above(conn: Connection, case: Case, *, level: int) -> list[int]:
    """Give who answers `level` levels above the desk, counting only levels that have anyone; above all, nobody more."""
    rungs = await queries.list_rungs_above(conn, district_id=case.district_id, desk_path=case.desk_path)
    return list(rungs[level - 1].staff_ids) if level <= len(rungs) else []
