"""The life of a case as one table: state × verb → next state, who may, what must be said, which clocks turn.

Pure, and the only place that knows the order of things; `triage` carries it out, `effects` says what a verb changes
besides.
"""

from dataclasses import dataclass
from enum import StrEnum

from community.models import ENDED, Clock, State
from core.access.models import Role
from core.errors import Text


class Verb(StrEnum):
    """What can be done to a case."""

    FILE = "file"
    CONTACT = "contact"
    CLASSIFY = "classify"
    ASSIGN = "assign"
    ASK_VERIFICATION = "ask_verification"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    PASS_ON = "pass_on"  # noqa: S105 — a verb
    FEEDBACK = "feedback"
    HANDLE = "handle"
    VERIFY = "verify"
    CLOSE = "close"
    FOLLOW_UP = "follow_up"
    RETURN = "return"
    REOPEN = "reopen"
    DECLINE_REOPENING = "decline_reopening"
    HOLD = "hold"
    RESUME = "resume"
    EXTEND = "extend"
    REJECT = "reject"
    VOID = "void"
    MARK_DUPLICATE = "mark_duplicate"
    SPLIT = "split"
    HAND_OVER = "hand_over"
    TRANSFER_UP = "transfer_up"
    TRANSFER_BACK = "transfer_back"

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
    Verb.CLASSIFY: (Text("定性", "Classify"), "classified"),
    Verb.ASSIGN: (Text("指派", "Assign"), "assigned"),
    Verb.ASK_VERIFICATION: (Text("请人核实", "Ask for a look"), "verification_asked"),
    Verb.DISPATCH: (Text("派遣", "Dispatch"), "dispatched"),
    Verb.ACCEPT: (Text("接收", "Accept"), "accepted"),
    Verb.PASS_ON: (Text("转办", "Pass on"), "passed_on"),
    Verb.FEEDBACK: (Text("反馈", "Feed back"), "fed_back"),
    Verb.HANDLE: (Text("处置", "Handle"), "handled"),
    Verb.VERIFY: (Text("核查", "Verify"), "verified"),
    Verb.CLOSE: (Text("结案", "Close"), "closed"),
    Verb.FOLLOW_UP: (Text("回访", "Follow up"), "followed_up"),
    Verb.RETURN: (Text("退回", "Return"), "returned"),
    Verb.REOPEN: (Text("重开", "Reopen"), "reopened"),
    Verb.DECLINE_REOPENING: (Text("不予重开", "Decline to reopen"), "reopening_declined"),
    Verb.HOLD: (Text("挂起", "Hold"), "held"),
    Verb.RESUME: (Text("恢复", "Resume"), "resumed"),
    Verb.EXTEND: (Text("延期", "Extend"), "extended"),
    Verb.REJECT: (Text("不予立案", "Reject"), "rejected"),
    Verb.VOID: (Text("作废", "Void"), "voided"),
    Verb.MARK_DUPLICATE: (Text("并案", "Mark as duplicate"), "merged"),
    Verb.SPLIT: (Text("拆案", "Split off"), "split"),
    Verb.HAND_OVER: (Text("移交", "Hand over"), "handed_over"),
    Verb.TRANSFER_UP: (Text("上转", "Transfer up"), "transferred_up"),
    Verb.TRANSFER_BACK: (Text("转回", "Transfer back"), "transferred_back"),
}


