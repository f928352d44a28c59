"""Carrying out a verb of the workflow on a case: lock, check, change, turn the clocks, say so.

The order of things stands in `workflow`; who sees a case, in `sight`. Whoever comes second waits for the row and is
told the state it is in now.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from community import queries
from community.deadlines import turn_clocks
from community.errors import (
    AreaNotCandidate,
    CaseChanged,
    CaseNotFound,
    NotADuplicate,
    TransitionNotAllowed,
    UnknownArea,
    UnknownDepartment,
    VerbNotYours,
)
from community.models import ENDED, Case, Clock, State
from community.queries import CaseChange
from community.routing.queries import has_department, list_routing_rules
from community.routing.route import route
from community.sight import roles_on
from community.workflow import Field, Transition, Verb, find_transition
from core.access.models import Actor, Role
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text
from core.events import record_event

_REQUIRED = Text("“{verb}”必须填写此项。", "“{verb}” needs this field.")
_UNUSED = Text("“{verb}”不需要此项。", "“{verb}” does not take this field.")


@dataclass(frozen=True, slots=True)
class Act:
    """What is said along with a verb. `version` is the one the caller read; None does not insist."""

    note: str | None = None
    result: str | None = None
    department_id: int | None = None
    area_code: str | None = None
    duplicate_of: int | None = None
    version: int | None = None

    def given(self) -> dict[str, object]:
        """Give the fields that were sent, by name."""
        said = {field.value: getattr(self, field.value) for field in Field}
        return {name: value for name, value in said.items() if value is not None}


async def carry_out(conn: Connection, *, case_id: int, verb: Verb, act: Act, actor: Actor, now: datetime) -> Case:
    """Do `verb` to a case in one transaction and give it as it is now.

    Raises `CaseNotFound` (also for what the actor does not see), `TransitionNotAllowed`, `VerbNotYours`,
    `CaseChanged`, `InvalidInput` naming every missing or needless field, and what single fields refuse.
    """
    cases = await queries.lock_cases(
        conn, district_id=actor.district_id, case_ids=[case_id, *([act.duplicate_of] if act.duplicate_of else [])]
    )
    case = cases.get(case_id)
    if case is None or not roles_on(actor, case):
        raise CaseNotFound()
    transition = _check(case, verb, act, actor)
    change = await _change(conn, case=case, transition=transition, act=act, actor=actor, cases=cases, now=now)
    changed = await queries.update_case(
        conn, case=case, change=change, allowed_states=tuple(transition.states), now=now
    )
    if changed is None:
        raise _not_allowed(case, verb)
    changed = await turn_clocks(
        conn, case=changed, starts=transition.starts, meets=transition.meets, cancels=transition.cancels, now=now
    )
    await record_event(
        conn,
        district_id=case.district_id,
        kind=verb.event,
        subject="case",
        subject_id=case.id,
        actor=actor,
        now=now,
        data={"from": case.state, "to": changed.state, **act.given(), **_moved(case, changed)},
    )
    return changed


def _check(case: Case, verb: Verb, act: Act, actor: Actor) -> Transition:
    transition = find_transition(case.state, verb)
    if transition is None:
        raise _not_allowed(case, verb)
    if not transition.roles & roles_on(actor, case):
        raise VerbNotYours(number=case.number, verb=verb.text)
    if act.version not in (None, case.version):
        raise CaseChanged(number=case.number, version=case.version, state=case.state.text)
    given = act.given().keys()
    wrong = [(field, _REQUIRED) for field in Field if field in transition.required and field not in given]
    wrong += [(field, _UNUSED) for field in Field if field in given and field not in transition.takes]
    if wrong:
        raise InvalidInput(
            [
                FieldError(f"/{field}", Text(words.zh.format(verb=verb.text.zh), words.en.format(verb=verb.text.en)))
                for field, words in wrong
            ]
        )
    return transition


def _not_allowed(case: Case, verb: Verb) -> TransitionNotAllowed:
    return TransitionNotAllowed(number=case.number, state=case.state.text, code=case.state.value, verb=verb.text)


async def _change(
    conn: Connection,
    *,
    case: Case,
    transition: Transition,
    act: Act,
    actor: Actor,
    cases: dict[int, Case],
    now: datetime,
) -> CaseChange:
    """Work out every column that the transition sets; what it does not touch stays."""
    to = transition.to or case.state
    # Whoever answers first leads the case (首接负责) until it is handed over.
    leads = Clock.RESPOND in transition.meets and case.assignee_id is None
    kept = CaseChange(
        state=to,
        result=act.result or (None if transition.verb is Verb.REOPEN else case.result),
        department_id=case.department_id if to is not State.FILED else None,
        assignee_id=actor.id if leads else case.assignee_id,
        duplicate_of=None,
        area_code=case.area_code,
        area_path=case.area_path,
        area_names=case.area_names,
        generation_id=case.generation_id,
        desk_path=case.desk_path,
        needs_confirmation=case.needs_confirmation,
        closed_at=(case.closed_at or now) if to in ENDED else None,
    )
    if transition.verb is Verb.DISPATCH and act.department_id is not None:
        return await _dispatch(conn, case=case, change=kept, department_id=act.department_id)
    if transition.verb is Verb.HAND_OVER and act.area_code is not None:
        return await _hand_over(conn, case=case, change=kept, code=act.area_code, actor=actor)
    if transition.verb is Verb.MARK_DUPLICATE and act.duplicate_of is not None:
        return _merge(case, kept, cases.get(act.duplicate_of), act.duplicate_of, actor)
    return kept


async def _dispatch(conn: Connection, *, case: Case, change: CaseChange, department_id: int) -> CaseChange:
    if not await has_department(conn, district_id=case.district_id, department_id=department_id):
        raise UnknownDepartment(pointer="/department_id", department_id=department_id)
    return replace(change, department_id=department_id)


async def _hand_over(conn: Connection, *, case: Case, change: CaseChange, code: str, actor: Actor) -> CaseChange:
    """Move the case to another area and route it anew; a community only to an area the place might belong to."""
    is_candidate = code in case.candidates
    if not is_candidate and not roles_on(actor, case) & {Role.SUBDISTRICT, Role.DISTRICT_ADMIN}:
        raise AreaNotCandidate(pointer="/area_code", code=code, candidates="、".join(case.candidates))
    area = await queries.find_area(
        conn, district_id=case.district_id, generation_id=case.generation_id if is_candidate else None, code=code
    )
    category = await queries.find_category(conn, district_id=case.district_id, code=case.category_code)
    if area is None or category is None:
        raise UnknownArea(pointer="/area_code", code=code)
    rules = await list_routing_rules(conn, district_id=case.district_id)
    return replace(
        change,
        area_code=area.code,
        area_path=area.path,
        area_names=area.names,
        generation_id=area.generation_id,
        desk_path=route(area.path, category, rules).desk_path,
        needs_confirmation=False,
        assignee_id=None,
    )


def _merge(case: Case, change: CaseChange, other: Case | None, other_id: int, actor: Actor) -> CaseChange:
    """Point at the original, which the actor must see and which is no duplicate itself: so no ring can arise."""
    stands = other is not None and other.id != case.id and other.state not in (State.DUPLICATE, State.REJECTED)
    if other is None or not stands or not roles_on(actor, other):
        raise NotADuplicate(pointer="/duplicate_of", other=other_id)
    return replace(change, duplicate_of=other.id)


def _moved(before: Case, after: Case) -> dict[str, object]:
    """Say where a hand-over came from and went to."""
    if before.area_path == after.area_path:
        return {}
    return {"from_area_path": before.area_path, "to_area_path": after.area_path, "desk_path": after.desk_path}
