"""Runs the service until it is told to stop."""

import asyncio
import logging
import signal

import uvloop
from aiohttp import web

from app.database import opened_database
from app.main import create_app
from app.settings import Settings

_log = logging.getLogger(__name__)

#: Requests under way when the service is told to stop may take this long to finish.
DRAIN_S = 10.0


def serve(settings: Settings, *, demo: bool) -> int:
    """Serve until SIGTERM or SIGINT; gives the exit status."""
    return uvloop.run(_serve(settings, demo=demo))


async def _serve(settings: Settings, *, demo: bool) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with opened_database(settings) as databases:
        app = create_app(settings, dsn=databases.app_dsn)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port, reuse_port=False).start()
            print(f"骑士驿站 Rider Station: http://{settings.host}:{settings.port}/docs", flush=True)
            await stop.wait()
        finally:
            await runner.cleanup()
    return 0
