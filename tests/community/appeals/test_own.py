"""What a resident does with his own appeal by its token: add words, take it back."""

import asyncio
from datetime import timedelta

import pytest

from community.appeals.errors import AppealEnded, TooManyWords
from community.appeals.own import MOST_WORDS, add_words, get_appeal_progress, withdraw_appeal
from community.clocks.queries import list_deadlines
from community.clocks.sweep import sweep_deadlines
from community.errors import AppealNotFound
from community.models import Appeal, Case, Channel, State
from community.work_orders.queries import list_work_orders
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Connection, Pool, pool_transaction
from core.errors import Refusal
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, found, hire, located, open_report, read
from tests.community.followup.story import SOON, appeal, close, do, events_of, kinds_of, told
from tests.conftest import DISTRICT


async def add(conn: Connection, sent: Appeal, words: str) -> None:
    await add_words(conn, district_id=DISTRICT, token=sent.token, words=words, now=SOON)


async def withdraw(conn: Connection, sent: Appeal, words: str | None = None) -> None:
    await withdraw_appeal(conn, district_id=DISTRICT, token=sent.token, words=words, now=SOON)


async def words_of(conn: Connection, case: Case) -> list[object]:
    return [event.data["note"] for event in await events_of(conn, case) if event.kind == "case.words_added"]


async def secretary_of(conn: Connection) -> Actor:
    return await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)


async def test_words_stand_in_the_history_and_the_desk_and_the_department_are_told(conn: Connection) -> None:
    secretary, department_id = await secretary_of(conn), await found(conn)
    worker = await hire(conn, "worker", Role.DEPARTMENT, "", department_id)
    stranger = await hire(conn, "stranger", Role.SECRETARY, NEIGHBOUR)
    sent, case = await appeal(conn)
    await do(conn, case, Verb.FILE, secretary)
    await do(conn, case, Verb.DISPATCH, secretary, department_id=department_id)
    await add(conn, sent, "小的孩子今年上一年级")
    event = (await events_of(conn, case))[-1]
    assert ("case.words_added", "anonymous", "小的孩子今年上一年级", "dispatched") == (
        event.kind,
        event.actor_kind,
        event.data["note"],
        event.data["to"],
    )
    last = [(await told(conn, case, who))[-1:] for who in (secretary, worker, stranger)]
    assert [["case.words_added"], ["case.words_added"], []] == last
    step = (await get_appeal_progress(conn, district_id=DISTRICT, token=sent.token)).steps[-1]
    assert ("补充说明", "小的孩子今年上一年级") == (step.text.zh, step.words)


async def test_the_same_words_sent_again_are_added_once(conn: Connection) -> None:
    sent, case = await appeal(conn)
    for words in ("第一句", "第一句", "第二句", "第一句"):
        await add(conn, sent, words)
    assert ["第一句", "第二句", "第一句"] == await words_of(conn, case)


