"""The live stream over HTTP (server-sent events).

While a stream is idle it holds no database connection. Once its head is sent nothing may escape as a problem: another
answer would be written into the stream.
"""

import asyncio
import logging
import random
import socket

from aiohttp import web

from community.stream import frames
from community.stream.listener import Listener
from community.stream.live import LiveCases
from community.stream.models import Start
from community.stream.read import EpochEnded, find_start
from core.access.wall import Work, acting
from core.database import TRANSIENT_ERRORS
from core.http.wiring import BACKGROUND, CLOCK, POOL, actor, now, transaction

LIVE_CASES = web.AppKey("live_cases", LiveCases)

_ENDINGS: tuple[type[BaseException], ...] = (EpochEnded, *TRANSIENT_ERRORS)

_log = logging.getLogger(__name__)


async def stream_cases(request: web.Request) -> web.StreamResponse:
    """Tell what changes on the cases the caller sees, as it happens, as server-sent events.

    First comes `hello`; load lists after it. Then a `case` for each event of a case: `case_id`, `number`, `kind`, `at`
    of the event, and `state`, `version`, `next_due_at`, `area_path`, `desk_path` as they are now. `left: true` instead
    says that the caller no longer sees the case. `reset` says to load everything anew. A header `Last-Event-ID` goes on
    after that event without gap or repetition. The token goes into the Authorization header or comes as the session
    cookie of our own page, never in the address. The stream ends with its session, and listening is no use of one.
    """
    live, caller, transport = request.app[LIVE_CASES], actor(request), request.transport
    if transport is None:
        raise ConnectionResetError("the caller has gone")
    with live.admitted(caller, transport) as listener:
        async with transaction(request) as conn, acting(conn, Work.STREAM):
            start = await find_start(
                conn,
                district_id=caller.district_id,
                last_event_id=request.headers.get("Last-Event-ID"),
                most_behind=live.limits.events_behind,
                now=now(request),
            )
        response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})  # a proxy must not hold it back
        response.content_type = "text/event-stream"
        await response.prepare(request)
        if request.method != "HEAD":
            _notice_silence(transport, 2 * live.limits.heartbeat_s)
            await _pour(request, response, listener, start)
    return response


def _notice_silence(transport: asyncio.Transport, within_s: float) -> None:
    """Let the system drop a connection whose other side acknowledges nothing: a phone without network says no farewell.

    Left to itself it tries for a quarter of an hour, and so long the connection counts as one of its owner's.
    """
    opened = transport.get_extra_info("socket")
    if opened is not None and hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(within_s * 1000))


async def _pour(request: web.Request, response: web.StreamResponse, listener: Listener, start: Start) -> None:
    """Write until the stream ends; a connection that takes nothing for the time of a heartbeat is cut."""
    try:
        await _write_all(request, response, listener, start)
    except _ENDINGS:
        listener.cut()
    except Exception:
        _log.exception("a stream of cases failed")
        listener.cut()


async def _write_all(request: web.Request, response: web.StreamResponse, listener: Listener, start: Start) -> None:
    live = request.app[LIVE_CASES]
    heartbeat_s = live.limits.heartbeat_s

    async def write(data: bytes) -> None:
        async with asyncio.timeout(heartbeat_s):
            await response.write(data)

    retry_ms = frames.RETRY_MS + random.randrange(frames.RETRY_SPREAD_MS)  # noqa: S311 — no secret
    await write(frames.hello(start, retry_ms=retry_ms))
    if start.reset is not None:
        await write(frames.reset(start.reset, start.position))
    async for missed in live.catch_up(request.app[POOL], listener, start.position):
        await write(missed)
    while (told := await listener.wait(heartbeat_s)) is not None:
        await write(told or frames.heartbeat(listener.after or start.position))


async def follow_cases(app: web.Application) -> None:
    """Hand out what has happened to cases (a sweep of `app.schedule`)."""
    await app[LIVE_CASES].follow(app[BACKGROUND])


async def check_listeners(app: web.Application) -> None:
    """Look again at the sessions of all who listen (a sweep of `app.schedule`)."""
    await app[LIVE_CASES].look_again(app[BACKGROUND], now=app[CLOCK]())


async def end_streams(app: web.Application) -> None:
    """End every stream when the service stops (an `app.on_shutdown` signal), or it would wait for each of them."""
    app[LIVE_CASES].close()
