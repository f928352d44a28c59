"""All SQL of core outside access: migrations, events, the change log, the calendar, the district."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.database import Connection, count_rows
from core.models import ChangeRow, District, Event, HolidayRow, OfficeHours

# One number for all our processes; any constant does.
_MIGRATION_LOCK = 7_140_321


async def lock_for_migration(conn: Connection) -> None:
    await conn.execute("select pg_advisory_lock($1)", _MIGRATION_LOCK)


async def unlock_after_migration(conn: Connection) -> None:
    await conn.execute("select pg_advisory_unlock($1)", _MIGRATION_LOCK)


async def create_migration_table(conn: Connection) -> None:
    await conn.execute(
        """
        create table if not exists schema_migration (
            number int primary key,
            name text not null,
            checksum text not null,
            applied_at timestamptz not null default now()
        )
        """
    )


async def list_applied_migrations(conn: Connection) -> dict[int, str]:
    """Give number → checksum of what was applied; empty on a database that was never migrated."""
    if await conn.fetchval("select to_regclass('schema_migration')") is None:
        return {}
    rows = await conn.fetch("select number, checksum from schema_migration")
    return {row["number"]: row["checksum"] for row in rows}


async def record_migration(conn: Connection, number: int, name: str, checksum: str) -> None:
    await conn.execute(
        "insert into schema_migration (number, name, checksum) values ($1, $2, $3)", number, name, checksum
    )


async def act_as_owner(conn: Connection) -> None:
    """Let the owner of the tables, whom row-level security would stop too, see all rows until the transaction ends."""
    await conn.execute("set local app.acting = 'owner'")


async def get_database_time(conn: Connection) -> datetime:
    """Read the database's clock, in UTC; it does not stand still in a transaction as `now()` does."""
    moment: datetime = await conn.fetchval("select clock_timestamp()")
    return moment


async def find_district(conn: Connection, *, district_id: int) -> District | None:
    row = await conn.fetchrow("select id, name, timezone, is_demo from district where id = $1", district_id)
    return None if row is None else District(**row)


async def get_timezone(conn: Connection, *, district_id: int) -> ZoneInfo:
    """Give the district's time zone. The service does not start without its district (`app.database`)."""
    name: str = await conn.fetchval("select timezone from district where id = $1", district_id)
    return ZoneInfo(name)


async def update_district(conn: Connection, *, district_id: int, name: str, is_demo: bool) -> None:
    await conn.execute("update district set name = $2, is_demo = $3 where id = $1", district_id, name, is_demo)


async def insert_event(
    conn: Connection,
    *,
    district_id: int,
    kind: str,
    subject: str,
    subject_id: int,
    actor_kind: str,
    actor_id: int | None,
    occurred_at: datetime,
    data: dict[str, object],
) -> int:
    event_id: int = await conn.fetchval(
        """
        insert into event
            (district_id, kind, subject, subject_id, actor_kind, actor_id, occurred_at, data, next_attempt_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $7)
        returning id
        """,
        district_id,
        kind,
        subject,
        subject_id,
        actor_kind,
        actor_id,
        occurred_at,
        data,
    )
    return event_id


async def insert_events(
    conn: Connection,
    *,
    district_id: int,
    kind: str,
    subject: str,
    data_by_id: Mapping[int, dict[str, object]],
    actor_kind: str,
    actor_id: int | None,
    occurred_at: datetime,
) -> None:
    """Write one event a subject, in the order of `data_by_id`."""
    await conn.execute(
        """
        insert into event
            (district_id, kind, subject, subject_id, actor_kind, actor_id, occurred_at, data, next_attempt_at)
        select $1, $2, $3, said.subject_id, $6, $7, $8, said.data, $8
        from unnest($4::bigint[], $5::jsonb[]) with ordinality as said (subject_id, data, n) order by n
        """,
        district_id,
        kind,
        subject,
        list(data_by_id),
        list(data_by_id.values()),
        actor_kind,
        actor_id,
        occurred_at,
    )


