"""One case as staff see it: with its history, its clocks, and what this person may do next."""

from dataclasses import dataclass, replace
from datetime import datetime

from community import queries
from community.appeals.queries import find_contact
from community.clocks.models import ClockRule, Deadline
from community.clocks.queries import get_rules, list_deadlines
from community.errors import CaseNotFound
from community.models import Case, Contact, Origin
from community.photos.models import CasePhoto
from community.photos.queries import list_case_photos
from community.photos.seen import seen_photos
from community.routing.route import DUTY_DESK
from community.sight import CONTACT_ROLES, roles_on
from community.work_orders.models import WorkOrder
from community.work_orders.queries import list_work_orders
from community.workflow import Field, Verb, allowed_transitions
from core.access.models import Actor, Role
from core.database import Connection
from core.errors import Text
from core.models import Event
from core.queries import list_events
from core.sealing.ring import KeyRing

#: Where an event names another case.
_OTHER_CASES = frozenset({"duplicate_of", "original", "other_id"})


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a case's history: what happened, when, and by whose hand (`name` for staff only)."""

    id: int
    kind: str
    at: datetime
    actor_kind: str
    actor_name: str | None
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class Offer:
    """A verb that this person may do now, and the fields it needs and takes; a note may always be added."""

    verb: Verb
    text: Text
    required: tuple[Field, ...]
    optional: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case with everything that is needed to act on it.

    `clock_rules` are those by which its deadlines run, also where others are in force by now. `contact` says, masked,
    that there is somebody to reach; it is None for those who may not reach him.
    """

    case: Case
    state: Text
    assignee_name: str | None
    history: tuple[Step, ...]
    deadlines: tuple[Deadline, ...]
    clock_rules: tuple[ClockRule, ...]
    work_orders: tuple[WorkOrder, ...]
    photos: tuple[CasePhoto, ...]
    verbs: tuple[Offer, ...]
    contact: Contact | None


async def get_case_detail(conn: Connection, *, ring: KeyRing, case_id: int, actor: Actor) -> CaseDetail:
    """Give a case that `actor` sees. Raises `CaseNotFound` for any other."""
    case = await queries.find_case(conn, district_id=actor.district_id, case_id=case_id)
    roles = frozenset() if case is None else roles_on(actor, case)
    if case is None or not roles:
        raise CaseNotFound()
    photos = await list_case_photos(conn, district_id=case.district_id, case_id=case.id)
    events = await list_events(conn, district_id=case.district_id, subject="case", subject_id=case.id)
    case, events = await _without_unseen(conn, case, events, actor)
    deadlines = await list_deadlines(conn, district_id=case.district_id, case_id=case.id)
    rules = await get_rules(conn, district_id=case.district_id, rule_ids=[each.rule_id for each in deadlines])
    assignees = () if case.assignee_id is None else (case.assignee_id,)
    names = await queries.list_staff_names(conn, district_id=case.district_id, staff_ids=assignees)
    contact = None
    if roles & CONTACT_ROLES and case.origin is Origin.APPEAL:
        appeal_id = int(case.origin_ref)
        found = await find_contact(conn, ring=ring, district_id=case.district_id, appeal_id=appeal_id)
        contact = None if found is None else found.masked()
    return CaseDetail(
        case=case,
        state=case.state.text,
        assignee_name=names.get(case.assignee_id or 0),
        history=await _history(conn, case.district_id, events),
        deadlines=tuple(deadlines),
        clock_rules=tuple(rules.values()),
        work_orders=tuple(await list_work_orders(conn, district_id=case.district_id, case_id=case.id)),
        photos=seen_photos(photos, case=case, actor=actor),
        verbs=offers(case, roles),
        contact=contact,
    )


def offers(case: Case, roles: frozenset[Role]) -> tuple[Offer, ...]:
    """List what someone in `roles` on the case may do now, in the order of the flow."""
    without_sense = {
        Verb.DECLINE_REOPENING: case.reopening_asked_at is None,
        Verb.TRANSFER_UP: case.desk_path == DUTY_DESK,
        Verb.TRANSFER_BACK: case.desk_before is None,
    }
    return tuple(
        Offer(
            row.verb,
            row.verb.text,
            tuple(field for field in Field if field in row.required),
            tuple(field for field in Field if field in row.optional),
        )
        for row in allowed_transitions(case.state, roles)
        if not without_sense.get(row.verb, False)
    )


async def _without_unseen(conn: Connection, case: Case, events: list[Event], actor: Actor) -> tuple[Case, list[Event]]:
    """Leave out which other cases this one was merged with or compared to, where the reader does not see them."""
    named = {value for event in events for name, value in event.data.items() if name in _OTHER_CASES}
    named.add(case.duplicate_of)
    ids = [value for value in named if isinstance(value, int)]
    others = await queries.list_cases_by_id(conn, district_id=case.district_id, case_ids=ids) if ids else {}
    unseen = {other_id for other_id in ids if other_id not in others or not roles_on(actor, others[other_id])}
    if not unseen:
        return case, events
    shown = [
        replace(event, data={k: v for k, v in event.data.items() if k not in _OTHER_CASES or v not in unseen})
        for event in events
    ]
    return replace(case, duplicate_of=None if case.duplicate_of in unseen else case.duplicate_of), shown


async def _history(conn: Connection, district_id: int, events: list[Event]) -> tuple[Step, ...]:
    staff_ids = {event.actor_id for event in events if event.actor_kind == "staff" and event.actor_id is not None}
    names = await queries.list_staff_names(conn, district_id=district_id, staff_ids=tuple(staff_ids))
    return tuple(
        Step(
            id=event.id,
            kind=event.kind,
            at=event.occurred_at,
            actor_kind=event.actor_kind,
            actor_name=names.get(event.actor_id or 0) if event.actor_kind == "staff" else None,
            data=event.data,
        )
        for event in events
    )
