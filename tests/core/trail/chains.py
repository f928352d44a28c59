"""A trail to tamper with, and the hands of somebody who may do anything in the database."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from app.postgres import Server
from core.audit import record_act
from core.database import Connection, Pool, connected, pool_transaction
from tests.conftest import DISTRICT, START, Database


async def record(conn: Connection, number: int) -> None:
    """Write one act."""
    await record_act(
        conn, district_id=DISTRICT, act="staff.added", actor=None, now=START, subject="staff", subject_id=number,
        reason="人手不足 “够吗”", data={"roles": ["auditor"], "n": number, "half": 0.5},
    )  # fmt: skip


_numbers = itertools.count(1)


async def fill(pool: Pool, count: int) -> None:
    """Write so many acts, each unlike the others and in a transaction of its own."""
    for number in itertools.islice(_numbers, count):
        async with pool_transaction(pool) as conn:
            await record(conn, number)


@asynccontextmanager
async def superuser(server: Server, database: Database) -> AsyncIterator[Connection]:
    """Hold a connection that no right holds back."""
    dsn = urlsplit(server.superuser_dsn)._replace(path=urlsplit(database.app_dsn).path).geturl()
    async with connected(dsn) as conn:
        yield conn
