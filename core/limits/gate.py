"""The gate to one lane: so many at once, a short queue with a deadline, and the rest is sent away."""

import asyncio
import random
from types import TracebackType

from core.limits.errors import Overloaded


class Gate:
    """`async with gate:` waits for a place. Raises `Overloaded` when the queue is full or the wait too long."""

    def __init__(self, *, places: int, waiting: int, patience_s: float) -> None:
        self._free = asyncio.Semaphore(places)
        self._most_waiting, self._patience_s = waiting, patience_s
        self._waiting = 0

    async def __aenter__(self) -> None:
        if not self._free.locked():
            await self._free.acquire()  # at once
            return
        if self._waiting >= self._most_waiting:
            raise overloaded()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience_s):
                await self._free.acquire()
        except TimeoutError:
            raise overloaded() from None
        finally:
            self._waiting -= 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._free.release()


class Turnstile(Gate):
    """Lets in so many at each turn of the event loop, and holds no place for what comes after.

    For work that never waits, and so never fills a gate: unhindered, all that has arrived would be done in one go, and
    whoever waits for the database meanwhile would get his turn only after each such go.
    """

    async def __aenter__(self) -> None:
        await super().__aenter__()
        try:
            await asyncio.sleep(0)
        finally:
            self._free.release()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: the place was given back at the turn."""


def overloaded() -> Overloaded:
    """Make the refusal; those sent away at one moment are not all to come back at one moment."""
    return Overloaded(retry_after_s=random.randint(1, 5))  # noqa: S311 — no secret
