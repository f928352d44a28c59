"""The application with a bare handler and a count of tasks beside it, in a process of its own.

Run by `bench.http`, `bench.stream` and `bench.overload` as
`python -m bench.server DSN SWEEPER_DSN PORT DATA_DIR [nothing-shed]`.
"""

import asyncio
import itertools
import sys
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import orjson
import uvloop
from aiohttp import web

from app.main import create_app
from app.serve import run_until_stopped
from app.settings import Settings
from core.http.traffic import Keeper
from core.limits.models import Lane


class NothingShed(Keeper):
    """Lets everyone in at once, as if there were no lanes: what shedding is compared with."""

    def enter(self, lane: Lane) -> AbstractAsyncContextManager[None]:
        """Let in."""
        return nullcontext()


def bare(size: int) -> web.Response:
    """Answer JSON of about `size` bytes, serialised anew as any handler would."""
    row = {"id": 1234, "name": "演示驿站", "metres": 123.4, "open": True}
    rows = [row] * max(1, size // len(orjson.dumps(row)))
    return web.Response(body=orjson.dumps(rows), content_type="application/json")


async def answer_bare(request: web.Request) -> web.Response:
    """Give as many bytes of JSON as the path says, whatever the query."""
    return bare(int(request.match_info["bytes"]))


async def count_tasks(_request: web.Request) -> web.Response:
    """Tell how many tasks the process has."""
    return web.Response(text=str(len(asyncio.all_tasks())))


def main() -> None:
    """Serve until told to stop."""
    dsn, sweeper_dsn, port, data_dir = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    settings = Settings(data_dir=data_dir, port=port)
    # A minute passes with each request: one generator asks for a city, and is not to be limited as one caller.
    make = NothingShed if sys.argv[5:] == ["nothing-shed"] else Keeper
    keeper = make(connections=settings.pool_size, clock=itertools.count(step=60).__next__)
    app = create_app(settings, dsn=dsn, sweeper_dsn=sweeper_dsn, keeper=keeper)
    app.router.add_get("/bare/{bytes}", answer_bare)
    app.router.add_get("/tasks", count_tasks)
    uvloop.run(run_until_stopped(app, settings))


if __name__ == "__main__":
    main()
