"""What runs by itself: reactions to events, and sweeps at intervals.

APScheduler is only the wake-up clock; no deadline lives in it. Every sweep must be right when it never runs twice,
runs ten times, or runs late, so a lost or doubled wake-up changes nothing but the moment. A listener counts ticks,
because the scheduler can die while its process lives; `/readyz` watches the count.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.keys import follow_keys, reseal_rows
from app.retention import sweep_retention
from community.clocks.recounting import recount_open_clocks
from community.clocks.sweep import sweep_deadlines
from community.figures.sweep import sweep_figures
from community.holds import sweep_holds
from community.notices.notify import AUDIENCES, notify
from community.stream.api import check_listeners, follow_cases
from core.clock_guard import ClockGuard
from core.database import TRANSIENT_ERRORS, Connection, pool_transaction
from core.errors import Unavailable
from core.events import Reaction, dispatch_due
from core.http.photos import PARTIALS
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, RECORDS
from core.limits.budgets import forget_spending
from core.models import Event
from core.partials import forget_old
from core.queries import delete_changes_before
from core.trail.anchors import anchor_trail
from core.trail.models import Finding
from geo.api import AREAS, follow_areas
from geo.live import Areas
from geo.queries import find_active_generation
from riders.points.honours.award import sweep_honours
from riders.points.objections.decide import DECIDED, tell_rider
from riders.points.reactions import POINT_EVENTS, keep_points
from riders.reporters.appointments import sweep_appointments
from riders.signup.codes.send import forget_old_codes
from riders.verification.follow import FOLLOWED, follow_case
from riders.verification.sweep import sweep_verification
from station.api import follow_stations
from station.registry import relocate_all

_log = logging.getLogger(__name__)

_MINDED_EVERY_S = 1.0

#: Followers read each second; a process that was stopped loads everything anew.
_KEEP_CHANGES = timedelta(days=1)

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
CLOCK_GUARD = web.AppKey("clock_guard", ClockGuard)
#: How to read the database's clock, which the machine's is compared with.
DATABASE_CLOCK: web.AppKey[Callable[[Connection], Awaitable[datetime]]] = web.AppKey("database_clock")


@dataclass
class TrailWatch:
    """What the last anchoring found wrong with the audit trail; None where the last anchor fits."""

    finding: Finding | None = None


TRAIL_WATCH = web.AppKey("trail_watch", TrailWatch)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A sweep and how often it is woken, in seconds."""

    name: str
    every_s: float
    sweep: Sweep


async def _dispatch_events(app: web.Application) -> None:
    reactions = REACTIONS | dict.fromkeys(_OTHER_AREAS, (_relocate_stations_by(app[AREAS]),))
    await dispatch_due(app[BACKGROUND], district_id=app[DISTRICT_ID], now=app[CLOCK](), reactions=reactions)


def _relocate_stations_by(areas: Areas) -> Reaction:
    """Make the reaction that gives stations their areas of the generation that has become active."""

    async def relocate(conn: Connection, event: Event, _now: datetime) -> None:
        active = await find_active_generation(conn, district_id=event.district_id)
        if active is None or areas.generation_id != active.id:
            raise Unavailable()  # not followed yet: the event comes again in a moment
        moved = await relocate_all(conn, district_id=event.district_id, locate=areas.locate)
        _log.info("版次 %s 启用后有 %s 座驿站换了区域 / stations have moved to other areas", active.id, moved)

    return relocate


async def _tell_of_clocks(app: web.Application) -> None:
    """Tell of clocks, unless the machine's clock is not to be trusted: what was told cannot be taken back."""
    async with pool_transaction(app[BACKGROUND]) as conn:
        database_now = await app[DATABASE_CLOCK](conn)
    if app[CLOCK_GUARD].trusts(database_now):
        await _until_nothing_is_left(app, sweep_deadlines)


async def _end_holds(app: web.Application) -> None:
    if app[CLOCK_GUARD].reason is None:  # days that did not pass end no hold
        await _until_nothing_is_left(app, sweep_holds)


async def _move_looks_on(app: web.Application) -> None:
    if app[CLOCK_GUARD].reason is None:  # an hour that did not pass takes no look from anybody
        await _until_nothing_is_left(app, sweep_verification)


async def _until_nothing_is_left(app: web.Application, sweep: Callable[..., Awaitable[Sequence[object]]]) -> None:
    found: Sequence[object] = (None,)
    while found:
        async with pool_transaction(app[BACKGROUND]) as conn:
            found = await sweep(conn, district_id=app[DISTRICT_ID], now=app[CLOCK]())


