"""The boot matrix: the real program, started with one thing wrong at a time, listens to nobody and says what to do."""

import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from app.postgres import Server, running
from core.database import connected
from core.migration import migrate
from core.sealing.files import read_keys
from core.sealing.register import open_keys
from core.sealing.ring import KeyRing
from tests.acceptance.program import ROOT, free_port
from tests.conftest import DISTRICT, START
from tests.staff import add_staff, insert_staff

LISTENS = "骑士驿站 Rider Station: http"
PUBLIC = {"STATION_PUBLIC_URL": "https://station.example.org"}
ANYWHERE = {"STATION_HOST": "0.0.0.0"}  # noqa: S104


@dataclass(frozen=True)
class House:
    """A data folder whose PostgreSQL stays up between starts."""

    data_dir: Path
    server: Server

    async def start(self, *words: str, **environment: str) -> tuple[bool, str]:
        """Start the program; tell whether it listened, and all it said. What listens is told to stop."""
        known = {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}
        known.pop("DATABASE_URL", None)
        own = {"STATION_DATA_DIR": str(self.data_dir), "STATION_PORT": str(free_port())}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", "serve", *words),
            cwd=ROOT,
            env=known | own | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout is not None
        said = ""
        async with asyncio.timeout(60):
            while line := (await process.stdout.readline()).decode():
                said += line
                if LISTENS in line:
                    process.send_signal(signal.SIGTERM)
            await process.wait()
        assert (0 if LISTENS in said else 1) == process.returncode, said
        return LISTENS in said, said

    async def set(self, statement: str, *, as_sweeper: bool = True) -> None:
        async with connected(self.server.sweeper_dsn if as_sweeper else self.server.superuser_dsn) as conn:
            await conn.execute(statement)


@pytest_asyncio.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory(prefix="station-boot-") as folder:
        async with running(Path(folder)) as server:
            async with connected(server.owner_dsn) as conn:
                await migrate(conn)
            async with connected(server.sweeper_dsn) as conn:
                await insert_staff(conn, district_id=DISTRICT, username="admin", name="管理员", now=START)
                async with conn.transaction():
                    await open_keys(conn, folder=Path(folder) / "keys", district_id=DISTRICT, now=START)
            yield House(Path(folder), server)


SEAL_KEY = "seal-0001.aes-256-gcm.key"
CODES_KEY = "codes-0001.hmac-sha-256.key"
LINKS_KEY = "links-0001.hmac-sha-256.key"


def says_what_to_do(said: str) -> bool:
    return any("一" <= letter <= "鿿" for letter in said) and " / " in said and "Traceback" not in said


async def test_with_nothing_wrong_it_listens_here_and_behind_a_proxy_anywhere(house: House) -> None:
    assert (await house.start())[0]
    listens, said = await house.start(**ANYWHERE, **PUBLIC)
    assert (True, False) == (listens, "token" in said)


