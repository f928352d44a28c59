"""The log: whole lines that nobody can forge, with the number of the request and without what must not be kept."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime

import pytest

from core.log import LONGEST_MESSAGE, REQUEST_ID, JsonFormatter, redact

#: What breaks lines, steers terminals, reorders or hides text, or cannot be written at all.
FORGERIES = [
    *("\r\n", "\n", "\r", "\x1b[2J\x1b[31m", "\x00", "\x07", "\x7f", "\x85", "\x9b31m", "\u2028", "\u2029"),
    *("\u202e", "\u2066", "\u200b", "\ufeff", "\udce4"),
]


class Log:
    """A log that is written into a buffer, and read as a machine would."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()
        handler = logging.StreamHandler(io.TextIOWrapper(self.buffer, encoding="utf-8", write_through=True))
        handler.setFormatter(JsonFormatter())
        self.logger = logging.Logger("tried")
        self.logger.addHandler(handler)

    @property
    def lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.buffer.getvalue().decode().splitlines()]

    def fail(self, error: Exception) -> None:
        try:
            raise error
        except Exception:
            self.logger.exception("failed")


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def numbered() -> Iterator[str]:
    token = REQUEST_ID.set("0123456789abcdef")
    yield "0123456789abcdef"
    REQUEST_ID.reset(token)


def test_a_line_says_when_how_grave_by_whom_and_for_which_request(log: Log, numbered: str) -> None:
    log.logger.warning("%s 座驿站 moved", 3)
    (line,) = log.lines
    said = (line["level"], line["logger"], line["message"], line["request_id"])
    assert ("WARNING", "tried", "3 座驿站 moved", numbered) == said
    assert line["at"].endswith("Z")
    assert datetime.fromisoformat(line["at"]).utcoffset() is not None
    assert "驿站" in log.buffer.getvalue().decode()


@pytest.mark.parametrize("sign", FORGERIES, ids=repr)
def test_nothing_that_is_sent_makes_or_hides_a_line(log: Log, sign: str) -> None:
    forged = f'innocent{sign}{{"level": "ERROR", "message": "forged"}}'
    log.logger.info("%s", forged)
    log.fail(ValueError(forged))
    raw = log.buffer.getvalue().decode()
    assert 2 == raw.count("\n")
    assert sign not in raw.rstrip("\n") if sign != "\n" else raw.count("\n") == 2
    first, second = log.lines
    assert (forged, "INFO") == (first["message"], first["level"])
    assert forged in second["error"]


@pytest.mark.parametrize(
    "secret",
    [
        "13800005678",
        "+8613800005678",
        "+86 138 0000 5678",
        "138-0000-5678",
        "11010519491231002X",
        "110105194912310021",
        "eyJhbGciOi.short",
        "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFy",
        "12-1-Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyMDE",
        "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    ],
)
@pytest.mark.parametrize("around", ["Bearer {}", "got Bearer {}.", "Authorization: bearer {}, more"])
def test_what_lets_somebody_in_or_names_him_is_taken_out(log: Log, secret: str, around: str) -> None:
    log.logger.error(around.format(secret))
    log.fail(KeyError(around.format(secret)))
    assert secret not in log.buffer.getvalue().decode()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("rider +8613800005678 called", "rider [phone] called"),
        ("电话13800005678，", "电话[phone]，"),
        ("id 11010519491231002X", "id [id number]"),
        ("验证码 123456，5 分钟内有效", "验证码 [code]，5 分钟内有效"),
        ("Your code: 123456", "Your code: [code]"),
        ("token=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4", "token=[token]"),
        ("at 120.182345,35.961234", "at 120.182,35.961"),
        ("DETAIL:  Key (phone)=(x) already exists.", "DETAIL: [left out]"),
        ("case 2026-0000123 of 14 digits 20260310020000 and port 8080", None),
        ("test_a_very_long_name_of_a_function_in_a_traceback", None),
        ("/usr/lib/python3.11/site-packages/asyncpg/connection.py", None),
    ],
)
def test_the_rest_can_still_be_read(said: str, kept: str | None) -> None:
    assert (kept or said) == redact(said)


def test_of_each_class_of_errors_one_traceback_a_second_is_written(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr("core.log.time.monotonic", lambda: moment)
    for error in (ValueError("a"), ValueError("b"), KeyError("c")):
        log.fail(error)
    moment = 101.0
    log.fail(ValueError("d"))
    assert [True, False, True, True] == ["traceback" in line for line in log.lines]
    assert "ValueError: b" == log.lines[1]["error"]


def test_a_message_is_cut_where_nobody_would_read_on(log: Log) -> None:
    log.logger.info("长" * 3 * LONGEST_MESSAGE)
    assert LONGEST_MESSAGE == len(log.lines[0]["message"])
