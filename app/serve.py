"""Runs the service until it is told to stop."""

import asyncio
import gc
import logging
import resource
import signal

import uvloop
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger

from app.boot import check_contents, check_settings, invite_first_administrator
from app.database import opened_database
from app.demo.command import offer_demo
from app.main import create_app, utc_now
from app.settings import SettingRefused, Settings
from core.database import connected
from core.http.server import Runner
from riders.signup.sms import ConsoleSmsSender

#: Requests under way when the service is told to stop may take this long to finish.
DRAIN_S = 10.0

#: New objects before the garbage collector looks at the young ones; the default of 700 is a few requests.
GARBAGE_BEFORE_COLLECTING = 50_000

#: Listeners of the live stream, requests and connections to the database together stay far below this.
OPEN_FILES = 20_000

#: A connection on which no whole head of a request has come within this time, since it was opened or last answered, is
#: closed: one that says nothing, and one whose head trickles in. aiohttp itself would hold it for an hour.
KEEP_ALIVE_S = 15.0


def serve(settings: Settings, *, demo: bool) -> int:
    """Serve until SIGTERM or SIGINT; gives the exit status."""
    _open_many_files()
    uvloop.run(_serve(settings, demo=demo))
    return 0


def _open_many_files() -> None:
    """Ask for more open files than the usual 1,024, as far as we may: each listener of the live stream is one."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def _serve(settings: Settings, *, demo: bool) -> None:
    check_settings(settings, demo=demo)
    async with opened_database(settings) as databases:
        if demo:
            await offer_demo(settings, dsn=databases.sweeper_dsn)
        async with connected(databases.sweeper_dsn) as conn:
            await check_contents(conn, settings)
            await invite_first_administrator(conn, settings, clock=utc_now)
        # A code on the terminal is for who sits before it: nobody else reaches a demonstration.
        sms = ConsoleSmsSender() if demo else None
        app = create_app(settings, dsn=databases.app_dsn, sweeper_dsn=databases.sweeper_dsn, sms=sms)
        await run_until_stopped(app, settings)


def make_runner(app: web.Application) -> Runner:
    """Give the server of `app`.

    No access log is written, nor the words of a malformed request: query strings hold positions of people. Bodies
    come as they are: a packed one is refused unread, so none can unpack to more than it seems.
    """
    server_logger.addFilter(_leave_out_words)
    return Runner(app, access_log=None, shutdown_timeout=DRAIN_S, keepalive_timeout=KEEP_ALIVE_S, auto_decompress=False)


def _leave_out_words(record: logging.LogRecord) -> bool:
    """Take from a line about a malformed request the traceback that quotes it."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.exc_info = None
        record.msg = f"{record.msg}: {type(error).__name__}"
    return True


async def run_until_stopped(app: web.Application, settings: Settings) -> None:
    """Listen, say where, and finish what is under way when SIGTERM or SIGINT comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = make_runner(app)
    await runner.setup()
    # What is loaded now stays: the collector need not walk it again, nor stop for every few hundred new objects.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_BEFORE_COLLECTING)
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            raise SettingRefused(
                f"STATION_HOST={settings.host} STATION_PORT={settings.port}: 无法监听，请换一个端口 / "
                f"cannot listen there, choose another port ({error.strerror})"
            ) from error
        print(f"骑士驿站 Rider Station: http://{settings.host}:{settings.port}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()
