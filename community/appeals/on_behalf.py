"""Appeals of residents who came in person or phoned, entered by staff."""

from datetime import datetime

from community import queries as case_queries
from community.acts import Act, Deed
from community.appeals import queries
from community.appeals.models import AppealDraft, Entered, Intake
from community.appeals.submit import keep_once, open_case_of
from community.cases import NOWHERE
from community.errors import UnknownArea
from community.models import Case, Channel
from community.sight import roles_on
from community.triage import perform
from community.workflow import Verb, find_transition
from core.access.models import Actor, Role
from core.access.wall import Work, acting, holds_area
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text
from core.sealing.ring import KeyRing
from geo.models import AreaRef, Locate, Located, Reason

#: Who may enter an appeal for a resident.
INTAKE_ROLES = (Role.SECRETARY, Role.SUBDISTRICT, Role.DISTRICT_ADMIN)

_WORDS_OWED = Text("当面受理须写明与居民说定的内容。", "Face to face needs the words of what was agreed.")
_WORDS_UNUSED = Text(
    "只有当面受理时填写；其他方式请在联系居民后登记“联系”。",
    "Only face to face; otherwise record the contact once the resident has been reached.",
)


async def enter_appeal(
    conn: Connection,
    *,
    ring: KeyRing,
    key: str,
    draft: AppealDraft,
    intake: Intake,
    locate: Locate,
    actor: Actor,
    now: datetime,
) -> Entered:
    """Store the appeal and open its case; a repetition gives the first one again.

    Face to face, the intake is the first contact, where the one who takes it in stands before the case: what belongs to
    another community is taken in all the same, and that one still owes its own contact. Raises `InvalidInput`,
    `UnknownArea`, and what `submit_appeal` raises.
    """
    _check_words(intake)
    located = await _locate(conn, draft, intake, locate, actor)
    async with acting(conn, Work.INTAKE):
        return await _enter(conn, ring, key, draft, intake, located, actor, now)


async def _enter(
    conn: Connection,
    ring: KeyRing,
    key: str,
    draft: AppealDraft,
    intake: Intake,
    located: Located,
    actor: Actor,
    now: datetime,
) -> Entered:
    appeal, is_new = await keep_once(conn, ring=ring, key=key, draft=draft, intake=intake, actor=actor, now=now)
    if not is_new:
        case_id = await queries.find_case_id(conn, district_id=actor.district_id, appeal_id=appeal.id)
        first = await case_queries.find_case(conn, district_id=actor.district_id, case_id=case_id or 0)
        assert first is not None  # noqa: S101 — stored in one transaction with its appeal
        return Entered(first.id, first.number)
    case = await open_case_of(conn, appeal=appeal, draft=draft, located=located, actor=actor, now=now)
    if intake.channel is Channel.FACE_TO_FACE:
        await _meet_contact(conn, case, intake, actor, now)
    return Entered(case.id, case.number)


def _check_words(intake: Intake) -> None:
    is_face_to_face = intake.channel is Channel.FACE_TO_FACE
    if is_face_to_face != (intake.words is not None):
        raise InvalidInput([FieldError("/words", _WORDS_OWED if is_face_to_face else _WORDS_UNUSED)])


async def _locate(conn: Connection, draft: AppealDraft, intake: Intake, locate: Locate, actor: Actor) -> Located:
    """Give where the place lies, or else the area that a person named, which must be within his own."""
    if draft.place is not None:
        return locate(draft.place.point)
    if intake.area_code is None:
        return NOWHERE
    area = await case_queries.find_area(conn, district_id=actor.district_id, generation_id=None, code=intake.area_code)
    is_own = area is not None and actor.reaches(area.path, *INTAKE_ROLES)
    if area is None or not is_own or not await holds_area(conn, area.path, *INTAKE_ROLES):
        raise UnknownArea(pointer="/area_code", code=intake.area_code)
    named = AreaRef(area.code, area.names[-1], "", area.path, area.names)
    return Located(
        area=named,
        candidates=(area.code,),
        metres_to_line=None,
        generation_id=area.generation_id,
        needs_confirmation=False,
        reason=Reason.NO_POSITION,
    )


async def _meet_contact(conn: Connection, case: Case, intake: Intake, actor: Actor, now: datetime) -> None:
    transition = find_transition(case.state, Verb.CONTACT)
    assert transition is not None  # noqa: S101 — a case begins in a state in which it can be contacted
    if transition.roles & roles_on(actor, case):
        act = Act(note=intake.words, channel=intake.channel)
        await perform(Deed(conn, case, transition, act, actor, now))
