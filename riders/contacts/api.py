"""Seeing one person in the clear over HTTP. No store on the way keeps these answers: none of ours may be kept."""

from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, StringConstraints

from core.http.endpoint import Input
from core.http.wiring import RING, actor, now, transaction
from riders.contacts import unmask
from riders.contacts.models import Person


class UnmaskBody(Input):
    """Why this person has to be seen in the clear; it is kept with who asked and when."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "15 分钟内回电"}]})

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


async def unmask_case(request: web.Request, case_id: int, body: UnmaskBody) -> Person:
    """Show name and phone of the resident who appealed or the rider who reported, in the clear.

    Needs a sign-in proved within the last minutes. Each look is on the record, and there are so many an hour.
    """
    async with transaction(request) as conn:
        return await unmask.unmask_case(
            conn,
            ring=request.app[RING],
            case_id=case_id,
            reason=body.reason,
            actor=actor(request),
            now=now(request),
        )


async def unmask_applicant(request: web.Request, application_id: int, body: UnmaskBody) -> Person:
    """Show name, phone and identity number of who applies to become a reporter, in the clear.

    Needs a sign-in proved within the last minutes. Each look is on the record, and there are so many an hour.
    """
    async with transaction(request) as conn:
        return await unmask.unmask_applicant(
            conn,
            ring=request.app[RING],
            application_id=application_id,
            reason=body.reason,
            actor=actor(request),
            now=now(request),
        )
