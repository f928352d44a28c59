"""When deadlines may fire by the clock and when not."""

from datetime import UTC, datetime, timedelta

import pytest

from core.clock_guard import ClockGuard

START = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class Clocks:
    """Three clocks that tests move apart."""

    def __init__(self) -> None:
        self.wall, self.database, self.monotonic = START, START, 1000.0
        self.guard = ClockGuard(lambda: self.wall, lambda: self.monotonic)

    def tick(
        self, span: timedelta = SECOND, *, wall: timedelta | None = None, database: timedelta | None = None
    ) -> bool:
        """Let time pass, more or less of it on some clocks, and look."""
        self.monotonic += span.total_seconds()
        self.wall += span if wall is None else wall
        self.database += span if database is None else database
        return self.guard.trusts(self.database)


def test_time_that_passes_is_trusted() -> None:
    clocks = Clocks()
    assert [True] * 5 == [clocks.tick() for _ in range(5)]


def test_time_that_passes_without_a_look_is_trusted_too() -> None:
    clocks = Clocks()
    clocks.tick()
    assert clocks.tick(9 * HOUR)


@pytest.mark.parametrize("jump", [2 * HOUR, -HOUR / 2, timedelta(days=1)])
def test_a_jump_of_every_clock_of_the_machine_leaves_one_look_out(jump: timedelta) -> None:
    clocks = Clocks()
    clocks.tick()
    assert not clocks.tick(wall=jump, database=jump)
    assert clocks.guard.reason is not None
    assert clocks.tick()
    assert clocks.guard.reason is None


@pytest.mark.parametrize("jump", [2 * HOUR, -HOUR / 2])
def test_a_jump_that_the_database_does_not_share_holds_until_they_agree(jump: timedelta) -> None:
    clocks = Clocks()
    clocks.tick()
    assert not clocks.tick(wall=jump)
    assert [False] * 3 == [clocks.tick() for _ in range(3)]
    assert not clocks.tick(wall=SECOND - jump)  # set right again, which is a jump as well
    assert clocks.tick()


def test_a_wrong_clock_at_the_start_is_seen_at_once() -> None:
    clocks = Clocks()
    assert not clocks.tick(wall=3 * HOUR)


def test_a_minute_is_forgiven() -> None:
    clocks = Clocks()
    clocks.tick()
    assert clocks.tick(wall=60 * SECOND)
