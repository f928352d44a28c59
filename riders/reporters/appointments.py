"""Appointments: a rider's term as reporter in an area, its renewal, revocation and end.

An appointment counts by its dates alone, at the moment of a report; the sweep only records which terms end or are
over, so a late sweep changes nothing but the moment of the record.
"""

import calendar
from datetime import datetime, timedelta

from core.access.models import Actor, Role
from core.database import Connection
from core.errors import NotFound
from core.events import record_event
from riders.errors import AppointmentRevoked, TermNotValid
from riders.models import Appointment, TrustLevel, staff_id_of
from riders.reporters import queries

REVIEWERS = (Role.DISTRICT_ADMIN, Role.SUBDISTRICT, Role.SECRETARY)
LONGEST_TERM_MONTHS = 12
REMIND_BEFORE = timedelta(days=14)


def end_of_term(starts_at: datetime, *, now: datetime, months: int | None, until: datetime | None) -> datetime:
    """Give when a term beginning at `starts_at` ends: after `months` calendar months, or at `until`.

    Raises `TermNotValid` unless it ends after `now` and within the longest term.
    """
    ends_at = until if until is not None else add_months(starts_at, months or 0)
    if not max(now, starts_at) < ends_at <= add_months(starts_at, LONGEST_TERM_MONTHS):
        pointer = "/until" if until is not None else "/term_months"
        raise TermNotValid(pointer=pointer, months=LONGEST_TERM_MONTHS)
    return ends_at


def add_months(moment: datetime, months: int) -> datetime:
    """Give the same day and time `months` calendar months later, or the last day of a shorter month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))


async def list_appointments(
    conn: Connection, *, actor: Actor, now: datetime, only_counting: bool, before: int | None, limit: int
) -> list[Appointment]:
    """Give a rider his own appointments, and staff those inside the areas they review; newest first."""
    is_rider = actor.kind == "rider"
    return await queries.list_appointments(
        conn,
        district_id=actor.district_id,
        scopes=[""] if is_rider else list(actor.scopes(*REVIEWERS, Role.AUDITOR)),
        rider_id=actor.id if is_rider else None,
        counting_at=now if only_counting else None,
        before=before,
        limit=limit,
    )


async def renew(
    conn: Connection, *, actor: Actor, appointment_id: int, months: int | None, until: datetime | None, now: datetime
) -> Appointment:
    """Add a term to the one that runs, or start it now when that one is over.

    Raises `NotFound` outside the actor's areas, `AppointmentRevoked`, `TermNotValid`.
    """
    appointment = await _get_for_change(conn, actor=actor, appointment_id=appointment_id)
    ends_at = end_of_term(max(now, appointment.ends_at), now=now, months=months, until=until)
    await queries.extend_appointment(
        conn, district_id=actor.district_id, appointment_id=appointment_id, ends_at=ends_at
    )
    await _record(conn, "renewed", appointment, actor=actor, district_id=actor.district_id, now=now, ends_at=ends_at)
    return await queries.get_appointment(conn, district_id=actor.district_id, appointment_id=appointment_id)


async def revoke(conn: Connection, *, actor: Actor, appointment_id: int, reason: str, now: datetime) -> Appointment:
    """End an appointment at once, saying why. Raises `NotFound` outside the actor's areas, `AppointmentRevoked`."""
    appointment = await _get_for_change(conn, actor=actor, appointment_id=appointment_id)
    await queries.revoke_appointment(
        conn,
        district_id=actor.district_id,
        appointment_id=appointment_id,
        revoked_by=staff_id_of(actor),
        reason=reason,
        now=now,
    )
    await _record(conn, "revoked", appointment, actor=actor, district_id=actor.district_id, now=now, reason=reason)
    return await queries.get_appointment(conn, district_id=actor.district_id, appointment_id=appointment_id)


async def is_trusted(conn: Connection, *, district_id: int, rider_id: int, area_path: str, now: datetime) -> bool:
    """Tell whether a report of this rider in this area may be filed at once."""
    level = await queries.find_trust_level(
        conn, district_id=district_id, rider_id=rider_id, area_path=area_path, now=now
    )
    return level is not None and level >= TrustLevel.FILED_AT_ONCE


async def sweep_appointments(conn: Connection, *, district_id: int, now: datetime) -> int:
    """Record, once each, which terms end within two weeks and which are over; give how many were recorded.

    Marking and recording are one transaction, and a row being marked elsewhere is left alone: the sweep may run
    never, twice, late, or in several processes.
    """
    ending = await queries.mark_ending_appointments(
        conn, district_id=district_id, now=now, ending_before=now + REMIND_BEFORE
    )
    expired = await queries.mark_expired_appointments(conn, district_id=district_id, now=now)
    for kind, appointments in (("ending", ending), ("expired", expired)):
        for appointment in appointments:
            await _record(conn, kind, appointment, actor=None, district_id=district_id, now=now)
    return len(ending) + len(expired)


async def _get_for_change(conn: Connection, *, actor: Actor, appointment_id: int) -> Appointment:
    appointment = await queries.find_appointment(
        conn, district_id=actor.district_id, appointment_id=appointment_id, lock=True
    )
    if appointment is None or not actor.reaches(appointment.area_path, *REVIEWERS):
        raise NotFound()
    if appointment.revoked_at is not None:
        raise AppointmentRevoked()
    return appointment


async def _record(
    conn: Connection,
    what: str,
    appointment: Appointment,
    *,
    actor: Actor | None,
    district_id: int,
    now: datetime,
    **more: object,
) -> None:
    await record_event(
        conn,
        district_id=district_id,
        kind=f"appointment.{what}",
        subject="appointment",
        subject_id=appointment.id,
        actor=actor,
        now=now,
        data={
            "rider_id": appointment.rider_id,
            "area_path": appointment.area_path,
            "ended_at_before": appointment.ends_at,
            **more,
        },
    )
