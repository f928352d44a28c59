"""Watches the machine's clock, so that a clock that jumps does not set off a storm of deadlines.

Deadlines fire by wall-clock time. If that jumps an hour ahead, everything due within the hour would be told as late to
everyone at once, and could not be taken back. So before each sweep three clocks are compared: the wall clock, the
monotonic clock that no one can set, and the database's.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

_log = logging.getLogger(__name__)

#: A wall clock that gains or loses more than this against the monotonic one between two looks has jumped; clocks of two
#: machines farther apart than this do not agree.
TOLERANCE = timedelta(seconds=60)


class ClockGuard:
    """Remembers where the clocks stood at the last look. `reason` says why time is not trusted; None while it is."""

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._last: tuple[datetime, float] | None = None
        self.reason: str | None = None

    def trusts(self, database_now: datetime) -> bool:
        """Tell whether deadlines may fire now.

        After a jump one look is left out; from the next on they fire again, if the database's clock agrees.
        """
        wall, monotonic = self._wall(), self._monotonic()
        jump = timedelta(0)
        if self._last is not None:
            jump = (wall - self._last[0]) - timedelta(seconds=monotonic - self._last[1])
        self._last = (wall, monotonic)
        apart = wall - database_now
        reason = None
        if abs(apart) > TOLERANCE:
            reason = f"与数据库时钟相差 {apart} / {apart} apart from the database's clock"
        elif abs(jump) > TOLERANCE:
            reason = f"时钟跳变 {jump} / the clock jumped by {jump}"
        if reason is not None and self.reason is None:
            _log.error("暂停时限提醒 / deadlines are on hold: %s", reason)
        elif reason is None and self.reason is not None:
            _log.warning("恢复时限提醒 / deadlines fire again; before: %s", self.reason)
        self.reason = reason
        return reason is None
