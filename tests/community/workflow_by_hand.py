"""What each verb makes of each state, written out by hand; all that is not here is forbidden."""

from community.models import State
from community.workflow import Verb

_OPEN = [State.COLLECTED, State.FILED, State.DISPATCHED, State.HANDLED, State.VERIFIED]

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
    (State.DISPATCHED, Verb.DISPATCH): State.DISPATCHED,
    (State.DISPATCHED, Verb.FEEDBACK): State.DISPATCHED,
    (State.DISPATCHED, Verb.HANDLE): State.HANDLED,
    (State.DISPATCHED, Verb.RETURN): State.FILED,
    (State.DISPATCHED, Verb.MARK_DUPLICATE): State.DUPLICATE,
    (State.HANDLED, Verb.VERIFY): State.VERIFIED,
    (State.HANDLED, Verb.RETURN): State.FILED,
    (State.VERIFIED, Verb.CLOSE): State.CLOSED,
    (State.VERIFIED, Verb.RETURN): State.FILED,
    (State.CLOSED, Verb.FOLLOW_UP): State.FOLLOWED_UP,
    (State.CLOSED, Verb.REOPEN): State.FILED,
    (State.FOLLOWED_UP, Verb.REOPEN): State.FILED,
    (State.REJECTED, Verb.REOPEN): State.FILED,
    (State.DUPLICATE, Verb.REOPEN): State.FILED,
} | {(state, Verb.CONTACT): state for state in _OPEN}
