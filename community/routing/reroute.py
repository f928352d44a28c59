"""Routing one open case anew, because a person asks for it: the only way by which a change of rules moves a case."""

from dataclasses import replace
from datetime import datetime

from community import queries
from community.errors import CaseChanged, CaseNotFound, TransitionNotAllowed, VerbNotYours
from community.models import ENDED, Case
from community.routing.choose import choose
from community.sight import roles_on
from core.access.models import Actor, Role
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import Text
from core.events import record_event

_VERB = Text("重新分拨", "Route anew")
#: Above the communities, or a case could be pushed back and forth between them.
REROUTERS = (Role.SUBDISTRICT, Role.DISTRICT_ADMIN)


async def reroute(
    conn: Connection, *, case_id: int, note: str, version: int | None, actor: Actor, now: datetime
) -> Case:
    """Apply the rules and the rota of now to one open case where it lies, and record `case.rerouted`.

    Its state, its clocks and the departments at work stay; whoever leads it goes on unless desk or post change. Where
    the rules say nothing new the case stays as it is, without an event. Raises `CaseNotFound`, `VerbNotYours`,
    `TransitionNotAllowed`, `CaseChanged`.
    """
    case = await _lock(conn, case_id, version, actor)
    async with acting(conn, Work.CONSEQUENCE):
        return await _reroute(conn, case, note, actor, now)


async def _reroute(conn: Connection, case: Case, note: str, actor: Actor, now: datetime) -> Case:
    category = await queries.find_category(conn, district_id=case.district_id, code=case.category_code)
    assert category is not None  # noqa: S101 — a foreign key holds it
    choice = await choose(conn, district_id=case.district_id, area_path=case.area_path, category=category, now=now)
    after = choice.put_into(case)
    if _place(after) == _place(case) and case.assignee_id is not None:
        after = replace(after, assignee_id=case.assignee_id)
    if after == case:
        return case
    changed = await queries.update_case(conn, before=case, after=after, allowed_states=(case.state,), now=now)
    assert changed is not None  # noqa: S101 — its row is locked
    await record_event(
        conn,
        district_id=case.district_id,
        kind="case.rerouted",
        subject="case",
        subject_id=case.id,
        actor=actor,
        now=now,
        data={
            "from": case.state,
            "to": case.state,
            "note": note,
            "rule_id": choice.route.rule_id,
            "before": _said(case),
            "after": _said(changed),
        },
    )
    return changed


async def _lock(conn: Connection, case_id: int, version: int | None, actor: Actor) -> Case:
    case = (await queries.lock_cases(conn, district_id=actor.district_id, case_ids=[case_id])).get(case_id)
    if case is None or not roles_on(actor, case):
        raise CaseNotFound()
    if roles_on(actor, case).isdisjoint(REROUTERS):
        raise VerbNotYours(number=case.number, verb=_VERB)
    if case.state in ENDED:
        raise TransitionNotAllowed(number=case.number, state=case.state.text, code=case.state.value, verb=_VERB)
    if version not in (None, case.version):
        raise CaseChanged(number=case.number, version=case.version, state=case.state.text)
    return case


def _place(case: Case) -> tuple[str, int | None]:
    return case.desk_path, case.post_id


def _said(case: Case) -> dict[str, object]:
    return {
        "desk_path": case.desk_path,
        "suggested_department_ids": case.suggested_department_ids,
        "post_id": case.post_id,
        "assignee_id": case.assignee_id,
    }
