"""All SQL about sessions."""

from dataclasses import dataclass
from datetime import datetime

from core.access.models import ActorKind, Session
from core.database import Connection


@dataclass(frozen=True, slots=True)
class CallerRow:
    """Who stands behind an access token; `name` and `grants` are those of a staff account that is not disabled."""

    session_id: int
    kind: ActorKind
    subject_id: int
    proved_at: datetime
    last_used_at: datetime
    name: str | None
    grants: list[tuple[str, str, int | None]] | None
    owes_password: bool
    owes_second_factor: bool
    is_first_use: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    """What renewing needs to know of a session."""

    id: int
    kind: ActorKind
    subject_id: int
    last_used_at: datetime
    ends_at: datetime
    revoked_at: datetime | None
    access_expires_at: datetime
    refresh_hash: bytes
    former_refresh_hash: bytes | None
    salt: bytes | None
    renewal_used_at: datetime | None


async def insert_session(
    conn: Connection,
    *,
    district_id: int,
    kind: ActorKind,
    subject_id: int,
    device: str,
    now: datetime,
    ends_at: datetime,
    handle_hash: bytes,
    access_hash: bytes,
    access_expires_at: datetime,
    refresh_hash: bytes,
) -> None:
    await conn.execute(
        """
        insert into session (
            district_id, kind, subject_id, device, opened_at, proved_at, last_used_at, ends_at,
            handle_hash, access_hash, access_expires_at, refresh_hash
        ) values ($1, $2, $3, $4, $5, $5, $5, $6, $7, $8, $9, $10)
        """,
        district_id,
        kind,
        subject_id,
        device,
        now,
        ends_at,
        handle_hash,
        access_hash,
        access_expires_at,
        refresh_hash,
    )


_GRANTS = """
    (select json_agg(json_build_array(role, area_path, department_id) order by role, area_path, department_id)
        from staff_grant
     where district_id = session.district_id and staff_id = staff.id) as grants,
    staff.id is not null and one_time_until is not null as owes_password,
    staff.id is not null and totp_secret is null as owes_second_factor
"""


async def find_caller(
    conn: Connection, *, district_id: int, handle_hash: bytes, access_hash: bytes, former_since: datetime, now: datetime
) -> CallerRow | None:
    """Give whom an access token stands for, with his grants; the one before the newest if renewed after `former_since`.

    Whether the session has been idle for too long is for the caller to see; one of a disabled account gives no name.
    """
    row = await conn.fetchrow(
        f"""
        select session.id as session_id, kind, subject_id, proved_at, last_used_at, staff.name, {_GRANTS},
               renewed_at is not null and renewal_used_at is null and access_hash = $3 as is_first_use
        from session left join staff on kind = 'staff' and staff.district_id = session.district_id
            and staff.id = subject_id and disabled_at is null
        where session.district_id = $1 and handle_hash = $2 and revoked_at is null and ends_at > $5
          and (access_hash = $3 and access_expires_at > $5 or former_access_hash = $3 and renewed_at > $4)
        """,  # noqa: S608 — a constant
        district_id,
        handle_hash,
        access_hash,
        former_since,
        now,
    )
    return None if row is None else CallerRow(**row)


async def list_callers(conn: Connection, *, district_id: int, session_ids: list[int], now: datetime) -> list[CallerRow]:
    """List who stands behind these sessions as far as they have not ended."""
    rows = await conn.fetch(
        f"""
        select session.id as session_id, kind, subject_id, proved_at, last_used_at, staff.name, {_GRANTS},
               false as is_first_use
        from session left join staff on kind = 'staff' and staff.district_id = session.district_id
            and staff.id = subject_id and disabled_at is null
        where session.district_id = $1 and session.id = any($2) and revoked_at is null and ends_at > $3
        """,  # noqa: S608 — a constant
        district_id,
        session_ids,
        now,
    )
    return [CallerRow(**row) for row in rows]


