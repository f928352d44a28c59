"""What a look on site is for and what it finds. Values only."""

from dataclasses import dataclass
from enum import StrEnum

from community.models import State
from core.errors import Text


class Purpose(StrEnum):
    """Why somebody is to look: is the matter there, or is it done."""

    BEFORE_FILING = "before_filing"
    BEFORE_CLOSING = "before_closing"

    @property
    def question(self) -> Text:
        """What is asked of the one who looks."""
        return _QUESTIONS[self]


_QUESTIONS = {
    Purpose.BEFORE_FILING: Text("现场有这个问题吗？", "Is the matter there?"),
    Purpose.BEFORE_CLOSING: Text("现场还有这个问题吗？", "Is the matter still there?"),
}

_PURPOSES = {State.COLLECTED: Purpose.BEFORE_FILING, State.HANDLED: Purpose.BEFORE_CLOSING}


def purpose_in(state: State) -> Purpose | None:
    """Tell what a look is good for while a case is in `state`; None where it is good for nothing."""
    return _PURPOSES.get(state)


class Answer(StrEnum):
    """What was found on the spot. The same three for both purposes: only the matter is looked at."""

    PRESENT = "present"
    GONE = "gone"
    UNCLEAR = "unclear"


class Looks(StrEnum):
    """When cases of a category need a look without anybody asking for it."""

    NONE = "none"
    BEFORE_FILING = "before_filing"
    BEFORE_CLOSING = "before_closing"
    BOTH = "both"

    def need(self, purpose: Purpose) -> bool:
        """Tell whether a look for `purpose` is needed."""
        return self is Looks.BOTH or self.value == purpose.value


@dataclass(frozen=True, slots=True)
class LookRule:
    """When cases of a category need a look, for how long it is offered to reporters, and when it is given up."""

    category_code: str
    looks: Looks
    offer_minutes: int
    expire_minutes: int
