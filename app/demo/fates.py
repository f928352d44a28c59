"""How far the demonstration's cases go: so many of each kind that every state, clock and figure has some."""

from dataclasses import dataclass

from community.workflow import Verb


@dataclass(frozen=True, slots=True)
class Fate:
    """So many cases, what is done to them, and how many hours ago they began."""

    count: int
    verbs: tuple[Verb, ...]
    youngest_h: float
    oldest_h: float

    @property
    def is_duplicate(self) -> bool:
        """Tell whether these repeat an earlier case."""
        return Verb.MARK_DUPLICATE in self.verbs

    @property
    def is_on_line(self) -> bool:
        """Tell whether these lie between two communities, so that one can hand over to the other."""
        return Verb.HAND_OVER in self.verbs


_DAY = 24.0
_MONTH = 29.5 * _DAY
_UP_TO_HANDLED = (Verb.FILE, Verb.DISPATCH, Verb.ACCEPT, Verb.FEEDBACK, Verb.HANDLE)
_UP_TO_CLOSED = (*_UP_TO_HANDLED, Verb.VERIFY, Verb.CLOSE)
_ON_SITE = (Verb.FILE, Verb.CONTACT, Verb.HANDLE, Verb.VERIFY, Verb.CLOSE)

FATES = (
    Fate(14, (), 0.05, 5),
    Fate(4, (), 20, 60),
    Fate(18, (Verb.FILE,), 0.5, 20),
    Fate(4, (Verb.FILE, Verb.CONTACT), 30, 90),
    Fate(14, (Verb.FILE, Verb.DISPATCH), 2, 40),
    Fate(8, (Verb.FILE, Verb.DISPATCH, Verb.ACCEPT, Verb.FEEDBACK), 9 * _DAY, 14 * _DAY),
    Fate(4, (Verb.FILE, Verb.DISPATCH, Verb.HOLD), 10, 40),
    Fate(2, (Verb.VOID,), 2 * _DAY, _MONTH),
    Fate(14, _UP_TO_HANDLED, 6, 3 * _DAY),
    Fate(10, (*_UP_TO_HANDLED, Verb.VERIFY), 20, 4 * _DAY),
    Fate(32, _UP_TO_CLOSED, 3 * _DAY, _MONTH),
    Fate(14, _ON_SITE, 2 * _DAY, _MONTH),
    Fate(6, (*_UP_TO_HANDLED, Verb.RETURN, Verb.DISPATCH, Verb.HANDLE, Verb.VERIFY, Verb.CLOSE), 8 * _DAY, _MONTH),
    Fate(3, (*_ON_SITE, Verb.REOPEN, Verb.DISPATCH), 8 * _DAY, _MONTH),
    Fate(22, (*_UP_TO_CLOSED, Verb.FOLLOW_UP), 7 * _DAY, _MONTH),
    Fate(10, (*_ON_SITE, Verb.FOLLOW_UP), 5 * _DAY, _MONTH),
    Fate(9, (Verb.REJECT,), 2 * _DAY, _MONTH),
    Fate(2, (Verb.HAND_OVER, Verb.FILE), 10, 60),
    Fate(10, (Verb.MARK_DUPLICATE,), 0, 0),
)

#: Verb → how many minutes it comes after the step before, from and to.
PAUSES = {
    Verb.FILE: (2, 13),
    Verb.CONTACT: (5, 40),
    Verb.DISPATCH: (4, 70),
    Verb.ACCEPT: (10, 90),
    Verb.FEEDBACK: (40, 400),
    Verb.HOLD: (40, 200),
    Verb.HANDLE: (60, 1500),
    Verb.VERIFY: (30, 900),
    Verb.CLOSE: (10, 500),
    Verb.FOLLOW_UP: (1000, 3500),
    Verb.RETURN: (60, 500),
    Verb.REOPEN: (2000, 5000),
    Verb.REJECT: (4, 14),
    Verb.VOID: (4, 14),
    Verb.MARK_DUPLICATE: (4, 14),
    Verb.HAND_OVER: (5, 14),
}
