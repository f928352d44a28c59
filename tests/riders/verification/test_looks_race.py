"""Looks on real connections at once: an answer counts once, photos are counted, and no case slips by its look."""

import asyncio

from community.acts import Act
from community.photos.queries import list_case_photos
from community.triage import carry_out
from community.verification.models import Answer, Looks
from community.workflow import Verb
from core.access.models import Role
from core.database import Pool, pool_transaction
from core.photos import StoredPhoto
from riders.verification.answer import answer
from riders.verification.errors import TooManyLookPhotos
from riders.verification.follow import follow_case
from riders.verification.models import Receipt, Said
from riders.verification.photos import MOST_LOOK_PHOTOS, record_photo
from riders.verification.take import accept
from tests.community.district import COMMUNITY, hire
from tests.conftest import DISTRICT, START
from tests.riders.verification.looking import (
    add_reporter,
    begin_look,
    case_of,
    events_of,
    happened,
    need_looks,
    open_at_spot,
    tasks_of,
)


async def test_the_same_answer_twice_at_once_is_one(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        rider = await add_reporter(conn)
        task = await begin_look(conn)
        await accept(conn, actor=rider, task_id=task.id, now=START)

    async def say() -> Receipt:
        async with pool_transaction(pool) as conn:
            return await answer(conn, actor=rider, task_id=task.id, said=Said(Answer.GONE), now=START)

    one, other, third = await asyncio.gather(say(), say(), say())
    assert one == other == third
    async with pool_transaction(pool) as conn:
        assert 1 == (await happened(conn, await case_of(conn, task))).count("answered")


async def test_photos_sent_at_once_are_counted_one_after_another(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        rider = await add_reporter(conn)
        task = await begin_look(conn)
        await accept(conn, actor=rider, task_id=task.id, now=START)

    async def send(number: int) -> bool:
        photo = StoredPhoto(f"{number:064x}", f"{number:064x}", "image/jpeg", 10)
        try:
            async with pool_transaction(pool) as conn:
                await record_photo(conn, actor=rider, task_id=task.id, photo=photo, now=START)
        except TooManyLookPhotos:
            return False
        return True

    assert MOST_LOOK_PHOTOS == sum(await asyncio.gather(*[send(number) for number in range(MOST_LOOK_PHOTOS + 3)]))
    async with pool_transaction(pool) as conn:
        assert MOST_LOOK_PHOTOS == len(await list_case_photos(conn, district_id=DISTRICT, case_id=task.case_id))


async def test_a_look_does_not_arise_for_a_case_that_is_just_moving_on(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await add_reporter(conn)
        await need_looks(conn, Looks.BOTH)
        secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
        case = await open_at_spot(conn)
        (opened,) = await events_of(conn, case)

    async def follow() -> None:
        async with pool_transaction(pool) as conn:
            await follow_case(conn, opened, START)

    async with pool_transaction(pool) as conn:
        await carry_out(conn, case_id=case.id, verb=Verb.FILE, act=Act(), actor=secretary, now=START)
        following = asyncio.create_task(follow())
        done, _ = await asyncio.wait([following], timeout=0.2)
        assert not done
    await following
    async with pool_transaction(pool) as conn:
        assert [] == await tasks_of(conn, case)


async def test_an_event_worked_off_by_two_processes_at_once_makes_one_look(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await add_reporter(conn)
        await need_looks(conn, Looks.BOTH)
        case = await open_at_spot(conn)
        (opened,) = await events_of(conn, case)

    async def follow() -> None:
        async with pool_transaction(pool) as conn:
            await follow_case(conn, opened, START)

    await asyncio.gather(follow(), follow(), follow())
    async with pool_transaction(pool) as conn:
        assert (1, ["offered"]) == (len(await tasks_of(conn, case)), await happened(conn, case))
