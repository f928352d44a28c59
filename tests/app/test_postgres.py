"""The embedded PostgreSQL with the real thing: started, joined, killed, come back, refused."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
import pytest_asyncio

from app.postgres import PostgresRefused, Server, check_server, running
from app.postgres_cluster import SUPERUSER, Cluster, settle
from core.database import connected

ROOT = Path(__file__).resolve().parents[2]

#: Holds the server like any process of ours; commits a row for each line it reads, then says the line.
HOLDER = """
import asyncio, sys
from pathlib import Path
import asyncpg
from app.postgres import running

async def hold():
    async with running(Path(sys.argv[1])) as server:
        connection = await asyncpg.connect(server.owner_dsn)
        await connection.execute("create table if not exists kept (n int primary key)")
        print("READY", flush=True)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            await connection.execute("insert into kept values ($1)", int(line))
            print(line, flush=True)
        await connection.close()

asyncio.run(hold())
"""


@pytest_asyncio.fixture(scope="module")
async def pristine() -> AsyncIterator[Path]:
    """Make one data folder to copy: four times faster than making each."""
    with tempfile.TemporaryDirectory(prefix="station-postgres-") as made:
        async with running(Path(made)):
            pass
        yield Path(made)


@pytest.fixture
def folder(pristine: Path) -> Iterator[Path]:
    """Lend a data folder with a cluster that is stopped."""
    made = Path(tempfile.mkdtemp(prefix="station-postgres-")) / "var"
    subprocess.run(["cp", "-a", str(pristine), str(made)], check=True)
    made.parent.chmod(0o711)
    yield made
    cluster = settle(made)
    if cluster.postmaster() is not None:  # a test killed its holder
        cluster.stop()
    shutil.rmtree(made.parent)


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[Server]:
    with tempfile.TemporaryDirectory(prefix="station-postgres-") as made:
        async with running(Path(made)) as started:
            yield started


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run another process that holds the server of `folder`; closing its input makes it leave."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    with process:
        assert "READY" == said_by(process)
        yield process
        process.kill()


def said_by(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def write_by(process: subprocess.Popen[str], number: int) -> None:
    """Have the process commit a row, and return when it says so."""
    assert process.stdin is not None
    process.stdin.write(f"{number}\n")
    process.stdin.flush()
    assert str(number) == said_by(process)


def let_go(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    process.stdin.close()
    return process.wait(timeout=30)


def postmaster(folder: Path) -> int:
    found = settle(folder).postmaster()
    assert found is not None
    return found


def postmasters(folder: Path) -> list[int]:
    """List all postmasters that work in the data folder, by looking at every process."""
    data, found = settle(folder).data, []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            parent = process.parent()
            child = parent is not None and parent.name().startswith("postgres")
            if process.name().startswith("postgres") and Path(process.cwd()) == data and not child:
                found.append(process.pid)
    return found


async def until_true(question: Callable[[], Awaitable[bool]]) -> bool:
    """Ask every 50 ms until the answer is yes, for a minute at most: on a busy disk a recovery takes long."""
    for _ in range(1200):
        if await question():
            return True
        await asyncio.sleep(0.05)
    return False


async def answers(server: Server) -> bool:
    try:
        async with connected(server.app_dsn) as conn:
            return bool(1 == await conn.fetchval("select 1"))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


async def rows(server: Server) -> list[int]:
    async with connected(server.owner_dsn) as conn:
        return [row["n"] for row in await conn.fetch("select n from kept order by n")]


# --- what a started server is ---


async def test_the_wheel_brings_version_18(server: Server) -> None:
    assert 18 == server.version


async def test_the_server_does_not_run_as_root(server: Server) -> None:
    async with connected(server.superuser_dsn) as conn:
        pid = await conn.fetchval("select pg_backend_pid()")
        assert 0 != psutil.Process(pid).uids().effective


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("jit", "off"),
        ("fsync", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
    ],
)
async def test_a_new_cluster_is_set_as_we_need_it(server: Server, setting: str, value: str) -> None:
    async with connected(server.superuser_dsn) as conn:
        assert value == await conn.fetchval("select current_setting($1)", setting)


async def test_nobody_enters_without_a_password(server: Server) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.superuser_dsn.replace(f"{SUPERUSER}:", f"{SUPERUSER}:x"))


# --- roles ---


@pytest.mark.parametrize("dsn", ["app_dsn", "owner_dsn"])
async def test_neither_role_can_pass_row_security(server: Server, dsn: str) -> None:
    async with connected(getattr(server, dsn)) as conn:
        role = await conn.fetchrow("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")
    assert role is not None
    assert (False, False) == tuple(role)


async def test_the_application_cannot_create_a_table(server: Server) -> None:
    async with connected(server.app_dsn) as conn:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute("create table mine (n int)")


async def test_the_application_owns_nothing(server: Server) -> None:
    async with connected(server.superuser_dsn) as conn:
        owned = await conn.fetchval(
            "select count(*) from pg_shdepend where refobjid = 'station_app'::regrole and deptype = 'o'"
        )
    assert 0 == owned


async def test_the_application_may_work_in_tables_of_the_owner_without_a_grant(server: Server) -> None:
    async with connected(server.owner_dsn) as conn:
        await conn.execute("create table work (id bigint generated always as identity, note text)")
    async with connected(server.app_dsn) as conn:
        await conn.execute("insert into work (note) values ('a')")
        await conn.execute("update work set note = 'b'")
        assert "b" == await conn.fetchval("delete from work returning note")


async def test_the_application_cannot_truncate_a_table(server: Server) -> None:
    async with connected(server.owner_dsn) as conn:
        await conn.execute("create table history (n int)")
    async with connected(server.app_dsn) as conn:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute("truncate history")


# --- several processes ---


async def test_a_process_that_joined_does_not_stop_the_server_of_another(folder: Path) -> None:
    async with running(folder) as server:
        with holder(folder) as other:
            assert 0 == let_go(other)
        assert await answers(server)


async def test_the_last_one_out_stops_the_server(folder: Path) -> None:
    with holder(folder) as first:
        async with running(folder) as server:
            assert 0 == let_go(first)
            assert await answers(server)
    assert [] == postmasters(folder)


async def test_a_server_that_is_kept_goes_on_and_is_joined(folder: Path) -> None:
    async with running(folder, keep=True):
        kept = postmaster(folder)
    async with running(folder):
        assert kept == postmaster(folder)


async def test_two_that_come_at_once_share_one_server(folder: Path) -> None:
    with holder(folder), holder(folder):
        assert 1 == len(postmasters(folder))
    async with running(folder):  # both were killed: the server they left is joined and stopped
        assert 1 == len(postmasters(folder))
    assert [] == postmasters(folder)


# --- kill -9 ---


async def test_a_killed_server_comes_back_while_we_run(folder: Path) -> None:
    async with running(folder) as server:
        killed = postmaster(folder)
        os.kill(killed, signal.SIGKILL)
        assert await until_true(lambda: answers(server))
        assert killed != postmaster(folder)


@pytest.mark.parametrize(("victim", "joins"), [("the server", 2), ("a backend", 3)])
async def test_a_server_that_dies_again_while_it_is_joined_comes_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch, victim: str, joins: int
) -> None:
    """Between the first answer of the server that came back and the moment from which its loss is heard of."""
    async with running(folder) as server:
        looks, is_at = [], Cluster.is_at

        def is_at_one_that_dies_meanwhile(cluster: Cluster, data: Path) -> bool:
            looks.append(data)
            if len(looks) == 1:
                pid = postmaster(folder)
                os.kill(pid if victim == "the server" else psutil.Process(pid).children()[-1].pid, signal.SIGKILL)
                time.sleep(2)  # until the connection is closed, and the server, when it can, takes new ones
            return is_at(cluster, data)

        async def is_joined() -> bool:
            return len(looks) >= joins

        monkeypatch.setattr(Cluster, "is_at", is_at_one_that_dies_meanwhile)
        os.kill(postmaster(folder), signal.SIGKILL)
        assert await until_true(is_joined)
        assert await until_true(lambda: answers(server))


async def test_two_that_watch_one_killed_server_start_one(folder: Path) -> None:
    with holder(folder):
        async with running(folder) as server:
            os.kill(postmaster(folder), signal.SIGKILL)
            assert await until_true(lambda: answers(server))
            await asyncio.sleep(1)  # the other watcher has had its turn
            assert 1 == len(postmasters(folder))


async def test_a_killed_process_of_ours_loses_no_committed_row(folder: Path) -> None:
    with holder(folder) as other:
        write_by(other, 1)
        other.kill()
        other.wait()
    async with running(folder) as server:
        assert [1] == await rows(server)


async def test_killed_together_they_lose_no_committed_row(folder: Path) -> None:
    for number in range(2):
        with holder(folder) as other:
            write_by(other, number)
            killed = postmaster(folder)
            other.kill()
            os.kill(killed, signal.SIGKILL)
            other.wait()
    async with running(folder) as server:
        assert [0, 1] == await rows(server)


@pytest.fixture(params=["a living process", "a zombie", "the postgres of another folder"])
def stranger(request: pytest.FixtureRequest, pristine: Path) -> Iterator[int]:
    """Give the number of a process that is not the server of the folder under test."""
    if request.param.startswith("the postgres"):
        cluster = settle(pristine)
        assert "" == cluster.start()
        yield postmaster(pristine)
        cluster.stop()
    else:
        # without a wait() a process that has ended remains as a zombie
        process = subprocess.Popen(["sleep", "60" if request.param == "a living process" else "0"])
        yield process.pid
        process.kill()
        process.wait()


async def test_a_stale_process_number_that_is_now_a_strangers_is_ignored(folder: Path, stranger: int) -> None:
    with holder(folder) as other:
        killed = postmaster(folder)
        other.kill()
        os.kill(killed, signal.SIGKILL)
    cluster = settle(folder)
    for left in (cluster.data / "postmaster.pid", Path(cluster.host) / ".s.PGSQL.5432.lock"):
        left.write_text(left.read_text().replace(str(killed), str(stranger), 1))
    async with running(folder) as server:
        assert await answers(server)
    assert psutil.pid_exists(stranger)


# --- refusals ---


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
async def test_a_server_that_could_lose_commits_is_refused(server: Server, setting: str) -> None:
    async with connected(server.superuser_dsn) as conn:
        await conn.execute(f"alter system set {setting} = off")
        await conn.execute("select pg_reload_conf()")
        try:
            assert await until_true(lambda: is_off(server, setting))
            with pytest.raises(PostgresRefused, match=f"{setting}=off"):
                await check_server(server.app_dsn)
        finally:
            await conn.execute(f"alter system reset {setting}")
            await conn.execute("select pg_reload_conf()")


async def is_off(server: Server, setting: str) -> bool:
    async with connected(server.app_dsn) as conn:
        return bool("off" == await conn.fetchval("select current_setting($1)", setting))


@pytest.mark.parametrize(("value", "refused"), [("off", True), ("local", True), ("remote_write", False)])
async def test_a_role_that_commits_without_waiting_for_the_disk_is_refused(
    server: Server, value: str, refused: bool
) -> None:
    async with connected(server.superuser_dsn) as conn:
        await conn.execute(f"alter role station_app set synchronous_commit = {value}")
        try:
            if refused:
                with pytest.raises(PostgresRefused, match=f"synchronous_commit={value}"):
                    await check_server(server.app_dsn)
            else:
                await check_server(server.app_dsn)
        finally:
            await conn.execute("alter role station_app reset synchronous_commit")


@pytest.mark.parametrize(
    "dsn", ["postgresql://nobody:x@127.0.0.1:1/station", "postgresql://a@/b?host=/nowhere", "no address at all"]
)
async def test_a_server_out_of_reach_is_refused_with_a_remedy(dsn: str) -> None:
    with pytest.raises(PostgresRefused, match=r"无法连接数据库.*DATABASE_URL"):
        await check_server(dsn)


async def test_a_wrong_password_is_refused(server: Server) -> None:
    with pytest.raises(PostgresRefused, match="InvalidPasswordError"):
        await check_server(server.app_dsn.replace("station_app:", "station_app:x"))


async def test_our_own_server_is_refused_and_stopped_when_it_could_lose_commits(folder: Path) -> None:
    async with running(folder) as server, connected(server.superuser_dsn) as conn:
        await conn.execute("alter system set fsync = off")
    with pytest.raises(PostgresRefused, match="fsync=off"):
        async with running(folder):
            pass
    assert [] == postmasters(folder)


async def test_the_plain_role_of_the_application_is_taken(server: Server) -> None:
    await check_server(server.app_dsn)


async def test_a_superuser_is_refused(server: Server) -> None:
    with pytest.raises(PostgresRefused, match=SUPERUSER):
        await check_server(server.superuser_dsn)


async def test_an_owner_of_tables_is_refused(server: Server) -> None:
    with pytest.raises(PostgresRefused, match="station_owner"):
        await check_server(server.owner_dsn)


@pytest.mark.parametrize("power", ["bypassrls", "in role station_owner"])
async def test_a_role_with_a_power_it_does_not_need_is_refused(server: Server, power: str) -> None:
    async with connected(server.superuser_dsn) as conn:
        await conn.execute(f"create role too_mighty login password 'x' {power}")
        await conn.execute("grant connect on database station to too_mighty")
        try:
            with pytest.raises(PostgresRefused, match="too_mighty"):
                await check_server(re.sub("//.*@", "//too_mighty:x@", server.app_dsn))
        finally:
            await conn.execute("drop owned by too_mighty")
            await conn.execute("drop role too_mighty")


async def test_lost_passwords_are_named(folder: Path) -> None:
    (folder / "postgres" / "cluster.json").unlink()
    with pytest.raises(PostgresRefused, match=r"cluster\.json"):
        async with running(folder):
            pass
