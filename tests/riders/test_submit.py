"""A report is stored once with its case, whatever is repeated, raced or wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from community.errors import UnknownCategory
from core.access.models import Actor
from core.database import Connection, Pool, pool_transaction
from core.errors import InvalidInput, Refusal, SignInRequired
from core.idempotency import IdempotencyKeyNotValid, IdempotencyKeyReused
from geo.models import Datum, Locate, Received
from riders.errors import ConsentNeeded
from riders.models import Report, Submission
from riders.signup.consents import REPORT_LOCATION, decide_consent
from riders.submit import hash_submission, submit

KEY = "0b6ad8f4-6f6e-4f1c-9d0c-0c9d3a1f2b77"
HOLE = Submission("road_damage", "路面有坑", Received(120.18, 35.96, Datum.WGS84), 12.0, {"lane": "bike"})

AddRider = Callable[..., Awaitable[Actor]]
Send = Callable[..., Awaitable[Report]]


@pytest.fixture
def send(locate: Locate, now: datetime) -> Send:
    """Give `submit` with the map, the key and the time filled in."""

    async def do(
        conn: Connection, rider: Actor, submission: Submission = HOLE, key: str = KEY, at: datetime = now
    ) -> Report:
        return await submit(conn, actor=rider, submission=submission, key=key, locate=locate, now=at)

    return do


async def count(conn: Connection, table: str) -> int:
    number: int = await conn.fetchval(f"select count(*) from {table}")  # noqa: S608
    return number


async def test_a_report_opens_its_case_where_it_lies(
    conn: Connection, add_rider: AddRider, send: Send, south: str
) -> None:
    report = await send(conn, await add_rider(conn))
    case = await conn.fetchrow("select * from community_case where id = $1", report.case_id)
    assert case is not None
    assert ("report", str(report.id), south, "road_damage") == (
        case["origin"],
        case["origin_ref"],
        case["area_path"],
        case["category_code"],
    )
    assert south == report.area_path


async def test_the_position_is_kept_as_received_and_stored_as_wgs84(
    conn: Connection, add_rider: AddRider, send: Send
) -> None:
    shifted = replace(HOLE, received=Received(120.185, 35.9602, Datum.GCJ02))
    report = await send(conn, await add_rider(conn), shifted)
    kept = await conn.fetchrow("select * from report where id = $1", report.id)
    case = await conn.fetchrow("select * from community_case where id = $1", report.case_id)
    assert kept is not None
    assert case is not None
    assert (120.185, 35.9602, "gcj02") == (kept["received_lon"], kept["received_lat"], kept["received_datum"])
    assert 0.004 < kept["received_lon"] - case["lon"] < 0.006


@pytest.mark.parametrize("received", [None, Received(0, 0, Datum.WGS84)], ids=["none", "zero"])
async def test_a_report_without_a_position_goes_to_the_duty_desk(
    conn: Connection, add_rider: AddRider, send: Send, received: Received | None
) -> None:
    report = await send(conn, await add_rider(conn), replace(HOLE, received=received))
    case = await conn.fetchrow("select * from community_case where id = $1", report.case_id)
    assert case is not None
    assert (None, "", None) == (case["area_path"], case["desk_path"], case["lon"])


async def test_the_same_key_and_body_give_the_same_answer_and_one_case(
    conn: Connection, add_rider: AddRider, send: Send, now: datetime
) -> None:
    rider = await add_rider(conn)
    first = await send(conn, rider)
    again = await send(conn, rider, at=now + timedelta(days=20))
    assert first == again
    assert (1, 1) == (await count(conn, "report"), await count(conn, "community_case"))


async def test_a_repetition_answers_the_same_after_the_case_has_moved(
    conn: Connection, add_rider: AddRider, send: Send, north: str
) -> None:
    rider = await add_rider(conn)
    first = await send(conn, rider)
    await conn.execute("update community_case set area_path = $1, desk_path = $1, category_code = 'other'", north)
    assert first == await send(conn, rider)


async def test_a_repetition_after_withdrawn_consent_still_gives_the_receipt(
    conn: Connection, add_rider: AddRider, send: Send, now: datetime
) -> None:
    rider = await add_rider(conn)
    first = await send(conn, rider)
    await decide_consent(conn, actor=rider, purpose=REPORT_LOCATION, version=1, is_given=False, now=now)
    assert first == await send(conn, rider)


async def test_the_same_key_with_another_body_is_refused(conn: Connection, add_rider: AddRider, send: Send) -> None:
    rider = await add_rider(conn)
    await send(conn, rider)
    with pytest.raises(IdempotencyKeyReused) as refused:
        await send(conn, rider, replace(HOLE, description="另一个坑"))
    assert "/header/Idempotency-Key" == refused.value.pointer
    assert 1 == await count(conn, "report")


async def test_two_riders_may_use_the_same_key(conn: Connection, add_rider: AddRider, send: Send) -> None:
    first = await send(conn, await add_rider(conn))
    second = await send(conn, await add_rider(conn, "+8613800000002"))
    assert first.id != second.id


async def test_twenty_submissions_at_once_under_one_key_make_one_report(
    pool: Pool, add_rider: AddRider, send: Send
) -> None:
    async with pool_transaction(pool) as conn:
        rider = await add_rider(conn)

    async def once() -> Report:
        async with pool_transaction(pool) as conn:
            return await send(conn, rider)

    reports = await asyncio.gather(*(once() for _ in range(20)))
    assert 1 == len({report.id for report in reports})
    async with pool_transaction(pool) as conn:
        assert (1, 1) == (await count(conn, "report"), await count(conn, "community_case"))
        assert 1 == await conn.fetchval("select count(*) from event where kind = 'report.submitted'")
        assert 1 == await conn.fetchval("select count(*) from event where kind = 'case.opened'")


async def test_a_transaction_that_dies_leaves_the_key_free(pool: Pool, add_rider: AddRider, send: Send) -> None:
    async with pool_transaction(pool) as conn:
        rider = await add_rider(conn)

    async def die_before_the_commit() -> None:
        async with pool_transaction(pool) as conn:
            await send(conn, rider)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await die_before_the_commit()
    async with pool_transaction(pool) as conn:
        assert (0, 0) == (await count(conn, "report"), await count(conn, "community_case"))
        await send(conn, rider)
        assert (1, 1) == (await count(conn, "report"), await count(conn, "community_case"))


WRONG: list[tuple[Submission, type[Refusal]]] = [
    (replace(HOLE, category="no_such"), UnknownCategory),
    (replace(HOLE, answers={"lane": "sky"}), InvalidInput),
    (replace(HOLE, answers={"colour": "red"}), InvalidInput),
    (Submission("missing_cover", "井盖没了"), InvalidInput),
]


@pytest.mark.parametrize(("submission", "refusal"), WRONG)
async def test_a_refused_report_stores_nothing_and_leaves_the_key_free(
    pool: Pool, add_rider: AddRider, send: Send, submission: Submission, refusal: type[Refusal]
) -> None:
    async with pool_transaction(pool) as conn:
        rider = await add_rider(conn)
        events = await count(conn, "event")
    with pytest.raises(refusal):
        async with pool_transaction(pool) as conn:
            await send(conn, rider, submission)
    async with pool_transaction(pool) as conn:
        assert (0, 0, events) == (
            await count(conn, "report"),
            await count(conn, "community_case"),
            await count(conn, "event"),
        )
        await send(conn, rider)


async def test_every_wrong_answer_is_named_at_once(conn: Connection, add_rider: AddRider, send: Send) -> None:
    wrong = Submission("missing_cover", "井盖没了", answers={"guarded": "perhaps", "colour": "red"})
    with pytest.raises(InvalidInput) as refused:
        await send(conn, await add_rider(conn), wrong)
    assert {"/answers/guarded", "/answers/colour"} == {error.pointer for error in refused.value.errors}


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with space in it", "中文的键也不可以用", "line\nbreak-key"])
async def test_a_malformed_key_is_refused(conn: Connection, add_rider: AddRider, send: Send, key: str) -> None:
    with pytest.raises(IdempotencyKeyNotValid):
        await send(conn, await add_rider(conn), key=key)


async def test_a_position_needs_consent_and_a_report_without_one_does_not(
    conn: Connection, add_rider: AddRider, send: Send
) -> None:
    rider = await add_rider(conn, agrees=False)
    async with conn.transaction():
        with pytest.raises(ConsentNeeded) as refused:
            async with conn.transaction():
                await send(conn, rider)
    assert "/point" == refused.value.pointer
    assert await send(conn, rider, replace(HOLE, received=None, accuracy_m=None))


async def test_announced_photos_need_consent(conn: Connection, add_rider: AddRider, send: Send) -> None:
    rider = await add_rider(conn, agrees=False)
    with pytest.raises(ConsentNeeded) as refused:
        await send(conn, rider, Submission("other", photos=("a" * 64,)))
    assert "/photos" == refused.value.pointer


async def test_only_riders_submit_reports(
    conn: Connection, add_secretary: Callable[..., Awaitable[Actor]], send: Send, south: str
) -> None:
    with pytest.raises(SignInRequired):
        await send(conn, await add_secretary(conn, south))


def test_the_hash_of_a_body_changes_with_each_field() -> None:
    changed = [
        replace(HOLE, category="litter"),
        replace(HOLE, description="别处"),
        replace(HOLE, received=Received(120.18, 35.96, Datum.GCJ02)),
        replace(HOLE, accuracy_m=13.0),
        replace(HOLE, answers={}),
        replace(HOLE, observed_at=datetime.fromisoformat("2026-03-10T10:00:00+08:00")),
        replace(HOLE, photos=("a" * 64,)),
    ]
    assert len(changed) + 1 == len({hash_submission(body) for body in [HOLE, *changed]})


async def test_a_rider_may_report_twice_with_two_keys(conn: Connection, add_rider: AddRider, send: Send) -> None:
    rider = await add_rider(conn)
    assert await send(conn, rider, key=str(uuid4())) != await send(conn, rider, key=str(uuid4()))
