"""The change log gives every change to every follower, also when commits arrive out of order."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from app.postgres import running
from core.changes import Follower, record_change
from core.database import TRANSIENT_ERRORS, Connection, connected
from core.migration import migrate
from core.models import ChangeRow
from core.queries import get_snapshot_bound
from tests.conftest import DISTRICT, Database


async def test_a_follower_sees_a_change_once(database: Database) -> None:
    follower = Follower(district_id=DISTRICT)
    async with connected(database.sweeper_dsn) as conn:
        await follower.poll(conn)
        await record_change(conn, district_id=DISTRICT, kind="station", ref="7")
        assert [ChangeRow("station", "7")] == await follower.poll(conn)
        assert [] == await follower.poll(conn)


async def test_a_change_that_commits_late_is_not_skipped(database: Database) -> None:
    follower = Follower(district_id=DISTRICT)
    async with connected(database.sweeper_dsn) as slow, connected(database.sweeper_dsn) as quick:
        await follower.poll(quick)
        late = slow.transaction()
        await late.start()
        await record_change(slow, district_id=DISTRICT, kind="station", ref="slow")
        await record_change(quick, district_id=DISTRICT, kind="station", ref="quick")
        seen = await follower.poll(quick)
        await late.commit()
        seen += await follower.poll(quick)
    assert ["slow", "quick"] == [change.ref for change in seen]


async def test_what_was_rolled_back_is_never_seen(database: Database) -> None:
    follower = Follower(district_id=DISTRICT)
    async with connected(database.sweeper_dsn) as conn:
        await follower.poll(conn)
        undone = conn.transaction()
        await undone.start()
        await record_change(conn, district_id=DISTRICT, kind="station", ref="7")
        await undone.rollback()
        assert [] == await follower.poll(conn)


async def test_a_read_that_failed_is_repeated(database: Database) -> None:
    follower = Follower(district_id=DISTRICT)
    async with connected(database.sweeper_dsn) as conn, connected(database.owner_dsn) as owner:
        await follower.poll(conn)
        await record_change(conn, district_id=DISTRICT, kind="station", ref="7")
        await owner.execute("alter table change_log rename to change_log_out_of_reach")
        with pytest.raises(asyncpg.UndefinedTableError):
            await follower.poll(conn)
        await owner.execute("alter table change_log_out_of_reach rename to change_log")
        assert [ChangeRow("station", "7")] == await follower.poll(conn)


async def test_numbers_that_are_given_out_again_after_a_crash_are_not_skipped() -> None:
    """Reading uses up no number on disk: killed, PostgreSQL begins again below where a reader of bounds would be."""
    follower = Follower(district_id=DISTRICT)
    with tempfile.TemporaryDirectory(prefix="station-changes-") as folder:
        async with running(Path(folder)) as server:
            async with connected(server.owner_dsn) as conn:
                await migrate(conn)
            async with connected(server.sweeper_dsn) as conn:
                await record_change(conn, district_id=DISTRICT, kind="station", ref="before")
                await follower.poll(conn)
                for _ in range(40):  # transactions with a number that leave nothing behind
                    await conn.execute("select pg_current_xact_id()")
                bound = await get_snapshot_bound(conn)
                assert [] == await follower.poll(conn)
            pid = next(Path(folder).resolve().rglob("postmaster.pid")).read_text().split()[0]
            os.kill(int(pid), signal.SIGKILL)
            async with reconnected(server.sweeper_dsn) as conn:
                await record_change(conn, district_id=DISTRICT, kind="station", ref="after")
                assert await get_snapshot_bound(conn) < bound  # else this test shows nothing
                assert [ChangeRow("station", "after")] == await follower.poll(conn)


@asynccontextmanager
async def reconnected(dsn: str) -> AsyncIterator[Connection]:
    """Connect as soon as PostgreSQL is back."""
    async with asyncio.timeout(20):
        while True:
            with suppress(*TRANSIENT_ERRORS, OSError):
                async with connected(dsn) as conn:
                    yield conn
                    return
            await asyncio.sleep(0.1)
