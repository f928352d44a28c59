"""The event row as history, outbox and queue."""

import asyncio
from datetime import datetime, timedelta

from core import queries
from core.database import Connection, Pool, pool_transaction
from core.events import MAX_ATTEMPTS, Reaction, dispatch_due, record_event
from core.models import Event
from tests.conftest import DISTRICT, START


async def _record(pool: Pool, kind: str = "thing.happened") -> None:
    async with pool_transaction(pool) as conn:
        await record_event(
            conn, district_id=DISTRICT, kind=kind, subject="thing", subject_id=1, actor=None, now=START, data={}
        )


def _counting(seen: list[int]) -> Reaction:
    async def react(_conn: Connection, event: Event, _now: datetime) -> None:
        seen.append(event.id)

    return react


async def _failing(_conn: Connection, _event: Event, _now: datetime) -> None:
    raise RuntimeError("no luck")


async def test_an_event_reaches_its_reaction_once(pool: Pool) -> None:
    seen: list[int] = []
    await _record(pool)
    reactions = {"thing.happened": (_counting(seen),)}
    await dispatch_due(pool, district_id=DISTRICT, now=START, reactions=reactions)
    await dispatch_due(pool, district_id=DISTRICT, now=START, reactions=reactions)
    assert 1 == len(seen)


async def test_an_event_of_a_rolled_back_transaction_reaches_nobody(pool: Pool) -> None:
    seen: list[int] = []
    try:
        async with pool_transaction(pool) as conn:
            await record_event(
                conn,
                district_id=DISTRICT,
                kind="thing.happened",
                subject="thing",
                subject_id=1,
                actor=None,
                now=START,
                data={},
            )
            raise RuntimeError("changed my mind")
    except RuntimeError:
        pass
    await dispatch_due(pool, district_id=DISTRICT, now=START, reactions={"thing.happened": (_counting(seen),)})
    assert [] == seen


async def test_a_failing_reaction_is_tried_again_later_and_leaves_nothing_behind(pool: Pool) -> None:
    async def half_done(conn: Connection, _event: Event, _now: datetime) -> None:
        await conn.execute("update district set name = 'half done'")
        raise RuntimeError("no luck")

    await _record(pool)
    assert 1 == await dispatch_due(pool, district_id=DISTRICT, now=START, reactions={"thing.happened": (half_done,)})
    async with pool_transaction(pool) as conn:
        assert "half done" != await conn.fetchval("select name from district")
    assert 0 == await dispatch_due(pool, district_id=DISTRICT, now=START, reactions={"thing.happened": (half_done,)})
    later = START + timedelta(seconds=10)
    assert 1 == await dispatch_due(pool, district_id=DISTRICT, now=later, reactions={"thing.happened": (half_done,)})


async def test_an_event_is_given_up_visibly_and_can_be_queued_again(pool: Pool) -> None:
    await _record(pool)
    now = START
    for _ in range(MAX_ATTEMPTS):
        await dispatch_due(pool, district_id=DISTRICT, now=now, reactions={"thing.happened": (_failing,)})
        now += timedelta(hours=1)
    async with pool_transaction(pool) as conn:
        assert 1 == await queries.count_given_up_events(conn, district_id=DISTRICT)
        assert 1 == await queries.retry_given_up_events(conn, district_id=DISTRICT, now=now)
    seen: list[int] = []
    await dispatch_due(pool, district_id=DISTRICT, now=now, reactions={"thing.happened": (_counting(seen),)})
    assert 1 == len(seen)


async def test_two_dispatchers_share_the_work_without_doubling(pool: Pool) -> None:
    seen: list[int] = []
    for _ in range(40):
        await _record(pool)
    reactions = {"thing.happened": (_counting(seen),)}
    await asyncio.gather(*(dispatch_due(pool, district_id=DISTRICT, now=START, reactions=reactions) for _ in range(4)))
    assert 40 == len(seen) == len(set(seen))


async def test_events_nothing_reacts_to_leave_the_queue_and_stay_history(pool: Pool) -> None:
    await _record(pool, kind="thing.noticed")
    await dispatch_due(pool, district_id=DISTRICT, now=START, reactions={})
    async with pool_transaction(pool) as conn:
        assert await queries.claim_event(conn, district_id=DISTRICT, now=START) is None
        assert 1 == len(await queries.list_events(conn, district_id=DISTRICT, subject="thing", subject_id=1))
