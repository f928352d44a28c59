"""Connections to PostgreSQL: the pool, its deadlines and its codecs. Knows no table."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import asyncpg
import orjson

from core.errors import Unavailable

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

# asyncpg waits for ever by default on a frozen server and on an exhausted pool.
CONNECT_TIMEOUT_S = 5.0
COMMAND_TIMEOUT_S = 5.0
ACQUIRE_TIMEOUT_S = 1.0

#: What asyncpg raises while a server goes away, comes back or refuses work: the caller may repeat the request.
TRANSIENT_ERRORS: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DiskFullError,
    asyncpg.ReadOnlySQLTransactionError,
    ConnectionError,
    TimeoutError,
    Unavailable,
)


async def prepare_connection(conn: Connection) -> None:
    """Teach a fresh connection to speak JSON through orjson."""
    for name in ("json", "jsonb"):
        await conn.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=lambda value: orjson.dumps(value).decode(),
            decoder=orjson.loads,
        )


async def open_pool(dsn: str, *, size: int) -> Pool:
    """Open `size` connections at most; two are opened at once, so that a dead server is noticed at start."""
    return await asyncpg.create_pool(
        dsn,
        min_size=min(2, size),
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        init=prepare_connection,
        server_settings={
            "application_name": "rider-station",
            "timezone": "UTC",
            "statement_timeout": "5s",
            "idle_in_transaction_session_timeout": "15s",
            "max_parallel_workers_per_gather": "0",  # starting them takes longer than what we ask
        },
    )


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    """Hold one connection outside any pool, without a deadline on commands: for migrations and the shell."""
    conn = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
    try:
        await prepare_connection(conn)
        yield conn
    finally:
        await conn.close()


@asynccontextmanager
async def pool_transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Borrow a connection and open a transaction; commit at the end, roll back on any exception.

    Raises `Unavailable` when no connection is free within a second.
    """
    try:
        borrowed = await pool.acquire(timeout=ACQUIRE_TIMEOUT_S)
    except TRANSIENT_ERRORS as error:
        raise Unavailable(retry_after_s=1) from error
    try:
        conn = cast("Connection", borrowed)  # the pool lends a proxy that behaves as one
        async with conn.transaction():
            yield conn
    finally:
        await pool.release(borrowed)


def count_rows(done: str) -> int:
    """Give how many rows a statement changed, by what PostgreSQL said of it: `UPDATE 3`."""
    return int(done.split()[-1])


def escape_like(text: str) -> str:
    """Take from typed text the meaning that `%`, `_` and `\\` have in a LIKE pattern."""
    return "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in text)
