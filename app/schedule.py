"""What runs by itself: reactions to events, and sweeps at intervals.

APScheduler is only the wake-up clock; no deadline lives in it. Every sweep must be right when it never runs twice,
runs ten times, or runs late, so a lost or doubled wake-up changes nothing but the moment. A listener counts ticks,
because the scheduler can die while its process lives; `/readyz` watches the count.
"""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from community.deadlines import MAX_BREACHES_PER_SWEEP, sweep_deadlines
from community.notices.notify import AUDIENCES, notify
from core.database import TRANSIENT_ERRORS, pool_transaction
from core.events import Reaction, dispatch_due
from core.http.wiring import CLOCK, DISTRICT_ID, POOL
from geo.api import follow_areas
from riders.reporters.appointments import sweep_appointments
from riders.signup.sign_in import forget_old_codes
from station.api import follow_stations

_log = logging.getLogger(__name__)

Sweep = Callable[[web.Application], Awaitable[object]]


class Ticks:
    """When the scheduler last showed a sign of life, on the monotonic clock."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def mark(self) -> None:
        self._last = time.monotonic()

    def seconds_since_last(self) -> float:
        """Give the silence so far, in seconds."""
        return time.monotonic() - self._last


TICKS = web.AppKey("ticks", Ticks)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A sweep and how often it is woken, in seconds."""

    name: str
    every_s: float
    sweep: Sweep


async def _dispatch_events(app: web.Application) -> None:
    await dispatch_due(app[POOL], district_id=app[DISTRICT_ID], now=app[CLOCK](), reactions=REACTIONS)


async def _mark_late_deadlines(app: web.Application) -> None:
    found = MAX_BREACHES_PER_SWEEP
    while found == MAX_BREACHES_PER_SWEEP:
        async with pool_transaction(app[POOL]) as conn:
            found = len(await sweep_deadlines(conn, district_id=app[DISTRICT_ID], now=app[CLOCK]()))


async def _watch_appointments(app: web.Application) -> None:
    async with pool_transaction(app[POOL]) as conn:
        await sweep_appointments(conn, district_id=app[DISTRICT_ID], now=app[CLOCK]())


async def _forget_codes(app: web.Application) -> None:
    async with pool_transaction(app[POOL]) as conn:
        await forget_old_codes(conn, district_id=app[DISTRICT_ID], now=app[CLOCK]())


#: Event kind → what is done about it. Each must be harmless when repeated.
REACTIONS: dict[str, tuple[Reaction, ...]] = dict.fromkeys(AUDIENCES, (notify,))

#: What is woken, and how often.
SCHEDULE: tuple[Scheduled, ...] = (
    Scheduled("dispatch events", 0.5, _dispatch_events),
    Scheduled("mark late deadlines", 1.0, _mark_late_deadlines),
    Scheduled("follow areas", 1.0, follow_areas),
    Scheduled("follow stations", 1.0, follow_stations),
    Scheduled("watch appointments", 3600.0, _watch_appointments),
    Scheduled("forget old codes", 3600.0, _forget_codes),
)


async def run_schedule(app: web.Application) -> AsyncIterator[None]:
    """Wake the sweeps while the application runs (an `app.cleanup_ctx` step)."""
    app[TICKS] = Ticks()
    scheduler = AsyncIOScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    )
    for scheduled in SCHEDULE:
        scheduler.add_job(_run, "interval", seconds=scheduled.every_s, args=(app, scheduled), name=scheduled.name)
    scheduler.start()
    yield
    scheduler.shutdown(wait=False)


async def _run(app: web.Application, scheduled: Scheduled) -> None:
    app[TICKS].mark()
    try:
        await scheduled.sweep(app)
    except TRANSIENT_ERRORS as error:
        _log.warning("sweep %s: %s: %s", scheduled.name, type(error).__name__, error)
    except Exception:
        _log.exception("sweep %s failed", scheduled.name)
