"""SQL of the stream: epochs, positions, and the events of cases in the order in which commits became visible."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from community.stream.models import Epoch, Position
from core.database import Connection

# What differs after a restore into another cluster, a recovery to a point in time, a promotion, or a restore in place:
# the cluster's number, its timeline, the database, the table. The control file is read in 7 µs.
_FINGERPRINT = """
    left(md5(concat_ws('/',
        (select system_identifier from pg_control_system()),
        left(pg_walfile_name(pg_current_wal_lsn()), 8),
        (select oid from pg_database where datname = current_database()),
        'event'::regclass::oid
    )), 12)
"""

# Every transaction below has ended: no event below will ever appear that is not there now.
_SETTLED = "xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

_OF_CASES = f"district_id = $1 and subject = 'case' and id > $2 and {_SETTLED}"


@dataclass(frozen=True, slots=True)
class EventRow:
    """What the stream reads of an event."""

    id: int
    xid: int
    kind: str
    case_id: int
    occurred_at: datetime
    data: dict[str, Any]


async def find_epoch(conn: Connection, *, district_id: int) -> Epoch | None:
    """Give the epoch that the database is in now; None when nobody has listened in it yet."""
    row = await conn.fetchrow(
        f"""
        select fingerprint, from_xid, after_id from stream_epoch
        where district_id = $1 and fingerprint = {_FINGERPRINT}
        """,  # noqa: S608
        district_id,
    )
    return None if row is None else Epoch(**row)


async def insert_epoch(conn: Connection, *, district_id: int, now: datetime) -> None:
    """Begin an epoch. For this moment no event may be on its way: each is visible here, or will have a higher id.

    The row carries our own transaction number to disk, so that no number above `from_xid` is given out again after a
    crash.
    """
    await conn.execute("set local lock_timeout = '2s'")
    await conn.execute("lock table event in share mode")
    await conn.execute(
        f"""
        insert into stream_epoch (district_id, fingerprint, from_xid, after_id, begun_at)
        select $1, {_FINGERPRINT}, least(
            pg_current_xact_id()::text::bigint, pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        ), coalesce((select max(id) from event where district_id = $1), 0), $2
        on conflict do nothing
        """,  # noqa: S608
        district_id,
        now,
    )


async def find_last_event(conn: Connection, *, district_id: int, epoch: Epoch) -> Position | None:
    """Give the last event of a case in this epoch that none can come before any more."""
    row = await conn.fetchrow(
        f"""
        select xid, id from event where {_OF_CASES} and xid >= $3 order by xid desc, id desc limit 1
        """,  # noqa: S608
        district_id,
        epoch.after_id,
        epoch.from_xid,
    )
    return None if row is None else Position(epoch.fingerprint, row["xid"], row["id"])


async def has_event_at(conn: Connection, *, district_id: int, epoch: Epoch, position: Position) -> bool:
    found: bool = await conn.fetchval(
        f"select exists (select from event where {_OF_CASES} and xid = $3 and id = $4)",  # noqa: S608
        district_id,
        epoch.after_id,
        position.xid,
        position.event_id,
    )
    return found


async def has_more_events_than(
    conn: Connection, *, district_id: int, epoch: Epoch, after: Position, count: int
) -> bool:
    """Tell whether more than `count` events came after this position."""
    found: bool = await conn.fetchval(
        f"select exists (select from event where {_OF_CASES} and (xid, id) > ($3, $4) offset $5)",  # noqa: S608
        district_id,
        epoch.after_id,
        after.xid,
        after.event_id,
        count,
    )
    return found


async def list_case_events(
    conn: Connection, *, district_id: int, epoch: Epoch, after: Position, limit: int
) -> list[EventRow]:
    """List what happened to cases after this position, in order of positions."""
    rows = await conn.fetch(
        f"""
        select id, xid, kind, subject_id as case_id, occurred_at, data
        from event where {_OF_CASES} and (xid, id) > ($3, $4) and exists (
            select from community_case where district_id = $1 and id = event.subject_id
        )
        order by xid, id limit $5
        """,  # noqa: S608
        district_id,
        epoch.after_id,
        after.xid,
        after.event_id,
        limit,
    )
    return [EventRow(**row) for row in rows]
