"""Bringing rows to new keys: in batches, resumable, beside everybody else, and with look-ups that never miss."""

import asyncio
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from app.keys import LIVES, SEALED_TABLES
from core.access.models import Actor
from core.database import Connection, Pool, pool_transaction
from core.sealing import sweep
from core.sealing.files import KeysRefused
from core.sealing.models import Purpose
from core.sealing.register import KNOWN_EVERYWHERE_AFTER, add_key, open_keys, retire_keys
from core.sealing.ring import KeyRing, SealBroken
from core.sealing.sweep import count_waiting, reseal
from riders.models import RIDER
from riders.signup.profile import update_profile
from riders.signup.queries import find_rider_id, get_rider, insert_rider
from riders.signup.sign_in import find_or_add_rider
from tests.conftest import DISTRICT, RING, START


def phone_of(number: int) -> str:
    return f"+86138{number:08}"


async def add(conn: Connection, ring: KeyRing, number: int) -> int:
    rider_id = await insert_rider(conn, ring=ring, district_id=DISTRICT, phone=phone_of(number), now=START)
    assert rider_id is not None
    await update_profile(conn, ring=ring, actor=Actor("rider", rider_id, DISTRICT), name=f"骑手{number}")
    return rider_id


async def sweep_all(conn: Connection, ring: KeyRing) -> int:
    count = 0
    while some := await reseal(conn, ring=ring, tables=SEALED_TABLES, district_id=DISTRICT):
        count += some
    return count


async def open_ring(pool: Pool, folder: Path) -> KeyRing:
    async with pool_transaction(pool) as conn:
        return await open_keys(conn, folder=folder, district_id=DISTRICT, now=START)


async def rotate(pool: Pool, folder: Path, purpose: Purpose) -> None:
    async with pool_transaction(pool) as conn:
        await add_key(conn, folder=folder, purpose=purpose, district_id=DISTRICT, now=START)


async def indexed(conn: Connection) -> tuple[bool, bool]:
    """Tell whether there are indexes under a key of odd and of even number."""
    row = await conn.fetchrow("select count(phone_index_odd), count(phone_index_even) from rider")
    assert row is not None
    return bool(row[0]), bool(row[1])


async def retire(pool: Pool, folder: Path) -> list[str]:
    late = START + KNOWN_EVERYWHERE_AFTER
    async with pool_transaction(pool) as conn:
        return await retire_keys(conn, folder=folder, tables=SEALED_TABLES, lives=LIVES, district_id=DISTRICT, now=late)


async def test_rows_are_brought_to_the_newest_key_in_batches_and_once(
    conn: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "BATCH", 2)
    ring = await open_keys(conn, folder=tmp_path, district_id=DISTRICT, now=START)
    ids = [await add(conn, ring, number) for number in range(5)]
    await add_key(conn, folder=tmp_path, purpose=Purpose.SEAL, district_id=DISTRICT, now=START)
    ring.follow()
    newest = {Purpose.SEAL: 2, Purpose.INDEX: 1}
    assert 2 == await reseal(conn, ring=ring, tables=[RIDER], district_id=DISTRICT)
    waiting = await count_waiting(conn, tables=SEALED_TABLES, district_id=DISTRICT, newest=newest)
    assert {Purpose.SEAL: 3, Purpose.INDEX: 0} == waiting
    assert (3, 0) == (await sweep_all(conn, ring), await sweep_all(conn, ring))
    riders = [await get_rider(conn, ring=ring, district_id=DISTRICT, rider_id=rider_id) for rider_id in ids]
    assert [(phone_of(number), f"骑手{number}") for number in range(5)] == [(r.phone, r.name) for r in riders]


async def test_a_row_somebody_holds_is_left_for_the_next_time(pool: Pool, tmp_path: Path) -> None:
    ring = await open_ring(pool, tmp_path)
    async with pool_transaction(pool) as conn:
        held, _ = await add(conn, ring, 1), await add(conn, ring, 2)
    await rotate(pool, tmp_path, Purpose.SEAL)
    ring.follow()
    async with pool_transaction(pool) as holder, pool_transaction(pool) as conn:
        await holder.execute("select from rider where id = $1 for update", held)
        assert 1 == await sweep_all(conn, ring)
    async with pool_transaction(pool) as conn:
        assert 1 == await sweep_all(conn, ring)


async def test_a_ciphertext_copied_into_another_row_does_not_open(conn: Connection) -> None:
    one, other = await add(conn, RING, 1), await add(conn, RING, 2)
    await conn.execute("update rider set phone = (select phone from rider where id = $1) where id = $2", one, other)
    assert phone_of(1) == (await get_rider(conn, ring=RING, district_id=DISTRICT, rider_id=one)).phone
    with pytest.raises(SealBroken):
        await get_rider(conn, ring=RING, district_id=DISTRICT, rider_id=other)


async def test_what_a_migration_left_plain_is_sealed_before_serving_and_not_later(conn: Connection) -> None:
    rider_id = await add(conn, RING, 1)
    await conn.execute(
        """
        update rider set phone = '\\x000000'::bytea || '+8613800000009', name = '\\x000000'::bytea || '王小明',
            phone_index_odd = null
        """
    )
    assert 0 == await sweep_all(conn, RING)
    assert 0 < await reseal(conn, ring=RING, tables=SEALED_TABLES, district_id=DISTRICT, may_be_plain=True)
    assert 0 == await reseal(conn, ring=RING, tables=SEALED_TABLES, district_id=DISTRICT, may_be_plain=True)
    rider = await get_rider(conn, ring=RING, district_id=DISTRICT, rider_id=rider_id)
    assert ("+8613800000009", "王小明") == (rider.phone, rider.name)
    assert rider_id == await find_rider_id(conn, ring=RING, district_id=DISTRICT, phone="+8613800000009")


