"""`audit verify` as cron would run it: what it says, and its exit status."""

from pathlib import Path

import pytest

from app.postgres import Server
from app.settings import Settings
from app.shell import build_parser
from core.database import Connection, Pool, pool_transaction
from core.shell import Shell
from core.trail.anchors import anchor_trail
from tests.conftest import DISTRICT, START, Database
from tests.core.trail.chains import fill, superuser


async def run(conn: Connection, records: Path) -> int:
    arguments = build_parser(Settings(records_dir=str(records))).parse_args(["audit", "verify"])
    status: int = await arguments.run(Shell(conn, DISTRICT, START, Path("/nowhere")), arguments)
    return status


async def test_a_whole_trail_ends_with_0_and_a_count(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(pool, 3)
    async with pool_transaction(pool) as conn:
        await anchor_trail(conn, district_id=DISTRICT, records=tmp_path, now=START)
        assert 0 == await run(conn, tmp_path)
    assert "3 行 / rows, 1 锚点 / anchors" in capsys.readouterr().out


async def test_without_anchors_it_says_what_it_could_not_see(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(pool, 1)
    async with pool_transaction(pool) as conn:
        assert 0 == await run(conn, tmp_path)
    assert "a cut-off end would not be seen" in capsys.readouterr().out


async def test_a_tampered_trail_ends_with_1_names_the_row_and_is_kept_for_readiness(
    server: Server, database: Database, pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(pool, 4)
    async with superuser(server, database) as conn:
        await conn.execute("delete from audit_entry where id = 2")
    async with pool_transaction(pool) as conn:
        assert 1 == await run(conn, tmp_path)
        assert ("deleted", 2) == tuple(await conn.fetchrow("select fault, first_bad_row from audit_verification") or ())
    assert "第 2 行被删除 / row 2 was deleted" in capsys.readouterr().out
