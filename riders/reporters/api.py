"""Applications and appointments over HTTP."""

from dataclasses import dataclass
from typing import Annotated, Self

from aiohttp import web
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, model_validator

from core.errors import Text
from core.http.endpoint import Input
from core.http.wiring import RING, actor, now, transaction
from riders.api import PageQuery
from riders.models import Application, ApplicationStatus, Appointment, TrustLevel
from riders.pages import cut
from riders.reporters import applications, appointments

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
AreaCode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Months = Annotated[int, Field(ge=1, le=appointments.LONGEST_TERM_MONTHS)]


class ApplicationBody(Input):
    """The area a rider wants to report for, and why; the number of his identity card only if he wants to leave it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"area_code": "370211001002", "motivation": "每天在这一带送餐"}]}
    )

    area_code: AreaCode
    motivation: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    id_number: Annotated[str, StringConstraints(max_length=40)] | None = None


class TermBody(Input):
    """How long: `term_months` calendar months, or `until` a moment; exactly one of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"term_months": 6}]})

    term_months: Months | None = None
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.term_months is None) == (self.until is None):
            raise ValueError(Text("term_months 与 until 二选一。", "Give either term_months or until."))
        return self


class ApprovalBody(TermBody):
    """The term, how much the reporter is trusted, and another area than the one asked for, if so."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"term_months": 6, "trust_level": 2}]})

    trust_level: TrustLevel = TrustLevel.FILED_AT_ONCE
    area_code: AreaCode | None = None


class ReasonBody(Input):
    """Why; the rider reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "该网格已有两名兼职网格员"}]})

    reason: Reason


class ApplicationQuery(PageQuery):
    """Which applications."""

    status: ApplicationStatus | None = None


class AppointmentQuery(PageQuery):
    """Which appointments; `only_counting` leaves out what is revoked or over."""

    only_counting: bool = False


@dataclass(frozen=True, slots=True)
class ApplicationPage:
    """Applications, newest first."""

    applications: list[Application]
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class AppointmentPage:
    """Appointments, newest first."""

    appointments: list[Appointment]
    next_cursor: int | None


async def apply_as_reporter(request: web.Request, body: ApplicationBody) -> Application:
    """Apply to become a part-time reporter in an area."""
    async with transaction(request) as conn:
        return await applications.apply(
            conn,
            ring=request.app[RING],
            actor=actor(request),
            area_code=body.area_code,
            motivation=body.motivation,
            id_number=body.id_number,
            now=now(request),
        )


async def list_applications(request: web.Request, query: ApplicationQuery) -> ApplicationPage:
    """List a rider's own applications, or those for the areas a staff member reviews."""
    async with transaction(request) as conn:
        found = await applications.list_applications(
            conn,
            ring=request.app[RING],
            actor=actor(request),
            status=query.status,
            before=query.cursor,
            limit=query.limit + 1,
        )
    return ApplicationPage(*cut(found, query.limit))


async def approve_application(request: web.Request, application_id: int, body: ApprovalBody) -> Appointment:
    """Appoint the applicant for a term."""
    async with transaction(request) as conn:
        return await applications.approve(
            conn,
            ring=request.app[RING],
            actor=actor(request),
            application_id=application_id,
            area_code=body.area_code,
            trust_level=body.trust_level,
            months=body.term_months,
            until=body.until,
            now=now(request),
        )


async def decline_application(request: web.Request, application_id: int, body: ReasonBody) -> Application:
    """Decline an application, saying why."""
    async with transaction(request) as conn:
        return await applications.decline(
            conn,
            ring=request.app[RING],
            actor=actor(request),
            application_id=application_id,
            reason=body.reason,
            now=now(request),
        )


async def list_appointments(request: web.Request, query: AppointmentQuery) -> AppointmentPage:
    """List a rider's own appointments, or those in the areas a staff member reviews."""
    async with transaction(request) as conn:
        found = await appointments.list_appointments(
            conn,
            actor=actor(request),
            now=now(request),
            only_counting=query.only_counting,
            before=query.cursor,
            limit=query.limit + 1,
        )
    return AppointmentPage(*cut(found, query.limit))


async def renew_appointment(request: web.Request, appointment_id: int, body: TermBody) -> Appointment:
    """Add a term to an appointment."""
    async with transaction(request) as conn:
        return await appointments.renew(
            conn,
            actor=actor(request),
            appointment_id=appointment_id,
            months=body.term_months,
            until=body.until,
            now=now(request),
        )


async def revoke_appointment(request: web.Request, appointment_id: int, body: ReasonBody) -> Appointment:
    """End an appointment at once, saying why."""
    async with transaction(request) as conn:
        return await appointments.revoke(
            conn, actor=actor(request), appointment_id=appointment_id, reason=body.reason, now=now(request)
        )
