"""All SQL that reads the audit trail."""

from collections.abc import Sequence
from datetime import datetime

from core.database import Connection
from core.trail.models import Anchor, Finding, Link


def _content(row_id: str) -> str:
    """Give what a row's hash covers, as migration 18 defines it; `row_id` stands for its number.

    Written out here and hashed in our process: whoever may change rows may also change the function that sealed them.
    """
    return f"""
        jsonb_build_array(
            entry.district_id, {row_id}, extract(epoch from entry.happened_at), entry.actor_kind, entry.actor_id,
            entry.act, entry.subject, entry.subject_id, entry.reason, entry.data
        )::text
    """


async def list_links(conn: Connection, *, district_id: int, after: int, limit: int) -> list[Link]:
    """Give the next rows of the chain after a number, in order."""
    rows = await conn.fetch(
        f"""
        select id, hash, {_content("entry.id")} as content from audit_entry as entry
        where district_id = $1 and id > $2 order by id limit $3
        """,  # noqa: S608 — of constants
        district_id,
        after,
        limit,
    )
    return [Link(row["id"], row["hash"], row["content"].encode()) for row in rows]


async def find_moved(conn: Connection, *, district_id: int, before: bytes, link: Link) -> int | None:
    """Give the later row that holds what once stood at the place of `link`, after a row with the hash `before`.

    It may have taken its hash along or left it. Reads the rest of the trail.
    """
    moved: int | None = await conn.fetchval(
        f"""
        select id from audit_entry as entry
        where district_id = $1 and id > $2
            and sha256($3::bytea || convert_to({_content("$2::bigint")}, 'UTF8')) in (hash, $4)
        order by id limit 1
        """,  # noqa: S608 — of constants
        district_id,
        link.id,
        before,
        link.hash,
    )
    return moved


async def find_last(conn: Connection, *, district_id: int) -> Anchor | None:
    """Give number and hash of the last row."""
    row = await conn.fetchrow(
        "select id, hash from audit_entry where district_id = $1 order by id desc limit 1", district_id
    )
    return None if row is None else Anchor(**row)


async def list_hashes(conn: Connection, *, district_id: int, ids: Sequence[int]) -> dict[int, bytes]:
    """Give the hashes of those of these rows that are there."""
    rows = await conn.fetch(
        "select id, hash from audit_entry where district_id = $1 and id = any($2::bigint[])", district_id, list(ids)
    )
    return {row["id"]: row["hash"] for row in rows}


async def list_entries(
    conn: Connection,
    *,
    district_id: int,
    actor_kind: str | None,
    actor_id: int | None,
    act: str | None,
    subject: str | None,
    subject_id: str | None,
    before: int | None,
    limit: int,
) -> list[dict[str, object]]:
    """Give rows of the trail, newest first, with numbers under `before`; None asks for any.

    The conditions are put together from those asked for, so that each has its index.
    """
    values: list[object] = [district_id, limit]
    conditions = ["district_id = $1"]
    for column, value in (
        ("actor_kind =", actor_kind),
        ("actor_id =", actor_id),
        ("act =", act),
        ("subject =", subject),
        ("subject_id =", subject_id),
        ("id <", before),
    ):
        if value is not None:
            values.append(value)
            conditions.append(f"{column} ${len(values)}")
    rows = await conn.fetch(
        f"""
        select id, happened_at, actor_kind, actor_id, act, subject, subject_id, reason, data
        from audit_entry where {" and ".join(conditions)} order by id desc limit $2
        """,  # noqa: S608 — of constants
        *values,
    )
    return [dict(row) for row in rows]


async def upsert_verification(
    conn: Connection, *, district_id: int, now: datetime, rows: int, finding: Finding | None
) -> None:
    await conn.execute(
        """
        insert into audit_verification (district_id, verified_at, rows_read, fault, first_bad_row)
        values ($1, $2, $3, $4, $5)
        on conflict (district_id) do update set verified_at = $2, rows_read = $3, fault = $4, first_bad_row = $5
        """,
        district_id,
        now,
        rows,
        None if finding is None else finding.fault.value,
        None if finding is None else finding.row,
    )


async def find_failed_verification(conn: Connection, *, district_id: int) -> tuple[str, int] | None:
    """Give fault and row where the last verification found one."""
    row = await conn.fetchrow(
        "select fault, first_bad_row from audit_verification where district_id = $1 and fault is not null", district_id
    )
    return None if row is None else (row["fault"], row["first_bad_row"])
