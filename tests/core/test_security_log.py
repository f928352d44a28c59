"""Security events: each is told, a flood is summed up, and no kind hides another."""

import io
import json
import logging

import pytest

from core.log import REQUEST_ID, JsonFormatter
from core.security_log import MOST_OF_A_KIND, SPAN_S, SummingHandler

Line = dict[str, str | int]


class Watch:
    """The log of a service whose clock is moved by hand."""

    def __init__(self) -> None:
        self.buffer = io.StringIO()
        self.handler = SummingHandler(self.buffer)
        self.handler.setFormatter(JsonFormatter())
        self.now = 1_000.0

    def note(self, what: str, **facts: str | int) -> None:
        self.write(what, facts=facts)

    def write(self, what: str, **more: object) -> None:
        told = {"name": "security", "msg": what, "levelname": "INFO", "created": self.now}
        self.handler.handle(logging.makeLogRecord(told | more))

    @property
    def lines(self) -> list[Line]:
        return [json.loads(line) for line in self.buffer.getvalue().splitlines()]

    def told(self, what: str) -> list[Line]:
        return [line for line in self.lines if line["message"] == what]


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_what_comes_again_within_a_minute_is_counted_and_told_with_the_next_line(watch: Watch) -> None:
    for _ in range(5):
        watch.note("refused", status=401, address="192.0.2.1")
    assert [("refused", 401, "192.0.2.1")] == [
        (line["message"], line["status"], line["address"]) for line in watch.lines
    ]
    watch.now += SPAN_S
    watch.write("something else")
    _, again, other = watch.lines
    assert ("again: refused 401", 4, "192.0.2.1") == (again["message"], again["times"], again["address"])
    assert "something else" == other["message"]
    watch.note("refused", status=401, address="192.0.2.1")
    assert 2 == len(watch.told("refused"))


def test_a_flood_from_everywhere_writes_few_lines_and_loses_no_count(watch: Watch) -> None:
    for number in range(20_000):
        watch.note("refused", status=429, address=f"198.51.{number // 250}.{number % 250}")
    watch.handler.close()
    assert MOST_OF_A_KIND == len(watch.told("refused"))
    assert [20_000 - MOST_OF_A_KIND] == [line["times"] for line in watch.told("again: refused 429")]


def test_a_flood_of_one_kind_hides_no_other(watch: Watch) -> None:
    for number in range(1_000):
        watch.note("refused", status=401, address=str(number))
    watch.note("refused", status=403, caller="staff", caller_id=7)
    watch.note("proof failed", status=401, account_id=7)
    assert {401, 403} == {line["status"] for line in watch.told("refused")}
    assert [7] == [line["account_id"] for line in watch.told("proof failed")]


@pytest.mark.parametrize("what", ["signed in", "locked"])
def test_what_matters_each_time_is_never_summed_up(watch: Watch, what: str) -> None:
    for number in range(3 * MOST_OF_A_KIND):
        watch.note(what, caller="rider", caller_id=number % 2)
    assert 3 * MOST_OF_A_KIND == len(watch.told(what))


def test_a_clock_that_is_put_back_holds_no_line_up(watch: Watch) -> None:
    watch.note("refused", status=401)
    watch.now -= 10_000
    watch.note("refused", status=401)
    assert 2 == len(watch.told("refused"))


def test_a_sum_bears_no_number_of_a_request_that_is_not_its_own(watch: Watch) -> None:
    watch.note("refused", status=401)
    watch.note("refused", status=401)
    watch.now += SPAN_S
    numbered = REQUEST_ID.set("0123456789abcdef")
    watch.note("refused", status=403)
    REQUEST_ID.reset(numbered)
    _, again, own = watch.lines
    assert "request_id" not in again
    assert "0123456789abcdef" == own["request_id"]


def test_a_fact_is_redacted_like_any_text(watch: Watch) -> None:
    watch.note("refused", route="GET /x/13800005678")
    assert "13800005678" not in watch.buffer.getvalue()
