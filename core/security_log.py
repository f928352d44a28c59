"""Security events in the log: who came in, who failed to, what was refused to whom.

A line holds numbers and the name of a route, never what was sent. A flood cannot fill a disk: of what is refused, each
different thing is written once a minute with how often it came again, and of each kind so many different things; the
rest of a kind is one number.
"""

import logging
from contextvars import ContextVar
from typing import TextIO

#: The route and the address of the request that is being answered; empty outside requests.
ORIGIN: ContextVar[dict[str, str]] = ContextVar("origin", default={})  # noqa: B039 — nobody writes into it

SPAN_S = 60.0
#: So many different things of a kind are told apart within a span.
MOST_OF_A_KIND = 40
#: Never summed up: sign-ins are paid for with a message or a slow hash, and a lock with many of these.
_EACH = frozenset({"signed in", "locked"})

Facts = dict[str, str | int]

_log = logging.getLogger("security")


def note(what: str, **facts: str | int | None) -> None:
    """Write a security event; of `facts` what is None is left out. What a caller sent is no fact."""
    known = {name: value for name, value in facts.items() if value is not None}
    _log.info(what, extra={"facts": ORIGIN.get() | known})


class SummingHandler(logging.StreamHandler[TextIO]):
    """Writes each record, but sums up security events; the sums of a span come with the next record after it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._since = 0.0
        #: How often each thing came again, by its kind; what is not told apart counts as the kind itself.
        self._again: dict[str, dict[tuple[tuple[str, str | int], ...], int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record if it is new, and before it the sums that are due."""
        if record.created - self._since >= SPAN_S or record.created < self._since:  # also after a jump of the clock
            self._tell_sums()
            self._since = record.created
        if self._is_new(record):
            super().emit(record)

    def close(self) -> None:
        """Write what is still to be told."""
        self._tell_sums()
        super().close()

    def _is_new(self, record: logging.LogRecord) -> bool:
        facts: Facts | None = getattr(record, "facts", None)
        what = record.getMessage()
        if facts is None or what in _EACH:
            return True
        kind = f"{what} {facts.get('status', '')}".strip()
        seen = self._again.setdefault(kind, {})
        thing = tuple(facts.items())
        if thing not in seen and len(seen) < MOST_OF_A_KIND:
            seen[thing] = 0
            return True
        thing = thing if thing in seen else ()
        seen[thing] = seen.get(thing, 0) + 1
        return False

    def _tell_sums(self) -> None:
        for kind, seen in self._again.items():
            for thing, times in seen.items():
                if times:
                    sum_ = logging.makeLogRecord({"name": _log.name, "levelno": logging.INFO, "levelname": "INFO"})
                    sum_.msg, sum_.facts = f"again: {kind}", dict(thing) | {"times": times}
                    super().emit(sum_)
        self._again.clear()
