"""Fixtures on a real PostgreSQL: one server a run, one migrated template, a rollback or a fresh clone a test."""

import itertools
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from app.main import create_app
from app.postgres import Server, running
from app.settings import Settings
from core.database import Connection, Pool, connected, open_pool
from core.http.traffic import Keeper
from core.migration import migrate
from core.sealing.models import Key, Purpose
from core.sealing.ring import KeyRing
from riders.signup.sms import SmsSender

DISTRICT = 1
START = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Qingdao

Client = TestClient[Request, Application]

_KEYS = (
    Key(Purpose.SEAL, 1, "aes-256-gcm", bytes(range(32))),
    Key(Purpose.INDEX, 1, "hmac-sha-256", bytes(range(100, 132))),
    Key(Purpose.CODES, 1, "hmac-sha-256", bytes(range(150, 182))),
    Key(Purpose.LINKS, 1, "hmac-sha-256", bytes(range(200, 232))),
)
#: The keys of the tests, also of the program where they run it.
RING = KeyRing(lambda: _KEYS)


def changed_ring(purpose: Purpose, *, is_retired: bool = False) -> KeyRing:
    """Give the keys of the tests after this one was replaced, and after the old one was retired."""
    kept = [key for key in _KEYS if key.purpose is not purpose or not is_retired]
    new = Key(purpose, 2, "hmac-sha-256", bytes(range(220, 252)))
    return KeyRing(lambda: (*kept, new))


def put_keys(folder: Path) -> None:
    """Put the keys of the tests where the program looks for them."""
    folder.mkdir()
    for key in _KEYS:
        place = folder / f"{key.name}.{key.algorithm}.key"
        place.write_bytes(key.secret)
        place.chmod(0o600)


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span: timedelta) -> None:
        self.now += span


@dataclass(frozen=True)
class Database:
    """A database of its own for one test."""

    owner_dsn: str
    app_dsn: str
    sweeper_dsn: str


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture(scope="session")
async def server() -> AsyncIterator[Server]:
    """Run one PostgreSQL for all tests; its database `station` is migrated and serves as the template."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 — each test copies a whole database
    with tempfile.TemporaryDirectory(prefix="station-test-", dir=memory) as folder:
        async with running(Path(folder)) as started:
            async with connected(started.owner_dsn) as conn:
                await migrate(conn)
            yield started


_numbers = itertools.count(1)


async def clone(server: Server, *, of: Database | None = None) -> Database:
    """Copy the template, or a database that nobody is connected to: about 50 ms."""
    name = f"test_{next(_numbers)}"
    template = "station" if of is None else urlsplit(of.app_dsn).path.removeprefix("/")
    async with connected(_with_name(server.superuser_dsn, "postgres")) as conn:
        await conn.execute(f"create database {name} template {template} owner station_owner")
    return Database(*(_with_name(dsn, name) for dsn in (server.owner_dsn, server.app_dsn, server.sweeper_dsn)))


async def empty_database(server: Server) -> str:
    """Make a database without tables and give the way in for one whom nothing holds back."""
    name = f"test_{next(_numbers)}"
    async with connected(_with_name(server.superuser_dsn, "postgres")) as conn:
        await conn.execute(f"create database {name} owner station_owner")
    return _with_name(server.superuser_dsn, name)


def superuser_dsn(server: Server, database: Database) -> str:
    """Give the way in for one whom no policy of the database holds back: to see what is really there."""
    return _with_name(server.superuser_dsn, urlsplit(database.app_dsn).path.removeprefix("/"))


def _with_name(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


@pytest_asyncio.fixture
async def database(server: Server) -> AsyncIterator[Database]:
    """Lend a database of its own, gone after the test: thousands of them would fill the memory they lie in."""
    made = await clone(server)
    yield made
    name = urlsplit(made.app_dsn).path.removeprefix("/")
    async with connected(_with_name(server.superuser_dsn, "postgres")) as conn:
        await conn.execute(f"drop database {name} with (force)")


@pytest_asyncio.fixture
async def app_pool(database: Database) -> AsyncIterator[Pool]:
    """Open connections of the application's role, for the requests of a server under test."""
    opened = await open_pool(database.app_dsn, size=10)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """Open connections that see every row, for what runs by itself and for setting the scene."""
    opened = await open_pool(database.sweeper_dsn, size=10)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="session")
async def shared_connection(server: Server) -> AsyncIterator[Connection]:
    async with connected((await clone(server)).sweeper_dsn) as conn:
        yield conn


@pytest_asyncio.fixture
async def conn(shared_connection: Connection) -> AsyncIterator[Connection]:
    """Lend a connection that sees every row, inside a transaction that is rolled back; over HTTP the wall stands."""
    transaction = shared_connection.transaction()
    await transaction.start()
    yield shared_connection
    await transaction.rollback()


def patient_keeper() -> Keeper:
    """Give a keeper for whom a minute passes with each request: tests ask faster than people."""
    return Keeper(connections=10, clock=itertools.count(step=60).__next__)


@asynccontextmanager
async def serving(
    database: Database, clock: FakeClock, folder: Path, *, sms: SmsSender | None = None, keeper: Keeper | None = None
) -> AsyncIterator[Client]:
    """Run the whole application on a database."""
    put_keys(folder / "keys")
    app = create_app(
        Settings(data_dir=folder),
        dsn=database.app_dsn,
        sweeper_dsn=database.sweeper_dsn,
        clock=clock,
        sms=sms,
        keeper=keeper or patient_keeper(),
    )
    async with TestClient(TestServer(app)) as started:
        yield started


@pytest_asyncio.fixture
async def client(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Client]:
    """Run the whole application on a database of its own."""
    async with serving(database, clock, tmp_path) as started:
        yield started
