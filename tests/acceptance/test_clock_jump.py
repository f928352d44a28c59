"""What the real program does when the machine's clock is set wrong: with libfaketime, which lies to it about the time.

Debian's package `faketime` brings the library; where it is missing these tests are left out and say so.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from app.postgres import Server, running
from core.database import Connection, connected
from core.migration import migrate
from tests.acceptance.program import ROOT, Caller, Program
from tests.community.district import open_report

_PLACES = ("/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib64/faketime")
LIBRARY = next((path for place in _PLACES if (path := Path(place) / "libfaketimeMT.so.1").exists()), None)

pytestmark = pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not there: apt-get install faketime")


class Misled(Program):
    """The program on a PostgreSQL that knows the true time, with a clock that the test sets."""

    def __init__(self, folder: Path, postgres: Server) -> None:
        super().__init__(folder)
        self._postgres = postgres
        self._offset = folder / "faketime"
        self.set_clock("+0")

    def set_clock(self, offset: str) -> None:
        """Let its wall clock be so much ahead (`+2h`) or behind (`-30m`); its monotonic clock is left alone."""
        self._offset.write_text(offset)

    def _launch(self) -> subprocess.Popen[bytes]:
        known = {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}
        environment = known | {
            "DATABASE_URL": self._postgres.app_dsn,
            "STATION_OWNER_URL": self._postgres.owner_dsn,
            "STATION_SWEEPER_URL": self._postgres.sweeper_dsn,
            "STATION_DATA_DIR": str(self.data_dir),
            "STATION_PORT": self.url.rsplit(":", 1)[1],
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "app", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    async def warnings(self) -> list[str]:
        """Read what the program warns its operators of."""
        _, ready = await Caller(self).ask("GET", "/readyz")
        return list(ready.get("warnings", [str(ready), self.log.read_text()[-3000:]]))


@pytest_asyncio.fixture
async def postgres() -> AsyncIterator[Server]:
    """Run a PostgreSQL of its own that knows the true time, migrated."""
    with tempfile.TemporaryDirectory(prefix="station-clock-") as folder:
        async with running(Path(folder)) as server:
            async with connected(server.owner_dsn) as owner:
                await migrate(owner)
            yield server


@pytest_asyncio.fixture
async def conn(postgres: Server) -> AsyncIterator[Connection]:
    async with connected(postgres.sweeper_dsn) as opened:
        yield opened


@pytest_asyncio.fixture
async def program(postgres: Server) -> AsyncIterator[Misled]:
    with tempfile.TemporaryDirectory(prefix="station-misled-") as folder:
        started = Misled(Path(folder), postgres)
        try:
            await started.start()
            yield started
        finally:
            started.stop()


async def told(conn: Connection) -> list[str]:
    rows = await conn.fetch("select kind from event where kind like 'deadline.%' order by id")
    return [row["kind"] for row in rows]


async def until(wanted: Callable[[list[str]], bool], program: Misled) -> None:
    """Wait until the warnings are as wanted."""
    begun = time.monotonic()
    while not wanted(await program.warnings()):
        assert time.monotonic() - begun < 15, await program.warnings()
        await asyncio.sleep(0.2)


def on_hold(warnings: list[str]) -> bool:
    return any("on hold" in warning for warning in warnings)


async def test_a_clock_two_hours_ahead_tells_nothing_until_it_is_right_again(conn: Connection, program: Misled) -> None:
    await open_report(conn, 1, now=datetime.now(UTC))  # an answer is owed in fifteen minutes
    program.set_clock("+2h")
    await until(on_hold, program)
    await asyncio.sleep(3)
    assert [] == await told(conn)
    program.set_clock("+0")
    await until(lambda warnings: not on_hold(warnings), program)
    await asyncio.sleep(2)
    assert [] == await told(conn)


async def test_what_is_really_late_is_told_once_though_the_clock_jumps_back_and_forth(
    conn: Connection, program: Misled
) -> None:
    await open_report(conn, 1, now=datetime.now(UTC) - timedelta(minutes=20))
    begun = time.monotonic()
    while "deadline.escalated" not in await told(conn):
        assert time.monotonic() - begun < 10
        await asyncio.sleep(0.1)
    expected = ["deadline.warned", "deadline.breached", "deadline.escalated"]
    for offset in ("-30m", "+0", "+1d", "+0"):
        program.set_clock(offset)
        await until(on_hold if offset != "+0" else lambda warnings: not on_hold(warnings), program)
        await asyncio.sleep(1.5)
    assert expected == await told(conn)
