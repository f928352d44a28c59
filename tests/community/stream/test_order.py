"""Order and position: nothing is missed or repeated, whatever commits late, restarts, is restored or reads slowly."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from app.postgres import Server
from app.settings import Settings
from community.models import Case
from community.stream.models import Limits, Position
from core.access.models import Role
from core.database import Connection, Pool, open_pool, pool_transaction
from tests.community.district import COMMUNITY, hire, located, open_report
from tests.community.stream.conftest import QUICK, House
from tests.community.stream.listening import Reader, event_id, note, note_many, serving, sign_in, until
from tests.conftest import DISTRICT, Database, FakeClock, clone


@pytest.fixture
async def admin(house: House) -> Reader:
    return await house.reader(Role.DISTRICT_ADMIN)


async def heard(reader: Reader, count: int) -> list[int]:
    """Give the numbers of the next events, of which there must be exactly so many."""
    ids = [event_id(await reader.next()) for _ in range(count)]
    assert await reader.is_silent()
    return ids


async def burn(pool: Pool, count: int) -> None:
    """Use up transaction numbers without leaving anything."""
    async with pool.acquire() as conn:
        for _ in range(count):
            await conn.fetchval("select pg_current_xact_id()::text")


async def test_a_low_number_that_commits_late_is_neither_missed_nor_repeated(house: House, admin: Reader) -> None:
    await admin.connect()
    async with pool_transaction(house.pool) as slow:
        low = await note(slow, house.case)
        async with pool_transaction(house.pool) as quick:
            high = await note(quick, house.case)
        assert low < high
        assert await admin.is_silent()  # told now, the high one would set a position behind which the low one is lost
    assert [low, high] == await heard(admin, 2)


async def test_a_late_commit_is_told_to_one_who_came_back_in_between(house: House, admin: Reader) -> None:
    await admin.connect()
    async with pool_transaction(house.pool) as slow:
        low = await note(slow, house.case)
        async with pool_transaction(house.pool) as quick:
            high = await note(quick, house.case)
        admin.close()
        assert {"resumed": True} == (await admin.connect()).data
    assert [low, high] == await heard(admin, 2)


async def test_one_who_begins_while_a_transaction_runs_hears_what_it_does(house: House, admin: Reader) -> None:
    await admin.connect()  # an epoch has begun
    newcomer = await house.reader(Role.AUDITOR)
    async with pool_transaction(house.pool) as slow:
        low = await note(slow, house.case)
        async with pool_transaction(house.pool) as quick:
            high = await note(quick, house.case)
        await newcomer.connect()
    assert [low, high] == await heard(newcomer, 2)


async def test_a_higher_number_in_an_older_transaction_comes_first(house: House, admin: Reader) -> None:
    await admin.connect()
    async with pool_transaction(house.pool) as older:
        await older.execute("select pg_current_xact_id()")
        async with pool_transaction(house.pool) as newer:
            low = await note(newer, house.case)
        high = await note(older, house.case)
    assert [high, low] == await heard(admin, 2)


async def test_what_is_rolled_back_is_never_told(house: House, admin: Reader) -> None:
    await admin.connect()
    async with house.pool.acquire() as borrowed:
        undone = borrowed.transaction()
        await undone.start()
        await note(cast("Connection", borrowed), house.case)
        await undone.rollback()
    async with pool_transaction(house.pool) as conn:
        kept = await note(conn, house.case)
    assert [kept] == await heard(admin, 1)


async def test_a_transaction_number_given_out_again_after_a_crash_is_not_behind_anyone(
    house: House, admin: Reader
) -> None:
    listening, returning = admin, await house.reader(Role.AUDITOR)
    await listening.connect()
    async with pool_transaction(house.pool) as conn:
        first = await note(conn, house.case)
        xid = await conn.fetchval("select xid from event where district_id = $1 and id = $2", DISTRICT, first)
    assert [first] == await heard(listening, 1)
    await burn(house.pool, 20)  # of which the disk knows nothing
    position = Position.parse((await returning.connect()).id)
    assert (xid, first) == (position and position.xid, position and position.event_id)
    assert await listening.is_silent()
    returning.close()
    async with pool_transaction(house.pool) as conn:
        again = await note(conn, house.case)
        await conn.execute("update event set xid = $3 where district_id = $1 and id = $2", DISTRICT, again, xid + 1)
    assert [again] == await heard(listening, 1)
    await returning.connect()
    assert [again] == await heard(returning, 1)


async def test_events_of_the_release_before_are_history_and_not_told(house: House, admin: Reader) -> None:
    async with pool_transaction(house.pool) as conn:
        await conn.execute("update event set xid = null")
        await note(conn, house.case)
        await conn.execute("update event set xid = null")
    await admin.connect()
    async with pool_transaction(house.pool) as conn:
        new = await note(conn, house.case)
    assert [new] == await heard(admin, 1)


async def test_an_event_of_something_else_and_of_no_case_passes_by(house: House, admin: Reader) -> None:
    await admin.connect()
    async with pool_transaction(house.pool) as conn:
        await conn.execute(
            """
            insert into event (district_id, kind, subject, subject_id, actor_kind, occurred_at, data, next_attempt_at)
            values (1, 'station.edited', 'station', $1, 'system', now(), '{}', now()),
                (1, 'test.happened', 'case', $1 + 1000, 'system', now(), '{}', now())
            """,
            house.case.id,
        )
        told = await note(conn, house.case)
    assert [told] == await heard(admin, 1)


async def test_a_restart_of_the_service_is_not_noticed(
    database: Database, pool: Pool, clock: FakeClock, tmp_path: Path
) -> None:
    case, headers = await _case_and_admin(pool)
    told, ids = [], []
    last_id = ""
    for _ in range(3):
        async with serving(Settings(data_dir=tmp_path), database, clock, QUICK) as client:
            reader = Reader(client, headers, last_id)
            await reader.connect()
            ids += await _note_two(pool, case)
            told += await heard(reader, 2 if len(ids) == 2 else 4)
            last_id = reader.last_id
        ids += await _note_two(pool, case)  # while nobody serves
    assert ids[:-2] == told


async def _note_two(pool: Pool, case: Case) -> list[int]:
    async with pool_transaction(pool) as conn:
        return [await note(conn, case), await note(conn, case)]


async def _case_and_admin(pool: Pool) -> tuple[Case, dict[str, str]]:
    async with pool_transaction(pool) as conn:
        case = await open_report(conn, 1, at=located(COMMUNITY))
        who = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    return case, await sign_in(pool, who)


async def test_a_database_put_back_from_a_dump_resets_every_listener(house: House, admin: Reader) -> None:
    await admin.connect()
    async with pool_transaction(house.pool) as conn:
        await note(conn, house.case)
    await heard(admin, 1)
    await _pretend_restored(house.pool, ahead=0)
    assert await admin.has_ended()
    assert {"resumed": False} == (await admin.connect()).data
    assert {"reason": "unknown_position"} == (await admin.next()).data


async def test_events_that_were_restored_are_not_told_when_the_new_cluster_comes_to_their_numbers(
    house: House, admin: Reader
) -> None:
    async with pool_transaction(house.pool) as conn:
        for _ in range(30):
            await note(conn, house.case)
    await _pretend_restored(house.pool, ahead=20)
    await admin.connect()
    await burn(house.pool, 60)
    async with pool_transaction(house.pool) as conn:
        new = await note(conn, house.case)
    assert [new] == await heard(admin, 1)


async def _pretend_restored(pool: Pool, *, ahead: int) -> None:
    """Make the rows those of another cluster, whose transaction numbers were `ahead` of this one's."""
    async with pool_transaction(pool) as conn:
        await conn.execute("update stream_epoch set fingerprint = 'elsewhere'")
        await conn.execute("update event set xid = pg_current_xact_id()::text::bigint + $1 + id % 20", ahead)