async def list_events(conn: Connection, *, district_id: int, subject: str, subject_id: int) -> list[Event]:
    """List what happened to one subject, oldest first."""
    rows = await conn.fetch(
        """
        select id, district_id, kind, subject, subject_id, actor_kind, actor_id, occurred_at, data, attempts
        from event where district_id = $1 and subject = $2 and subject_id = $3 order by id
        """,
        district_id,
        subject,
        subject_id,
    )
    return [Event(**row) for row in rows]


async def claim_event(conn: Connection, *, district_id: int, now: datetime) -> Event | None:
    """Lock the oldest event that is due; others skip it until this transaction ends."""
    row = await conn.fetchrow(
        """
        select id, district_id, kind, subject, subject_id, actor_kind, actor_id, occurred_at, data, attempts
        from event where district_id = $1 and pending and next_attempt_at <= $2
        order by next_attempt_at, id limit 1 for update skip locked
        """,
        district_id,
        now,
    )
    return None if row is None else Event(**row)


async def settle_events_without_reaction(
    conn: Connection, *, district_id: int, now: datetime, reacting_kinds: list[str]
) -> None:
    """Take events that nothing reacts to out of the queue; they stay as history."""
    await conn.execute(
        """
        update event set pending = false
        where district_id = $1 and pending and next_attempt_at <= $2 and kind <> all($3::text[])
        """,
        district_id,
        now,
        reacting_kinds,
    )


async def settle_event(conn: Connection, event: Event) -> None:
    await conn.execute(
        "update event set pending = false, attempts = attempts + 1 where district_id = $1 and id = $2",
        event.district_id,
        event.id,
    )


async def postpone_event(conn: Connection, event: Event, *, next_attempt_at: datetime, error: str) -> None:
    await conn.execute(
        """
        update event set attempts = attempts + 1, next_attempt_at = $3, last_error = $4
        where district_id = $1 and id = $2
        """,
        event.district_id,
        event.id,
        next_attempt_at,
        error,
    )


async def give_up_event(conn: Connection, event: Event, *, now: datetime, error: str) -> None:
    await conn.execute(
        """
        update event set pending = false, attempts = attempts + 1, given_up_at = $3, last_error = $4
        where district_id = $1 and id = $2
        """,
        event.district_id,
        event.id,
        now,
        error,
    )


async def retry_given_up_events(conn: Connection, *, district_id: int, now: datetime) -> int:
    """Put every event that was given up back into the queue; give how many."""
    done = await conn.execute(
        """
        update event set pending = true, given_up_at = null, attempts = 0, next_attempt_at = $2
        where district_id = $1 and given_up_at is not null
        """,
        district_id,
        now,
    )
    return count_rows(done)


async def list_given_up_events(conn: Connection, *, district_id: int, limit: int = 100) -> list[Event]:
    """List the latest events whose reactions were given up."""
    rows = await conn.fetch(
        """
        select id, district_id, kind, subject, subject_id, actor_kind, actor_id, occurred_at, data, attempts
        from event where district_id = $1 and given_up_at is not null order by given_up_at desc limit $2
        """,
        district_id,
        limit,
    )
    return [Event(**row) for row in rows]


async def count_given_up_events(conn: Connection, *, district_id: int) -> int:
    count: int = await conn.fetchval(
        "select count(*) from event where district_id = $1 and given_up_at is not null", district_id
    )
    return count


async def find_oldest_due_event_age_s(conn: Connection, *, district_id: int, now: datetime) -> float:
    """Give how long, in seconds, the oldest due event has waited; 0 when none waits."""
    age: float = await conn.fetchval(
        """
        select coalesce(extract(epoch from $2::timestamptz - min(next_attempt_at)), 0)::float8
        from event where district_id = $1 and pending and next_attempt_at <= $2
        """,
        district_id,
        now,
    )
    return age


async def insert_change(conn: Connection, *, district_id: int, kind: str, ref: str) -> None:
    await conn.execute("insert into change_log (district_id, kind, ref) values ($1, $2, $3)", district_id, kind, ref)


async def get_snapshot_bound(conn: Connection) -> int:
    """Give the oldest transaction still running: every change below it is visible, and no more will come."""
    bound: int = await conn.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return bound


