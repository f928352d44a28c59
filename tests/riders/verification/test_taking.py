"""Taking a look and giving it back: one holds it, the others are told so, and nobody takes what is not his to see."""

import asyncio
from dataclasses import replace

import pytest

from core.access.models import Actor
from core.database import Connection, Pool, pool_transaction
from core.errors import Conflict, NotFound
from geo.models import Point
from riders.verification.errors import VerificationNotHeld, VerificationOver, VerificationTaken
from riders.verification.models import OwnTask, TaskState
from riders.verification.queries import list_own_tasks
from riders.verification.take import HOLD, accept, give_back
from tests.community.district import NEIGHBOUR
from tests.conftest import DISTRICT, START
from tests.riders.verification.looking import (
    MINUTE,
    SPOT,
    add_reporter,
    begin_look,
    case_of,
    events_of,
    happened,
    reread,
)


async def test_of_several_riders_at_once_one_takes_it_and_the_others_hear_that_it_is_taken(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        riders = [await add_reporter(conn, number) for number in range(4)]
        task = await begin_look(conn)

    async def attempt(rider: Actor) -> OwnTask | Conflict:
        try:
            async with pool_transaction(pool) as conn:
                return await accept(conn, actor=rider, task_id=task.id, now=START)
        except Conflict as refused:
            return refused

    outcomes = await asyncio.gather(*[attempt(rider) for rider in riders])
    assert [OwnTask, *[VerificationTaken] * 3] == sorted(map(type, outcomes), key=lambda kind: kind is not OwnTask)
    async with pool_transaction(pool) as conn:
        holder = riders[[isinstance(outcome, OwnTask) for outcome in outcomes].index(True)]
        assert (TaskState.ACCEPTED, holder.id) == ((kept := await reread(conn, task)).state, kept.rider_id)
        assert 1 == (await happened(conn, await case_of(conn, task))).count("accepted")


async def test_two_taps_at_once_of_one_rider_are_one(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        rider = await add_reporter(conn)
        task = await begin_look(conn)

    async def attempt() -> OwnTask:
        async with pool_transaction(pool) as conn:
            return await accept(conn, actor=rider, task_id=task.id, now=START)

    one, other = await asyncio.gather(attempt(), attempt())
    assert one == other


async def test_whoever_takes_it_learns_the_exact_place_and_holds_it_for_half_an_hour(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    held = await accept(conn, actor=rider, task_id=task.id, now=START)
    assert (SPOT, START + HOLD) == (held.point, held.accept_until)
    assert held == await accept(conn, actor=rider, task_id=task.id, now=START + 10 * MINUTE)


async def test_a_hold_ends_with_the_task_at_the_latest(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    held = await accept(conn, actor=rider, task_id=task.id, now=task.expires_at - MINUTE)
    assert task.expires_at == held.accept_until


async def test_what_is_not_offered_to_him_is_not_there_for_a_rider(conn: Connection) -> None:
    await add_reporter(conn, 1)
    elsewhere = await add_reporter(conn, 2, area_path=NEIGHBOUR)
    task = await begin_look(conn)
    for act in (accept, give_back):
        with pytest.raises(NotFound):
            await act(conn, actor=elsewhere, task_id=task.id, now=START)
        with pytest.raises(NotFound):
            await act(conn, actor=elsewhere, task_id=task.id + 999, now=START)
    assert TaskState.OPEN is (await reread(conn, task)).state


async def test_a_task_of_another_district_is_not_there(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    with pytest.raises(NotFound):
        await accept(conn, actor=replace(rider, district_id=2), task_id=task.id, now=START)


@pytest.mark.parametrize("state", [TaskState.FALLBACK, TaskState.EXPIRED, TaskState.CANCELLED])
async def test_what_is_over_for_riders_cannot_be_taken(conn: Connection, state: TaskState) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    await conn.execute("update verification_task set state = $1", state.value)
    with pytest.raises(VerificationOver, match=state.text.en):
        await accept(conn, actor=rider, task_id=task.id, now=START)


async def test_what_no_sweep_has_given_up_yet_cannot_be_taken_after_its_time(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    with pytest.raises(VerificationOver, match="Expired"):
        await accept(conn, actor=rider, task_id=task.id, now=task.expires_at)


async def test_what_is_given_back_is_there_for_others_for_the_rest_of_its_time(conn: Connection) -> None:
    rider, other = await add_reporter(conn, 1), await add_reporter(conn, 2)
    task = await begin_look(conn)
    await accept(conn, actor=rider, task_id=task.id, now=START + 5 * MINUTE)
    await give_back(conn, actor=rider, task_id=task.id, now=START + 15 * MINUTE)
    free = await reread(conn, task)
    assert (TaskState.OPEN, None, START + 40 * MINUTE) == (free.state, free.rider_id, free.fallback_at)
    with pytest.raises(VerificationNotHeld):
        await give_back(conn, actor=rider, task_id=task.id, now=START + 16 * MINUTE)
    await accept(conn, actor=other, task_id=task.id, now=START + 17 * MINUTE)
    assert ["offered", "accepted", "released", "accepted"] == await happened(conn, await case_of(conn, task))


async def test_nobody_gives_back_what_another_holds(conn: Connection) -> None:
    rider, other = await add_reporter(conn, 1), await add_reporter(conn, 2)
    task = await begin_look(conn)
    await accept(conn, actor=rider, task_id=task.id, now=START)
    with pytest.raises(VerificationNotHeld):
        await give_back(conn, actor=other, task_id=task.id, now=START)


async def test_the_exact_place_is_known_only_while_it_is_held(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    await accept(conn, actor=rider, task_id=task.id, now=START)
    assert [SPOT] == await _points(conn, rider)
    await conn.execute("update verification_task set state = 'cancelled', accept_until = null")
    assert [None] == await _points(conn, rider)


async def _points(conn: Connection, rider: Actor) -> list[Point | None]:
    own = await list_own_tasks(conn, district_id=DISTRICT, rider_id=rider.id or 0, before=None, limit=10)
    return [task.point for task in own]


async def test_own_tasks_come_newest_first_in_pages(conn: Connection) -> None:
    rider = await add_reporter(conn)
    ids = []
    for number in range(3):
        task = await begin_look(conn, now=START + number * MINUTE)
        await accept(conn, actor=rider, task_id=task.id, now=START + number * MINUTE)
        ids.append(task.id)
    first = await list_own_tasks(conn, district_id=DISTRICT, rider_id=rider.id or 0, before=None, limit=2)
    rest = await list_own_tasks(conn, district_id=DISTRICT, rider_id=rider.id or 0, before=first[-1].id, limit=2)
    assert ids[::-1] == [task.id for task in first + rest]


async def test_the_history_of_the_case_tells_who_went(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    await accept(conn, actor=rider, task_id=task.id, now=START)
    last = (await events_of(conn, await case_of(conn, task)))[-1]
    assert ("rider", rider.id, task.id) == (last.actor_kind, last.actor_id, last.data["task_id"])
