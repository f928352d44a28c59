"""“Not the same”: a person rules a suggestion out, and can take it back. Merging and splitting are verbs of triage."""

from datetime import datetime

from community.duplicates import queries
from community.errors import CaseNotFound, VerbNotYours
from community.models import Case
from community.queries import find_case
from community.sight import roles_on
from core.access.models import Actor, Role
from core.database import Connection
from core.errors import Text
from core.events import record_event

#: Who may say that two cases are not the same: those who may also say that they are.
JUDGES = (Role.SECRETARY, Role.SUBDISTRICT, Role.DISTRICT_ADMIN)

_DISMISS = Text("排除重复", "Dismiss a suggested duplicate")


async def dismiss(conn: Connection, *, case_id: int, other_id: int, actor: Actor, now: datetime) -> None:
    """Never suggest these two to each other again; said twice it is said once.

    Raises `CaseNotFound` where the actor does not see both, `VerbNotYours`.
    """
    case = await _judge(conn, case_id=case_id, other_id=other_id, actor=actor)
    assert actor.id is not None  # noqa: S101 — whoever stands before a case is staff
    is_new = await queries.insert_dismissal(
        conn, district_id=case.district_id, case_id=case_id, other_id=other_id, staff_id=actor.id, now=now
    )
    if is_new:
        await _record(conn, "case.duplicate_dismissed", case, other_id, actor, now)


async def undo_dismissal(conn: Connection, *, case_id: int, other_id: int, actor: Actor, now: datetime) -> None:
    """Let the two be suggested again, whoever had dismissed them; harmless when nobody had. Raises as `dismiss`."""
    case = await _judge(conn, case_id=case_id, other_id=other_id, actor=actor)
    if await queries.delete_dismissal(conn, district_id=case.district_id, case_id=case_id, other_id=other_id):
        await _record(conn, "case.duplicate_restored", case, other_id, actor, now)


async def _judge(conn: Connection, *, case_id: int, other_id: int, actor: Actor) -> Case:
    case, other = [await find_case(conn, district_id=actor.district_id, case_id=one) for one in (case_id, other_id)]
    if case is None or other is None or case.id == other.id:
        raise CaseNotFound()
    if not roles_on(actor, case) or not roles_on(actor, other):
        raise CaseNotFound()
    if not roles_on(actor, case) & set(JUDGES):
        raise VerbNotYours(number=case.number, verb=_DISMISS)
    return case


async def _record(conn: Connection, kind: str, case: Case, other_id: int, actor: Actor, now: datetime) -> None:
    await record_event(
        conn,
        district_id=case.district_id,
        kind=kind,
        subject="case",
        subject_id=case.id,
        actor=actor,
        now=now,
        data={"other_id": other_id},
    )
