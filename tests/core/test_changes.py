"""The change log gives every change to every follower, also when commits arrive out of order."""

import asyncpg
import pytest

from core.changes import Follower, record_change
from core.database import connected
from core.models import ChangeRow
from tests.conftest import DISTRICT, Database


async def test_a_follower_sees_a_change_once(database: Database) -> None:
    follower = Follower(district_id=DISTRICT)
    async with connected(database.app_dsn) as conn:
        await follower.poll(conn)
        await record_change(conn, district_id=DISTRICT, kind="station", ref="7")
        assert [ChangeRow("station", "7")] == await follower.poll(conn)
        assert [] == await follower.poll(conn)


async def test_a_change_that_commits_late_is_not_skipped(database: Database) -> None:
    follower = Follower(district_id=DISTRICT)
    async with connected(database.app_dsn) as slow, connected(database.app_dsn) as quick:
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
    async with connected(database.app_dsn) as conn:
        await follower.poll(conn)
        undone = conn.transaction()
        await undone.start()
        await record_change(conn, district_id=DISTRICT, kind="station", ref="7")
        await undone.rollback()
        assert [] == await follower.poll(conn)


async def test_a_read_that_failed_is_repeated(database: Database) -> None:
    follower = Follower(district_id=DISTRICT)
    async with connected(database.app_dsn) as conn, connected(database.owner_dsn) as owner:
        await follower.poll(conn)
        await record_change(conn, district_id=DISTRICT, kind="station", ref="7")
        await owner.execute("alter table change_log rename to change_log_out_of_reach")
        with pytest.raises(asyncpg.UndefinedTableError):
            await follower.poll(conn)
        await owner.execute("alter table change_log_out_of_reach rename to change_log")
        assert [ChangeRow("station", "7")] == await follower.poll(conn)