async def note_use(
    conn: Connection, *, district_id: int, session_id: int, is_first_of_renewal: bool, now: datetime
) -> None:
    """Note that a session is in use; whoever else is just writing its row spares us the work."""
    await conn.execute(
        """
        update session set last_used_at = greatest(last_used_at, $3),
            renewal_used_at = case when $4 then coalesce(renewal_used_at, $3) else renewal_used_at end
        where district_id = $1 and id = (
            select id from session where district_id = $1 and id = $2 for update skip locked
        )
        """,
        district_id,
        session_id,
        now,
        is_first_of_renewal,
    )


async def lock_session(conn: Connection, *, district_id: int, handle_hash: bytes) -> SessionRow | None:
    row = await conn.fetchrow(
        """
        select id, kind, subject_id, last_used_at, ends_at, revoked_at, access_expires_at,
               refresh_hash, former_refresh_hash, salt, renewal_used_at
        from session where district_id = $1 and handle_hash = $2 for update
        """,
        district_id,
        handle_hash,
    )
    return None if row is None else SessionRow(**row)


async def renew_session(
    conn: Connection,
    *,
    district_id: int,
    session_id: int,
    access_hash: bytes,
    access_expires_at: datetime,
    refresh_hash: bytes,
    salt: bytes,
    now: datetime,
) -> None:
    """Put a new pair of tokens in the place of the present one, which becomes the former."""
    await conn.execute(
        """
        update session set former_access_hash = access_hash, former_refresh_hash = refresh_hash,
            access_hash = $3, access_expires_at = $4, refresh_hash = $5, salt = $6, renewed_at = $7,
            renewal_used_at = null
        where district_id = $1 and id = $2
        """,
        district_id,
        session_id,
        access_hash,
        access_expires_at,
        refresh_hash,
        salt,
        now,
    )


async def set_proved(conn: Connection, *, district_id: int, session_id: int, now: datetime) -> None:
    await conn.execute(
        "update session set proved_at = $3 where district_id = $1 and id = $2", district_id, session_id, now
    )


async def list_sessions(
    conn: Connection, *, district_id: int, kind: ActorKind, subject_id: int, this_id: int | None, now: datetime
) -> list[Session]:
    """List the sessions of a rider or staff member that have not ended, the one used last first."""
    rows = await conn.fetch(
        """
        select id, device, opened_at, last_used_at, ends_at, id is not distinct from $4 as is_this
        from session where district_id = $1 and kind = $2 and subject_id = $3 and revoked_at is null and ends_at > $5
        order by last_used_at desc, id desc
        """,
        district_id,
        kind,
        subject_id,
        this_id,
        now,
    )
    return [Session(**row) for row in rows]


async def revoke_session_of(conn: Connection, *, district_id: int, handle_hash: bytes, now: datetime) -> None:
    await conn.execute(
        "update session set revoked_at = $3 where district_id = $1 and handle_hash = $2 and revoked_at is null",
        district_id,
        handle_hash,
        now,
    )


async def revoke_sessions(
    conn: Connection,
    *,
    district_id: int,
    kind: ActorKind,
    subject_id: int,
    now: datetime,
    only: int | None = None,
    but: int | None = None,
) -> int:
    """End every session of this rider or staff member, or one of them, or all but one; give how many."""
    rows = await conn.fetch(
        """
        update session set revoked_at = $4
        where district_id = $1 and kind = $2 and subject_id = $3 and revoked_at is null and ends_at > $4
          and ($5::bigint is null or id = $5) and ($6::bigint is null or id <> $6)
        returning id
        """,
        district_id,
        kind,
        subject_id,
        now,
        only,
        but,
    )
    return len(rows)


async def delete_sessions_ended_before(conn: Connection, *, district_id: int, before: datetime) -> None:
    await conn.execute("delete from session where district_id = $1 and ends_at < $2", district_id, before)
