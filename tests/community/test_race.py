"""Two people at once, on two real connections: one wins, the other is told the new state."""

import asyncio
from dataclasses import replace

from community.acts import Act
from community.errors import NotADuplicate, TransitionNotAllowed
from community.models import Case, State
from community.notices.notify import notify
from community.queries import lock_cases
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Pool, pool_transaction
from core.errors import Conflict
from core.events import record_event
from core.models import Event
from core.queries import list_events
from tests.community.district import COMMUNITY, hire, located, open_report, put_in_state, read
from tests.conftest import DISTRICT, START


async def attempt(pool: Pool, case: Case, verb: Verb, act: Act, actor: Actor) -> Case | Conflict:
    try:
        async with pool_transaction(pool) as conn:
            return await carry_out(conn, case_id=case.id, verb=verb, act=act, actor=actor, now=START)
    except Conflict as refused:
        return refused


async def race(pool: Pool, verbs: tuple[Verb, Verb], act: Act) -> tuple[Case, Conflict]:
    """Let two secretaries act at once; give what the winner made of the case and what the other was told."""
    async with pool_transaction(pool) as conn:
        first = await hire(conn, "first", Role.SECRETARY, COMMUNITY)
        second = await hire(conn, "second", Role.SECRETARY, COMMUNITY)
        case = await open_report(conn, 1, at=located())
    outcomes = await asyncio.gather(
        attempt(pool, case, verbs[0], act, first), attempt(pool, case, verbs[1], act, second)
    )
    (won,) = [outcome for outcome in outcomes if isinstance(outcome, Case)]
    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    async with pool_transaction(pool) as conn:
        events = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
        assert (2, won) == (len(events), await read(conn, case))
    return won, lost


async def test_of_two_secretaries_one_files_and_the_other_hears_the_new_state(pool: Pool) -> None:
    won, lost = await race(pool, (Verb.FILE, Verb.FILE), Act())
    assert isinstance(lost, TransitionNotAllowed)
    assert won.state.text == lost.fields["state"]


async def test_a_case_is_not_rejected_by_one_who_looked_at_it_before_it_was_filed(pool: Pool) -> None:
    won, lost = await race(pool, (Verb.FILE, Verb.REJECT), Act(note="已核实", version=1))
    assert won.state.text == lost.fields["state"]


async def test_whoever_waits_for_the_row_sees_what_the_first_did(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        first = await hire(conn, "first", Role.SECRETARY, COMMUNITY)
        second = await hire(conn, "second", Role.SECRETARY, COMMUNITY)
        case = await open_report(conn, 1, at=located())
    async with pool_transaction(pool) as conn:
        await carry_out(conn, case_id=case.id, verb=Verb.REJECT, act=Act(note="重复"), actor=first, now=START)
        waiting = asyncio.create_task(attempt(pool, case, Verb.FILE, Act(), second))
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done
    refused = await waiting
    assert isinstance(refused, TransitionNotAllowed)
    assert State.REJECTED.value == refused.fields["code"]


async def test_two_cases_marked_as_duplicates_of_each_other_end_as_one(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
        one = await open_report(conn, 1, at=located())
        two = await open_report(conn, 2, at=located())

    async def merge(case: Case, into: Case) -> bool:
        try:
            async with pool_transaction(pool) as conn:
                act = Act(duplicate_of=into.id)
                await carry_out(conn, case_id=case.id, verb=Verb.MARK_DUPLICATE, act=act, actor=secretary, now=START)
        except NotADuplicate:
            return False
        return True

    assert [False, True] == sorted(await asyncio.gather(merge(one, two), merge(two, one)))


async def test_closing_an_original_waits_for_a_duplicate_without_holding_what_others_need(pool: Pool) -> None:
    """A second person holds the duplicate and asks for the original next, as one who merges the two again does."""
    async with pool_transaction(pool) as conn:
        secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
        duplicate = await open_report(conn, 1, at=located())
        original = await put_in_state(conn, await open_report(conn, 2, at=located()), State.VERIFIED)
        merge = Act(duplicate_of=original.id)
        await carry_out(conn, case_id=duplicate.id, verb=Verb.MARK_DUPLICATE, act=merge, actor=secretary, now=START)
    async with pool_transaction(pool) as conn:
        await lock_cases(conn, district_id=DISTRICT, case_ids=[duplicate.id])
        closing = asyncio.create_task(attempt(pool, original, Verb.CLOSE, Act(result="已清理"), secretary))
        done, _ = await asyncio.wait([closing], timeout=0.2)
        assert not done
        await lock_cases(conn, district_id=DISTRICT, case_ids=[original.id])
    await closing
    async with pool_transaction(pool) as conn:
        assert "已清理" == (await read(conn, duplicate)).result


async def test_a_duplicate_that_came_while_its_original_was_waited_for_is_locked_in_order_too(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
        duplicate = await open_report(conn, 1, at=located())
        original = await put_in_state(conn, await open_report(conn, 2, at=located()), State.VERIFIED)
    merge = Act(duplicate_of=original.id)
    async with pool_transaction(pool) as other:
        async with pool_transaction(pool) as conn:
            await carry_out(conn, case_id=duplicate.id, verb=Verb.MARK_DUPLICATE, act=merge, actor=secretary, now=START)
            closing = asyncio.create_task(attempt(pool, original, Verb.CLOSE, Act(result="已清理"), secretary))
            await asyncio.sleep(0.2)
            # Queued for the duplicate behind the merging, and then for the original behind the closing.
            holding = asyncio.create_task(lock_cases(other, district_id=DISTRICT, case_ids=[duplicate.id]))
            await asyncio.sleep(0.2)
        await holding
        await lock_cases(other, district_id=DISTRICT, case_ids=[original.id])
    await closing
    async with pool_transaction(pool) as conn:
        assert "已清理" == (await read(conn, duplicate)).result


async def test_two_reactions_that_write_a_notice_and_then_lock_the_case_do_not_wait_for_each_other(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
        case = await open_report(conn, 1, at=located())
        opened = (await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id))[0]
        again = await record_event(
            conn,
            district_id=DISTRICT,
            kind=opened.kind,
            subject="case",
            subject_id=case.id,
            actor=None,
            now=START,
            data=opened.data,
        )
    both_told = asyncio.Barrier(2)

    async def react(event: Event) -> None:
        async with pool_transaction(pool) as conn:
            await notify(conn, event, START)
            await both_told.wait()
            await lock_cases(conn, district_id=DISTRICT, case_ids=[case.id])

    await asyncio.gather(react(opened), react(replace(opened, id=again)))
