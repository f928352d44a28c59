"""Carrying out a verb of the workflow on a case: lock, check, change, turn the clocks, say so.

The order of things stands in `workflow`, what a verb changes besides in `effects`, who sees a case in `sight`. Whoever
comes second waits for the row and is told the state it is in now.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from community import queries
from community.acts import Act, Deed
from community.clocks import turning
from community.clocks.queries import lock_running
from community.effects import EFFECTS
from community.errors import (
    CaseChanged,
    CaseNotFound,
    ContactOwed,
    PhotoNotStored,
    TransitionNotAllowed,
    VerbNotYours,
)
from community.followup.reopening import say_if_asked
from community.models import ENDED, Case, Clock, State
from community.photos.queries import list_case_photos
from community.sight import roles_on
from community.work_orders.effects import ORDER_EFFECTS, as_department, state_after_split
from community.workflow import Field, Transition, Verb, find_transition
from core.access.models import Actor, Role
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import FieldError, InvalidInput, NotAllowed, Refusal, Text
from core.events import record_event

_REQUIRED = Text("“{verb}”必须填写此项。", "“{verb}” needs this field.")
_UNUSED = Text("“{verb}”不需要此项。", "“{verb}” does not take this field.")

#: Whoever left a way to be reached is contacted before his case ends one of these ways.
_AFTER_CONTACT = frozenset({Verb.REJECT, Verb.CLOSE, Verb.MARK_DUPLICATE})

#: These write the duplicates of a case along with it.
_WITH_DUPLICATES = frozenset({Verb.CLOSE, Verb.MARK_DUPLICATE})


async def carry_out(conn: Connection, *, case_id: int, verb: Verb, act: Act, actor: Actor, now: datetime) -> Case:
    """Do `verb` to a case in one transaction and give it as it is now.

    Raises `CaseNotFound` (also for what the actor does not see), `TransitionNotAllowed`, `VerbNotYours`,
    `CaseChanged`, `InvalidInput` naming every missing or needless field, and what single verbs refuse.
    """
    cases = await lock_for(conn, district_id=actor.district_id, case_ids=[case_id], verb=verb, act=act)
    case = cases.get(case_id)
    if case is None or not roles_on(actor, case):
        raise await _why_not(conn, case_id, actor)
    transition = _check(case, verb, act, actor)
    deed = Deed(conn, case, transition, act, actor, now, others=cases)
    if not transition.roles & roles_on(actor, case) - {Role.DEPARTMENT}:
        deed = await as_department(deed, actor)
    return await perform(deed)


async def _why_not(conn: Connection, case_id: int, actor: Actor) -> Refusal:
    """Tell whoever sees a case and may only look on from whoever does not see it."""
    case = await queries.find_case(conn, district_id=actor.district_id, case_id=case_id)
    return CaseNotFound() if case is None or not roles_on(actor, case) else NotAllowed()


async def lock_for(
    conn: Connection, *, district_id: int, case_ids: Sequence[int], verb: Verb, act: Act
) -> dict[int, Case]:
    """Lock every case that doing `verb` to these may write, all at once, so that nobody waits for who waits for him.

    Gives those that the caller may change, and with them their duplicates, wherever these lie. Where a case has got
    another duplicate while its lock was waited for, all locks are let go and taken anew in order.
    """
    wanted = [*case_ids, *([] if act.duplicate_of is None else [act.duplicate_of])]
    if verb in _WITH_DUPLICATES:
        async with acting(conn, Work.CONSEQUENCE):
            await _lock_with_duplicates(conn, district_id, wanted)
    return await queries.lock_cases(conn, district_id=district_id, case_ids=wanted)


async def _lock_with_duplicates(conn: Connection, district_id: int, wanted: Sequence[int]) -> None:
    duplicates = await queries.list_duplicate_ids(conn, district_id=district_id, case_ids=wanted)
    while True:
        attempt = conn.transaction()
        await attempt.start()
        locked = await queries.lock_cases(conn, district_id=district_id, case_ids=[*wanted, *duplicates])
        duplicates = await queries.list_duplicate_ids(conn, district_id=district_id, case_ids=wanted)
        if locked.keys() >= set(duplicates):
            await attempt.commit()
            return
        await attempt.rollback()


async def perform(deed: Deed) -> Case:
    """Carry out what has been checked, on a case that is locked, and give it as it is now.

    Raises `TransitionNotAllowed`, `ContactOwed`, `PhotoNotStored`, and what single verbs refuse.
    """
    if deed.reached_nobody:
        deed = deed.without_turning()
    async with acting(deed.conn, Work.CONSEQUENCE):
        return await _perform(deed)


async def _perform(deed: Deed) -> Case:
    conn, case, row = deed.conn, deed.case, deed.transition
    await _check_contact(deed)
    await _check_photos(deed)
    after = _by_the_table(deed)
    for effects in (EFFECTS, ORDER_EFFECTS):
        if effect := effects.get(row.verb):
            after = await effect(deed, after)
    changed = await queries.update_case(conn, before=case, after=after, allowed_states=tuple(row.states), now=deed.now)
    if changed is None:
        raise _not_allowed(case, row.verb)
    changed = await _turn_clocks(deed, changed)
    await record_event(
        conn,
        district_id=case.district_id,
        kind=deed.event,
        subject="case",
        subject_id=case.id,
        actor=deed.actor,
        now=deed.now,
        data={"from": case.state, "to": changed.state, **deed.act.given(), **_moved(case, changed)},
    )
    await say_if_asked(conn, before=case, after=changed, words=deed.act.note, actor=deed.actor, now=deed.now)
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


async def _check_contact(deed: Deed) -> None:
    """Hold the end of a case back until the resident who can be reached has been."""
    case = deed.case
    if (
        case.contact_owed
        and deed.transition.verb in _AFTER_CONTACT
        and await lock_running(deed.conn, district_id=case.district_id, case_id=case.id, clocks=[Clock.RESPOND])
    ):
        raise ContactOwed(number=case.number)


async def _check_photos(deed: Deed) -> None:
    """Refuse photos that the case does not have; a hash in an act is no photo yet."""
    if not deed.act.photos:
        return
    stored = await list_case_photos(deed.conn, district_id=deed.case.district_id, case_id=deed.case.id)
    known = {photo.sha256 for photo in stored}
    for sha256 in deed.act.photos:
        if sha256 not in known:
            raise PhotoNotStored(pointer="/photos", sha256=sha256, case_id=deed.case.id)


def _by_the_table(deed: Deed) -> Case:
    """Give the case as it would be by its transition alone."""
    case, row = deed.case, deed.transition
    to = row.to or case.state
    if row.goes_back and case.state_before is not None:
        to = case.state_before
    stays = to is case.state
    before = None
    if to is State.HELD:
        before = case.state
    elif to is State.DUPLICATE:
        before = state_after_split(case.state)
    is_filed_anew = to is State.FILED and not row.goes_back
    # Whoever answers first leads the case (首接负责) until it is handed over.
    leads = Clock.RESPOND in row.meets and case.assignee_id is None and deed.actor is not None
    return replace(
        case,
        state=to,
        state_before=case.state_before if stays else before,
        held_until=case.held_until if stays else None,
        result=deed.act.result or case.result,
        department_id=None if is_filed_anew else case.department_id,
        department_ids=() if is_filed_anew else case.department_ids,
        assignee_id=deed.actor.id if leads and deed.actor is not None else case.assignee_id,
        duplicate_of=case.duplicate_of if stays else None,
        closed_at=(case.closed_at or deed.now) if to in ENDED else None,
    )


async def _turn_clocks(deed: Deed, case: Case) -> Case:
    """Stop, pause, resume and start what the transition says, and write what is due next into the case."""
    conn, row, now = deed.conn, deed.transition, deed.now
    # Only reaching the resident answers one who left a way to be reached.
    unmet = frozenset({Clock.RESPOND} if case.contact_owed and row.verb is not Verb.CONTACT else ())
    await turning.stop_clocks(conn, case=case, meets=row.meets - unmet, cancels=row.cancels, now=now)
    if row.pauses:
        await turning.pause_clocks(
            conn, case=case, clocks=row.pauses, reason=deed.act.note or row.verb.text.zh, now=now
        )
    if row.resumes:
        await turning.resume_clocks(conn, case=case, clocks=row.resumes, now=now)
    await turning.start_clocks(conn, case=case, clocks=row.starts, now=now)
    return await queries.refresh_next_due(conn, district_id=case.district_id, case_id=case.id)


def _moved(before: Case, after: Case) -> dict[str, object]:
    """Say where a case came from when it has moved: by this those who no longer see it are told."""
    moved: dict[str, object] = {}
    if before.area_path != after.area_path:
        moved |= {"from_area_path": before.area_path, "to_area_path": after.area_path, "desk_path": after.desk_path}
    if before.desk_path != after.desk_path:
        moved |= {"from_desk_path": before.desk_path, "desk_path": after.desk_path}
    if before.department_ids != after.department_ids:
        moved |= {"from_department_ids": before.department_ids}
    return moved
