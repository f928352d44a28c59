"""What a resident does with his own appeal, by the token that only he holds: look, add words, take it back."""

from datetime import datetime

from community import queries as case_queries
from community.acts import Act, Deed
from community.appeals import queries
from community.appeals.errors import AppealEnded, TooManyWords
from community.errors import AppealNotFound
from community.models import ENDED, Case, State
from community.progress import Progress, get_progress
from community.triage import perform
from community.workflow import Verb, find_transition
from core.access.sessions import anonymous
from core.access.wall import Work, acting, hold_case
from core.database import Connection
from core.events import record_event
from core.queries import list_events
from core.sealing.ring import KeyRing

#: How often a resident can add to one appeal.
MOST_WORDS = 20
#: In these nobody works on the matter any more; a duplicate waits for its original.
_OVER = ENDED - {State.DUPLICATE}


async def get_appeal_progress(
    conn: Connection, *, district_id: int, token: str, link_ring: KeyRing | None = None
) -> Progress:
    """Tell how far the appeal of this token has come. Raises `AppealNotFound`."""
    case_id = await _find_case_id(conn, district_id, token)
    return await get_progress(conn, district_id=district_id, case_id=case_id, link_ring=link_ring)


async def add_words(conn: Connection, *, district_id: int, token: str, words: str, now: datetime) -> None:
    """Add the resident's words to the history of his case, unless they are what he said last.

    Raises `AppealNotFound`, `AppealEnded`, `TooManyWords`.
    """
    case = await _lock_case(conn, district_id, token)
    if case.state in _OVER:
        raise AppealEnded(number=case.number, state=case.state.text)
    events = await list_events(conn, district_id=district_id, subject="case", subject_id=case.id)
    said = [event.data["note"] for event in events if event.kind == "case.words_added"]
    if said and said[-1] == words:
        return
    if len(said) >= MOST_WORDS:
        raise TooManyWords(most=MOST_WORDS)
    await record_event(
        conn,
        district_id=district_id,
        kind="case.words_added",
        subject="case",
        subject_id=case.id,
        actor=anonymous(district_id),
        now=now,
        data={"from": case.state, "to": case.state, "note": words},
    )


async def withdraw_appeal(conn: Connection, *, district_id: int, token: str, words: str | None, now: datetime) -> None:
    """Void the case of an appeal because its resident takes it back; nothing is owed on it any more.

    Raises `AppealNotFound`, `AppealEnded`; withdrawn already is no error.
    """
    case = await _lock_case(conn, district_id, token)
    transition = find_transition(case.state, Verb.VOID)
    if transition is not None:
        await record_event(
            conn,
            district_id=district_id,
            kind="case.withdrawn",
            subject="case",
            subject_id=case.id,
            actor=anonymous(district_id),
            now=now,
            data={"from": case.state, "to": State.VOIDED, "note": words},
        )
        await perform(Deed(conn, case, transition, Act(note="居民撤回"), actor=None, now=now))
        return
    events = await list_events(conn, district_id=district_id, subject="case", subject_id=case.id)
    if case.state is not State.VOIDED or all(event.kind != "case.withdrawn" for event in events):
        raise AppealEnded(number=case.number, state=case.state.text)


async def _find_case_id(conn: Connection, district_id: int, token: str) -> int:
    async with acting(conn, Work.TOKEN):
        appeal_id = await queries.find_appeal_id(conn, district_id=district_id, token=token)
        case_id = None
        if appeal_id is not None:
            case_id = await queries.find_case_id(conn, district_id=district_id, appeal_id=appeal_id)
    if case_id is None:
        raise AppealNotFound()
    await hold_case(conn, case_id=case_id)
    return case_id


async def _lock_case(conn: Connection, district_id: int, token: str) -> Case:
    case_id = await _find_case_id(conn, district_id, token)
    return (await case_queries.lock_cases(conn, district_id=district_id, case_ids=[case_id]))[case_id]