async def _recount_clocks(app: web.Application) -> None:
    count = None
    while count != 0:
        async with pool_transaction(app[BACKGROUND]) as conn:
            count, _ = await recount_open_clocks(conn, district_id=app[DISTRICT_ID], now=app[CLOCK]())


async def _count_figures(app: web.Application) -> None:
    count = None
    while count != 0:
        async with pool_transaction(app[BACKGROUND]) as conn:
            count = await sweep_figures(conn, district_id=app[DISTRICT_ID], now=app[CLOCK]())


async def _watch_appointments(app: web.Application) -> None:
    async with pool_transaction(app[BACKGROUND]) as conn:
        await sweep_appointments(conn, district_id=app[DISTRICT_ID], now=app[CLOCK]())


async def _award_honours(app: web.Application) -> None:
    await _until_nothing_is_left(app, sweep_honours)


async def _anchor_trail(app: web.Application) -> None:
    async with pool_transaction(app[BACKGROUND]) as conn:
        app[TRAIL_WATCH].finding = await anchor_trail(
            conn, district_id=app[DISTRICT_ID], records=app[RECORDS], now=app[CLOCK]()
        )


async def _forget(app: web.Application) -> None:
    """Delete what nobody needs any more: used codes, changes that all have read, uploads nobody went on with."""
    district_id, now = app[DISTRICT_ID], app[CLOCK]()
    async with pool_transaction(app[BACKGROUND]) as conn:
        await forget_old_codes(conn, district_id=district_id, now=now)
        await forget_spending(conn, district_id=district_id, now=now)
        await delete_changes_before(conn, district_id=district_id, before=now - _KEEP_CHANGES)
    await asyncio.to_thread(forget_old, app[PARTIALS], now=now)


def _joined(*tables: Mapping[str, Reaction]) -> dict[str, tuple[Reaction, ...]]:
    """Put the tables of several parts together: a kind's reactions run in the order in which the tables are given."""
    kinds = {kind for table in tables for kind in table}
    return {kind: tuple(table[kind] for table in tables if kind in table) for kind in sorted(kinds)}


#: Events after which stations may lie in other areas.
_OTHER_AREAS = ("generation.activated", "generation.rolled_back")

#: Event kind → what is done about it. Each must be harmless when repeated.
REACTIONS: dict[str, tuple[Reaction, ...]] = _joined(
    dict.fromkeys(AUDIENCES, notify),
    dict.fromkeys(POINT_EVENTS, keep_points),
    dict.fromkeys(FOLLOWED, follow_case),
    {DECIDED: tell_rider},
)

#: What is woken, and how often.
SCHEDULE: tuple[Scheduled, ...] = (
    Scheduled("dispatch events", 0.5, _dispatch_events),
    Scheduled("follow cases", 0.5, follow_cases),
    Scheduled("check listeners", 2.0, check_listeners),
    Scheduled("tell of clocks", 1.0, _tell_of_clocks),
    Scheduled("end holds", 5.0, _end_holds),
    Scheduled("move looks on", 5.0, _move_looks_on),
    Scheduled("recount clocks", 60.0, _recount_clocks),
    Scheduled("count figures", 2.0, _count_figures),
    Scheduled("follow areas", 1.0, follow_areas),
    Scheduled("follow stations", 1.0, follow_stations),
    Scheduled("watch appointments", 3600.0, _watch_appointments),
    Scheduled("award honours", 3600.0, _award_honours),
    Scheduled("anchor the audit trail", 300.0, _anchor_trail),
    Scheduled("follow keys", 2.0, follow_keys),
    Scheduled("seal anew", 5.0, reseal_rows),
    Scheduled("forget", 3600.0, _forget),
    Scheduled("keep nothing longer than it may be kept", 3600.0, sweep_retention),
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
    minding = asyncio.create_task(_mind_the_clock(scheduler))
    yield
    minding.cancel()
    scheduler.shutdown(wait=False)


async def _mind_the_clock(scheduler: AsyncIOScheduler) -> None:
    """Wake what was put off by a clock set back: the scheduler reckons in wall-clock time, and would wait for it."""
    while True:
        await asyncio.sleep(_MINDED_EVERY_S)
        now = datetime.now(UTC)
        for job in scheduler.get_jobs():
            if job.next_run_time - now > job.trigger.interval + timedelta(seconds=_MINDED_EVERY_S):
                job.modify(next_run_time=now)


async def _run(app: web.Application, scheduled: Scheduled) -> None:
    app[TICKS].mark()
    try:
        await scheduled.sweep(app)
    except TRANSIENT_ERRORS as error:
        _log.warning("sweep %s: %s: %s", scheduled.name, type(error).__name__, error)
    except Exception:
        _log.exception("sweep %s failed", scheduled.name)
