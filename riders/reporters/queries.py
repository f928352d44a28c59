"""All SQL about applications and appointments."""

from datetime import datetime

import asyncpg

from core.access.queries import in_scopes
from core.database import Connection
from core.sealing.ring import KeyRing
from riders.models import APPLICATION, RIDER, Application, Appointment

_APPLICATION = """
    select application.id, rider_id, rider.name as rider_name, id_number, area_path, motivation, status, applied_at,
        decided_at, reason
    from application join rider on rider.district_id = application.district_id and rider.id = rider_id
"""

_APPOINTMENT = """
    select id, rider_id, application_id, area_path, trust_level, starts_at, ends_at, appointed_by, revoked_at,
        revoke_reason
    from appointment
"""


async def insert_application(
    conn: Connection,
    *,
    ring: KeyRing,
    district_id: int,
    rider_id: int,
    area_path: str,
    motivation: str,
    id_number: str | None,
    now: datetime,
) -> int | None:
    """Give the new application's id; None while an earlier one of this rider for this area waits."""
    application_id: int = await conn.fetchval("select nextval(pg_get_serial_sequence('application', 'id'))")
    sql = """
        insert into application (district_id, id, rider_id, area_path, motivation, id_number, applied_at)
        overriding system value values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (district_id, rider_id, area_path) where status = 'waiting' do nothing
        returning id
    """
    sealed = ring.seal(id_number, APPLICATION.place("id_number", district_id=district_id, row_id=application_id))
    made: int | None = await conn.fetchval(
        sql, district_id, application_id, rider_id, area_path, motivation, sealed, now
    )
    return made


async def find_application(
    conn: Connection, *, ring: KeyRing, district_id: int, application_id: int
) -> Application | None:
    sql = _APPLICATION + "where application.district_id = $1 and application.id = $2"
    row = await conn.fetchrow(sql, district_id, application_id)
    return None if row is None else _application(row, ring, district_id)


def _application(row: asyncpg.Record, ring: KeyRing, district_id: int) -> Application:
    name = ring.open(row["rider_name"], RIDER.place("name", district_id=district_id, row_id=row["rider_id"]))
    place = APPLICATION.place("id_number", district_id=district_id, row_id=row["id"])
    return Application(**dict(row) | {"rider_name": name, "id_number": ring.open(row["id_number"], place)})


async def list_applications(
    conn: Connection,
    *,
    ring: KeyRing,
    district_id: int,
    scopes: list[str],
    rider_id: int | None,
    status: str | None,
    before: int | None,
    limit: int,
) -> list[Application]:
    """Give applications inside the scopes, of one rider or of all, newest first, with ids under `before`."""
    sql = (
        _APPLICATION
        + """
        where application.district_id = $1
            and """
        + in_scopes()
        + """
            and ($3::bigint is null or rider_id = $3)
            and ($4::text is null or status = $4)
            and ($5::bigint is null or application.id < $5)
        order by application.id desc
        limit $6
        """
    )
    rows = await conn.fetch(sql, district_id, scopes, rider_id, status, before, limit)
    return [_application(row, ring, district_id) for row in rows]


async def decide_application(
    conn: Connection,
    *,
    district_id: int,
    application_id: int,
    status: str,
    decided_by: int,
    reason: str | None,
    now: datetime,
) -> bool:
    """Decide on an application if it still waits; tell whether it did."""
    sql = """
        update application set status = $3, decided_by = $4, reason = $5, decided_at = $6
        where district_id = $1 and id = $2 and status = 'waiting'
        returning true
    """
    decided = await conn.fetchval(sql, district_id, application_id, status, decided_by, reason, now)
    return decided is not None


async def insert_appointment(
    conn: Connection,
    *,
    district_id: int,
    application: Application,
    area_path: str,
    trust_level: int,
    ends_at: datetime,
    appointed_by: int,
    now: datetime,
) -> int:
    sql = """
        insert into appointment (
            district_id, rider_id, application_id, area_path, trust_level, starts_at, ends_at, appointed_by,
            appointed_at
        )
        values ($1, $2, $3, $4, $5, $8, $6, $7, $8)
        returning id
    """
    appointment_id: int = await conn.fetchval(
        sql, district_id, application.rider_id, application.id, area_path, trust_level, ends_at, appointed_by, now
    )
    return appointment_id


