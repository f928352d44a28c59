"""The life of a case as one table: state × verb → next state, who may, what must be said, which clocks turn.

Pure, and the only place that knows the order of things; `triage` carries it out.
"""

from dataclasses import dataclass
from enum import StrEnum

from community.models import ENDED, Clock, State
from core.access.models import Role
from core.errors import Text


class Verb(StrEnum):
    """What a person can do to a case."""

    FILE = "file"
    CONTACT = "contact"
    DISPATCH = "dispatch"
    FEEDBACK = "feedback"
    HANDLE = "handle"
    VERIFY = "verify"
    CLOSE = "close"
    FOLLOW_UP = "follow_up"
    RETURN = "return"
    REOPEN = "reopen"
    REJECT = "reject"
    MARK_DUPLICATE = "mark_duplicate"
    HAND_OVER = "hand_over"

    @property
    def text(self) -> Text:
        """The verb in the field's words."""
        return _VERBS[self][0]

    @property
    def event(self) -> str:
        """The kind of event that doing it leaves behind."""
        return f"case.{_VERBS[self][1]}"


_VERBS = {
    Verb.FILE: (Text("立案", "File"), "filed"),
    Verb.CONTACT: (Text("联系", "Contact"), "contacted"),
    Verb.DISPATCH: (Text("派遣", "Dispatch"), "dispatched"),
    Verb.FEEDBACK: (Text("反馈", "Feed back"), "fed_back"),
    Verb.HANDLE: (Text("处置", "Handle"), "handled"),
    Verb.VERIFY: (Text("核查", "Verify"), "verified"),
    Verb.CLOSE: (Text("结案", "Close"), "closed"),
    Verb.FOLLOW_UP: (Text("回访", "Follow up"), "followed_up"),
    Verb.RETURN: (Text("退回", "Return"), "returned"),
    Verb.REOPEN: (Text("重开", "Reopen"), "reopened"),
    Verb.REJECT: (Text("不予立案", "Reject"), "rejected"),
    Verb.MARK_DUPLICATE: (Text("并案", "Mark as duplicate"), "merged"),
    Verb.HAND_OVER: (Text("移交", "Hand over"), "handed_over"),
}


class Field(StrEnum):
    """What can be said along with a verb."""

    NOTE = "note"
    RESULT = "result"
    DEPARTMENT_ID = "department_id"
    AREA_CODE = "area_code"
    DUPLICATE_OF = "duplicate_of"


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table. `to` None keeps the state. A note may be added to any verb.

    `starts` begins a new round of a clock, `meets` stops it as kept, `cancels` as no longer owed.
    """

    verb: Verb
    states: frozenset[State]
    to: State | None
    roles: frozenset[Role]
    required: frozenset[Field] = frozenset()
    starts: frozenset[Clock] = frozenset()
    meets: frozenset[Clock] = frozenset()
    cancels: frozenset[Clock] = frozenset()

    @property
    def takes(self) -> frozenset[Field]:
        """Give every field that may be sent."""
        return self.required | {Field.NOTE}


_COMMUNITY = frozenset({Role.SECRETARY, Role.SUBDISTRICT, Role.DISTRICT_ADMIN})
_ON_SITE = _COMMUNITY | {Role.GRID_WORKER}
_HANDLERS = _ON_SITE | {Role.DEPARTMENT}

_COLLECTED = frozenset({State.COLLECTED})
_FILED = frozenset({State.FILED})
_DISPATCHED = frozenset({State.DISPATCHED})
_HANDLED = frozenset({State.HANDLED})
_VERIFIED = frozenset({State.VERIFIED})
_CLOSED = frozenset({State.CLOSED})
_OPEN = frozenset(State) - ENDED

_NOTE = frozenset({Field.NOTE})
_RESPOND = frozenset({Clock.RESPOND})
_HANDLE = frozenset({Clock.HANDLE})

TABLE: tuple[Transition, ...] = (
    Transition(Verb.FILE, _COLLECTED, State.FILED, _ON_SITE, starts=_HANDLE, meets=_RESPOND),
    Transition(Verb.CONTACT, _OPEN, None, _ON_SITE, _NOTE, meets=_RESPOND),
    Transition(
        Verb.DISPATCH,
        _FILED | _DISPATCHED,
        State.DISPATCHED,
        _COMMUNITY,
        frozenset({Field.DEPARTMENT_ID}),
        meets=_RESPOND,
    ),
    Transition(Verb.FEEDBACK, _DISPATCHED, None, _HANDLERS, _NOTE),
    Transition(Verb.HANDLE, _FILED, State.HANDLED, _ON_SITE, _NOTE, meets=_RESPOND | _HANDLE),
    Transition(Verb.HANDLE, _DISPATCHED, State.HANDLED, _HANDLERS, _NOTE, meets=_HANDLE),
    Transition(Verb.VERIFY, _HANDLED, State.VERIFIED, _ON_SITE),
    Transition(Verb.CLOSE, _VERIFIED, State.CLOSED, _COMMUNITY, frozenset({Field.RESULT})),
    Transition(Verb.FOLLOW_UP, _CLOSED, State.FOLLOWED_UP, _ON_SITE, _NOTE),
    Transition(Verb.RETURN, _DISPATCHED, State.FILED, _COMMUNITY | {Role.DEPARTMENT}, _NOTE),
    Transition(Verb.RETURN, _HANDLED | _VERIFIED, State.FILED, _ON_SITE, _NOTE, starts=_HANDLE),
    Transition(Verb.REOPEN, ENDED, State.FILED, _COMMUNITY, _NOTE, starts=_HANDLE),
    Transition(Verb.REJECT, _COLLECTED | _FILED, State.REJECTED, _COMMUNITY, _NOTE, meets=_RESPOND, cancels=_HANDLE),
    Transition(
        Verb.MARK_DUPLICATE,
        _COLLECTED | _FILED | _DISPATCHED,
        State.DUPLICATE,
        _COMMUNITY,
        frozenset({Field.DUPLICATE_OF}),
        meets=_RESPOND,
        cancels=_HANDLE,
    ),
    Transition(Verb.HAND_OVER, _COLLECTED | _FILED, None, _COMMUNITY, frozenset({Field.AREA_CODE})),
)

_BY_STATE_AND_VERB = {(state, row.verb): row for row in TABLE for state in row.states}


def find_transition(state: State, verb: Verb) -> Transition | None:
    """Give the row for doing `verb` in `state`; None where the two do not go together."""
    return _BY_STATE_AND_VERB.get((state, verb))


def allowed_transitions(state: State, roles: frozenset[Role]) -> tuple[Transition, ...]:
    """List what someone with `roles` on a case in `state` may do, in the order of the table."""
    return tuple(row for row in TABLE if state in row.states and row.roles & roles)
