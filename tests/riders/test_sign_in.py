"""One-time codes: who gets in, how often one may guess, how often one may ask."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from core.access.sessions import find_actor
from core.database import Connection, Pool
from riders.errors import CodeAskedTooSoon, CodeNotAccepted, CodeNotSent, PhoneNotValid
from riders.signup.codes.models import CODES_A_DAY, TRIES_A_CODE
from riders.signup.codes.send import forget_old_codes
from tests.riders.phones import PHONE, Inbox, ask, enter, sign_in_with


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest_asyncio.fixture
async def look(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as conn:
        yield conn  # type: ignore[misc]


async def test_the_first_sign_in_makes_the_rider_and_the_second_finds_him(
    pool: Pool, inbox: Inbox, now: datetime
) -> None:
    await ask(pool, inbox, now)
    first = await sign_in_with(pool, inbox, inbox.code, now)
    later = now + timedelta(minutes=2)
    await ask(pool, inbox, later)
    second = await sign_in_with(pool, inbox, inbox.code, later, phone="+86" + PHONE)
    assert (True, False) == (first.is_new, second.is_new)
    assert first.rider_id == second.rider_id


async def test_the_token_opens_a_session_of_the_rider(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    await ask(pool, inbox, now)
    signed_in = await sign_in_with(pool, inbox, inbox.code, now)
    actor = await find_actor(look, district_id=1, token=signed_in.tokens.access, now=now)
    assert actor is not None
    assert ("rider", signed_in.rider_id) == (actor.kind, actor.id)


async def test_a_code_works_once(pool: Pool, inbox: Inbox, now: datetime) -> None:
    await ask(pool, inbox, now)
    await enter(pool, inbox, inbox.code, now)
    with pytest.raises(CodeNotAccepted):
        await enter(pool, inbox, inbox.code, now)


async def test_a_code_lives_five_minutes(pool: Pool, inbox: Inbox, now: datetime) -> None:
    await ask(pool, inbox, now)
    with pytest.raises(CodeNotAccepted):
        await enter(pool, inbox, inbox.code, now + timedelta(minutes=5))
    assert await enter(pool, inbox, inbox.code, now + timedelta(minutes=4, seconds=59))


async def test_a_new_code_replaces_the_one_before(pool: Pool, inbox: Inbox, now: datetime) -> None:
    await ask(pool, inbox, now)
    old = inbox.code
    await ask(pool, inbox, now + timedelta(seconds=60))
    with pytest.raises(CodeNotAccepted):  # both codes are equal once in a million runs
        await enter(pool, inbox, old, now + timedelta(seconds=61))


async def test_a_code_is_good_only_for_the_phone_it_went_to(pool: Pool, inbox: Inbox, now: datetime) -> None:
    await ask(pool, inbox, now)
    for_first = inbox.code
    await ask(pool, inbox, now, phone="13800000002")
    with pytest.raises(CodeNotAccepted):  # both codes are equal once in a million runs
        await enter(pool, inbox, for_first, now, phone="13800000002")


async def test_a_fifth_wrong_guess_kills_the_code(pool: Pool, inbox: Inbox, now: datetime) -> None:
    await ask(pool, inbox, now)
    for _ in range(TRIES_A_CODE):
        with pytest.raises(CodeNotAccepted):
            await enter(pool, inbox, inbox.wrong_code, now)
    with pytest.raises(CodeNotAccepted):
        await enter(pool, inbox, inbox.code, now)


async def test_the_right_code_after_four_wrong_ones_still_opens(pool: Pool, inbox: Inbox, now: datetime) -> None:
    await ask(pool, inbox, now)
    for _ in range(TRIES_A_CODE - 1):
        with pytest.raises(CodeNotAccepted):
            await enter(pool, inbox, inbox.wrong_code, now)
    assert await enter(pool, inbox, inbox.code, now)


async def test_fifty_guesses_at_once_are_counted_exactly(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    await ask(pool, inbox, now)
    guesses = [f"{(int(inbox.code) + step) % 10**6:06d}" for step in range(1, 51)]
    outcomes = await asyncio.gather(*(enter(pool, inbox, guess, now) for guess in guesses), return_exceptions=True)
    assert 50 == sum(isinstance(outcome, CodeNotAccepted) for outcome in outcomes)
    assert TRIES_A_CODE == await look.fetchval("select tries from sign_in_code")
    with pytest.raises(CodeNotAccepted):
        await enter(pool, inbox, inbox.code, now)


async def test_fifty_times_the_right_code_at_once_opens_one_session(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    await ask(pool, inbox, now)
    outcomes = await asyncio.gather(*(enter(pool, inbox, inbox.code, now) for _ in range(50)), return_exceptions=True)
    assert 1 == sum(isinstance(outcome, str) for outcome in outcomes)
    assert 1 == await look.fetchval("select count(*) from session")


async def test_only_a_keyed_digest_of_the_code_is_stored(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    await ask(pool, inbox, now)
    row = await look.fetchrow("select * from sign_in_code")
    assert row is not None
    assert 32 == len(row["code_hmac"])
    assert not [value for value in row.values() if inbox.code in str(value)]


async def test_a_minute_must_pass_between_two_codes(pool: Pool, inbox: Inbox, now: datetime) -> None:
    await ask(pool, inbox, now)
    with pytest.raises(CodeAskedTooSoon) as refused:
        await ask(pool, inbox, now + timedelta(seconds=20))
    assert 40 == refused.value.retry_after_s
    await ask(pool, inbox, now + timedelta(seconds=60))
    assert 2 == len(inbox.texts)


async def test_fifty_requests_at_once_send_one_code(pool: Pool, inbox: Inbox, now: datetime) -> None:
    outcomes = await asyncio.gather(*(ask(pool, inbox, now) for _ in range(50)), return_exceptions=True)
    assert 1 == len(inbox.texts)
    assert 49 == sum(isinstance(outcome, CodeAskedTooSoon) for outcome in outcomes)


async def test_a_phone_gets_five_codes_in_a_day_and_more_the_next(pool: Pool, inbox: Inbox, now: datetime) -> None:
    for minute in range(CODES_A_DAY):
        await ask(pool, inbox, now + timedelta(minutes=minute), solved="yes")
    with pytest.raises(CodeAskedTooSoon) as refused:
        await ask(pool, inbox, now + timedelta(hours=23))
    assert 3600 == refused.value.retry_after_s
    await ask(pool, inbox, now + timedelta(hours=24), solved="yes")
    assert CODES_A_DAY + 1 == len(inbox.texts)


async def test_a_stranger_and_a_rider_are_limited_alike(pool: Pool, inbox: Inbox, now: datetime) -> None:
    await ask(pool, inbox, now)
    await enter(pool, inbox, inbox.code, now)
    await ask(pool, inbox, now, phone="13800000002")
    waits = []
    for phone in (PHONE, "13800000002"):
        with pytest.raises(CodeAskedTooSoon) as refused:
            await ask(pool, inbox, now + timedelta(seconds=1), phone=phone)
        waits.append(refused.value.retry_after_s)
    assert waits[0] == waits[1]


async def test_a_gateway_failure_is_said_and_does_not_count(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    inbox.is_down = True
    for _ in range(CODES_A_DAY + 1):
        with pytest.raises(CodeNotSent):
            await ask(pool, inbox, now)
    inbox.is_down = False
    await ask(pool, inbox, now)
    assert 1 == await look.fetchval("select cardinality(sent_at) from sign_in_code")
    assert [1, 1, 1, 1] == [row["spent"] for row in await look.fetch("select spent from spending")]
    assert await enter(pool, inbox, inbox.code, now)


async def test_a_malformed_number_is_named_and_nothing_is_stored(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    with pytest.raises(PhoneNotValid):
        await ask(pool, inbox, now, phone="12345")
    assert 0 == await look.fetchval("select count(*) from sign_in_code")
    assert [] == inbox.texts


async def test_codes_and_phones_that_no_limit_needs_are_forgotten(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    await ask(pool, inbox, now)
    assert 0 == await forget_old_codes(look, district_id=1, now=now + timedelta(hours=23))
    assert 1 == await forget_old_codes(look, district_id=1, now=now + timedelta(hours=24, minutes=6))
