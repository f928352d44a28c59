"""All SQL about words that lead to somebody, wherever they stand, and about how long what is kept."""

from collections.abc import Sequence
from datetime import datetime

from core.blanking import BLANK
from core.database import Connection
from core.privacy.models import EventWords, RetentionRule

_RULE = "purpose, days, least_days, most_days, zh, en, set_at"


async def list_event_words(
    conn: Connection, *, district_id: int, subject: str, subject_ids: Sequence[int], pattern: str
) -> list[EventWords]:
    """Give the events of these subjects in whose data something fits the pattern."""
    rows = await conn.fetch(
        """
        select id, actor_kind, data from event
        where district_id = $1 and subject = $2 and subject_id = any($3::bigint[]) and data::text ~ $4
        """,
        district_id,
        subject,
        list(subject_ids),
        pattern,
    )
    return [EventWords(**row) for row in rows]


async def set_event_data(conn: Connection, *, district_id: int, data_by_id: dict[int, object]) -> None:
    """Exchange the data of events. For erasure alone: history otherwise never changes."""
    await conn.execute(
        """
        update event set data = said.data from unnest($2::bigint[], $3::jsonb[]) as said (id, data)
        where district_id = $1 and event.id = said.id
        """,
        district_id,
        list(data_by_id),
        list(data_by_id.values()),
    )


async def blank_words(
    conn: Connection, *, table: str, key: str, column: str, district_id: int, keys: Sequence[int], pattern: str
) -> None:
    """Blank what fits the pattern in one column, of the rows whose `key` is among `keys`; the names are constants."""
    await conn.execute(
        f"""
        update {table} set {column} = regexp_replace({column}, $3, $4, 'g')
        where district_id = $1 and {key} = any($2::bigint[]) and {column} ~ $3
        """,  # noqa: S608 — of constants
        district_id,
        list(keys),
        pattern,
        BLANK,
    )


async def list_rules(conn: Connection, *, district_id: int) -> list[RetentionRule]:
    rows = await conn.fetch(
        f"select {_RULE} from retention_rule where district_id = $1 order by position",  # noqa: S608
        district_id,
    )
    return [RetentionRule(**row) for row in rows]


async def set_days(
    conn: Connection, *, district_id: int, purpose: str, days: int, staff_id: int | None, now: datetime
) -> None:
    await conn.execute(
        "update retention_rule set days = $3, set_by = $4, set_at = $5 where district_id = $1 and purpose = $2",
        district_id,
        purpose,
        days,
        staff_id,
        now,
    )


async def insert_removals(conn: Connection, *, district_id: int, hashes: Sequence[str]) -> None:
    """Note files to be removed once the rows that named them are gone for good."""
    await conn.execute(
        """
        insert into photo_removal (district_id, stored_sha256) select $1, hash from unnest($2::text[]) as hash
        on conflict do nothing
        """,
        district_id,
        list(hashes),
    )


async def claim_removals(conn: Connection, *, district_id: int, limit: int) -> list[str]:
    """Take some of the files to be removed off the list; another process takes others."""
    rows = await conn.fetch(
        """
        delete from photo_removal where (district_id, stored_sha256) in (
            select district_id, stored_sha256 from photo_removal where district_id = $1 limit $2
            for update skip locked
        )
        returning stored_sha256
        """,
        district_id,
        limit,
    )
    return [row["stored_sha256"] for row in rows]
