"""Dissatisfaction asks for reopening: who is told, who may grant it, who may decline, and what the reporter hears."""

import pytest

from community.errors import VerbNotYours
from community.followup.answer import answer_follow_up
from community.followup.models import Answer
from community.models import Case, Satisfaction, State
from community.progress import get_progress
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Connection
from tests.community.district import COMMUNITY, DISTRICT_PATH, NEIGHBOUR, STREET, hire, located, open_report, read
from tests.community.followup.story import DAY, RIDER, SOON, close, do, kinds_of, token_of, told
from tests.conftest import DISTRICT, RING

ASKED = "case.reopening_asked"


async def dissatisfied(conn: Connection, secretary: Actor) -> Case:
    """Give a closed case whose reporter has answered that he is not satisfied."""
    case = await close(conn, await open_report(conn, 1, at=located(), actor=RIDER), secretary)
    await answer_follow_up(
        conn,
        district_id=DISTRICT,
        token=await token_of(conn, case),
        answer=Answer(Satisfaction.DISSATISFIED, "又坏了"),
        ring=RING,
        now=SOON + DAY,
    )
    return await read(conn, case)


async def test_the_desk_and_one_level_above_are_told(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    others = [
        await hire(conn, "admin", Role.DISTRICT_ADMIN, DISTRICT_PATH),
        await hire(conn, "neighbour", Role.SECRETARY, NEIGHBOUR),
    ]
    case = await dissatisfied(conn, secretary)
    assert (1, 1) == ((await told(conn, case, secretary)).count(ASKED), (await told(conn, case, centre)).count(ASKED))
    assert [0, 0] == [(await told(conn, case, other)).count(ASKED) for other in others]


async def test_it_is_said_after_the_visit_also_when_staff_note_it(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await close(conn, await open_report(conn, 1, at=located(), actor=RIDER), secretary)
    await do(conn, case, Verb.FOLLOW_UP, secretary, note="电话回访", satisfaction=Satisfaction.DISSATISFIED)
    assert ["case.followed_up", ASKED] == (await kinds_of(conn, case))[-2:]


@pytest.mark.parametrize("said", [Satisfaction.SATISFIED, Satisfaction.FAIRLY_SATISFIED])
async def test_a_good_word_asks_for_nothing(conn: Connection, said: Satisfaction) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await close(conn, await open_report(conn, 1, at=located(), actor=RIDER), secretary)
    case = await do(conn, case, Verb.FOLLOW_UP, secretary, note="电话回访", satisfaction=said)
    assert (None, False) == (case.reopening_asked_at, ASKED in await kinds_of(conn, case))


async def test_a_community_grants_and_does_not_decline_what_is_asked_against_its_own_work(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await dissatisfied(conn, secretary)
    with pytest.raises(VerbNotYours):
        await do(conn, case, Verb.DECLINE_REOPENING, secretary, note="已符合标准")
    reopened = await do(conn, case, Verb.REOPEN, secretary, note="再去看一次")
    assert (State.FILED, None, None) == (reopened.state, reopened.reopening_asked_at, reopened.satisfaction)


async def test_the_reporter_hears_what_was_decided(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    case = await dissatisfied(conn, secretary)
    await do(conn, case, Verb.DECLINE_REOPENING, centre, note="现场已复核，符合标准", now=SOON + DAY)
    steps = (await get_progress(conn, district_id=DISTRICT, case_id=case.id)).steps
    assert ["case.followed_up", ASKED, "case.reopening_declined"] == [step.kind for step in steps[-3:]]
    assert ("申请重开", "现场已复核，符合标准") == (steps[-2].text.zh, steps[-1].words)
    assert "case.reopening_declined" in await told(conn, case, RIDER)