class Field(StrEnum):
    """What can be said along with a verb."""

    NOTE = "note"
    RESULT = "result"
    CHANNEL = "channel"
    REACHED = "reached"
    KIND = "kind"
    PROMISED_AT = "promised_at"
    ASSIGNEE_ID = "assignee_id"
    DEPARTMENT_ID = "department_id"
    PARTNER_IDS = "partner_ids"
    AREA_CODE = "area_code"
    DUPLICATE_OF = "duplicate_of"
    UNTIL = "until"
    EXTEND_BY = "extend_by"
    SATISFACTION = "satisfaction"
    PHOTOS = "photos"


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table. `to` None keeps the state, or goes back to the state before where `goes_back`.

    `starts` begins a new round of a clock, `meets` stops it as kept, `cancels` as no longer owed; `pauses` lets it
    stand still and `resumes` run on. A note may be added to any verb.
    """

    verb: Verb
    states: frozenset[State]
    to: State | None
    roles: frozenset[Role]
    required: frozenset[Field] = frozenset()
    optional: frozenset[Field] = frozenset()
    starts: frozenset[Clock] = frozenset()
    meets: frozenset[Clock] = frozenset()
    cancels: frozenset[Clock] = frozenset()
    pauses: frozenset[Clock] = frozenset()
    resumes: frozenset[Clock] = frozenset()
    goes_back: bool = False

    @property
    def takes(self) -> frozenset[Field]:
        """Give every field that may be sent."""
        return self.required | self.optional | {Field.NOTE}


_ABOVE = frozenset({Role.SUBDISTRICT, Role.DISTRICT_ADMIN})
_COMMUNITY = _ABOVE | {Role.SECRETARY}
_ON_SITE = _COMMUNITY | {Role.GRID_WORKER}
_DEPARTMENT = frozenset({Role.DEPARTMENT})
_HANDLERS = _ON_SITE | _DEPARTMENT

_COLLECTED = frozenset({State.COLLECTED})
_FILED = frozenset({State.FILED})
_DISPATCHED = frozenset({State.DISPATCHED})
_HANDLING = frozenset({State.HANDLING})
_AT_DEPARTMENT = _DISPATCHED | _HANDLING
_HANDLED = frozenset({State.HANDLED})
_VERIFIED = frozenset({State.VERIFIED})
_CLOSED = frozenset({State.CLOSED})
_FOLLOWED_UP = frozenset({State.FOLLOWED_UP})
_HELD = frozenset({State.HELD})
_DUPLICATE = frozenset({State.DUPLICATE})
_OPEN = frozenset(State) - ENDED
_ACTIVE = _OPEN - _HELD

_NOTE = frozenset({Field.NOTE})
_PHOTOS = frozenset({Field.PHOTOS})
_KIND = frozenset({Field.KIND})
_PROMISED_AT = frozenset({Field.PROMISED_AT})
_DEPARTMENT_ID = frozenset({Field.DEPARTMENT_ID})

_RESPOND = frozenset({Clock.RESPOND})
_FILE = frozenset({Clock.FILE})
_DISPATCH = frozenset({Clock.DISPATCH})
_HANDLE = frozenset({Clock.HANDLE})
_VERIFY = frozenset({Clock.VERIFY})
_FOLLOW_UP = frozenset({Clock.FOLLOW_UP})
_WORK = _DISPATCH | _HANDLE
_ANY = frozenset(Clock)

TABLE: tuple[Transition, ...] = (
    Transition(
        Verb.FILE,
        _COLLECTED,
        State.FILED,
        _ON_SITE,
        optional=_KIND | _PROMISED_AT,
        starts=_WORK,
        meets=_RESPOND | _FILE,
    ),
    Transition(
        Verb.CONTACT,
        _OPEN,
        None,
        _ON_SITE,
        _NOTE | {Field.CHANNEL},
        optional=_PHOTOS | {Field.REACHED},
        meets=_RESPOND,
    ),
    Transition(Verb.CLASSIFY, _ACTIVE, None, _COMMUNITY, _KIND, optional=_PROMISED_AT),
    Transition(Verb.ASSIGN, _OPEN, None, _COMMUNITY, frozenset({Field.ASSIGNEE_ID})),
    Transition(Verb.ASK_VERIFICATION, _COLLECTED | _HANDLED, None, _ON_SITE),
    Transition(
        Verb.DISPATCH,
        _FILED | _AT_DEPARTMENT,
        State.DISPATCHED,
        _COMMUNITY,
        _DEPARTMENT_ID,
        optional=frozenset({Field.PARTNER_IDS}),
        meets=_RESPOND | _DISPATCH,
    ),
    Transition(Verb.ACCEPT, _DISPATCHED, State.HANDLING, _DEPARTMENT),
    Transition(Verb.ACCEPT, _HANDLING, None, _DEPARTMENT),
    Transition(Verb.PASS_ON, _AT_DEPARTMENT, State.DISPATCHED, _DEPARTMENT, _DEPARTMENT_ID | _NOTE),
    Transition(Verb.FEEDBACK, _AT_DEPARTMENT, None, _HANDLERS, _NOTE, optional=_PHOTOS),
    Transition(
        Verb.HANDLE,
        _FILED,
        State.HANDLED,
        _ON_SITE,
        _NOTE,
        optional=_PHOTOS,
        starts=_VERIFY,
        meets=_RESPOND | _WORK,
    ),
    Transition(
        Verb.HANDLE,
        _AT_DEPARTMENT,
        State.HANDLED,
        _HANDLERS,
        _NOTE,
        optional=_PHOTOS,
        starts=_VERIFY,
        meets=_HANDLE,
    ),
    Transition(Verb.VERIFY, _HANDLED, State.VERIFIED, _ON_SITE, optional=_PHOTOS),
    Transition(
        Verb.CLOSE,
        _VERIFIED,
        State.CLOSED,
        _COMMUNITY,
        frozenset({Field.RESULT}),
        optional=_PHOTOS,
        starts=_FOLLOW_UP,
        meets=_VERIFY,
    ),
    Transition(
        Verb.FOLLOW_UP,
        _CLOSED,
        State.FOLLOWED_UP,
        _ON_SITE,
        _NOTE | {Field.SATISFACTION},
        optional=_PHOTOS,
        meets=_FOLLOW_UP,
    ),
    Transition(Verb.RETURN, _AT_DEPARTMENT, State.FILED, _COMMUNITY | _DEPARTMENT, _NOTE, starts=_DISPATCH),
    Transition(Verb.RETURN, _HANDLED | _VERIFIED, State.FILED, _ON_SITE, _NOTE, starts=_WORK, cancels=_VERIFY),
    Transition(Verb.REOPEN, ENDED, State.FILED, _COMMUNITY, _NOTE, starts=_WORK, cancels=_ANY - _RESPOND),
    # A community may grant what is asked against its own work, and only those above it may decline it.
    Transition(Verb.DECLINE_REOPENING, _CLOSED | _FOLLOWED_UP, None, _ABOVE, _NOTE),
    Transition(
        Verb.HOLD,
        _FILED | _AT_DEPARTMENT,
        State.HELD,
        _COMMUNITY,
        _NOTE | {Field.UNTIL},
        pauses=_WORK,
    ),
    Transition(Verb.RESUME, _HELD, None, _COMMUNITY, resumes=_WORK, goes_back=True),
    Transition(Verb.EXTEND, _FILED | _AT_DEPARTMENT, None, _COMMUNITY, _NOTE | {Field.EXTEND_BY}),
    Transition(
        Verb.REJECT, _COLLECTED | _FILED, State.REJECTED, _COMMUNITY, _NOTE, meets=_RESPOND | _FILE, cancels=_WORK
    ),
    Transition(Verb.VOID, _OPEN, State.VOIDED, _ABOVE, _NOTE, cancels=_ANY),
    Transition(
        Verb.MARK_DUPLICATE,
        _COLLECTED | _FILED | _AT_DEPARTMENT,
        State.DUPLICATE,
        _COMMUNITY,
        frozenset({Field.DUPLICATE_OF}),
        meets=_RESPOND,
        pauses=_FILE | _WORK,
    ),
    Transition(Verb.SPLIT, _DUPLICATE, None, _COMMUNITY, _NOTE, resumes=_FILE | _WORK, goes_back=True),
    Transition(Verb.HAND_OVER, _COLLECTED | _FILED, None, _COMMUNITY, frozenset({Field.AREA_CODE})),
    Transition(Verb.TRANSFER_UP, _ACTIVE, None, _COMMUNITY, _NOTE),
    Transition(Verb.TRANSFER_BACK, _ACTIVE, None, _ABOVE, _NOTE),
)

_BY_STATE_AND_VERB = {(state, row.verb): row for row in TABLE for state in row.states}


def find_transition(state: State, verb: Verb) -> Transition | None:
    """Give the row for doing `verb` in `state`; None where the two do not go together."""
    return _BY_STATE_AND_VERB.get((state, verb))


def allowed_transitions(state: State, roles: frozenset[Role]) -> tuple[Transition, ...]:
    """List what someone with `roles` on a case in `state` may do, in the order of the table."""
    return tuple(row for row in TABLE if state in row.states and row.roles & roles)
