"""The log: one JSON object a line on standard error, in UTC, with the number of the request it belongs to.

A line cannot be forged or hidden by what somebody sends: control, direction and line-breaking characters are escaped.
What would name a person or let somebody in is taken out: phones, identity numbers, tokens, codes; and of positions all
but three decimals. This is the last wall: nothing of that kind is to be logged in the first place.
Security events (`core.security_log`) carry facts of their own beside the message.
"""

import json
import logging
import re
import secrets
import time
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from core.security_log import Facts, SummingHandler

#: The number of the request that is being answered; empty outside requests.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")

LONGEST_MESSAGE = 2_000
LONGEST_TRACEBACK = 10_000

_ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]

#: C0 is escaped by JSON itself. DEL and C1 steer terminals, U+2028 and U+2029 break lines, direction marks reorder
#: them, and lone surrogates cannot be written at all.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")

_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)(bearer|basic)\s+[^\s,;'\"]+"), r"\1 [token]"),
    (re.compile(r"(?i)((?:验证码|\bcode\b)\W{0,4})[0-9]{6}(?![0-9])"), r"\1[code]"),
    (re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])"), "[id number]"),
    (re.compile(r"(?<![0-9A-Za-z.])(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]){8}(?![0-9A-Za-z])"), "[phone]"),
    # A long run of letters and digits that is no word of a program: those are written small, with underscores.
    (re.compile(r"(?<![A-Za-z0-9_-])(?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{32,}(?![A-Za-z0-9_-])"), "[token]"),
    (re.compile(r"(?<![0-9.])([0-9]{1,3}\.[0-9]{3})[0-9]+(?![0-9.])"), r"\1"),
    # PostgreSQL says here which values stood in the way.
    (re.compile(r"(?m)^(DETAIL|HINT|CONTEXT):.*$"), r"\1: [left out]"),
)


def new_request_id() -> str:
    """Make the number of a request, which its answer carries and its lines in the log."""
    return secrets.token_hex(8)


def redact(text: str) -> str:
    """Take out of a text what would name a person or let somebody in."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object; of each class of errors one traceback a second.

    Full tracebacks at a thousand a second would delay every answer by seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last_traceback: dict[type[BaseException], float] = {}

    def format(self, record: logging.LogRecord) -> str:
        """Give the line of a record, without its end."""
        line: dict[str, str | int] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()[:LONGEST_MESSAGE]),
        }
        facts: Facts = getattr(record, "facts", {})
        line |= {name: redact(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
        if (request_id := REQUEST_ID.get()) and "times" not in facts:  # a sum is of many requests
            line["request_id"] = request_id
        if record.exc_info and record.exc_info[0] is not None:
            line |= self._describe(record.exc_info)
        return _UNSAFE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(line, ensure_ascii=False))

    def _describe(self, error: _ExcInfo) -> dict[str, str]:
        kind, what, _ = error
        assert kind is not None  # noqa: S101 — the caller has looked
        said = {"error": redact(f"{kind.__name__}: {what}"[:LONGEST_MESSAGE])}
        moment = time.monotonic()
        if moment - self._last_traceback.get(kind, -1.0) >= 1.0:
            self._last_traceback[kind] = moment
            said["traceback"] = redact("".join(traceback.format_exception(*error))[-LONGEST_TRACEBACK:])
        return said


def start_logging(stream: TextIO) -> None:
    """Send all logs of the process to `stream`, warnings of the interpreter too."""
    handler = SummingHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it tells of every wake-up, and of each that comes late