@pytest.mark.parametrize(
    ("environment", "words", "why"),
    [
        (ANYWHERE, (), "STATION_PUBLIC_URL=https"),
        ({"STATION_HOST": "station.example.org"}, (), "STATION_PUBLIC_URL=https"),
        (ANYWHERE | {"STATION_PUBLIC_URL": "http://station.example.org"}, (), "must be https://"),
        (ANYWHERE | PUBLIC, ("--demo",), "demonstration is for this machine alone"),
        (PUBLIC, ("--demo",), "demonstration is for this machine alone"),
        ({"DATABASE_URL": "postgresql://station_app:change-me@127.0.0.1/station"}, (), "easily guessed"),
        ({"DATABASE_URL": "postgresql://station_app:@127.0.0.1/station"}, (), "easily guessed"),
        ({"DATABASE_URL": "postgresql://station_app:postgres2026!@127.0.0.1/station"}, (), "easily guessed"),
        ({"STATION_OWNER_URL": "postgresql://station_owner:secret@127.0.0.1/station"}, (), "STATION_OWNER_URL"),
        ({"STATION_SWEEPER_URL": "postgresql://station_sweeper:secret@127.0.0.1/station"}, (), "STATION_SWEEPER_URL"),
        ({"STATION_PUBLIC_ADDRESS": "https://station.example.org"}, (), "unknown setting"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else str(each),
)
async def test_a_setting_that_is_not_safe_is_refused(
    house: House, environment: dict[str, str], words: tuple[str, ...], why: str
) -> None:
    listens, said = await house.start(*words, **environment)
    assert (False, True, True) == (listens, why in said, says_what_to_do(said)), said


def _write(content: bytes, mode: int = 0o600) -> Callable[[Path], None]:
    def spoil(place: Path) -> None:
        place.write_bytes(content)
        place.chmod(mode)

    return spoil


@pytest.mark.parametrize(
    ("name", "spoil", "why"),
    [
        (CODES_KEY, _write(b""), "is damaged"),
        (LINKS_KEY, _write(b"short"), "is damaged"),
        (SEAL_KEY, _write(bytes(32)), "a sample"),
        (CODES_KEY, _write(b"change-me-to-something-random-32"), "a sample"),
        (SEAL_KEY, lambda place: place.chmod(0o644), "chmod 600"),
    ],
    ids=["empty", "short", "zeros", "sample", "readable by all"],
)
async def test_a_weak_key_is_refused(house: House, name: str, spoil: Callable[[Path], None], why: str) -> None:
    place = house.data_dir / "keys" / name
    good = place.read_bytes()
    spoil(place)
    try:
        listens, said = await house.start()
    finally:
        place.write_bytes(good)
        place.chmod(0o600)
    assert (False, True, True, True) == (listens, why in said, place.name in said, says_what_to_do(said)), said


async def test_the_key_of_what_is_sealed_is_not_made_anew(house: House) -> None:
    place = house.data_dir / "keys" / SEAL_KEY
    kept = place.rename(place.with_suffix(".kept"))
    try:
        listens, said = await house.start()
        assert not place.exists()
    finally:
        kept.rename(place)
    assert (False, True, True) == (listens, "restore its file from the backup" in said, says_what_to_do(said)), said


async def test_passwords_of_the_cluster_that_others_can_read_are_refused(house: House) -> None:
    place = house.data_dir / "postgres" / "cluster.json"
    place.chmod(0o644)
    try:
        listens, said = await house.start()
    finally:
        place.chmod(0o600)
    assert (False, True, True) == (listens, "chmod 600" in said, says_what_to_do(said)), said


@pytest.mark.parametrize(
    ("statement", "undo", "why"),
    [
        ("update district set is_demo = true", "update district set is_demo = false", "for this machine alone"),
        (
            "delete from staff",
            None,
            "there is no administrator yet",
        ),
    ],
    ids=["demonstration", "nobody yet"],
)
async def test_what_is_not_ready_for_others_is_refused_anywhere_but_here(
    house: House, statement: str, undo: str | None, why: str
) -> None:
    await house.set(statement)
    try:
        listens, said = await house.start(**ANYWHERE, **PUBLIC)
        here, _ = await house.start()
    finally:
        if undo is None:
            async with connected(house.server.sweeper_dsn) as conn:
                await insert_staff(conn, district_id=DISTRICT, username="admin", name="管理员", now=START)
        else:
            await house.set(undo)
    assert (False, True, True, True) == (listens, why in said, says_what_to_do(said), here), said


async def test_without_staff_the_token_is_printed_and_works_until_there_is_some(house: House) -> None:
    await house.set("delete from staff")
    listens, said = await house.start()
    (token,) = re.findall(r"^  ([\w-]{43})$", said, re.MULTILINE)
    _, again = await house.start()
    async with connected(house.server.sweeper_dsn) as conn:
        assert 1 == await conn.fetchval("select count(*) from first_run")
        await add_staff(conn, "admin", now=START, ring=KeyRing(partial(read_keys, house.data_dir / "keys")))
    _, later = await house.start()
    assert (True, False, True, False) == (listens, token in again, "/api/v1/setup" in said, "/api/v1/setup" in later)


@pytest.mark.parametrize("role", ["superuser", "owner", "bypassrls"])
async def test_a_database_role_with_too_much_power_is_refused(house: House, role: str) -> None:
    dsn = {"superuser": house.server.superuser_dsn, "owner": house.server.owner_dsn}.get(role)
    if dsn is None:
        await house.set("alter role station_app bypassrls", as_sweeper=False)
    try:
        listens, said = await house.start(
            DATABASE_URL=dsn or house.server.app_dsn,
            STATION_OWNER_URL=house.server.owner_dsn,
            STATION_SWEEPER_URL=house.server.sweeper_dsn,
        )
    finally:
        await house.set("alter role station_app nobypassrls", as_sweeper=False)
    assert (False, True, True) == (listens, "STATION_OWNER_URL" in said, says_what_to_do(said)), said


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
async def test_a_postgresql_that_could_lose_commits_is_refused(house: House, setting: str) -> None:
    await house.set(f"alter system set {setting} = off", as_sweeper=False)
    await house.set("select pg_reload_conf()", as_sweeper=False)
    try:
        await _until(house.server.app_dsn, setting, "off")
        listens, said = await house.start()
    finally:
        await house.set(f"alter system reset {setting}", as_sweeper=False)
        await house.set("select pg_reload_conf()", as_sweeper=False)
        await _until(house.server.app_dsn, setting, "on")
    assert (False, True, True) == (listens, f"{setting}=off" in said, says_what_to_do(said)), said


async def _until(dsn: str, setting: str, value: str) -> None:
    async with asyncio.timeout(10):
        while True:
            conn = await asyncpg.connect(dsn)
            try:
                if value == await conn.fetchval("select current_setting($1)", setting):
                    return
            finally:
                await conn.close()
            await asyncio.sleep(0.05)
