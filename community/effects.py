"""What each verb changes of a case beyond its state: one function a verb, none of which knows the order of things.

Each takes the deed and the case as it would be by the workflow table alone, and gives the case as it is to be written.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from community import queries
from community.acts import Deed
from community.clocks.turning import check_hold, extend_clock, promise
from community.errors import (
    AreaNotCandidate,
    ClosingPhotosMissing,
    HoldTooLong,
    NoReopeningAsked,
    NotADuplicate,
    NothingAbove,
    PromiseNotValid,
    UnknownArea,
    UnknownAssignee,
)
from community.followup.links import open_link
from community.followup.reopening import asked_at
from community.models import Case, Clock, ClosingPhotos, Kind, State
from community.notices.queries import list_rungs_above
from community.photos.models import PhotoStage
from community.photos.queries import list_case_photos
from community.routing.choose import choose
from community.routing.route import DUTY_DESK
from community.sight import roles_on
from community.workflow import Verb
from core.access.models import Role
from core.access.sessions import find_staff_actor
from core.errors import Text
from core.events import record_event

#: A promise beyond this is none.
MOST_PROMISE = timedelta(days=90)

Effect = Callable[[Deed, Case], Awaitable[Case]]


async def _file(deed: Deed, after: Case) -> Case:
    return _without_passed_promise(deed, after) if deed.act.kind is None else _with_kind(deed, after, deed.act.kind)


async def _classify(deed: Deed, after: Case) -> Case:
    assert deed.act.kind is not None  # noqa: S101 — the table requires it
    classified = _with_kind(deed, after, deed.act.kind)
    await promise(deed.conn, case=deed.case, clock=Clock.HANDLE, fixed_at=classified.promised_at, now=deed.now)
    return classified


def _with_kind(deed: Deed, after: Case, kind: Kind) -> Case:
    at = deed.act.promised_at
    is_valid = at is not None and deed.now < at <= deed.now + MOST_PROMISE if kind is Kind.PROMISED else at is None
    if not is_valid:
        raise PromiseNotValid(pointer="/promised_at", days=MOST_PROMISE.days)
    return replace(after, kind=kind, promised_at=at)


async def _assign(deed: Deed, after: Case) -> Case:
    staff_id = deed.act.assignee_id or 0
    assignee = await find_staff_actor(deed.conn, district_id=deed.case.district_id, staff_id=staff_id)
    if assignee is None or not roles_on(assignee, deed.case) - {Role.AUDITOR}:
        raise UnknownAssignee(pointer="/assignee_id", staff_id=staff_id)
    return replace(after, assignee_id=staff_id)


async def _close(deed: Deed, after: Case) -> Case:
    """Look for the photos that the category asks for, settle the duplicates, and let the reporter answer."""
    await _check_closing_photos(deed)
    settled = await queries.settle_children(
        deed.conn, district_id=deed.case.district_id, case_id=deed.case.id, result=deed.act.result
    )
    for child_id in settled:
        await _record_settled(deed, child_id, original_id=deed.case.id, result=deed.act.result)
    await open_link(deed.conn, case=after, now=deed.now)
    return after


async def _record_settled(deed: Deed, case_id: int, *, original_id: int, result: str | None) -> None:
    await record_event(
        deed.conn,
        district_id=deed.case.district_id,
        kind="case.settled",
        subject="case",
        subject_id=case_id,
        actor=deed.actor,
        now=deed.now,
        data={"from": State.DUPLICATE, "to": State.DUPLICATE, "original": original_id, "result": result},
    )


async def _check_closing_photos(deed: Deed) -> None:
    category = await queries.find_category(deed.conn, district_id=deed.case.district_id, code=deed.case.category_code)
    wanted = {
        ClosingPhotos.NONE: (),
        ClosingPhotos.AFTER: (PhotoStage.AFTER,),
        ClosingPhotos.BEFORE_AFTER: (PhotoStage.BEFORE, PhotoStage.AFTER),
    }[ClosingPhotos.NONE if category is None else category.closing_photos]
    photos = await list_case_photos(deed.conn, district_id=deed.case.district_id, case_id=deed.case.id)
    missing = [stage.text for stage in wanted if all(photo.stage is not stage for photo in photos)]
    if missing:
        stages = Text("、".join(text.zh for text in missing), ", ".join(text.en for text in missing))
        raise ClosingPhotosMissing(number=deed.case.number, stages=stages)


async def _follow_up(deed: Deed, after: Case) -> Case:
    """Keep what was said; dissatisfaction asks for reopening, which a person grants or declines."""
    said = deed.act.satisfaction
    return replace(after, satisfaction=said, reopening_asked_at=asked_at(deed.case, said, deed.now))


async def _return(deed: Deed, after: Case) -> Case:
    return _without_passed_promise(deed, after)


def _without_passed_promise(deed: Deed, after: Case) -> Case:
    """Let a promise end that has passed where handling begins: its round would be late before it began.

    So the round has the full limit; what was promised stays in the history.
    """
    at = after.promised_at
    if Clock.HANDLE not in deed.transition.starts or at is None or at > deed.now:
        return after
    return replace(after, kind=Kind.IMMEDIATE, promised_at=None)


async def _reopen(_deed: Deed, after: Case) -> Case:
    return replace(
        after, result=None, satisfaction=None, reopening_asked_at=None, kind=Kind.IMMEDIATE, promised_at=None
    )


async def _decline_reopening(deed: Deed, after: Case) -> Case:
    if deed.case.reopening_asked_at is None:
        raise NoReopeningAsked(number=deed.case.number)
    return replace(after, reopening_asked_at=None)


async def _hold(deed: Deed, after: Case) -> Case:
    until = deed.act.until
    if until is None or until <= deed.now:
        raise HoldTooLong(pointer="/until", days=0)
    await check_hold(deed.conn, case=deed.case, clock=Clock.HANDLE, until=until, now=deed.now)
    return replace(after, held_until=until)


async def _extend(deed: Deed, after: Case) -> Case:
    await extend_clock(
        deed.conn,
        case=deed.case,
        clock=Clock.HANDLE,
        amount=deed.act.extend_by or 0,
        reason=deed.act.note or "",
        now=deed.now,
    )
    return after


async def _mark_duplicate(deed: Deed, after: Case) -> Case:
    """Point at the original, which the actor must see and which is no duplicate itself: so no ring can arise.

    Its own duplicates become those of the original.
    """
    other = deed.others.get(deed.act.duplicate_of or 0)
    stands = other is not None and other.id != deed.case.id and other.state not in _NO_ORIGINAL
    if other is None or not stands or deed.actor is None or not roles_on(deed.actor, other):
        raise NotADuplicate(pointer="/duplicate_of", other=deed.act.duplicate_of)
    moved = await queries.move_children(
        deed.conn,
        district_id=deed.case.district_id,
        from_case_id=deed.case.id,
        to_case_id=other.id,
        result=other.result,
    )
    if other.result is not None:  # an original that was closed already answers at once
        for case_id in (deed.case.id, *moved):
            await _record_settled(deed, case_id, original_id=other.id, result=other.result)
    return replace(after, duplicate_of=other.id, result=other.result)


async def _split(_deed: Deed, after: Case) -> Case:
    """Forget the result of the original, which says nothing of a case of its own."""
    return replace(after, result=None)


_NO_ORIGINAL = (State.DUPLICATE, State.REJECTED, State.VOIDED)


async def _hand_over(deed: Deed, after: Case) -> Case:
    """Move the case to another area and route it anew; a community only to an area the place might belong to."""
    case, code = deed.case, deed.act.area_code or ""
    is_candidate = code in case.candidates
    is_above = deed.actor is not None and roles_on(deed.actor, case) & {Role.SUBDISTRICT, Role.DISTRICT_ADMIN}
    if not is_candidate and not is_above:
        raise AreaNotCandidate(pointer="/area_code", code=code, candidates="、".join(case.candidates))
    area = await queries.find_area(
        deed.conn, district_id=case.district_id, generation_id=case.generation_id if is_candidate else None, code=code
    )
    category = await queries.find_category(deed.conn, district_id=case.district_id, code=case.category_code)
    if area is None or category is None:
        raise UnknownArea(pointer="/area_code", code=code)
    choice = await choose(deed.conn, district_id=case.district_id, area_path=area.path, category=category, now=deed.now)
    return replace(
        choice.put_into(after),
        area_code=area.code,
        area_path=area.path,
        area_names=area.names,
        generation_id=area.generation_id,
        needs_confirmation=False,
    )


async def _transfer_up(deed: Deed, after: Case) -> Case:
    """Give the case to the nearest desk above that has anyone, at last to the district's duty desk."""
    case = deed.case
    if case.desk_path == DUTY_DESK:
        raise NothingAbove(number=case.number)
    rungs = await list_rungs_above(deed.conn, district_id=case.district_id, desk_path=case.desk_path)
    desk_before = case.desk_path if case.desk_before is None else case.desk_before
    return replace(
        after, desk_path=rungs[0].area_path if rungs else DUTY_DESK, desk_before=desk_before, assignee_id=None
    )


async def _transfer_back(deed: Deed, after: Case) -> Case:
    if deed.case.desk_before is None:
        raise NothingAbove(number=deed.case.number)
    return replace(after, desk_path=deed.case.desk_before, desk_before=None, assignee_id=None)


#: Verbs that change more than the table says; those of departments stand in `department_effects`.
EFFECTS: dict[Verb, Effect] = {
    Verb.FILE: _file,
    Verb.CLASSIFY: _classify,
    Verb.ASSIGN: _assign,
    Verb.CLOSE: _close,
    Verb.FOLLOW_UP: _follow_up,
    Verb.RETURN: _return,
    Verb.REOPEN: _reopen,
    Verb.DECLINE_REOPENING: _decline_reopening,
    Verb.HOLD: _hold,
    Verb.EXTEND: _extend,
    Verb.MARK_DUPLICATE: _mark_duplicate,
    Verb.SPLIT: _split,
    Verb.HAND_OVER: _hand_over,
    Verb.TRANSFER_UP: _transfer_up,
    Verb.TRANSFER_BACK: _transfer_back,
}