async def test_a_restored_copy_is_another_epoch(
    database: Database, pool: Pool, clock: FakeClock, tmp_path: Path, server: Server
) -> None:
    case, headers = await _case_and_admin(pool)
    async with serving(Settings(data_dir=tmp_path), database, clock, QUICK) as client:
        reader = Reader(client, headers)
        await reader.connect()
        await _note_two(pool, case)
        await heard(reader, 2)
    await pool.close()
    copy = await clone(server, of=database)
    async with serving(Settings(data_dir=tmp_path), copy, clock, QUICK) as client:
        reader = Reader(client, headers, reader.last_id)
        await reader.connect()
        assert {"reason": "unknown_position"} == (await reader.next()).data
        fresh = await open_pool(copy.sweeper_dsn, size=2)
        ids = await _note_two(fresh, case)
        await fresh.close()
        assert ids == await heard(reader, 2)


async def test_a_position_whose_event_is_not_there_is_not_believed(house: House, admin: Reader) -> None:
    """As after the data folder was put back from a copy: same cluster, same timeline, but what came later is gone."""
    await admin.connect()
    async with pool_transaction(house.pool) as conn:
        lost = await note(conn, house.case)
    await heard(admin, 1)
    admin.close()
    async with pool_transaction(house.pool) as conn:
        await conn.execute("delete from event where district_id = $1 and id = $2", DISTRICT, lost)
    await admin.connect()
    assert {"reason": "unknown_position"} == (await admin.next()).data


async def test_a_position_of_another_epoch_is_not_believed_though_its_event_is_there(
    house: House, admin: Reader
) -> None:
    await admin.connect()
    async with pool_transaction(house.pool) as conn:
        await note(conn, house.case)
    await heard(admin, 1)
    admin.close()
    admin.last_id = "0123456789ab" + admin.last_id[12:]
    await admin.connect()
    assert {"reason": "unknown_position"} == (await admin.next()).data


async def test_a_first_listener_waits_for_what_is_being_written(house: House, admin: Reader) -> None:
    """Else an event on its way could have a number below those that count as older than the epoch."""
    async with pool_transaction(house.pool) as slow:
        low = await note(slow, house.case)
        async with pool_transaction(house.pool) as quick:
            await note(quick, house.case)
        opening = asyncio.create_task(admin.connect())
        await asyncio.sleep(0.3)
        assert not opening.done()
    await opening
    async with pool_transaction(house.pool) as conn:
        after_id = await conn.fetchval("select after_id from stream_epoch")
        new = await note(conn, house.case)
    assert after_id > low
    assert [new] == await heard(admin, 1)


@pytest.mark.parametrize("limits", [Limits(frames_waiting=200, heartbeat_s=0.3, events_behind=100_000)])
async def test_one_who_does_not_read_is_cut_off_and_gets_the_rest_when_he_comes_back(
    house: House, admin: Reader
) -> None:
    await admin.connect()
    async with pool_transaction(house.pool) as conn:
        first = await note(conn, house.case)
        await note_many(conn, house.case, 25_000)
    await until(lambda: len(house.live) == 0)
    told: list[int] = []
    while len(told) < 25_001:
        try:
            told.append(event_id(await admin.next()))
        except EOFError:
            await admin.connect()
    assert list(range(first, first + 25_001)) == told
