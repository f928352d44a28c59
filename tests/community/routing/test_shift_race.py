"""Two people at once, on two real connections: one shift is planned, one hand-over is done, one rule is replaced."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from community.acts import Act
from community.routing.changes import Replace
from community.routing.errors import PostNotYours, RuleRetired, ShiftsOverlap
from community.routing.models import RuleTerms
from community.routing.rota import queries
from community.routing.rota.hand_over import hand_over_shift
from community.routing.rota.models import Planned
from community.routing.rota.posts import plan_shifts
from community.routing.rules import replace_rule
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Connection, Pool, pool_transaction
from core.errors import Refusal
from tests.community.district import COMMUNITY, add_areas, hire, located, open_report, read
from tests.community.routing.rule_making import HOUR, make_post, make_rule, put_on_duty
from tests.conftest import DISTRICT, START

Deed = Callable[[Connection], Awaitable[object]]


async def race(pool: Pool, *deeds: Deed) -> list[object]:
    """Do each in a transaction of its own, all at once; give what each gave or was refused."""

    async def attempt(deed: Deed) -> object:
        try:
            async with pool_transaction(pool) as conn:
                return await deed(conn)
        except (Refusal, asyncpg.PostgresError) as refused:
            return refused

    return list(await asyncio.gather(*map(attempt, deeds)))


async def hire_workers(conn: Connection, count: int) -> list[Actor]:
    await add_areas(conn, COMMUNITY)
    return [await hire(conn, f"worker {n}", Role.GRID_WORKER, COMMUNITY) for n in range(count)]


def planned(who: Actor) -> Planned:
    assert who.id is not None
    return Planned(who.id, START, START + HOUR)


async def test_of_many_who_plan_the_same_hour_one_does_and_the_others_are_told(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        workers = await hire_workers(conn, 8)
        post = await make_post(conn)

    def plan(who: Actor) -> Deed:
        return lambda conn: plan_shifts(
            conn, district_id=DISTRICT, post_id=post.id, planned=[planned(who)], actor=None, now=START
        )

    outcomes = await race(pool, *map(plan, workers))
    assert [1, 7] == [sum(isinstance(outcome, kind) for outcome in outcomes) for kind in (list, ShiftsOverlap)]


async def test_without_the_lock_the_database_lets_only_one_in(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        workers = await hire_workers(conn, 6)
        post = await make_post(conn)

    def insert(who: Actor) -> Deed:
        return lambda conn: queries.insert_shift(conn, district_id=DISTRICT, post_id=post.id, planned=planned(who))

    await race(pool, *map(insert, workers))
    async with pool_transaction(pool) as conn:
        assert await conn.fetchval("select count(*) from shift") <= 1


async def test_of_two_hand_overs_at_once_the_second_finds_that_it_is_not_his_any_more(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        on_duty, second, third = await hire_workers(conn, 3)
        post = await make_post(conn)
        await put_on_duty(conn, post, on_duty)

    def hand_over(to: Actor) -> Deed:
        assert to.id is not None
        to_id = to.id
        return lambda conn: hand_over_shift(
            conn, post_id=post.id, to_id=to_id, reason="交班", with_cases=True, actor=on_duty, now=START + HOUR
        )

    outcomes = await race(pool, hand_over(second), hand_over(third))
    assert 1 == sum(isinstance(outcome, PostNotYours) for outcome in outcomes)
    async with pool_transaction(pool) as conn:
        assert 2 == await conn.fetchval("select count(*) from shift")


async def test_a_case_that_ends_while_its_shift_is_handed_over_stays_with_who_ended_it(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        on_duty, second = await hire_workers(conn, 2)
        secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
        post = await make_post(conn)
        await put_on_duty(conn, post, on_duty)
        ending, open_still = [await open_report(conn, n, at=located()) for n in range(2)]

    async def hand_over(conn: Connection) -> object:
        assert second.id is not None
        return await hand_over_shift(
            conn, post_id=post.id, to_id=second.id, reason="交班", with_cases=True, actor=on_duty, now=START + HOUR
        )

    async with pool_transaction(pool) as conn:
        act = Act(note="无此事")
        await carry_out(conn, case_id=ending.id, verb=Verb.REJECT, act=act, actor=secretary, now=START)
        waiting = asyncio.create_task(race(pool, hand_over))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
    await waiting
    async with pool_transaction(pool) as conn:
        assert [on_duty.id, second.id] == [(await read(conn, case)).assignee_id for case in (ending, open_still)]


async def test_of_two_who_edit_a_rule_one_does_and_the_other_hears_of_the_new_one(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        rule_id = await make_rule(conn, RuleTerms(desk_depth=1))

    def edit(depth: int) -> Deed:
        change = Replace(rule_id, RuleTerms(desk_depth=depth))
        return lambda conn: replace_rule(conn, district_id=DISTRICT, change=change, actor=None, now=START)

    outcomes = await race(pool, edit(2), edit(3))
    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, RuleRetired)]
    async with pool_transaction(pool) as conn:
        (kept,) = await conn.fetch("select id from routing_rule where is_active")
    assert kept["id"] == lost.fields["replaced_by"]


async def test_rules_added_at_once_to_one_place_all_find_theirs(pool: Pool) -> None:
    async def add(conn: Connection) -> int:
        return await make_rule(conn, RuleTerms(), position=1)

    outcomes = await race(pool, *[add] * 6)
    assert [int] * 6 == [type(outcome) for outcome in outcomes]
    async with pool_transaction(pool) as conn:
        rows = await conn.fetch("select position from routing_rule where is_active order by position")
    assert list(range(1, 7)) == [row["position"] for row in rows]
