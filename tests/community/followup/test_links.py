"""The reporter's link: one a closing, answered once, void when the case is open again, over after fourteen days."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from community.clocks.queries import list_deadlines
from community.followup.answer import answer_follow_up, get_follow_up
from community.followup.errors import FollowUpAnswered, FollowUpExpired, FollowUpNotFound, FollowUpReplaced
from community.followup.links import find_own_link
from community.followup.models import Answer, FollowUp
from community.followup.tokens import make_token
from community.models import Case, Clock, Origin, Satisfaction, State
from community.progress import get_progress
from community.queries import lock_cases
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Connection, Pool, pool_transaction
from core.errors import Refusal
from core.sealing.models import Purpose
from tests.community.district import COMMUNITY, hire, located, open_report, read
from tests.community.followup.story import DAY, RIDER, SOON, appeal, close, do, events_of, kinds_of, token_of
from tests.conftest import DISTRICT, RING, changed_ring

GOOD = Answer(Satisfaction.SATISFIED, "谢谢")
BAD = Answer(Satisfaction.DISSATISFIED, "又坏了")
LATER = SOON + DAY


async def answer(conn: Connection, token: str, said: Answer = GOOD, now: datetime = LATER) -> FollowUp:
    return await answer_follow_up(conn, district_id=DISTRICT, token=token, answer=said, ring=RING, now=now)


async def look(conn: Connection, token: str, now: datetime = LATER) -> FollowUp:
    return await get_follow_up(conn, district_id=DISTRICT, token=token, ring=RING, now=now)


async def secretary_of(conn: Connection) -> Actor:
    return await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)


async def closed_report(conn: Connection, secretary: Actor) -> Case:
    return await close(conn, await open_report(conn, 1, at=located(), actor=RIDER), secretary)


async def test_closing_gives_the_reporter_one_link_for_fourteen_days(conn: Connection) -> None:
    case = await closed_report(conn, await secretary_of(conn))
    link = await find_own_link(conn, case=case, ring=RING)
    assert link is not None
    assert (SOON + 14 * DAY, None) == (link.expires_at, link.answered_at)
    shown = await look(conn, link.token)
    assert (case.number, "litter", "已办妥", SOON) == (
        shown.number,
        shown.category_code,
        shown.result,
        shown.closed_at,
    )
    assert (None, None, None) == (shown.satisfaction, shown.words, shown.answered_at)


async def test_reports_and_appeals_have_a_link_and_taps_at_a_door_have_none(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    cases = [
        await open_report(conn, 1, at=located(), actor=RIDER),
        (await appeal(conn))[1],
        await open_report(conn, 2, at=located(), origin=Origin.STATION_FAULT, actor=RIDER),
    ]
    closed = [await close(conn, case, secretary) for case in cases]
    links = [await find_own_link(conn, case=case, ring=RING) for case in closed]
    assert [True, True, False] == [link is not None for link in links]


async def test_an_open_case_has_no_link(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(), actor=RIDER)
    await do(conn, case, Verb.FILE, secretary)
    await do(conn, case, Verb.HANDLE, secretary, note="好了")
    case = await do(conn, case, Verb.VERIFY, secretary)
    assert await find_own_link(conn, case=case, ring=RING) is None


async def test_no_table_holds_what_opens_a_link(conn: Connection) -> None:
    case = await closed_report(conn, await secretary_of(conn))
    token = await token_of(conn, case)
    await answer(conn, token)
    rows = await conn.fetch("select * from follow_up_link") + await conn.fetch("select * from event")
    assert token.split("-", 2)[2] not in repr([dict(row) for row in rows])


@pytest.mark.parametrize("said", [GOOD, Answer(Satisfaction.FAIRLY_SATISFIED, None), BAD])
async def test_the_answer_follows_the_case_up_and_meets_the_clock(conn: Connection, said: Answer) -> None:
    secretary = await secretary_of(conn)
    _, case = await appeal(conn)
    case = await close(conn, case, secretary)
    shown = await answer(conn, await token_of(conn, case), said)
    assert (said.satisfaction, said.words, LATER) == (shown.satisfaction, shown.words, shown.answered_at)
    case = await read(conn, case)
    assert (State.FOLLOWED_UP, said.satisfaction, None) == (case.state, case.satisfaction, case.next_due_at)
    clocks = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    assert [LATER] == [each.met_at for each in clocks if each.clock is Clock.FOLLOW_UP]
    event = next(each for each in await events_of(conn, case) if each.kind == "case.followed_up")
    assert ("anonymous", None, "closed", "followed_up", said.satisfaction) == (
        event.actor_kind,
        event.actor_id,
        event.data["from"],
        event.data["to"],
        event.data["satisfaction"],
    )


async def test_the_same_answer_again_gives_the_same_and_happens_once(conn: Connection) -> None:
    case = await closed_report(conn, await secretary_of(conn))
    token = await token_of(conn, case)
    first = await answer(conn, token)
    kinds = await kinds_of(conn, case)
    assert first == await answer(conn, token, now=LATER + DAY) == await look(conn, token)
    assert first == await answer(conn, token, now=SOON + 30 * DAY)
    assert kinds == await kinds_of(conn, case)


@pytest.mark.parametrize("other", [BAD, replace(GOOD, words=None), replace(GOOD, words="改一句")])
async def test_another_answer_is_refused_and_the_first_stands(conn: Connection, other: Answer) -> None:
    case = await closed_report(conn, await secretary_of(conn))
    token = await token_of(conn, case)
    first = await answer(conn, token)
    with pytest.raises(FollowUpAnswered, match="satisfied"):
        await answer(conn, token, other)
    assert first == await look(conn, token)


async def test_of_two_answers_at_once_one_is_taken(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        case = await closed_report(conn, await secretary_of(conn))
        token = await token_of(conn, case)

    async def attempt(said: Answer) -> object:
        try:
            async with pool_transaction(pool) as conn:
                return (await answer(conn, token, said)).satisfaction
        except Refusal as refusal:
            return type(refusal)

    async with pool_transaction(pool) as conn:
        await lock_cases(conn, district_id=DISTRICT, case_ids=[case.id])
        attempts = [asyncio.create_task(attempt(said)) for said in (GOOD, BAD) for _ in range(3)]
        await asyncio.sleep(0.3)  # each has come as far as it can
    outcomes = await asyncio.gather(*attempts)
    taken = [outcome for outcome in outcomes if outcome is not FollowUpAnswered]
    assert (3, 1) == (len(taken), len(set(taken)))
    async with pool_transaction(pool) as conn:
        assert 1 == await conn.fetchval("select count(*) from event where kind = 'case.followed_up'")


@pytest.mark.parametrize(("late", "is_taken"), [(timedelta(microseconds=-1), True), (timedelta(0), False)])
async def test_a_link_ends_after_fourteen_days(conn: Connection, late: timedelta, is_taken: bool) -> None:
    case = await closed_report(conn, await secretary_of(conn))
    token, now = await token_of(conn, case), SOON + 14 * DAY + late
    if is_taken:
        assert GOOD.satisfaction is (await answer(conn, token, now=now)).satisfaction
        return
    with pytest.raises(FollowUpExpired, match="14"):
        await answer(conn, token, now=now)
    with pytest.raises(FollowUpExpired):
        await look(conn, token, now=now)
    assert State.CLOSED is (await read(conn, case)).state


@pytest.mark.parametrize("answered", [False, True])
async def test_reopening_voids_the_link_and_the_next_closing_gives_another(conn: Connection, answered: bool) -> None:
    secretary = await secretary_of(conn)
    case = await closed_report(conn, secretary)
    old = await token_of(conn, case)
    if answered:
        await answer(conn, old, BAD)
    case = await do(conn, case, Verb.REOPEN, secretary, note="再处理", now=LATER)
    assert await find_own_link(conn, case=case, ring=RING) is None
    case_again = await close(conn, case, secretary, now=LATER)
    new = await token_of(conn, case_again)
    for refused in (answer, look):
        with pytest.raises(FollowUpReplaced, match=case.number):
            await refused(conn, old)
    assert old != new
    assert (GOOD.satisfaction, LATER) == ((shown := await answer(conn, new)).satisfaction, shown.closed_at)


async def test_a_link_is_void_while_its_case_is_open_again(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    case = await closed_report(conn, secretary)
    token = await token_of(conn, case)
    await do(conn, case, Verb.REOPEN, secretary, note="再处理")
    for refused in (answer, look):
        with pytest.raises(FollowUpReplaced):
            await refused(conn, token)


async def test_a_wrong_token_and_one_of_no_closing_are_not_found_alike(conn: Connection) -> None:
    case = await closed_report(conn, await secretary_of(conn))
    never = [
        make_token(RING, district_id=DISTRICT, case_id=case.id, round=2),
        make_token(RING, district_id=DISTRICT, case_id=case.id + 1, round=1),
        make_token(RING, district_id=DISTRICT, case_id=10**17, round=1),
        make_token(changed_ring(Purpose.LINKS, is_retired=True), district_id=DISTRICT, case_id=case.id, round=1),
        "guess",
    ]
    told = set()
    for token in never:
        for refused in (answer, look):
            with pytest.raises(FollowUpNotFound) as caught:
                await refused(conn, token)
            told.add((caught.value.explain("zh"), caught.value.pointer))
    assert 1 == len(told)


async def test_the_reporters_word_stands_above_what_staff_noted(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    case = await closed_report(conn, secretary)
    token = await token_of(conn, case)
    await do(conn, case, Verb.FOLLOW_UP, secretary, note="电话回访", satisfaction=Satisfaction.SATISFIED)
    await answer(conn, token, BAD)
    case = await read(conn, case)
    assert (State.FOLLOWED_UP, BAD.satisfaction, LATER) == (case.state, case.satisfaction, case.reopening_asked_at)
    rated, asked = (await events_of(conn, case))[-2:]
    assert ("case.rated", "satisfied", "dissatisfied", "又坏了", "anonymous") == (
        rated.kind,
        rated.data["noted"],
        rated.data["satisfaction"],
        rated.data["note"],
        rated.actor_kind,
    )
    assert ("case.reopening_asked", "又坏了") == (asked.kind, asked.data["note"])


async def test_a_better_word_of_the_reporter_takes_a_noted_request_back(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    case = await closed_report(conn, secretary)
    token = await token_of(conn, case)
    await do(conn, case, Verb.FOLLOW_UP, secretary, note="电话回访", satisfaction=Satisfaction.DISSATISFIED)
    await answer(conn, token, GOOD)
    case = await read(conn, case)
    assert (GOOD.satisfaction, None) == (case.satisfaction, case.reopening_asked_at)


async def test_what_was_asked_for_already_is_not_asked_twice(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    case = await closed_report(conn, secretary)
    token = await token_of(conn, case)
    await do(conn, case, Verb.FOLLOW_UP, secretary, note="电话回访", satisfaction=Satisfaction.DISSATISFIED)
    await answer(conn, token, BAD)
    assert 1 == (await kinds_of(conn, case)).count("case.reopening_asked")
    assert SOON == (await read(conn, case)).reopening_asked_at


async def test_only_the_reporter_is_given_the_link(conn: Connection) -> None:
    case = await closed_report(conn, await secretary_of(conn))
    own = await get_progress(conn, district_id=DISTRICT, case_id=case.id, link_ring=RING)
    others = await get_progress(conn, district_id=DISTRICT, case_id=case.id)
    assert (True, None) == (own.follow_up is not None, others.follow_up)
