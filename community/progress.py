"""A case as its reporter sees it: the state, the steps and the words meant for him; no names, no inner notes."""

from dataclasses import dataclass
from datetime import datetime

from community import queries
from community.errors import CaseNotFound
from community.followup.links import find_own_link
from community.followup.models import OwnLink
from community.models import State
from community.workflow import Field, Verb
from core.database import Connection
from core.errors import Text
from core.models import Event
from core.queries import list_events
from core.sealing.ring import KeyRing

# Steps between offices are no news to him.
_INNER = {Verb.ASSIGN, Verb.CLASSIFY, Verb.PASS_ON, Verb.TRANSFER_UP, Verb.TRANSFER_BACK, Verb.ASK_VERIFICATION}
_STEPS = {
    "case.opened": Text("已收到", "Received"),
    "case.settled": Text("同一问题已结案", "The same matter was closed"),
    "case.contact_tried": Text("联系未接通", "Tried to reach you"),
    "case.words_added": Text("补充说明", "Words added"),
    "case.withdrawn": Text("居民撤回", "Withdrawn"),
    "case.rated": Text("评价", "Rated"),
    "case.reopening_asked": Text("申请重开", "Reopening asked for"),
    "case.verification_answered": Text("已现场核实", "Looked at on site"),
} | {verb.event: verb.text for verb in Verb if verb not in _INNER}
# Whose words go to the reporter; what departments and communities write to each other stays between them.
_SPOKEN = {
    Verb.CLOSE.event: Field.RESULT,
    Verb.REJECT.event: Field.NOTE,
    Verb.CONTACT.event: Field.NOTE,
    Verb.REOPEN.event: Field.NOTE,
    Verb.DECLINE_REOPENING.event: Field.NOTE,
    "case.settled": Field.RESULT,
    "case.contact_tried": Field.NOTE,
    "case.words_added": Field.NOTE,
}


@dataclass(frozen=True, slots=True)
class PublicStep:
    """Something that was done on the case, in words for its reporter."""

    kind: str
    at: datetime
    text: Text
    words: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a case has come. `next_due_at` is when the community owes its next act; None when nothing runs.

    `follow_up` is the link by which the reporter himself can answer how it was closed; nobody else is given it.
    """

    number: str
    state: State
    text: Text
    category_code: str
    area_names: tuple[str, ...] | None
    opened_at: datetime
    closed_at: datetime | None
    next_due_at: datetime | None
    result: str | None
    steps: tuple[PublicStep, ...]
    follow_up: OwnLink | None


async def get_progress(
    conn: Connection, *, district_id: int, case_id: int, link_ring: KeyRing | None = None
) -> Progress:
    """Give the public face of a case; the caller has checked that it is the asker's own. Raises `CaseNotFound`.

    `link_ring` has the key of follow-up links, to be given only where the asker is the reporter himself: staff who
    read the same must not be able to answer in his place.
    """
    case = await queries.find_case(conn, district_id=district_id, case_id=case_id)
    if case is None:
        raise CaseNotFound()
    events = await list_events(conn, district_id=district_id, subject="case", subject_id=case_id)
    return Progress(
        number=case.number,
        state=case.state,
        text=case.state.text,
        category_code=case.category_code,
        area_names=case.area_names,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        next_due_at=case.next_due_at,
        result=case.result,
        steps=tuple(_step(event) for event in events if event.kind in _STEPS),
        follow_up=None if link_ring is None else await find_own_link(conn, ring=link_ring, case=case),
    )


def _step(event: Event) -> PublicStep:
    words = event.data.get(_SPOKEN[event.kind]) if event.kind in _SPOKEN else None
    return PublicStep(event.kind, event.occurred_at, _STEPS[event.kind], None if words is None else str(words))
