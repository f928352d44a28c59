"""The pace of an upload: slow phones can keep it, slow attacks cannot."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.http.problems import TooSlow

#: After this grace an upload must have come at so many bytes a second, all in all.
GRACE_S, SLOWEST = 10.0, 1024


@asynccontextmanager
async def keeping_pace(timeout_s: float) -> AsyncIterator[Callable[[int], None]]:
    """Give up on what comes too slowly, or takes longer than `timeout_s`. Raises `TooSlow`.

    The function given is told how many more bytes have come.
    """
    begun, received = asyncio.get_running_loop().time(), 0
    try:
        async with asyncio.timeout_at(begun + min(GRACE_S, timeout_s)) as alarm:

            def have_come(count: int) -> None:
                nonlocal received
                received += count
                if not alarm.expired():
                    alarm.reschedule(begun + min(GRACE_S + received / SLOWEST, timeout_s))

            yield have_come
    except TimeoutError:
        raise TooSlow() from None
