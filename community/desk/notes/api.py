"""Notes and mentions over HTTP."""

from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field

from community.api import Id
from community.desk.notes import queries
from community.desk.notes.mention import MAX_MENTIONS, list_mentionable
from community.desk.notes.models import Note, Person
from community.desk.notes.write import withdraw_note, write_note
from community.desk.seen import get_seen_case
from core.http.endpoint import Created, Input
from core.http.wiring import actor, now, transaction

MAX_PAGE = 200


class NoteBody(Input):
    """What to write to colleagues about a case; `@username` in the text or an id in `mentions` tells someone of it."""

    model_config = ConfigDict(
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"text": "@wangli 请明早带人看一下现场", "mentions": [17]}]},
    )

    text: str = Field(min_length=1, max_length=2000)
    mentions: Annotated[tuple[Id, ...], Field(max_length=MAX_MENTIONS)] = ()


class NotesQuery(Input):
    """Which notes: those after the note `after`."""

    after: int = Field(0, ge=0, le=2**63 - 1)
    limit: int = 100


class MentionableQuery(Input):
    """What has been typed so far: the beginning of a user name, or a part of a name."""

    q: str = Field("", max_length=64)


@dataclass(frozen=True, slots=True)
class Notes:
    """Some notes on a case, oldest first, and where the next page begins; None on the last."""

    notes: tuple[Note, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class Mentionable:
    """Colleagues who see the case, at most 20."""

    people: tuple[Person, ...]


async def get_notes(request: web.Request, case_id: int, query: NotesQuery) -> Notes:
    """List the notes that staff wrote on a case; no reporter ever sees one."""
    caller, limit = actor(request), max(1, min(query.limit, MAX_PAGE))
    async with transaction(request) as conn:
        case = await get_seen_case(conn, case_id=case_id, actor=caller)
        found = await queries.list_notes(
            conn, district_id=case.district_id, case_id=case.id, after_id=query.after, limit=limit + 1
        )
    return Notes(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)


async def create_note(request: web.Request, case_id: int, body: NoteBody) -> Created[Note]:
    """Write a note on a case for colleagues, and tell those it mentions.

    Who does not see the case cannot be mentioned; each is named, and nothing is stored.
    """
    async with transaction(request) as conn:
        note = await write_note(
            conn, case_id=case_id, text=body.text, mentions=body.mentions, actor=actor(request), now=now(request)
        )
    return Created(note, location=f"/api/v1/cases/{case_id}/notes")


async def delete_note(request: web.Request, case_id: int, note_id: int) -> Note:
    """Withdraw a note of one's own: its text is shown to nobody any more, that there was one stays."""
    async with transaction(request) as conn:
        return await withdraw_note(conn, case_id=case_id, note_id=note_id, actor=actor(request), now=now(request))


async def get_mentionable(request: web.Request, case_id: int, query: MentionableQuery) -> Mentionable:
    """List colleagues who may be mentioned in a note on this case: those who see it."""
    caller = actor(request)
    async with transaction(request) as conn:
        case = await get_seen_case(conn, case_id=case_id, actor=caller)
        return Mentionable(tuple(await list_mentionable(conn, case=case, typed=query.q, caller=caller)))
