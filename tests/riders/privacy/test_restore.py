"""Erasures outlive the database: a dump of before them, restored, is erased again before anybody is answered."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from app.main import create_app
from app.postgres import Server
from app.postgres_binaries import find_binaries
from app.settings import Settings
from app.shell import build_parser
from core.database import connected
from core.shell import Shell
from riders.signup.queries import insert_rider
from tests.conftest import DISTRICT, RING, Database, clone, superuser_dsn
from tests.riders.privacy.people import OF_THE_RESIDENT, OF_THE_RIDER, Town, holding

BOTH = OF_THE_RIDER + OF_THE_RESIDENT
# Where the matter lies stays for those who put it right.
LEFT = {"community_case: 0043217"}


def back_up(server: Server, database: Database, place: Path) -> None:
    _run("pg_dump", "-Fc", "-f", str(place), superuser_dsn(server, database))


async def restore(server: Server, place: Path) -> Database:
    """Restore a dump into a database of its own, as docs/operations.md tells."""
    fresh = await clone(server)
    async with connected(superuser_dsn(server, fresh)) as conn:
        await conn.execute("drop schema public cascade; create schema public authorization pg_database_owner")
    _run("pg_restore", "--single-transaction", "-d", superuser_dsn(server, fresh), str(place))
    return fresh


async def reachable(town: Town, server: Server, database: Database) -> set[str]:
    """Tell of whom a database holds the phone, which is sealed."""
    async with connected(superuser_dsn(server, database)) as conn:
        rider = await conn.fetchval("select phone is not null from rider where id = $1", town.rider.actor.id)
        sql = "select contact_phone is not null from appeal where token_hash = $1"
        resident = await conn.fetchval(sql, hashlib.sha256(town.ids["appeal_token"].encode()).digest())
    return {name for name, is_so in (("rider", rider), ("resident", resident)) if is_so}


def _run(program: str, *words: str) -> None:
    done = subprocess.run([find_binaries().program(program), *words], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr


async def erase_both(town: Town) -> None:
    rider = await town.sign_in_again()
    assert 204 == (await rider.ask("DELETE", "/riders/me?confirm=erase"))[0]
    resident = town.caller("anonymous/none")
    assert 204 == (await resident.ask("DELETE", f"/appeals/{town.ids['appeal_token']}/contact"))[0]


async def test_a_dump_restored_from_before_is_erased_again_at_the_start(
    town: Town, server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    back_up(server, town.database, tmp_path / "before.dump")
    await erase_both(town)
    restored = await restore(server, tmp_path / "before.dump")
    assert {"rider", "resident"} == await reachable(town, server, restored)

    app = create_app(
        Settings(data_dir=tmp_path), dsn=restored.app_dsn, sweeper_dsn=restored.sweeper_dsn, clock=town.clock
    )
    async with TestClient(TestServer(app)) as again:
        assert 200 == (await again.get("/readyz")).status
        assert 401 == (await again.get("/api/v1/riders/me", headers=town.rider.header)).status

    assert set() == await reachable(town, server, restored)
    assert LEFT == await holding(superuser_dsn(server, restored), BOTH)
    assert "erased again" in caplog.text
    async with connected(restored.sweeper_dsn) as conn:
        acts = await conn.fetch("select act from audit_entry order by id desc limit 2")
    assert {"rider.erased_again", "appeal.contact_erased_again"} == {row["act"] for row in acts}


async def test_without_the_list_the_dump_would_bring_the_person_back(
    town: Town, server: Server, tmp_path: Path
) -> None:
    back_up(server, town.database, tmp_path / "before.dump")
    await erase_both(town)
    restored = await restore(server, tmp_path / "before.dump")
    app = create_app(
        Settings(data_dir=tmp_path, records_dir=str(tmp_path / "lost")),
        dsn=restored.app_dsn,
        sweeper_dsn=restored.sweeper_dsn,
    )
    async with TestClient(TestServer(app)):
        pass
    assert {"rider", "resident"} == await reachable(town, server, restored)


async def test_it_can_be_done_by_command_and_a_second_time_changes_nothing(
    town: Town, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(server, town.database, tmp_path / "before.dump")
    await erase_both(town)
    restored = await restore(server, tmp_path / "before.dump")
    arguments = build_parser(Settings(data_dir=tmp_path)).parse_args(["erase", "again"])
    async with connected(restored.sweeper_dsn) as conn:
        for _ in range(2):
            await arguments.run(Shell(conn, DISTRICT, town.clock(), tmp_path), arguments)
    assert set() == await reachable(town, server, restored)
    assert LEFT == await holding(superuser_dsn(server, restored), BOTH)
    assert ["重新注销 / erased again: 2", "重新注销 / erased again: 0"] == capsys.readouterr().out.splitlines()


async def test_a_number_given_anew_after_a_restore_is_somebody_elses(
    town: Town, server: Server, tmp_path: Path
) -> None:
    await erase_both(town)
    fresh = await clone(server)
    erased_id = town.rider.actor.id
    async with connected(fresh.owner_dsn) as conn:
        await conn.execute(f"alter table rider alter column id restart with {erased_id}")
    async with connected(fresh.sweeper_dsn) as conn:
        phone = "+8613900000001"
        made = await insert_rider(conn, ring=RING, district_id=DISTRICT, phone=phone, now=town.clock())
        assert erased_id == made
    app = create_app(Settings(data_dir=tmp_path), dsn=fresh.app_dsn, sweeper_dsn=fresh.sweeper_dsn, clock=town.clock)
    async with TestClient(TestServer(app)):
        pass
    async with connected(superuser_dsn(server, fresh)) as conn:
        assert await conn.fetchval("select phone is not null from rider where id = $1", erased_id)
