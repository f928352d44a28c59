"""Rates: limits for what is cheap, counted in the memory of this process.

Each process counts for itself and begins anew when it starts: several processes let through several times as much. What
guards money or guesses is counted in the database instead (`core.limits.budgets`).
"""

from core.limits.models import Rate

#: About 20 MB. A flood of addresses beyond it makes room for itself by what was counted longest ago.
MOST_KEYS = 100_000


class Rates:
    """How far ahead of its rate each key is: the generic cell rate algorithm, one number a key."""

    def __init__(self, *, most_keys: int = MOST_KEYS) -> None:
        self._paid_until: dict[tuple[str, ...], float] = {}
        self._most_keys = most_keys

    def __len__(self) -> int:
        return len(self._paid_until)

    def wait_s(self, rate: Rate, key: tuple[str, ...], now_s: float) -> float:
        """Count one and give 0; where the rate is used up, count nothing and give the seconds until there is one."""
        step = 60.0 / rate.a_minute
        paid_until = max(self._paid_until.get(key, now_s), now_s)
        wait = paid_until - now_s - (rate.burst - 1) * step
        if wait > 1e-6:
            return wait
        if key not in self._paid_until and len(self._paid_until) >= self._most_keys:
            self._make_room(now_s)
        self._paid_until[key] = paid_until + step
        return 0.0

    def _make_room(self, now_s: float) -> None:
        """Drop what has its whole burst again, which loses nothing, and at least a tenth, lest this runs each time."""
        ahead = {key: until for key, until in self._paid_until.items() if until > now_s}
        for key in list(ahead)[: max(0, len(ahead) - self._most_keys * 9 // 10)]:
            del ahead[key]
        self._paid_until = ahead
