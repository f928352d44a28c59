"""What time does to a look: freed, left to the grid worker, given up; once each, however often and late it runs."""

import asyncio

import pytest

from community.notices.notify import notify
from community.verification.models import Answer
from core.access.models import Role
from core.database import Connection, Pool, pool_transaction
from riders.verification.answer import answer
from riders.verification.errors import VerificationNotHeld
from riders.verification.models import Said, Task, TaskState
from riders.verification.sweep import sweep_verification
from riders.verification.take import accept
from tests.community.district import COMMUNITY, STREET, hire
from tests.conftest import DISTRICT, START
from tests.riders.verification.looking import (
    MINUTE,
    add_reporter,
    begin_look,
    case_of,
    events_of,
    happened,
    react,
    reread,
    told_of,
)


async def sweep(conn: Connection, minutes: float) -> int:
    """Sweep so many minutes after the start; give how many tasks moved on."""
    return len(await sweep_verification(conn, district_id=DISTRICT, now=START + minutes * MINUTE))


async def state_of(conn: Connection, task: Task) -> TaskState:
    return (await reread(conn, task)).state


async def test_what_nobody_takes_goes_to_the_grid_worker_and_then_is_given_up(conn: Connection) -> None:
    await add_reporter(conn)
    worker = await hire(conn, "worker", Role.GRID_WORKER, COMMUNITY)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    task = await begin_look(conn)
    assert (0, TaskState.OPEN) == (await sweep(conn, 29.9), await state_of(conn, task))
    assert (1, TaskState.FALLBACK) == (await sweep(conn, 30), await state_of(conn, task))
    assert 0 == await sweep(conn, 30)
    await react(conn, await case_of(conn, task))
    assert (["fell_back"], []) == (await told_of(conn, worker), await told_of(conn, secretary))
    assert (0, TaskState.FALLBACK) == (await sweep(conn, 1439), await state_of(conn, task))
    assert (1, TaskState.EXPIRED) == (await sweep(conn, 1440), await state_of(conn, task))
    assert 0 == await sweep(conn, 100_000)
    await react(conn, await case_of(conn, task))
    assert (["fell_back", "expired"], ["expired"]) == (await told_of(conn, worker), await told_of(conn, secretary))
    assert ["offered", "fell_back", "expired"] == await happened(conn, await case_of(conn, task))


@pytest.mark.parametrize(
    ("role", "path", "is_told"),
    [
        (Role.GRID_WORKER, f"{COMMUNITY}/001", False),
        (Role.GRID_WORKER, STREET, True),
        (Role.SECRETARY, COMMUNITY, True),
        (Role.SUBDISTRICT, STREET, True),
    ],
)
async def test_where_there_is_no_grid_worker_the_desk_is_told(
    conn: Connection, role: Role, path: str, is_told: bool
) -> None:
    await add_reporter(conn)
    someone = await hire(conn, "someone", role, path)
    task = await begin_look(conn)
    await sweep(conn, 30)
    await react(conn, await case_of(conn, task))
    assert (["fell_back"] if is_told else []) == await told_of(conn, someone)


async def test_a_hold_that_is_over_frees_the_look_for_the_rest_of_its_offer(conn: Connection) -> None:
    rider, other = await add_reporter(conn, 1), await add_reporter(conn, 2)
    task = await begin_look(conn)
    await accept(conn, actor=rider, task_id=task.id, now=START + 10 * MINUTE)
    assert (0, TaskState.ACCEPTED) == (await sweep(conn, 39.9), await state_of(conn, task))
    assert (1, TaskState.OPEN) == (await sweep(conn, 40), await state_of(conn, task))
    assert START + 60 * MINUTE == (await reread(conn, task)).fallback_at
    with pytest.raises(VerificationNotHeld):
        await answer(conn, actor=rider, task_id=task.id, said=Said(Answer.PRESENT), now=START + 41 * MINUTE)
    await accept(conn, actor=other, task_id=task.id, now=START + 45 * MINUTE)
    assert ["offered", "accepted", "released", "accepted"] == await happened(conn, await case_of(conn, task))


async def test_who_holds_it_may_answer_until_a_sweep_takes_it_from_him(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    await accept(conn, actor=rider, task_id=task.id, now=START)
    await answer(conn, actor=rider, task_id=task.id, said=Said(Answer.PRESENT), now=START + 50 * MINUTE)
    assert (0, TaskState.ANSWERED) == (await sweep(conn, 50), await state_of(conn, task))


async def test_a_late_sweep_gives_what_was_held_its_time_on_offer_all_the_same(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    await accept(conn, actor=rider, task_id=task.id, now=START + 10 * MINUTE)
    assert (1, TaskState.OPEN) == (await sweep(conn, 300), await state_of(conn, task))
    assert (0, TaskState.OPEN) == (await sweep(conn, 319.9), await state_of(conn, task))
    assert (1, TaskState.FALLBACK) == (await sweep(conn, 320), await state_of(conn, task))


@pytest.mark.parametrize("is_held", [False, True])
async def test_after_a_standstill_of_days_what_is_over_is_given_up_at_once(conn: Connection, is_held: bool) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    if is_held:
        await accept(conn, actor=rider, task_id=task.id, now=START)
    assert (1, TaskState.EXPIRED) == (await sweep(conn, 5_000), await state_of(conn, task))
    assert 0 == await sweep(conn, 5_000)
    kinds = ["offered", *(["accepted", "released"] if is_held else []), "expired"]
    assert kinds == await happened(conn, await case_of(conn, task))


async def test_a_sweep_takes_no_more_than_its_limit_the_longest_overdue_first(conn: Connection) -> None:
    await add_reporter(conn)
    tasks = [await begin_look(conn, now=START + number * MINUTE) for number in range(3)]
    moved = [await sweep_verification(conn, district_id=DISTRICT, now=START + 60 * MINUTE, limit=2) for _ in range(3)]
    assert [[tasks[0].id, tasks[1].id], [tasks[2].id], []] == [[task.id for task in each] for each in moved]


async def test_several_sweepers_at_once_leave_each_look_once(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await add_reporter(conn)
        tasks = [await begin_look(conn, now=START + number * MINUTE / 60) for number in range(20)]

    async def sweep_all() -> int:
        count, found = 0, 1
        while found:
            async with pool_transaction(pool) as conn:
                found = len(await sweep_verification(conn, district_id=DISTRICT, now=START + 60 * MINUTE, limit=3))
                count += found
                await asyncio.sleep(0.01)
        return count

    assert 20 == sum(await asyncio.gather(*[sweep_all() for _ in range(4)]))
    async with pool_transaction(pool) as conn:
        for task in tasks:
            assert ["offered", "fell_back"] == await happened(conn, await case_of(conn, task))


async def test_a_sweep_passes_over_what_somebody_is_taking(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        rider = await add_reporter(conn)
        task = await begin_look(conn)
    async with pool_transaction(pool) as taking:
        await accept(taking, actor=rider, task_id=task.id, now=START + 30 * MINUTE)
        async with pool_transaction(pool) as conn:
            assert 0 == await sweep(conn, 30)
    async with pool_transaction(pool) as conn:
        assert TaskState.ACCEPTED is await state_of(conn, task)


async def test_the_notice_of_a_fallback_is_written_once(conn: Connection) -> None:
    await add_reporter(conn)
    worker = await hire(conn, "worker", Role.GRID_WORKER, COMMUNITY)
    task = await begin_look(conn)
    await sweep(conn, 30)
    for event in await events_of(conn, await case_of(conn, task)):
        for _ in range(2):
            await notify(conn, event, START)
    assert ["fell_back"] == await told_of(conn, worker)
