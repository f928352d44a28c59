"""Taps of riders at a station over HTTP, and the inbox in which its keepers read them."""

from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, StringConstraints

from core.http.endpoint import Input
from core.http.wiring import RING, actor, now, transaction
from geo.api import LOCATE
from station.feedback import inbox
from station.feedback.tell import tell
from station.models import FeedbackKind, Tap


class FeedbackBody(Input):
    """One tap. `device_nonce` is a random word the client made and keeps; `amenity` says what is broken."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "found_locked", "device_nonce": "b7c1f09e55aa"}]}
    )

    kind: FeedbackKind
    amenity: str | None = Field(default=None, max_length=40)
    device_nonce: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


async def list_feedback(request: web.Request) -> inbox.Inbox:
    """List what riders have tapped and nobody of the staff has answered yet: counts and times, never who."""
    async with transaction(request) as conn:
        return await inbox.list_open(conn, actor=actor(request), now=now(request))


async def give_feedback(request: web.Request, station_id: int, body: FeedbackBody) -> Tap:
    """Say with one tap that the door was open, that it was locked, or that something is broken."""
    async with transaction(request) as conn:
        return await tell(
            conn,
            ring=request.app[RING],
            actor=actor(request),
            station_id=station_id,
            kind=body.kind,
            amenity=body.amenity,
            device_nonce=body.device_nonce,
            locate=request.app[LOCATE],
            now=now(request),
        )
