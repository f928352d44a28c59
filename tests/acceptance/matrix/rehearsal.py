"""A pool that takes back whatever was done through it, so that what is allowed can be tried again and again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from aiohttp.web import Application

from core.database import Connection, Pool, connected
from core.http.wiring import POOL


class Rehearsal:
    """Lends one connection to one borrower at a time, inside a transaction that is rolled back in the end.

    What the borrowers call their transactions are savepoints in it.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._lent = asyncio.Lock()

    async def acquire(self, *, timeout: float) -> Connection:  # noqa: ASYNC109 — as asyncpg's pool
        await asyncio.wait_for(self._lent.acquire(), timeout)
        return self._conn

    async def release(self, _: Connection) -> None:
        self._lent.release()

    @asynccontextmanager
    async def taken_back(self) -> AsyncIterator[None]:
        """Take back what is done meanwhile."""
        transaction = self._conn.transaction()
        await transaction.start()
        try:
            yield
        finally:
            async with self._lent:
                await transaction.rollback()

    async def instead_of_pool(self, app: Application) -> AsyncIterator[None]:
        """Stand where the pool does (a step of `app.cleanup_ctx`, right after the one that opens it)."""
        opened, app[POOL] = app[POOL], cast("Pool", self)
        yield
        await opened.close()

    async def close(self) -> None:
        """Stay open: the application closes what it finds in the place of its pool."""


@asynccontextmanager
async def rehearsed(dsn: str) -> AsyncIterator[Rehearsal]:
    """Hold a rehearsal on a connection of its own."""
    async with connected(dsn) as conn:
        yield Rehearsal(conn)
