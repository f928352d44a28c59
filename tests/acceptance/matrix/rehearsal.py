"""Pools that take back whatever was done through them, so that what is allowed can be tried again and again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from aiohttp.web import Application

from core.database import Connection, Pool, connected
from core.http.wiring import BACKGROUND, POOL


class Rehearsal:
    """Lends one connection to one borrower at a time, inside a transaction that is rolled back in the end.

    What the borrowers call their transactions are savepoints in it. It is a superuser's, who turns into the role whose
    pool was asked: so what one role wrote the other finds, as if it had been committed.
    """

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.lent = asyncio.Lock()
        self.is_walled = True

    @asynccontextmanager
    async def taken_back(self, *, is_walled: bool = True) -> AsyncIterator[Connection]:
        """Take back what is done meanwhile; the connection sees what it was. Without wall, no policy holds it back."""
        transaction = self.conn.transaction()
        await transaction.start()
        self.is_walled = is_walled
        try:
            yield self.conn
        finally:
            self.is_walled = True
            async with self.lent:
                await transaction.rollback()

    async def instead_of_pools(self, app: Application) -> AsyncIterator[None]:
        """Stand where the pools do from now on (a step of `app.cleanup_ctx` after the one that opens them)."""
        for key, role in ((POOL, "station_app"), (BACKGROUND, "station_sweeper")):
            app[key] = cast("Pool", _As(role, self, instead_of=app[key]))
        yield


class _As:
    """The connection as one role."""

    def __init__(self, role: str, rehearsal: Rehearsal, *, instead_of: Pool) -> None:
        self._role = role
        self._rehearsal = rehearsal
        self._instead_of = instead_of

    async def acquire(self, *, timeout: float) -> Connection:  # noqa: ASYNC109 — as asyncpg's pool
        conn, lent = self._rehearsal.conn, self._rehearsal.lent
        await asyncio.wait_for(lent.acquire(), timeout)
        try:
            await conn.execute(f"set role {self._role if self._rehearsal.is_walled else 'station_sweeper'}")
        except BaseException:
            lent.release()
            raise
        return conn

    async def release(self, conn: Connection) -> None:
        try:
            await conn.execute("reset role")
        finally:
            self._rehearsal.lent.release()

    async def close(self) -> None:
        await self._instead_of.close()


@asynccontextmanager
async def rehearsed(dsn: str) -> AsyncIterator[Rehearsal]:
    """Hold a rehearsal on a superuser's connection of its own."""
    async with connected(dsn) as conn:
        yield Rehearsal(conn)
