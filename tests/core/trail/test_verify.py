"""The verifier: whatever a superuser does to the trail, it names the first row and what was done."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from app.postgres import Server
from core.audit import record_act
from core.database import Pool, pool_transaction
from core.trail import anchors, verify
from core.trail.anchors import anchor_trail, anchors_place, read_anchors
from core.trail.models import Fault, Finding, Verification
from tests.conftest import DISTRICT, START, Database
from tests.core.trail.chains import fill, record, superuser

# Seals a row anew as whoever knows the chain could.
RESEAL = """
    update audit_entry e set hash = audit_hash((select hash from audit_entry where id = e.id - 1), e) where id = {}
"""
SWAP = "update audit_entry set id = {} where id = {}"


async def verified(pool: Pool, records: Path) -> Verification:
    async with pool_transaction(pool) as conn:
        return await verify.verify_trail(
            conn, district_id=DISTRICT, anchors=read_anchors(records, district_id=DISTRICT)
        )


async def anchored(pool: Pool, records: Path) -> Finding | None:
    async with pool_transaction(pool) as conn:
        return await anchor_trail(conn, district_id=DISTRICT, records=records, now=START)


async def test_a_trail_that_nobody_touched_is_whole(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "BATCH", 3)
    monkeypatch.setattr(verify, "ANCHOR_BATCH", 1)
    await fill(pool, 7)
    assert None is await anchored(pool, tmp_path)
    await fill(pool, 1)
    assert None is await anchored(pool, tmp_path)
    assert Verification(8, 2, None) == await verified(pool, tmp_path)


async def test_an_empty_trail_is_whole(pool: Pool, tmp_path: Path) -> None:
    assert None is await anchored(pool, tmp_path)
    assert Verification(0, 0, None) == await verified(pool, tmp_path)


@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        (["update audit_entry set reason = '无' where id = 4"], Finding(Fault.EDITED, 4)),
        (["update audit_entry set actor_id = 3 where id = 1"], Finding(Fault.EDITED, 1)),
        (["update audit_entry set happened_at = happened_at + interval '1 us' where id = 8"], Finding(Fault.EDITED, 8)),
        (["update audit_entry set data = '{}' where id = 4", RESEAL.format(4)], Finding(Fault.EDITED, 5)),
        (["delete from audit_entry where id = 4"], Finding(Fault.DELETED, 4)),
        (["delete from audit_entry where id between 3 and 5"], Finding(Fault.DELETED, 3)),
        (["delete from audit_entry where id = 1"], Finding(Fault.DELETED, 1)),
        (
            ["delete from audit_entry where id = 4", "update audit_entry set id = id - 1 where id > 4"],
            Finding(Fault.EDITED, 4),
        ),
        (
            [SWAP.format(*pair) for pair in ((99, 3), (3, 6), (6, 99))],
            Finding(Fault.REORDERED, 3, 6),
        ),
        (
            [
                """
                update audit_entry e set (actor_id, subject_id, data) = (
                    select actor_id, subject_id, data from audit_entry where id = 9 - e.id
                ) where id in (3, 6)
                """
            ],
            Finding(Fault.REORDERED, 3, 6),
        ),
        (["delete from audit_entry where id > 6"], Finding(Fault.TRUNCATED, 7, 8)),
        (["truncate audit_entry"], Finding(Fault.TRUNCATED, 1, 5)),
        (
            ["update audit_entry set reason = '' where id = 6", *(RESEAL.format(n) for n in (6, 7, 8))],
            Finding(Fault.REWRITTEN, 6, 8),
        ),
        (
            ["delete from audit_entry where id = 6", "update audit_entry set id = id - 1 where id > 6"]
            + [RESEAL.format(n) for n in (6, 7)],
            Finding(Fault.TRUNCATED, 8, 8),
        ),
    ],
    ids=[
        "edit",
        "edit the first",
        "edit the last",
        "edit and seal anew",
        "delete",
        "delete several",
        "delete the first",
        "delete and close the gap",
        "swap two",
        "swap two but leave the hashes",
        "cut the end off",
        "empty it",
        "rewrite all that follows",
        "take one out and rewrite all that follows",
    ],
)
async def test_whatever_a_superuser_does_the_first_bad_row_is_named(
    server: Server, database: Database, pool: Pool, tmp_path: Path, tampering: list[str], expected: Finding
) -> None:
    await fill(pool, 5)
    await anchored(pool, tmp_path)
    await fill(pool, 3)
    await anchored(pool, tmp_path)
    async with superuser(server, database) as conn:
        for sql in tampering:
            await conn.execute(sql)

    found = (await verified(pool, tmp_path)).finding

    assert expected == found
    assert str(expected.row) in expected.text.zh
    assert str(expected.row) in expected.text.en


async def test_a_sealing_function_that_was_exchanged_does_not_fool_the_verifier(
    server: Server, database: Database, pool: Pool, tmp_path: Path
) -> None:
    await fill(pool, 3)
    async with superuser(server, database) as conn:
        await conn.execute("update audit_entry set reason = '' where id = 2")
        await conn.execute(
            """
            create or replace function audit_hash(before bytea, entry audit_entry) returns bytea
            language sql immutable return entry.hash
            """
        )
    assert Finding(Fault.EDITED, 2) == (await verified(pool, tmp_path)).finding


async def test_rows_on_top_of_a_cut_end_do_not_hide_it(
    server: Server, database: Database, pool: Pool, tmp_path: Path
) -> None:
    await fill(pool, 4)
    await anchored(pool, tmp_path)
    async with superuser(server, database) as conn:
        await conn.execute("delete from audit_entry where id > 2")
    await fill(pool, 5)
    assert Finding(Fault.REWRITTEN, 1, 4) == await anchored(pool, tmp_path)
    assert Finding(Fault.REWRITTEN, 1, 4) == (await verified(pool, tmp_path)).finding


async def test_an_anchor_that_does_not_fit_ends_anchoring(
    server: Server, database: Database, pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await fill(pool, 3)
    await anchored(pool, tmp_path)
    async with superuser(server, database) as conn:
        await conn.execute("delete from audit_entry where id = 3")
    before = anchors_place(tmp_path, district_id=DISTRICT).read_bytes()
    assert Finding(Fault.TRUNCATED, 3, 3) == await anchored(pool, tmp_path)
    assert before == anchors_place(tmp_path, district_id=DISTRICT).read_bytes()
    assert "does not fit" in caplog.text


async def test_what_stands_anchored_is_not_anchored_again(pool: Pool, tmp_path: Path) -> None:
    await fill(pool, 2)
    await anchored(pool, tmp_path)
    await anchored(pool, tmp_path)
    assert [2] == [anchor.id for anchor in anchors.read_anchors(tmp_path, district_id=DISTRICT)]


async def test_fifty_at_once_make_one_chain_without_gaps(pool: Pool, tmp_path: Path) -> None:
    async def one(number: int) -> None:
        conn = await pool.acquire(timeout=60)
        try:
            async with conn.transaction():
                await record(conn, number)  # type: ignore[arg-type]
                await asyncio.sleep(0.01)
        finally:
            await pool.release(conn)

    await asyncio.gather(*(one(number) for number in range(50)))

    assert Verification(50, 0, None) == await verified(pool, tmp_path)


async def test_an_act_that_is_rolled_back_leaves_no_gap(pool: Pool, tmp_path: Path) -> None:
    await fill(pool, 2)
    conn = await pool.acquire()
    transaction = conn.transaction()
    await transaction.start()
    await record(conn, 3)  # type: ignore[arg-type]
    await transaction.rollback()
    await pool.release(conn)
    await fill(pool, 1)
    assert Verification(3, 0, None) == await verified(pool, tmp_path)


async def test_phone_and_id_numbers_typed_as_a_reason_are_blanked(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await record_act(
            conn, district_id=DISTRICT, act="rider.erased", actor=None, now=START + timedelta(hours=1),
            reason="本人来电 13800138000，证件 11010519491231002X",
        )  # fmt: skip
        assert "本人来电 ＊＊＊，证件 ＊＊＊" == await conn.fetchval("select reason from audit_entry")


async def test_a_temporary_table_does_not_stand_in_for_the_trail(pool: Pool, tmp_path: Path) -> None:
    async with pool_transaction(pool) as conn:
        await conn.execute("create temporary table audit_entry (like public.audit_entry) on commit drop")
        await record(conn, 1)
        assert 1 == await conn.fetchval("select count(*) from public.audit_entry")
