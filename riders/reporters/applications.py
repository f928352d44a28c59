"""Applications: a rider asks to report for an area, the community of that area approves or declines."""

from dataclasses import replace
from datetime import datetime

from community.errors import UnknownArea
from community.queries import find_area
from core.access.models import Actor, Role
from core.database import Connection
from core.errors import NotFound
from core.events import record_event
from core.masking import mask_id_number, mask_name
from core.sealing.ring import KeyRing
from riders.errors import AlreadyApplied, AlreadyDecided
from riders.models import Application, ApplicationStatus, Appointment, TrustLevel, rider_id_of, staff_id_of
from riders.reporters import queries
from riders.reporters.appointments import REVIEWERS, end_of_term
from riders.reporters.id_number import parse_id_number
from riders.signup.consents import IDENTITY, require_consents


async def apply(
    conn: Connection,
    *,
    ring: KeyRing,
    actor: Actor,
    area_code: str,
    motivation: str,
    id_number: str | None = None,
    now: datetime,
) -> Application:
    """Ask to become a reporter in an area of the active generation; a number of the identity card needs its consent.

    Raises `IdNumberNotValid`, `ConsentNeeded`, `UnknownArea`, and `AlreadyApplied` while an earlier application waits.
    """
    if id_number is not None:
        id_number = parse_id_number(id_number)
        await require_consents(conn, actor=actor, needed=[(IDENTITY, "/id_number")])
    area_path = await _path_of(conn, actor=actor, area_code=area_code)
    application_id = await queries.insert_application(
        conn,
        ring=ring,
        district_id=actor.district_id,
        rider_id=rider_id_of(actor),
        area_path=area_path,
        motivation=motivation,
        id_number=id_number,
        now=now,
    )
    if application_id is None:
        raise AlreadyApplied(pointer="/area_code")
    await _record(conn, "made", application_id, actor=actor, now=now, area_path=area_path)
    return _shown(await _get(conn, ring, actor=actor, application_id=application_id), actor)


async def list_applications(
    conn: Connection,
    *,
    ring: KeyRing,
    actor: Actor,
    status: ApplicationStatus | None,
    before: int | None,
    limit: int,
) -> list[Application]:
    """Give a rider his own applications, and staff those for the areas they review; newest first."""
    is_rider = actor.kind == "rider"
    found = await queries.list_applications(
        conn,
        ring=ring,
        district_id=actor.district_id,
        scopes=[""] if is_rider else list(actor.scopes(*REVIEWERS, Role.AUDITOR)),
        rider_id=actor.id if is_rider else None,
        status=status,
        before=before,
        limit=limit,
    )
    return [_shown(application, actor) for application in found]


async def approve(
    conn: Connection,
    *,
    ring: KeyRing,
    actor: Actor,
    application_id: int,
    area_code: str | None,
    trust_level: TrustLevel,
    months: int | None,
    until: datetime | None,
    now: datetime,
) -> Appointment:
    """Appoint the applicant from now on, in the area he asked for or in another one that the actor reviews.

    Raises `NotFound` outside the actor's areas, `UnknownArea`, `AlreadyDecided`, `TermNotValid`.
    """
    application = await get_for_review(conn, ring, actor=actor, application_id=application_id)
    appointed_area = application.area_path
    if area_code is not None:
        appointed_area = await _path_of(conn, actor=actor, area_code=area_code)
    if not actor.reaches(appointed_area, *REVIEWERS):
        raise UnknownArea(pointer="/area_code", code=area_code)
    ends_at = end_of_term(now, now=now, months=months, until=until)
    await _decide(conn, ring, application, ApplicationStatus.APPROVED, actor=actor, reason=None, now=now)
    appointment_id = await queries.insert_appointment(
        conn,
        district_id=actor.district_id,
        application=application,
        area_path=appointed_area,
        trust_level=trust_level,
        ends_at=ends_at,
        appointed_by=staff_id_of(actor),
        now=now,
    )
    await _record(conn, "approved", application_id, actor=actor, now=now, appointment_id=appointment_id)
    return await queries.get_appointment(conn, district_id=actor.district_id, appointment_id=appointment_id)


async def decline(
    conn: Connection, *, ring: KeyRing, actor: Actor, application_id: int, reason: str, now: datetime
) -> Application:
    """Decline with a reason the rider will read. Raises `NotFound` outside the actor's areas, `AlreadyDecided`."""
    application = await get_for_review(conn, ring, actor=actor, application_id=application_id)
    await _decide(conn, ring, application, ApplicationStatus.DECLINED, actor=actor, reason=reason, now=now)
    await _record(conn, "declined", application_id, actor=actor, now=now, reason=reason)
    return _shown(await _get(conn, ring, actor=actor, application_id=application_id), actor)


def _shown(application: Application, reader: Actor) -> Application:
    """Mask what the reader need not know: staff ask for it, with a reason, when they do."""
    name = application.rider_name if reader.kind == "rider" else mask_name(application.rider_name)
    return replace(application, rider_name=name, id_number=mask_id_number(application.id_number))


async def _path_of(conn: Connection, *, actor: Actor, area_code: str) -> str:
    area = await find_area(conn, district_id=actor.district_id, generation_id=None, code=area_code)
    if area is None:
        raise UnknownArea(pointer="/area_code", code=area_code)
    return area.path


async def _get(conn: Connection, ring: KeyRing, *, actor: Actor, application_id: int) -> Application:
    application = await queries.find_application(
        conn, ring=ring, district_id=actor.district_id, application_id=application_id
    )
    if application is None:
        raise NotFound()
    return application


async def get_for_review(conn: Connection, ring: KeyRing, *, actor: Actor, application_id: int) -> Application:
    """Give an application, unmasked, that the actor may decide on. Raises `NotFound` for any other."""
    application = await _get(conn, ring, actor=actor, application_id=application_id)
    if not actor.reaches(application.area_path, *REVIEWERS):
        raise NotFound()
    return application


async def _decide(
    conn: Connection,
    ring: KeyRing,
    application: Application,
    status: ApplicationStatus,
    *,
    actor: Actor,
    reason: str | None,
    now: datetime,
) -> None:
    """Take the decision if nobody was faster: the row's own status decides, not what was read before."""
    decided = await queries.decide_application(
        conn,
        district_id=actor.district_id,
        application_id=application.id,
        status=status,
        decided_by=staff_id_of(actor),
        reason=reason,
        now=now,
    )
    if not decided:
        stands = await _get(conn, ring, actor=actor, application_id=application.id)
        raise AlreadyDecided(status=stands.status)


async def _record(
    conn: Connection, what: str, application_id: int, *, actor: Actor, now: datetime, **data: object
) -> None:
    await record_event(
        conn,
        district_id=actor.district_id,
        kind=f"application.{what}",
        subject="application",
        subject_id=application_id,
        actor=actor,
        now=now,
        data=data,
    )
