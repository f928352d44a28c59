"""The reaction to what happens on a case: a look arises, follows the case to another area, or is no longer needed.

Harmless when it runs again: a task is made once an event, and a case that has moved on ends only what arose before.
"""

from datetime import datetime, timedelta

from community import queries as case_queries
from community.models import Case, Origin, State
from community.notices.queries import insert_notices
from community.verification.models import LookRule, Purpose, purpose_in
from community.verification.queries import get_look_rule
from community.workflow import TABLE, Verb
from core.database import Connection
from core.models import Event
from riders.verification import queries
from riders.verification.models import TaskState
from riders.verification.offers.offering import leave, offer_or_leave
from riders.verification.record import record

_LOOKED_AT_IN = frozenset(state for state in State if purpose_in(state))
_BY_RULE = frozenset({"case.opened", Verb.HANDLE.event})

#: What may begin a look, move it or end it.
FOLLOWED = (
    _BY_RULE
    | {Verb.ASK_VERIFICATION.event, Verb.HAND_OVER.event}
    | {row.verb.event for row in TABLE if row.to is not None and row.states & _LOOKED_AT_IN}
)


async def follow_case(conn: Connection, event: Event, now: datetime) -> None:
    """Do what one event of a case means for its looks."""
    cases = await case_queries.lock_cases(conn, district_id=event.district_id, case_ids=[event.subject_id])
    case = cases.get(event.subject_id)
    if case is None:
        return
    if event.data.get("from") != event.data.get("to"):
        await _cancel_older(conn, case, event, now)
    if event.kind == Verb.HAND_OVER.event:
        await _move(conn, case, now)
    # A look is for the state the case was in; if that is over, nobody need go.
    purpose = purpose_in(State(str(event.data["to"])))
    if purpose is None or purpose is not purpose_in(case.state):
        return
    rule = await get_look_rule(conn, district_id=case.district_id, category_code=case.category_code)
    if event.kind == Verb.ASK_VERIFICATION.event or (event.kind in _BY_RULE and _needs_look(case, rule, purpose)):
        await _begin(conn, case, event, purpose, rule, now)


def _needs_look(case: Case, rule: LookRule, purpose: Purpose) -> bool:
    """Tell whether the rule asks for a look at what a rider reported; a resident's appeal is for a person to decide."""
    return rule.looks.need(purpose) and case.origin is Origin.REPORT and _can_be_offered(case)


def _can_be_offered(case: Case) -> bool:
    return case.lon is not None and case.area_path is not None


async def _begin(conn: Connection, case: Case, event: Event, purpose: Purpose, rule: LookRule, now: datetime) -> None:
    is_asked = event.kind == Verb.ASK_VERIFICATION.event
    task = await queries.insert_task(
        conn,
        district_id=case.district_id,
        case_id=case.id,
        event_id=event.id,
        purpose=purpose,
        area_path=case.area_path,
        state=TaskState.OPEN,
        asked_by_id=event.actor_id if is_asked and event.actor_kind == "staff" else None,
        fallback_at=now + timedelta(minutes=rule.offer_minutes),
        expires_at=now + timedelta(minutes=rule.expire_minutes),
        now=now,
    )
    if task is None:
        return
    if _can_be_offered(case):
        await offer_or_leave(conn, district_id=case.district_id, task=task, now=now)
    else:
        await leave(conn, district_id=case.district_id, task=task, now=now)


async def _move(conn: Connection, case: Case, now: datetime) -> None:
    """Let the looks lie where the case lies now, and offer those on offer to the riders there."""
    moved = await queries.move_tasks(conn, district_id=case.district_id, case_id=case.id, area_path=case.area_path)
    for task in moved:
        if task.state is TaskState.OPEN and _can_be_offered(case):
            await offer_or_leave(conn, district_id=case.district_id, task=task, now=now)


async def _cancel_older(conn: Connection, case: Case, event: Event, now: datetime) -> None:
    """End the looks for a state that the case has left, and tell the rider who is on his way."""
    ended = await queries.cancel_tasks(conn, district_id=case.district_id, case_id=case.id, before_event_id=event.id)
    for task in ended:
        event_id = await record(
            conn, kind="case.verification_cancelled", district_id=case.district_id, task=task, actor=None, now=now
        )
        await insert_notices(
            conn,
            district_id=case.district_id,
            event_id=event_id,
            kind="case.verification_cancelled",
            case_id=case.id,
            recipient_kind="rider",
            recipient_ids=[] if task.rider_id is None else [task.rider_id],
            now=now,
        )
