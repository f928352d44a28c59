"""What each verb makes of each state, written out by hand; all that is not here is forbidden."""

from community.models import State
from community.workflow import Verb

_ACTIVE = [State.COLLECTED, State.FILED, State.DISPATCHED, State.HANDLING, State.HANDLED, State.VERIFIED]
_OPEN = [*_ACTIVE, State.HELD]

NEXT_STATE: dict[tuple[State, Verb], State] = {
    (State.COLLECTED, Verb.FILE): State.FILED,
    (State.COLLECTED, Verb.REJECT): State.REJECTED,
    (State.COLLECTED, Verb.MARK_DUPLICATE): State.DUPLICATE,
    (State.COLLECTED, Verb.HAND_OVER): State.COLLECTED,
    (State.FILED, Verb.DISPATCH): State.DISPATCHED,
    (State.FILED, Verb.HANDLE): State.HANDLED,
    (State.FILED, Verb.REJECT): State.REJECTED,
    (State.FILED, Verb.MARK_DUPLICATE): State.DUPLICATE,
    (State.FILED, Verb.HAND_OVER): State.FILED,
    (State.FILED, Verb.HOLD): State.HELD,
    (State.FILED, Verb.EXTEND): State.FILED,
    (State.DISPATCHED, Verb.DISPATCH): State.DISPATCHED,
    (State.DISPATCHED, Verb.ACCEPT): State.HANDLING,
    (State.DISPATCHED, Verb.PASS_ON): State.DISPATCHED,
    (State.DISPATCHED, Verb.FEEDBACK): State.DISPATCHED,
    (State.DISPATCHED, Verb.HANDLE): State.HANDLED,
    (State.DISPATCHED, Verb.RETURN): State.FILED,
    (State.DISPATCHED, Verb.MARK_DUPLICATE): State.DUPLICATE,
    (State.DISPATCHED, Verb.HOLD): State.HELD,
    (State.DISPATCHED, Verb.EXTEND): State.DISPATCHED,
    (State.HANDLING, Verb.DISPATCH): State.DISPATCHED,
    (State.HANDLING, Verb.ACCEPT): State.HANDLING,
    (State.HANDLING, Verb.PASS_ON): State.DISPATCHED,
    (State.HANDLING, Verb.FEEDBACK): State.HANDLING,
    (State.HANDLING, Verb.HANDLE): State.HANDLED,
    (State.HANDLING, Verb.RETURN): State.FILED,
    (State.HANDLING, Verb.MARK_DUPLICATE): State.DUPLICATE,
    (State.HANDLING, Verb.HOLD): State.HELD,
    (State.HANDLING, Verb.EXTEND): State.HANDLING,
    (State.COLLECTED, Verb.ASK_VERIFICATION): State.COLLECTED,
    (State.HANDLED, Verb.ASK_VERIFICATION): State.HANDLED,
    (State.HANDLED, Verb.VERIFY): State.VERIFIED,
    (State.HANDLED, Verb.RETURN): State.FILED,
    (State.VERIFIED, Verb.CLOSE): State.CLOSED,
    (State.VERIFIED, Verb.RETURN): State.FILED,
    (State.CLOSED, Verb.FOLLOW_UP): State.FOLLOWED_UP,
    (State.CLOSED, Verb.REOPEN): State.FILED,
    (State.CLOSED, Verb.DECLINE_REOPENING): State.CLOSED,
    (State.FOLLOWED_UP, Verb.DECLINE_REOPENING): State.FOLLOWED_UP,
    (State.FOLLOWED_UP, Verb.REOPEN): State.FILED,
    (State.REJECTED, Verb.REOPEN): State.FILED,
    (State.DUPLICATE, Verb.REOPEN): State.FILED,
    (State.VOIDED, Verb.REOPEN): State.FILED,
    (State.DUPLICATE, Verb.SPLIT): State.FILED,
    (State.HELD, Verb.RESUME): State.FILED,
}
NEXT_STATE |= {(state, verb): state for state in _OPEN for verb in (Verb.CONTACT, Verb.ASSIGN)}
NEXT_STATE |= {(state, Verb.VOID): State.VOIDED for state in _OPEN}
NEXT_STATE |= {
    (state, verb): state for state in _ACTIVE for verb in (Verb.CLASSIFY, Verb.TRANSFER_UP, Verb.TRANSFER_BACK)
}

#: What a held or merged case goes back to in these tests.
STATE_BEFORE = State.FILED
