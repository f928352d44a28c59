"""The reaction to what happens on a case: a notice to each who should know, harmless when it runs again."""

from datetime import datetime
from enum import Enum, auto

from community import queries as case_queries
from community.models import Case
from community.notices import queries
from community.routing.route import DUTY_DESK
from community.workflow import Verb
from core.access.models import Role
from core.database import Connection
from core.models import Event

_DESK_ROLES = (Role.SECRETARY, Role.GRID_WORKER)
_CENTRE_ROLES = (Role.SUBDISTRICT,)
_DISTRICT_ROLES = (Role.DISTRICT_ADMIN,)


class Audience(Enum):
    """Who is told: the desk that answers for the case, those above it, the handling department, the reporter."""

    DESK = auto()
    ABOVE = auto()
    DEPARTMENT = auto()
    REPORTER = auto()


#: Event kind → who is told.
AUDIENCES: dict[str, frozenset[Audience]] = {
    "case.opened": frozenset({Audience.DESK}),
    "deadline.breached": frozenset({Audience.DESK, Audience.ABOVE}),
    Verb.FILE.event: frozenset({Audience.REPORTER}),
    Verb.CONTACT.event: frozenset({Audience.REPORTER}),
    Verb.DISPATCH.event: frozenset({Audience.DEPARTMENT, Audience.REPORTER}),
    Verb.FEEDBACK.event: frozenset({Audience.DESK}),
    Verb.HANDLE.event: frozenset({Audience.DESK, Audience.REPORTER}),
    Verb.CLOSE.event: frozenset({Audience.REPORTER}),
    Verb.RETURN.event: frozenset({Audience.DESK}),
    Verb.REOPEN.event: frozenset({Audience.DESK, Audience.REPORTER}),
    Verb.REJECT.event: frozenset({Audience.REPORTER}),
    Verb.MARK_DUPLICATE.event: frozenset({Audience.REPORTER}),
    Verb.HAND_OVER.event: frozenset({Audience.DESK}),
}


async def notify(conn: Connection, event: Event, now: datetime) -> None:
    """Write the notices of one event; whoever did the deed is not told of it."""
    case = await case_queries.find_case(conn, district_id=event.district_id, case_id=event.subject_id)
    audiences = AUDIENCES.get(event.kind)
    if case is None or audiences is None:
        return
    staff_ids = {staff_id for audience in audiences for staff_id in await _staff(conn, case, audience)}
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


async def _staff(conn: Connection, case: Case, audience: Audience) -> list[int]:
    if audience is Audience.DEPARTMENT and case.department_id is not None:
        return await queries.list_department_staff(conn, district_id=case.district_id, department_id=case.department_id)
    if audience is Audience.DESK:
        return await _first_found(conn, case, (_DESK_ROLES, _CENTRE_ROLES, _DISTRICT_ROLES))
    if audience is Audience.ABOVE:
        return await _first_found(conn, case, (_CENTRE_ROLES, _DISTRICT_ROLES))
    return []


async def _first_found(conn: Connection, case: Case, tiers: tuple[tuple[Role, ...], ...]) -> list[int]:
    """Give the staff over the case's desk in the lowest tier that has anyone, so that no case goes untold."""
    at_duty_desk = case.desk_path == DUTY_DESK
    for roles in (_DISTRICT_ROLES, _CENTRE_ROLES) if at_duty_desk else tiers:
        found = await queries.list_staff_over(
            conn, district_id=case.district_id, area_path=None if at_duty_desk else case.desk_path, roles=roles
        )
        if found:
            return found
    return []