async def find_last_change(conn: Connection, *, district_id: int, below_xid: int) -> tuple[int, int]:
    """Give transaction and number of the last change below that transaction; (0, 0) where there is none."""
    row = await conn.fetchrow(
        """
        select xid, seq from change_log where district_id = $1 and xid < $2 order by xid desc, seq desc limit 1
        """,
        district_id,
        below_xid,
    )
    return (0, 0) if row is None else (row["xid"], row["seq"])


async def list_changes(
    conn: Connection, *, district_id: int, after: tuple[int, int], below_xid: int
) -> list[tuple[tuple[int, int], ChangeRow]]:
    """List what was noted after a change and below a transaction, in that order, each with where it stands."""
    rows = await conn.fetch(
        """
        select xid, seq, kind, ref from change_log
        where district_id = $1 and xid >= $2 and (xid, seq) > ($2, $3) and xid < $4 order by xid, seq
        """,
        district_id,
        *after,
        below_xid,
    )
    return [((row["xid"], row["seq"]), ChangeRow(row["kind"], row["ref"])) for row in rows]


async def delete_changes_before(conn: Connection, *, district_id: int, before: datetime) -> None:
    """Forget changes that every follower has long read; they are few, and no index is kept for this."""
    await conn.execute("delete from change_log where district_id = $1 and noted_at < $2", district_id, before)


async def list_holidays(conn: Connection, *, district_id: int) -> list[HolidayRow]:
    rows = await conn.fetch(
        "select day, is_workday, name, source, version from holiday where district_id = $1 order by day", district_id
    )
    return [HolidayRow(**row) for row in rows]


async def upsert_holiday(conn: Connection, *, district_id: int, holiday: HolidayRow) -> None:
    await conn.execute(
        """
        insert into holiday (district_id, day, is_workday, name, source, version) values ($1, $2, $3, $4, $5, $6)
        on conflict (district_id, day) do update set is_workday = $3, name = $4, source = $5, version = $6
        """,
        district_id,
        holiday.day,
        holiday.is_workday,
        holiday.name,
        holiday.source,
        holiday.version,
    )


async def delete_holiday(conn: Connection, *, district_id: int, day: date) -> bool:
    """Let `day` follow the week again; tell whether it differed."""
    return await conn.execute("delete from holiday where district_id = $1 and day = $2", district_id, day) == "DELETE 1"


async def list_office_hours(conn: Connection, *, district_id: int) -> list[OfficeHours]:
    rows = await conn.fetch(
        "select weekday, opens, closes from working_week where district_id = $1 order by weekday, opens", district_id
    )
    return [OfficeHours(**row) for row in rows]


async def replace_office_hours(conn: Connection, *, district_id: int, spans: Sequence[OfficeHours]) -> None:
    await conn.execute("delete from working_week where district_id = $1", district_id)
    await conn.executemany(
        "insert into working_week (district_id, weekday, opens, closes) values ($1, $2, $3, $4)",
        [(district_id, span.weekday, span.opens, span.closes) for span in spans],
    )


async def get_calendar_version(conn: Connection, *, district_id: int) -> int:
    version: int = await conn.fetchval(
        "select coalesce(max(version), 0) from calendar_edition where district_id = $1", district_id
    )
    return version


async def insert_calendar_edition(
    conn: Connection, *, district_id: int, source: str, staff_id: int | None, now: datetime
) -> int:
    """Begin the next edition of the calendar and give its number; editors wait for each other at the district's row."""
    await conn.execute("select from district where id = $1 for no key update", district_id)
    version: int = await conn.fetchval(
        """
        insert into calendar_edition (district_id, version, edited_at, edited_by, source)
        select $1, coalesce(max(version), 0) + 1, $2, $3, $4 from calendar_edition where district_id = $1
        returning version
        """,
        district_id,
        now,
        staff_id,
        source,
    )
    return version


async def append_audit(
    conn: Connection,
    *,
    district_id: int,
    now: datetime,
    actor_kind: str,
    actor_id: int | None,
    act: str,
    subject: str,
    subject_id: str,
    reason: str,
    data: dict[str, object],
) -> None:
    await conn.execute(
        "select append_audit($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        district_id,
        now,
        actor_kind,
        actor_id,
        act,
        subject,
        subject_id,
        reason,
        data,
    )