async def get_appointment(conn: Connection, *, district_id: int, appointment_id: int) -> Appointment:
    appointment = await find_appointment(conn, district_id=district_id, appointment_id=appointment_id)
    assert appointment is not None  # noqa: S101 — asked only for rows just written
    return appointment


async def find_appointment(
    conn: Connection, *, district_id: int, appointment_id: int, lock: bool = False
) -> Appointment | None:
    """Give an appointment; with `lock` nobody else changes it until this transaction ends."""
    sql = _APPOINTMENT + "where district_id = $1 and id = $2" + (" for update" if lock else "")
    row = await conn.fetchrow(sql, district_id, appointment_id)
    return None if row is None else Appointment(**row)


async def list_appointments(
    conn: Connection,
    *,
    district_id: int,
    scopes: list[str],
    rider_id: int | None,
    counting_at: datetime | None,
    before: int | None,
    limit: int,
) -> list[Appointment]:
    """Give appointments inside the scopes, newest first; with `counting_at`, only those that count at that time."""
    sql = (
        _APPOINTMENT
        + """
        where district_id = $1
            and """
        + in_scopes()
        + """
            and ($3::bigint is null or rider_id = $3)
            and ($4::timestamptz is null or (revoked_at is null and starts_at <= $4 and $4 < ends_at))
            and ($5::bigint is null or id < $5)
        order by id desc
        limit $6
        """
    )
    rows = await conn.fetch(sql, district_id, scopes, rider_id, counting_at, before, limit)
    return [Appointment(**row) for row in rows]


async def find_trust_level(
    conn: Connection, *, district_id: int, rider_id: int, area_path: str, now: datetime
) -> int | None:
    """Give the highest trust level of the rider's appointments that count now and hold `area_path`; None without."""
    sql = """
        select max(trust_level) from appointment
        where district_id = $1 and rider_id = $2 and revoked_at is null and starts_at <= $4 and $4 < ends_at
            and (area_path = '' or area_path = $3 or starts_with($3, area_path || '/'))
    """
    level: int | None = await conn.fetchval(sql, district_id, rider_id, area_path, now)
    return level


async def extend_appointment(conn: Connection, *, district_id: int, appointment_id: int, ends_at: datetime) -> None:
    """Set a new end; reminder and expiry are due again."""
    sql = """
        update appointment set ends_at = $3, reminded_at = null, expired_at = null
        where district_id = $1 and id = $2
    """
    await conn.execute(sql, district_id, appointment_id, ends_at)


async def revoke_appointment(
    conn: Connection, *, district_id: int, appointment_id: int, revoked_by: int, reason: str, now: datetime
) -> None:
    sql = """
        update appointment set revoked_at = $3, revoked_by = $4, revoke_reason = $5
        where district_id = $1 and id = $2
    """
    await conn.execute(sql, district_id, appointment_id, now, revoked_by, reason)


async def mark_ending_appointments(
    conn: Connection, *, district_id: int, now: datetime, ending_before: datetime
) -> list[Appointment]:
    """Mark and give the appointments that end before `ending_before` and whose riders were not yet reminded."""
    sql = """
        update appointment set reminded_at = $2
        where (district_id, id) in (
            select district_id, id from appointment
            where district_id = $1 and revoked_at is null and reminded_at is null and ends_at > $2 and ends_at <= $3
            for update skip locked
        )
        returning id, rider_id, application_id, area_path, trust_level, starts_at, ends_at, appointed_by, revoked_at,
            revoke_reason
    """
    return [Appointment(**row) for row in await conn.fetch(sql, district_id, now, ending_before)]


async def mark_expired_appointments(conn: Connection, *, district_id: int, now: datetime) -> list[Appointment]:
    """Mark and give the appointments whose term is over and was not yet noted."""
    sql = """
        update appointment set expired_at = $2
        where (district_id, id) in (
            select district_id, id from appointment
            where district_id = $1 and revoked_at is null and expired_at is null and ends_at <= $2
            for update skip locked
        )
        returning id, rider_id, application_id, area_path, trust_level, starts_at, ends_at, appointed_by, revoked_at,
            revoke_reason
    """
    return [Appointment(**row) for row in await conn.fetch(sql, district_id, now)]
