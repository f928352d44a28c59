"""The audit trail over HTTP: pages for whoever answers for the whole district, and for auditors."""

from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from pydantic import Field

from core.http.endpoint import Input
from core.http.wiring import district_id, transaction
from core.trail.models import AuditEntry
from core.trail.read import list_entries


class AuditQuery(Input):
    """Which entries; `cursor` is the `next_cursor` of the page before."""

    actor_kind: Literal["rider", "staff", "system", "anonymous"] | None = None
    actor_id: int | None = Field(None, ge=1, lt=2**63)
    act: str | None = Field(None, max_length=60, examples=["rider.erased"])
    subject: str | None = Field(None, max_length=40, examples=["rider"])
    subject_id: str | None = Field(None, max_length=80)
    cursor: int | None = Field(None, ge=1, lt=2**63)
    limit: int = Field(50, ge=1, le=200)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries of the trail, newest first."""

    entries: list[AuditEntry]
    next_cursor: int | None


async def get_audit(request: web.Request, query: AuditQuery) -> AuditPage:
    """List what was done with power over people and their data: who, when, to whom, why; without personal data."""
    async with transaction(request) as conn:
        found = await list_entries(
            conn,
            district_id=district_id(request),
            actor_kind=query.actor_kind,
            actor_id=query.actor_id,
            act=query.act,
            subject=query.subject,
            subject_id=query.subject_id,
            before=query.cursor,
            limit=query.limit + 1,
        )
    page = found[: query.limit]
    return AuditPage(page, page[-1].id if len(found) > query.limit else None)
