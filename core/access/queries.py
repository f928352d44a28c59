"""All SQL about staff, grants and sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.access.models import Grant, Role, Staff
from core.database import Connection


def in_scopes(area_path: str = "area_path") -> str:
    """Give the condition that a column lies within one of the scopes `$2::text[]`; the scope `''` is everything."""
    return f"""
        exists (
            select from unnest($2::text[]) as scope
            where scope = '' or {area_path} = scope or starts_with({area_path}, scope || '/')
        )
    """


@dataclass(frozen=True, slots=True)
class StaffSecret:
    """What signing in needs to know of a staff account."""

    id: int
    username: str
    name: str
    password_hash: str
    disabled_at: datetime | None
    locked_until: datetime | None
    one_time_until: datetime | None
    has_second_factor: bool

    def is_usable(self, now: datetime) -> bool:
        """Tell whether the account may sign in at all at `now`."""
        return (
            self.disabled_at is None
            and (self.locked_until is None or self.locked_until <= now)
            and (self.one_time_until is None or self.one_time_until > now)
        )


_ACCOUNT = """
    id, username, name, password_hash, disabled_at, locked_until, one_time_until,
    totp_secret is not null as has_second_factor
"""


async def find_staff(conn: Connection, *, district_id: int, username: str) -> Staff | None:
    row = await conn.fetchrow(
        "select id, username, name, disabled_at from staff where district_id = $1 and username = $2",
        district_id,
        username,
    )
    return None if row is None else Staff(**row)


async def list_staff(conn: Connection, *, district_id: int) -> list[Staff]:
    """List every account by user name, disabled ones too."""
    rows = await conn.fetch(
        "select id, username, name, disabled_at from staff where district_id = $1 order by username", district_id
    )
    return [Staff(**row) for row in rows]


async def find_staff_name(conn: Connection, *, district_id: int, staff_id: int) -> str | None:
    """Give the name of an account that is not disabled."""
    name: str | None = await conn.fetchval(
        "select name from staff where district_id = $1 and id = $2 and disabled_at is null", district_id, staff_id
    )
    return name


async def list_grants(conn: Connection, *, district_id: int, staff_id: int) -> tuple[Grant, ...]:
    rows = await conn.fetch(
        """
        select role, area_path, department_id from staff_grant where district_id = $1 and staff_id = $2
        order by role, area_path, department_id
        """,
        district_id,
        staff_id,
    )
    return tuple(Grant(Role(row["role"]), row["area_path"], row["department_id"]) for row in rows)


async def find_staff_secret(
    conn: Connection, *, district_id: int, username: str, for_update: bool = False
) -> StaffSecret | None:
    row = await conn.fetchrow(
        f"""
        select {_ACCOUNT} from staff where district_id = $1 and username = $2 {"for update" if for_update else ""}
        """,  # noqa: S608 — constants
        district_id,
        username,
    )
    return None if row is None else StaffSecret(**row)


async def get_staff_secret(
    conn: Connection, *, district_id: int, staff_id: int | None, for_update: bool = False
) -> StaffSecret:
    """Give what is secret of an account that exists."""
    row = await conn.fetchrow(
        f"""
        select {_ACCOUNT} from staff where district_id = $1 and id = $2 {"for update" if for_update else ""}
        """,  # noqa: S608 — constants
        district_id,
        staff_id,
    )
    assert row is not None  # noqa: S101 — the caller acts by this account
    return StaffSecret(**row)


async def count_failed_sign_in(
    conn: Connection, *, district_id: int, staff_id: int, max_failures: int, locked_until: datetime
) -> bool:
    """Count one wrong sign-in; the one that makes `max_failures` locks the account, starts a new count and gives True.

    Commits without waiting for the disk, or a name that exists could be told by the time its answer takes.
    """
    await conn.execute("set local synchronous_commit = off")
    is_locked: bool = await conn.fetchval(
        """
        update staff set
            failed_sign_ins = case when failed_sign_ins + 1 >= $3 then 0 else failed_sign_ins + 1 end,
            locked_until = case when failed_sign_ins + 1 >= $3 then $4 else locked_until end
        where district_id = $1 and id = $2
        returning failed_sign_ins = 0
        """,
        district_id,
        staff_id,
        max_failures,
        locked_until,
    )
    return is_locked


async def clear_failed_sign_ins(conn: Connection, *, district_id: int, staff_id: int) -> None:
    await conn.execute(
        "update staff set failed_sign_ins = 0, locked_until = null where district_id = $1 and id = $2",
        district_id,
        staff_id,
    )


async def insert_staff(
    conn: Connection,
    *,
    district_id: int,
    username: str,
    name: str,
    password_hash: str,
    one_time_until: datetime | None,
    now: datetime,
) -> Staff:
    row = await conn.fetchrow(
        """
        insert into staff (district_id, username, name, password_hash, one_time_until, created_at)
        values ($1, $2, $3, $4, $5, $6)
        returning id, username, name
        """,
        district_id,
        username,
        name,
        password_hash,
        one_time_until,
        now,
    )
    assert row is not None  # noqa: S101 — INSERT … RETURNING of one row gives one row
    return Staff(**row)


async def set_disabled(conn: Connection, *, district_id: int, staff_id: int, now: datetime) -> None:
    """Disable an account; one disabled before keeps its moment."""
    await conn.execute(
        "update staff set disabled_at = coalesce(disabled_at, $3) where district_id = $1 and id = $2",
        district_id,
        staff_id,
        now,
    )


async def set_enabled(conn: Connection, *, district_id: int, staff_id: int) -> None:
    await conn.execute("update staff set disabled_at = null where district_id = $1 and id = $2", district_id, staff_id)


async def set_password_hash(
    conn: Connection, *, district_id: int, staff_id: int, password_hash: str, one_time_until: datetime | None
) -> None:
    await conn.execute(
        "update staff set password_hash = $3, one_time_until = $4 where district_id = $1 and id = $2",
        district_id,
        staff_id,
        password_hash,
        one_time_until,
    )


async def insert_grant(conn: Connection, *, district_id: int, staff_id: int, grant: Grant, now: datetime) -> None:
    await conn.execute(
        """
        insert into staff_grant (district_id, staff_id, role, area_path, department_id, granted_at)
        values ($1, $2, $3, $4, $5, $6) on conflict do nothing
        """,
        district_id,
        staff_id,
        grant.role.value,
        grant.area_path,
        grant.department_id,
        now,
    )


async def has_staff(conn: Connection, *, district_id: int) -> bool:
    found: bool = await conn.fetchval("select exists (select from staff where district_id = $1)", district_id)
    return found


async def set_caller(
    conn: Connection,
    *,
    district_id: int,
    staff_id: int | None,
    rider_id: int | None,
    scopes: Sequence[str],
    department_ids: Sequence[int],
    acting: str,
) -> None:
    """Tell row-level security, until the transaction ends, for whom it works."""
    await conn.execute(
        """
        select set_config('app.district', $1::int::text, true),
            set_config('app.staff', coalesce($2::bigint::text, ''), true),
            set_config('app.rider', coalesce($3::bigint::text, ''), true),
            set_config('app.grants', $4::text[]::text, true),
            set_config('app.departments', $5::bigint[]::text, true),
            set_config('app.acting', $6, true),
            set_config('app.case', '', true)
        """,
        district_id,
        staff_id,
        rider_id,
        scopes,
        department_ids,
        acting,
    )


async def set_acting(conn: Connection, work: str) -> str:
    """Say which work of the system is done from now on, and give the one before; empty is none."""
    before: str = await conn.fetchval(
        "select before from (select coalesce(current_setting('app.acting', true), '') as before offset 0) as was, "
        "set_config('app.acting', $1, true)",
        work,
    )
    return before


async def holds_area(conn: Connection, *, area_path: str, roles: Sequence[str]) -> bool:
    found: bool = await conn.fetchval("select caller_holds($1, variadic $2::text[])", area_path, roles)
    return found


async def set_held_case(conn: Connection, *, case_id: int) -> None:
    await conn.execute("select set_config('app.case', $1::bigint::text, true)", case_id)


@dataclass(frozen=True, slots=True)
class Power:
    """What a connection's role could do past row-level security. `sees` names a table of which it saw rows unasked."""

    role: str
    is_sweeper: bool
    sees: str | None


async def has_sweeper_role(conn: Connection) -> bool:
    found: bool = await conn.fetchval("select exists (select from pg_roles where rolname = 'station_sweeper')")
    return found


async def measure_power(conn: Connection) -> Power:
    """Look at this connection's role, in a session that has not said for whom it works."""
    row = await conn.fetchrow(
        """
        select current_user, pg_has_role(current_user, 'station_sweeper', 'usage'),
            case when exists (select from district) then 'district'
                when exists (select from category) then 'category'
                when exists (select from community_case) then 'community_case' end
        """
    )
    assert row is not None  # noqa: S101 — SELECT without a table gives one row
    return Power(*row)


async def list_tables_without_wall(conn: Connection) -> list[str]:
    """List the tables of rows of a district that row-level security does not hold, also for their owner."""
    rows = await conn.fetch(
        """
        select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'schema_migration'
            and not (relrowsecurity and relforcerowsecurity)
        order by relname
        """
    )
    return [row["relname"] for row in rows]
