"""Writing and withdrawing notes. What was written is never changed; withdrawn, it is only shown no more."""

from collections.abc import Sequence
from datetime import datetime

from community.desk.errors import CaseTakesNoNotes, NoteNotFound, NoteNotYours
from community.desk.notes import queries
from community.desk.notes.mention import find_mentioned
from community.desk.notes.models import Note
from community.desk.seen import get_seen_case
from community.models import State
from community.sight import roles_on
from core.access.models import Actor, Role
from core.database import Connection
from core.events import record_event

#: A merged case is worked on where it was merged into, a voided one by nobody; any other may be asked to be reopened.
_TAKES_NO_NOTES = frozenset({State.DUPLICATE, State.VOIDED})


async def write_note(
    conn: Connection, *, case_id: int, text: str, mentions: Sequence[int], actor: Actor, now: datetime
) -> Note:
    """Write a note on a case and tell those mentioned, by `@username` or by id.

    Raises `CaseNotFound`, `NoteNotYours` for those who only read, `CaseTakesNoNotes`, and `InvalidInput` for who cannot
    be mentioned.
    """
    case = await get_seen_case(conn, case_id=case_id, actor=actor)
    if not roles_on(actor, case) - {Role.AUDITOR}:
        raise NoteNotYours()
    if case.state in _TAKES_NO_NOTES:
        raise CaseTakesNoNotes(number=case.number, state=case.state.text)
    mentioned = await find_mentioned(conn, case=case, text=text, staff_ids=mentions)
    mentioned_ids = [person.id for person in mentioned]
    note_id = await queries.insert_note(
        conn,
        district_id=case.district_id,
        case_id=case.id,
        author_id=actor.id or 0,
        text=text,
        mentioned_ids=mentioned_ids,
        now=now,
    )
    await record_event(
        conn,
        district_id=case.district_id,
        kind="case.noted",
        subject="case",
        subject_id=case.id,
        actor=actor,
        now=now,
        data={"note_id": note_id, "mentioned_ids": mentioned_ids},
    )
    return await _get_note(conn, case_id=case.id, note_id=note_id, actor=actor)


async def withdraw_note(conn: Connection, *, case_id: int, note_id: int, actor: Actor, now: datetime) -> Note:
    """Show a note's text to nobody any more; that there was one stays. Doing it again changes nothing.

    Raises `CaseNotFound`, `NoteNotFound`, and `NoteNotYours` for anyone but its author.
    """
    case = await get_seen_case(conn, case_id=case_id, actor=actor)
    note = await _get_note(conn, case_id=case.id, note_id=note_id, actor=actor)
    if note.author.id != actor.id:
        raise NoteNotYours()
    if not await queries.withdraw_note(conn, district_id=case.district_id, note_id=note_id, now=now):
        return await _get_note(conn, case_id=case.id, note_id=note_id, actor=actor)
    await record_event(
        conn,
        district_id=case.district_id,
        kind="case.note_withdrawn",
        subject="case",
        subject_id=case.id,
        actor=actor,
        now=now,
        data={"note_id": note_id},
    )
    return await _get_note(conn, case_id=case.id, note_id=note_id, actor=actor)


async def _get_note(conn: Connection, *, case_id: int, note_id: int, actor: Actor) -> Note:
    note = await queries.find_note(conn, district_id=actor.district_id, case_id=case_id, note_id=note_id)
    if note is None:
        raise NoteNotFound()
    return note