async def test_words_can_be_added_twenty_times_also_when_all_come_at_once(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        sent, case = await appeal(conn)

    async def attempt(number: int) -> object:
        try:
            async with pool_transaction(pool) as conn:
                await add(conn, sent, f"第 {number} 句")
        except Refusal as refusal:
            return type(refusal)
        return None

    outcomes = await asyncio.gather(*(attempt(number) for number in range(MOST_WORDS + 2)))
    assert (20, [TooManyWords] * 2) == (outcomes.count(None), [each for each in outcomes if each])
    async with pool_transaction(pool) as conn:
        assert MOST_WORDS == len(await words_of(conn, case))


async def test_nothing_is_added_to_what_is_over(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    sent, case = await appeal(conn)
    await close(conn, case, secretary)
    with pytest.raises(AppealEnded, match="Closed"):
        await add(conn, sent, "还有一句")


async def test_words_reach_a_duplicate_because_its_matter_is_open(conn: Connection) -> None:
    secretary, original = await secretary_of(conn), await open_report(conn, 1, at=located())
    sent, case = await appeal(conn)
    await do(conn, case, Verb.CONTACT, secretary, note="已通话", channel=Channel.PHONE)
    await do(conn, case, Verb.MARK_DUPLICATE, secretary, duplicate_of=original.id)
    await add(conn, sent, "还有一句")
    assert ["还有一句"] == await words_of(conn, case)


@pytest.mark.parametrize("state", [State.COLLECTED, State.FILED, State.DISPATCHED, State.HELD])
async def test_a_withdrawn_case_is_void_and_nothing_is_owed_on_it(conn: Connection, state: State) -> None:
    secretary, department_id = await secretary_of(conn), await found(conn)
    sent, case = await appeal(conn)
    if state is not State.COLLECTED:
        await do(conn, case, Verb.FILE, secretary)
    if state is State.DISPATCHED:
        await do(conn, case, Verb.DISPATCH, secretary, department_id=department_id)
    if state is State.HELD:
        await do(conn, case, Verb.HOLD, secretary, note="等材料", until=SOON + timedelta(days=1))
    await withdraw(conn, sent, "已经自己办好了")
    case = await read(conn, case)
    assert (State.VOIDED, SOON, None) == (case.state, case.closed_at, case.next_due_at)
    clocks = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    assert not [clock.clock for clock in clocks if clock.is_running]
    orders = await list_work_orders(conn, district_id=DISTRICT, case_id=case.id)
    assert ["withdrawn"] * (state is State.DISPATCHED) == [order.state for order in orders]
    await sweep_deadlines(conn, district_id=DISTRICT, now=SOON + timedelta(days=30))
    withdrawn, voided = (await events_of(conn, case))[-2:]
    assert ("case.withdrawn", "anonymous", "已经自己办好了", "voided") == (
        withdrawn.kind,
        withdrawn.actor_kind,
        withdrawn.data["note"],
        withdrawn.data["to"],
    )
    assert ("case.voided", "system", "居民撤回") == (voided.kind, voided.actor_kind, voided.data["note"])


async def test_the_desk_and_whoever_has_it_are_told_of_a_withdrawal_once(conn: Connection) -> None:
    secretary, centre = await secretary_of(conn), await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    sent, case = await appeal(conn)
    await do(conn, case, Verb.ASSIGN, secretary, assignee_id=centre.id)
    await withdraw(conn, sent)
    for who in (secretary, centre):
        assert 1 == len([kind for kind in await told(conn, case, who) if kind in ("case.voided", "case.withdrawn")])


async def test_withdrawing_again_changes_nothing(conn: Connection) -> None:
    sent, case = await appeal(conn)
    await withdraw(conn, sent)
    kinds = await kinds_of(conn, case)
    await withdraw(conn, sent, "再说一遍")
    assert kinds == await kinds_of(conn, case)


@pytest.mark.parametrize("ending", ["closed", "rejected", "voided"])
async def test_what_others_ended_cannot_be_withdrawn(conn: Connection, ending: str) -> None:
    secretary, centre = await secretary_of(conn), await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    sent, case = await appeal(conn)
    await do(conn, case, Verb.CONTACT, secretary, note="已通话", channel=Channel.PHONE)
    if ending == "closed":
        await close(conn, case, secretary)
    elif ending == "rejected":
        await do(conn, case, Verb.REJECT, secretary, note="不属实")
    else:
        await do(conn, case, Verb.VOID, centre, note="测试")
    with pytest.raises(AppealEnded):
        await withdraw(conn, sent)
    assert ending == (await read(conn, case)).state


async def test_a_wrong_token_adds_and_withdraws_nothing(conn: Connection) -> None:
    await appeal(conn)
    with pytest.raises(AppealNotFound):
        await add_words(conn, district_id=DISTRICT, token="guess", words="一句", now=SOON)
    with pytest.raises(AppealNotFound):
        await withdraw_appeal(conn, district_id=DISTRICT, token="guess", words=None, now=SOON)
