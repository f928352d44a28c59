"""Notices over HTTP: what someone has been told, and that he has read it."""

from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, model_validator

from community.api import Id
from community.lists.models import BoundedCount
from community.lists.pages import MAX_COUNT, MAX_PAGE, bounded
from community.models import Notice
from community.notices import queries
from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import Text
from core.http.endpoint import Input
from core.http.wiring import actor, now, transaction


class NoticesQuery(Input):
    """Which notices: those older than the notice `before`, or only those not read yet."""

    before: Id | None = None
    unread: bool = False
    limit: int = 50


class NoticesReadBody(Input):
    """What has been read: everything up to the notice `up_to`, or the notices `ids`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"up_to": 4711}, {"ids": [4711, 4713]}]})

    up_to: Id | None = None
    ids: Annotated[tuple[Id, ...], Field(max_length=MAX_PAGE)] = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> "NoticesReadBody":
        if (self.up_to is None) == (not self.ids):
            raise ValueError(Text("请填写 up_to 或 ids 之一。", "Send either up_to or ids."))
        return self


@dataclass(frozen=True, slots=True)
class Notices:
    """The caller's notices, newest first, and how many he has not read in all."""

    notices: tuple[Notice, ...]
    unread: BoundedCount


@dataclass(frozen=True, slots=True)
class NoticesRead:
    """How many were marked now, and how many remain unread."""

    marked: int
    unread: BoundedCount


async def get_notices(request: web.Request, query: NoticesQuery) -> Notices:
    """List what the caller has been told about cases, newest first, with how much of it he has not read."""
    caller = actor(request)
    async with transaction(request) as conn, acting(conn, Work.NAMES):
        found = await queries.list_notices(
            conn,
            district_id=caller.district_id,
            recipient_kind=caller.kind,
            recipient_id=caller.id or 0,
            before_id=query.before,
            limit=max(1, min(query.limit, MAX_PAGE)),
            unread=query.unread,
        )
        return Notices(tuple(found), await _unread(conn, caller))


async def read_notices(request: web.Request, body: NoticesReadBody) -> NoticesRead:
    """Mark the caller's notices as read; doing it again changes nothing, and others' are not touched."""
    caller = actor(request)
    async with transaction(request) as conn:
        marked = await queries.mark_notices_read(
            conn,
            district_id=caller.district_id,
            recipient_kind=caller.kind,
            recipient_id=caller.id or 0,
            up_to_id=body.up_to,
            ids=body.ids,
            now=now(request),
        )
        return NoticesRead(marked, await _unread(conn, caller))


async def _unread(conn: Connection, caller: Actor) -> BoundedCount:
    count = await queries.count_unread_notices(
        conn,
        district_id=caller.district_id,
        recipient_kind=caller.kind,
        recipient_id=caller.id or 0,
        most=MAX_COUNT + 1,
    )
    return bounded(count)
