"""The areas of a process: kept fresh by the change log, past ones on demand, the duty desk where there are none."""

import asyncio

import asyncpg
import pytest

from core.database import Pool, connected, pool_transaction
from geo.errors import GenerationNotFound, NoActiveGeneration
from geo.generations import roll_back
from geo.live import Areas, read_active_index
from geo.models import Point, Reason
from tests.conftest import DISTRICT, START, Database
from tests.geo.boundaries import area, draft_of, square
from tests.geo.district import IN_WEST, LAT, activate_two

HERE = Point(IN_WEST, LAT)


async def loaded(pool: Pool) -> Areas:
    areas = Areas(district_id=DISTRICT, nearest_limit_m=100.0)
    await areas.load(pool)
    return areas


def code_here(areas: Areas) -> str | None:
    area_here = areas.locate(HERE).area
    return None if area_here is None else area_here.code


async def test_without_areas_everything_goes_to_the_duty_desk(pool: Pool) -> None:
    located = (await loaded(pool)).locate(HERE)
    assert (None, (), None, None, True, Reason.OUTSIDE) == (
        located.area,
        located.candidates,
        located.metres_to_line,
        located.generation_id,
        located.needs_confirmation,
        located.reason,
    )


async def test_without_areas_there_is_no_index_to_ask(pool: Pool) -> None:
    areas = await loaded(pool)
    with pytest.raises(NoActiveGeneration):
        _ = areas.current
    with pytest.raises(NoActiveGeneration):
        _ = areas.generation_id


async def test_what_is_active_at_the_start_is_located_in(pool: Pool) -> None:
    generation_id = await activate_two(pool)
    areas = await loaded(pool)
    assert ("3701", generation_id) == (code_here(areas), areas.generation_id)


async def test_a_newly_activated_generation_is_located_in_after_following(pool: Pool) -> None:
    areas = await loaded(pool)
    generation_id = await activate_two(pool)
    assert code_here(areas) is None
    await areas.follow(pool)
    assert ("3701", generation_id) == (code_here(areas), areas.locate(HERE).generation_id)


async def test_the_next_generation_takes_the_place_of_the_former(pool: Pool) -> None:
    await activate_two(pool)
    areas = await loaded(pool)
    await activate_two(pool, west="3711", east="3712")
    await areas.follow(pool)
    assert "3711" == code_here(areas)


async def test_a_rollback_is_followed_too(pool: Pool) -> None:
    first = await activate_two(pool)
    await activate_two(pool, west="3711", east="3712")
    areas = await loaded(pool)
    async with pool_transaction(pool) as conn:
        await roll_back(conn, district_id=DISTRICT, actor_name="test", now=START)
    await areas.follow(pool)
    assert ("3701", first) == (code_here(areas), areas.generation_id)


async def test_following_without_a_change_keeps_the_same_index(pool: Pool) -> None:
    await activate_two(pool)
    areas = await loaded(pool)
    before = areas.current
    await areas.follow(pool)
    assert before is areas.current


async def test_a_load_that_fails_is_made_up_for_at_the_next_call(pool: Pool, database: Database) -> None:
    areas = await loaded(pool)
    await activate_two(pool)
    async with connected(database.owner_dsn) as owner:
        await owner.execute("alter table area rename to area_out_of_reach")
        with pytest.raises(asyncpg.UndefinedTableError):
            await areas.follow(pool)
        await owner.execute("alter table area_out_of_reach rename to area")
    await areas.follow(pool)
    assert "3701" == code_here(areas)


async def test_a_past_generation_is_located_in_as_it_was(pool: Pool) -> None:
    first = await activate_two(pool)
    await activate_two(pool, west="3711", east="3712")
    areas = await loaded(pool)
    past = (await areas.generation(pool, first)).locate(HERE)
    assert past.area is not None
    assert ("3701", first, "3711") == (past.area.code, past.generation_id, code_here(areas))


async def test_the_active_generation_by_its_number_is_the_present_index(pool: Pool) -> None:
    generation_id = await activate_two(pool)
    areas = await loaded(pool)
    assert areas.current is await areas.generation(pool, generation_id)


async def test_an_unknown_generation_is_not_found(pool: Pool) -> None:
    with pytest.raises(GenerationNotFound):
        await (await loaded(pool)).generation(pool, 999_999)


async def test_a_draft_cannot_be_located_in_because_it_may_still_change(pool: Pool) -> None:
    areas = await loaded(pool)
    async with pool_transaction(pool) as conn:
        draft_id = await draft_of(conn, (area("37"), square(0, 0)))
    with pytest.raises(GenerationNotFound):
        await areas.generation(pool, draft_id)


async def test_only_the_past_generations_asked_for_last_are_kept(pool: Pool) -> None:
    ids = [await activate_two(pool, west=f"37{number}1", east=f"37{number}2") for number in range(4)]
    areas = await loaded(pool)
    first, second = [await areas.generation(pool, number) for number in ids[:2]]
    assert first is await areas.generation(pool, ids[0])
    await areas.generation(pool, ids[2])  # pushes out the second, which was asked for longest ago
    assert first is await areas.generation(pool, ids[0])
    assert second is not await areas.generation(pool, ids[1])


async def test_many_who_ask_for_a_past_generation_at_once_share_one_index(pool: Pool) -> None:
    first = await activate_two(pool)
    await activate_two(pool, west="3711", east="3712")
    areas = await loaded(pool)
    found = await asyncio.gather(*(areas.generation(pool, first) for _ in range(20)))
    assert 1 == len({id(index) for index in found})


async def test_a_command_reads_the_active_generation_by_itself(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        assert await read_active_index(conn, district_id=DISTRICT, nearest_limit_m=100.0) is None
    generation_id = await activate_two(pool)
    async with pool_transaction(pool) as conn:
        index = await read_active_index(conn, district_id=DISTRICT, nearest_limit_m=100.0)
    assert index is not None
    assert generation_id == index.locate(HERE).generation_id
