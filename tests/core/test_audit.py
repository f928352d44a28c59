"""The audit trail: rows are chained, and the application's own role can only append."""

import asyncpg
import pytest

from core.audit import record_act
from core.database import Connection
from tests.conftest import DISTRICT, START


async def _record(conn: Connection, act: str) -> None:
    await record_act(conn, district_id=DISTRICT, act=act, actor=None, now=START, subject="staff", subject_id=7)


async def test_each_row_is_chained_to_the_one_before(conn: Connection) -> None:
    await _record(conn, "staff.added")
    await _record(conn, "staff.disabled")

    rows = await conn.fetch("select id, act, hash from audit_entry order by id")

    assert [(1, "staff.added"), (2, "staff.disabled")] == [(row["id"], row["act"]) for row in rows]
    assert rows[1]["hash"] == await conn.fetchval(
        "select audit_hash($1, entry) from audit_entry entry where id = 2", rows[0]["hash"]
    )


@pytest.mark.parametrize(
    "sql",
    [
        "update audit_entry set act = 'nothing'",
        "delete from audit_entry",
        "insert into audit_entry select * from audit_entry",
        "truncate audit_entry",
    ],
)
async def test_the_application_can_only_append(conn: Connection, sql: str) -> None:
    await _record(conn, "staff.added")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await conn.execute(sql)