async def test_no_index_of_a_retired_key_is_left(conn: Connection, tmp_path: Path) -> None:
    ring = await open_keys(conn, folder=tmp_path, district_id=DISTRICT, now=START)
    await add(conn, ring, 1)
    await add_key(conn, folder=tmp_path, purpose=Purpose.INDEX, district_id=DISTRICT, now=START)
    ring.follow()
    await sweep_all(conn, ring)
    assert (True, True) == await indexed(conn)
    await retire_keys(
        conn,
        folder=tmp_path,
        tables=SEALED_TABLES,
        lives=LIVES,
        district_id=DISTRICT,
        now=START + KNOWN_EVERYWHERE_AFTER,
    )
    ring.follow()
    await sweep_all(conn, ring)
    assert (False, True) == await indexed(conn)


async def test_a_process_that_does_not_know_the_new_index_key_takes_nothing_of_it_away(
    conn: Connection, tmp_path: Path
) -> None:
    late = await open_keys(conn, folder=tmp_path, district_id=DISTRICT, now=START)
    await add_key(conn, folder=tmp_path, purpose=Purpose.INDEX, district_id=DISTRICT, now=START)
    early = await open_keys(conn, folder=tmp_path, district_id=DISTRICT, now=START)
    await add(conn, early, 1)
    await sweep_all(conn, late)
    assert 2 == await conn.fetchval("select indexed_with from rider")


@pytest.mark.parametrize("order", ["late first", "early first"])
async def test_while_the_index_key_changes_no_phone_gets_a_second_rider(
    conn: Connection, tmp_path: Path, order: str
) -> None:
    late = await open_keys(conn, folder=tmp_path, district_id=DISTRICT, now=START)
    await add_key(conn, folder=tmp_path, purpose=Purpose.INDEX, district_id=DISTRICT, now=START)
    early = await open_keys(conn, folder=tmp_path, district_id=DISTRICT, now=START)
    rings = [late, early] if order == "late first" else [early, late]
    signed = [
        await find_or_add_rider(conn, ring=ring, district_id=DISTRICT, phone=phone_of(1), now=START) for ring in rings
    ]
    assert (signed[0][0], True, False) == (signed[1][0], signed[0][1], signed[1][1])
    with pytest.raises(asyncpg.UniqueViolationError):
        await conn.execute(
            """
            insert into rider (district_id, phone, phone_index_odd, signed_up_at)
            select district_id, phone, phone_index_odd, signed_up_at from rider
            """
        )


async def test_of_two_who_sign_up_with_one_phone_at_once_one_makes_the_rider(pool: Pool) -> None:
    async def sign_up() -> tuple[int, bool]:
        async with pool_transaction(pool) as conn:
            return await find_or_add_rider(conn, ring=RING, district_id=DISTRICT, phone=phone_of(1), now=START)

    signed = await asyncio.gather(*(sign_up() for _ in range(8)))
    assert (1, 1) == (len({rider_id for rider_id, _ in signed}), sum(is_new for _, is_new in signed))


@pytest.mark.parametrize("purpose", [Purpose.SEAL, Purpose.INDEX])
async def test_every_key_changes_under_load_and_every_look_up_and_value_holds(
    pool: Pool, tmp_path: Path, purpose: Purpose
) -> None:
    """Two processes sign riders in and read them while a key is added, rows are swept and the old key is retired."""
    rings = [await open_ring(pool, tmp_path) for _ in range(2)]
    known: dict[int, int] = {}
    is_over = asyncio.Event()
    looks = 0

    async def ride(ring: KeyRing, first: int) -> None:
        nonlocal looks
        number = first
        while not is_over.is_set():
            async with pool_transaction(pool) as conn:
                rider_id, is_new = await find_or_add_rider(
                    conn, ring=ring, district_id=DISTRICT, phone=phone_of(number), now=START
                )
                assert is_new
                known[number] = rider_id
                for old in list(known)[:: max(1, len(known) // 5)]:
                    rider = await find_or_add_rider(
                        conn, ring=ring, district_id=DISTRICT, phone=phone_of(old), now=START
                    )
                    assert (known[old], False) == rider
                    seen = await get_rider(conn, ring=ring, district_id=DISTRICT, rider_id=known[old])
                    assert phone_of(old) == seen.phone
                    looks += 1
            number += 2

    async def keep(ring: KeyRing) -> None:
        while not is_over.is_set():
            await asyncio.sleep(0.05)
            ring.follow()
            async with pool_transaction(pool) as conn:
                await reseal(conn, ring=ring, tables=SEALED_TABLES, district_id=DISTRICT)

    async def change() -> None:
        await asyncio.sleep(0.3)
        await rotate(pool, tmp_path, purpose)
        names: list[str] = []
        while not names:
            await asyncio.sleep(0.7)
            with suppress(KeysRefused):  # on a busy machine not all rows are done yet
                names = await retire(pool, tmp_path)
        await asyncio.sleep(0.3)
        is_over.set()

    await asyncio.gather(change(), *(ride(ring, n) for n, ring in enumerate(rings)), *map(keep, rings))
    assert looks > 100
    async with pool_transaction(pool) as conn:
        await sweep_all(conn, rings[0])
        assert len(known) == await conn.fetchval("select count(*) from rider")
        row = await conn.fetchrow("select min(sealed_with), min(indexed_with) from rider")
    assert (rings[0].newest_seal, rings[0].newest_index) == tuple(row or ())
    assert 2 == (rings[0].newest_seal if purpose is Purpose.SEAL else rings[0].newest_index)
