"""Kinds of traffic: how much of a kind one person, one address and one area may send, and which lane it takes.

The kinds themselves are one table, `app.traffic`; the routes page names the kind of each route that is not plain
reading or writing.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from aiohttp import web

from core.access.models import Actor
from core.limits.errors import AreaFlooded, TooManyRequests
from core.limits.gate import Gate, Turnstile, overloaded
from core.limits.models import LANES, Lane, LaneSize, Rate
from core.limits.rates import Rates

_LOOK_S = 0.02
#: One late look is a pause that is over: who waited through it is served soonest by an answer. Lateness at each of so
#: many looks in a row is load.
_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Traffic:
    """A kind of request and its limits; None is no limit.

    `address` counts all who share one, signed in or not, and is asked before the database is; `person` counts whoever
    is signed in, over all his sessions; `area` counts what strangers send for one area. Without a `lane` it is the
    staff's, the public's or that of intake, by who may call and whether something is sent.
    """

    name: str
    address: Rate | None
    person: Rate | None = None
    area: Rate | None = None
    lane: Lane | None = None


class Keeper:
    """Keeps the limits of this process: who has sent how much, how many are at work, how late the process is.

    `lag_s` is by how many seconds it has been late at least, at each of the last looks.
    """

    def __init__(self, *, connections: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = Rates()
        self._clock = clock
        self._gates = {lane: _gate(size, connections) for lane, size in LANES.items()}
        self.lag_s = 0.0

    def admit_address(self, traffic: Traffic, address: str) -> None:
        """Count a request of this address. Raises `TooManyRequests`."""
        self._admit(traffic.address, (traffic.name, "address", address))

    def admit_person(self, traffic: Traffic, caller: Actor) -> None:
        """Count a request of whoever is signed in. Raises `TooManyRequests`."""
        if caller.id is not None:
            self._admit(traffic.person, (traffic.name, caller.kind, str(caller.id)))

    def admit_area(self, traffic: Traffic, area_path: str) -> None:
        """Count something sent for this area. Raises `AreaFlooded`."""
        if traffic.area is not None:
            wait_s = self._rates.wait_s(traffic.area, (traffic.name, "area", area_path), self._clock())
            if wait_s:
                raise AreaFlooded(retry_after_s=math.ceil(wait_s), seconds=math.ceil(wait_s))

    def _admit(self, rate: Rate | None, key: tuple[str, ...]) -> None:
        wait_s = 0.0 if rate is None else self._rates.wait_s(rate, key, self._clock())
        if wait_s:
            raise TooManyRequests(retry_after_s=math.ceil(wait_s), seconds=math.ceil(wait_s))

    def enter(self, lane: Lane) -> AbstractAsyncContextManager[None]:
        """Wait for a place in a lane. Raises `Overloaded`, at once where the process is too late for this lane."""
        if lane is Lane.FREE:
            return nullcontext()
        if self.lag_s > LANES[lane].most_lag_s:
            raise overloaded()
        return self._gates[lane]

    async def watch(self, _app: web.Application) -> AsyncIterator[None]:
        """Look again and again how late this process is (an `app.cleanup_ctx` step)."""
        watching = asyncio.create_task(self._watch())
        yield
        watching.cancel()

    async def _watch(self) -> None:
        loop, late_by = asyncio.get_running_loop(), deque([0.0] * _LOOKS, maxlen=_LOOKS)
        while True:
            due = loop.time() + _LOOK_S
            await asyncio.sleep(_LOOK_S)
            late_by.append(loop.time() - due)
            self.lag_s = min(late_by)


def _gate(size: LaneSize, connections: int) -> Gate:
    make = Turnstile if size.a_turn else Gate
    places = size.a_turn or size.places or max(1, int(size.share * connections))
    return make(places=places, waiting=size.waiting, patience_s=size.patience_s)


KEEPER = web.AppKey("keeper", Keeper)
TRAFFIC = web.RequestKey("traffic", Traffic)

READ = Traffic("read", address=Rate(2_000, 12_000), person=Rate(200, 600))
WRITE = Traffic("write", address=Rate(300, 3_000), person=Rate(60, 240))


def check_area(request: web.Request, area_path: str | None) -> None:
    """Count what a stranger sends for an area, or for none. Raises `AreaFlooded`."""
    keeper = request.app.get(KEEPER)
    if keeper is not None:
        keeper.admit_area(request[TRAFFIC], area_path or "")
