"""Answering a link: the reporter's own word ends the follow-up, and stands above what staff noted of it."""

from dataclasses import replace
from datetime import datetime

from community import queries as case_queries
from community.acts import Act, Deed
from community.followup import queries
from community.followup.errors import FollowUpAnswered, FollowUpExpired, FollowUpNotFound, FollowUpReplaced
from community.followup.links import ANSWERABLE
from community.followup.models import LINK_LIFE, SATISFACTION_TEXTS, Answer, FollowUp, Link
from community.followup.reopening import asked_at, say_if_asked
from community.followup.tokens import read_token
from community.models import Case, State
from community.triage import perform
from community.workflow import Verb, find_transition
from core.access.models import Actor
from core.access.sessions import anonymous
from core.access.wall import Work, acting, hold_case
from core.database import Connection
from core.events import record_event
from core.sealing.ring import KeyRing


async def get_follow_up(conn: Connection, *, district_id: int, token: str, ring: KeyRing, now: datetime) -> FollowUp:
    """Show what a token opens. Raises `FollowUpNotFound`, `FollowUpReplaced`, `FollowUpExpired`."""
    case_id, of_round = await _read(conn, ring, token, district_id)
    case = await case_queries.find_case(conn, district_id=district_id, case_id=case_id)
    return _shown(*await _get_alive(conn, case, of_round, now))


async def answer_follow_up(
    conn: Connection, *, district_id: int, token: str, answer: Answer, ring: KeyRing, now: datetime
) -> FollowUp:
    """Take the reporter's answer; the same one again gives the same, another one raises `FollowUpAnswered`.

    Raises `FollowUpNotFound`, `FollowUpReplaced`, `FollowUpExpired` too.
    """
    case_id, of_round = await _read(conn, ring, token, district_id)
    locked = await case_queries.lock_cases(conn, district_id=district_id, case_ids=[case_id])
    case, link = await _get_alive(conn, locked.get(case_id), of_round, now)
    if link.satisfaction is not None:
        if (link.satisfaction, link.words) != (answer.satisfaction, answer.words):
            raise FollowUpAnswered(number=case.number, satisfaction=SATISFACTION_TEXTS[link.satisfaction])
        return _shown(case, link)
    await queries.answer_link(conn, district_id=district_id, case_id=case_id, of_round=of_round, answer=answer, now=now)
    async with acting(conn, Work.CONSEQUENCE):
        await _take(conn, case, answer, anonymous(district_id), now)
    return _shown(case, replace(link, answered_at=now, satisfaction=answer.satisfaction, words=answer.words))


async def _read(conn: Connection, ring: KeyRing, token: str, district_id: int) -> tuple[int, int]:
    """Give the case and the round that a token names, and let its holder see that case."""
    named = read_token(ring, token, district_id=district_id)
    if named is None:
        raise FollowUpNotFound()
    await hold_case(conn, case_id=named[0])
    return named


async def _get_alive(conn: Connection, case: Case | None, of_round: int, now: datetime) -> tuple[Case, Link]:
    """Give the case and a link of it that can be answered, or was answered and can still be looked at."""
    link = None
    if case is not None:
        link = await queries.find_link(conn, district_id=case.district_id, case_id=case.id, of_round=of_round)
    if case is None or link is None:
        raise FollowUpNotFound()
    if not link.is_latest or case.state not in ANSWERABLE:
        raise FollowUpReplaced(number=case.number)
    if link.answered_at is None and link.expires_at <= now:
        raise FollowUpExpired(number=case.number, days=LINK_LIFE.days)
    return case, link


async def _take(conn: Connection, case: Case, answer: Answer, reporter: Actor, now: datetime) -> None:
    """Follow the case up, or put the reporter's word in place of what staff noted."""
    if case.state is State.CLOSED:
        transition = find_transition(State.CLOSED, Verb.FOLLOW_UP)
        assert transition is not None  # noqa: S101 — a row of the table
        act = Act(satisfaction=answer.satisfaction, note=answer.words)
        await perform(Deed(conn, case, transition, act, reporter, now))
        return
    asked = asked_at(case, answer.satisfaction, now)
    after = replace(case, satisfaction=answer.satisfaction, reopening_asked_at=asked)
    changed = await case_queries.update_case(conn, before=case, after=after, allowed_states=[case.state], now=now)
    assert changed is not None  # noqa: S101 — the caller has locked the row
    await record_event(
        conn,
        district_id=case.district_id,
        kind="case.rated",
        subject="case",
        subject_id=case.id,
        actor=reporter,
        now=now,
        data={
            "from": case.state,
            "to": changed.state,
            "satisfaction": answer.satisfaction,
            "noted": case.satisfaction,
            "note": answer.words,
        },
    )
    await say_if_asked(conn, before=case, after=changed, words=answer.words, actor=reporter, now=now)


def _shown(case: Case, link: Link) -> FollowUp:
    return FollowUp(
        number=case.number,
        category_code=case.category_code,
        result=case.result,
        closed_at=link.closed_at,
        expires_at=link.expires_at,
        satisfaction=link.satisfaction,
        words=link.words,
        answered_at=link.answered_at,
    )
