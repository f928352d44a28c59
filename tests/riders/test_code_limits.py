"""What codes may cost and how often they may be guessed: exact also when everything comes at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from core.database import Connection, Pool, connected, pool_transaction
from core.errors import Unavailable
from core.limits.budgets import OverBudget, forget_spending, spend
from core.limits.models import Budget
from core.sealing.models import Purpose
from riders.errors import (
    CodeAskedTooSoon,
    CodeNotAccepted,
    CodesUsedUp,
    PhoneLocked,
    ProofNeeded,
    TooManyCodesFromHere,
    TooManyTries,
)
from riders.signup.codes import proof
from riders.signup.codes.models import (
    CODE_LIFE,
    DAY,
    HOUR,
    TRIES_A_CODE,
    WRONG_A_DAY,
    WRONG_AN_HOUR,
    PhoneCode,
)
from riders.signup.codes.send import ADDRESS_A_DAY, ADDRESS_AN_HOUR, DEVICE_A_DAY, Asker
from riders.signup.sign_in import TRIES_FROM_HERE
from tests.conftest import RING, START, Database, changed_ring
from tests.riders.phones import HERE, PHONE, Inbox, ask, enter, sign_in_with, solve

ELSEWHERE = Asker("another-telephone-somewhere", "198.51.100.9")


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest_asyncio.fixture
async def look(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as conn:
        yield conn  # type: ignore[misc]


def phone(number: int) -> str:
    return f"138{number:08d}"


async def guess_wrong(pool: Pool, inbox: Inbox, now: datetime, times: int) -> None:
    for _ in range(times):
        with pytest.raises(CodeNotAccepted):
            await enter(pool, inbox, inbox.wrong_code, now)


async def test_a_code_is_good_only_for_the_device_that_asked(pool: Pool, inbox: Inbox, now: datetime) -> None:
    await ask(pool, inbox, now)
    for _ in range(TRIES_A_CODE):
        with pytest.raises(CodeNotAccepted):
            await enter(pool, inbox, inbox.code, now, asker=ELSEWHERE)
    assert await enter(pool, inbox, inbox.code, now)  # nor has the other used up its tries


async def test_ten_wrong_codes_within_an_hour_lock_the_phone_and_tell_its_owner_once(
    pool: Pool, inbox: Inbox, now: datetime
) -> None:
    await ask(pool, inbox, now)
    await guess_wrong(pool, inbox, now, TRIES_A_CODE)
    later = now + timedelta(minutes=30)
    await ask(pool, inbox, later)
    await guess_wrong(pool, inbox, later, TRIES_A_CODE)
    assert ["登录已暂停" in text for _, text in inbox.texts] == [False, False, True]
    for _ in range(3):
        with pytest.raises(PhoneLocked) as refused:
            await enter(pool, inbox, inbox.code, later)
        assert 1800 == refused.value.retry_after_s
    with pytest.raises(PhoneLocked):
        await ask(pool, inbox, later, solved="yes")
    assert 3 == len(inbox.texts)


async def test_a_locked_phone_opens_when_the_hour_is_over(pool: Pool, inbox: Inbox, now: datetime) -> None:
    for minutes in (0, 30):
        await ask(pool, inbox, now + timedelta(minutes=minutes))
        await guess_wrong(pool, inbox, now + timedelta(minutes=minutes), TRIES_A_CODE)
    after = now + HOUR
    await ask(pool, inbox, after, solved="yes")
    assert await enter(pool, inbox, inbox.code, after)


async def test_twenty_wrong_codes_within_a_day_lock_the_phone_for_the_day(
    pool: Pool, inbox: Inbox, now: datetime
) -> None:
    for hours in (0, 2, 4, 6):
        await ask(pool, inbox, now + timedelta(hours=hours), solved="yes")
        await guess_wrong(pool, inbox, now + timedelta(hours=hours), TRIES_A_CODE)
    with pytest.raises(PhoneLocked) as refused:
        await ask(pool, inbox, now + timedelta(hours=8), solved="yes")
    assert 16 * 3600 == refused.value.retry_after_s
    assert ["登录已暂停" in text for _, text in inbox.texts] == [False] * 4 + [True]


async def test_fifty_wrong_codes_at_once_lock_the_phone_and_warn_once(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    await ask(pool, inbox, now)
    await guess_wrong(pool, inbox, now, TRIES_A_CODE)
    await ask(pool, inbox, now + timedelta(minutes=2))
    wrong, moment = inbox.wrong_code, now + timedelta(minutes=2)
    outcomes = await asyncio.gather(*(enter(pool, inbox, wrong, moment) for _ in range(50)), return_exceptions=True)
    assert TRIES_A_CODE == sum(isinstance(outcome, CodeNotAccepted) for outcome in outcomes)
    assert 50 - TRIES_A_CODE == sum(isinstance(outcome, PhoneLocked) for outcome in outcomes)
    assert WRONG_AN_HOUR == await look.fetchval("select cardinality(wrong_at) from sign_in_code")
    assert 3 == len(inbox.texts)


async def test_a_warning_that_cannot_be_sent_changes_nothing(pool: Pool, inbox: Inbox, now: datetime) -> None:
    for minutes in (0, 5):
        await ask(pool, inbox, now + timedelta(minutes=minutes))
        inbox.is_down = minutes == 5
        await guess_wrong(pool, inbox, now + timedelta(minutes=minutes), TRIES_A_CODE)
    with pytest.raises(PhoneLocked):
        await enter(pool, inbox, inbox.code, now + timedelta(minutes=5))


async def test_a_third_code_to_a_phone_needs_a_proof(pool: Pool, inbox: Inbox, now: datetime) -> None:
    for minute in range(2):
        await ask(pool, inbox, now + timedelta(minutes=minute))
    later = now + timedelta(minutes=2)
    fresh = Asker("another-telephone-somewhere", "198.51.100.9")
    with pytest.raises(ProofNeeded):
        await ask(pool, inbox, later, asker=fresh)
    await ask(pool, inbox, later, asker=fresh, solved="yes")
    assert 3 == len(inbox.texts)


async def test_a_third_code_from_an_address_needs_a_proof(pool: Pool, inbox: Inbox, now: datetime) -> None:
    for number in range(2):
        await ask(pool, inbox, now, phone(number), asker=replace(HERE, device_nonce=f"telephone-number-{number}"))
    other = replace(HERE, device_nonce="telephone-number-3")
    with pytest.raises(ProofNeeded):
        await ask(pool, inbox, now, phone(3), asker=other)
    await ask(pool, inbox, now, phone(3), asker=other, solved="yes")
    assert 3 == len(inbox.texts)


async def test_a_proof_is_used_once(pool: Pool, inbox: Inbox, now: datetime) -> None:
    for number in range(2):
        await ask(pool, inbox, now, phone(number))
    solved = solve(now)
    await ask(pool, inbox, now, phone(3), solved=solved)
    with pytest.raises(ProofNeeded):
        await ask(pool, inbox, now, phone(4), solved=solved)


async def test_of_fifty_that_share_a_proof_one_is_sent_a_code(pool: Pool, inbox: Inbox, now: datetime) -> None:
    for number in range(2):
        await ask(pool, inbox, now, phone(number))
    solved = solve(now)
    await asyncio.gather(
        *(
            ask(
                pool,
                inbox,
                now,
                phone(number),
                asker=replace(HERE, device_nonce=f"telephone-number-{number}"),
                solved=solved,
            )
            for number in range(10, 60)
        ),
        return_exceptions=True,
    )
    assert 3 == len(inbox.texts)


async def test_a_device_is_sent_ten_codes_a_day(pool: Pool, inbox: Inbox, now: datetime) -> None:
    for number in range(DEVICE_A_DAY.most):
        await ask(pool, inbox, now, phone(number), asker=replace(HERE, address=f"10.0.0.{number}"))
    with pytest.raises(TooManyCodesFromHere):
        await ask(pool, inbox, now, phone(99), asker=replace(HERE, address="10.0.1.1"))


async def test_fifty_requests_at_once_cannot_pass_the_limit_of_an_address(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    await ask(pool, inbox, now)
    await look.execute(
        "update spending set spent = $1 where purpose = $2", ADDRESS_AN_HOUR.most - 5, ADDRESS_AN_HOUR.purpose
    )
    proofs = [solve(now) for _ in range(20)]
    outcomes = await asyncio.gather(
        *(
            ask(
                pool,
                inbox,
                now,
                phone(number),
                asker=replace(HERE, device_nonce=f"telephone-number-{number}"),
                solved=proofs[number % 20],
            )
            for number in range(10, 60)
        ),
        return_exceptions=True,
    )
    assert 6 == len(inbox.texts)
    assert 45 == sum(isinstance(outcome, TooManyCodesFromHere | ProofNeeded) for outcome in outcomes)
    assert ADDRESS_AN_HOUR.most == await look.fetchval(
        "select spent from spending where purpose = $1", ADDRESS_AN_HOUR.purpose
    )


async def test_an_address_that_has_spent_its_day_is_told_when(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    await ask(pool, inbox, now)
    await look.execute("update spending set spent = $1 where purpose = $2", ADDRESS_A_DAY.most, ADDRESS_A_DAY.purpose)
    with pytest.raises(TooManyCodesFromHere) as refused:
        await ask(pool, inbox, now + HOUR, phone(2))
    assert 23 * 3600 == refused.value.retry_after_s


async def test_fifty_phones_at_once_cannot_spend_more_than_the_day_pays_for(
    pool: Pool, inbox: Inbox, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes = await asyncio.gather(
        *(
            ask(pool, inbox, now, phone(number), asker=Asker(f"telephone-number-{number}", f"10.0.0.{number}"), a_day=7)
            for number in range(50)
        ),
        return_exceptions=True,
    )
    assert 7 == len(inbox.texts)
    assert 43 == sum(isinstance(outcome, CodesUsedUp) for outcome in outcomes)
    assert "all 7 messages of the day are spent" in caplog.text
    await ask(pool, inbox, now + DAY, phone(60), a_day=7)
    assert 8 == len(inbox.texts)


async def test_codes_are_tried_from_an_address_so_often_and_no_more(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    await ask(pool, inbox, now)
    await guess_wrong(pool, inbox, now, 1)
    await look.execute(
        "update spending set spent = $1 where purpose = $2", TRIES_FROM_HERE.most, TRIES_FROM_HERE.purpose
    )
    with pytest.raises(TooManyTries):
        await enter(pool, inbox, inbox.code, now)
    assert await enter(pool, inbox, inbox.code, now, asker=replace(HERE, address="10.9.9.9"))


async def test_asking_looks_at_no_rider(database: Database, pool: Pool, inbox: Inbox, now: datetime) -> None:
    async with connected(database.owner_dsn) as conn:
        await conn.execute("alter table rider rename to hidden")
    await ask(pool, inbox, now)
    with pytest.raises(CodeNotAccepted):
        await enter(pool, inbox, inbox.wrong_code, now)
    with pytest.raises(asyncpg.UndefinedTableError):
        await enter(pool, inbox, inbox.code, now)


async def test_without_the_database_nothing_is_sent_and_nobody_comes_in(
    database: Database, pool: Pool, inbox: Inbox, now: datetime
) -> None:
    await ask(pool, inbox, now)
    async with connected(database.owner_dsn) as conn:
        await conn.execute("alter table spending rename to hidden")
    with pytest.raises(asyncpg.UndefinedTableError):
        await ask(pool, inbox, now, phone(2))
    with pytest.raises(asyncpg.UndefinedTableError):
        await enter(pool, inbox, inbox.code, now)
    holding = [await pool.acquire() for _ in range(10)]
    with pytest.raises(Unavailable):
        await ask(pool, inbox, now, phone(2))
    for held in holding:
        await pool.release(held)
    assert 1 == len(inbox.texts)


async def test_no_phone_address_or_device_stands_in_the_tables_of_limits(
    pool: Pool, inbox: Inbox, now: datetime, look: Connection
) -> None:
    await ask(pool, inbox, now)
    await guess_wrong(pool, inbox, now, 1)
    rows = await look.fetch(
        "select to_jsonb(t)::text as row from sign_in_code t union all select to_jsonb(t)::text from spending t"
    )
    kept = " ".join(row["row"] for row in rows)
    plain = [PHONE, HERE.address, HERE.device_nonce, inbox.code]
    assert not [word for word in plain if word in kept or word.encode().hex() in kept]


async def test_what_was_spent_is_forgotten_when_its_time_is_over(conn: Connection, now: datetime) -> None:
    budget = Budget("test", 1, HOUR)
    assert 1 == await spend(conn, district_id=1, budget=budget, key=b"a", now=now)
    with pytest.raises(OverBudget):
        await spend(conn, district_id=1, budget=budget, key=b"a", now=now)
    await forget_spending(conn, district_id=1, now=now + HOUR - timedelta(seconds=1))
    assert 1 == await conn.fetchval("select count(*) from spending")
    await forget_spending(conn, district_id=1, now=now + HOUR)
    assert 0 == await conn.fetchval("select count(*) from spending")


@given(st.lists(st.tuples(st.integers(0, 4000), st.booleans()), max_size=120))
def test_however_tries_are_spread_no_hour_sees_more_than_ten_and_no_day_more_than_twenty(
    steps: list[tuple[int, bool]],
) -> None:
    """A guesser who asks for a new code whenever he may and tries whenever he may."""
    known, now, tried = PhoneCode(), START, []
    for seconds, asks in steps:
        now += timedelta(seconds=seconds)
        if known.locked_until(now) is not None:
            continue
        if asks and known.next_code_at(now) == now:
            known = known.send(code_hmac=b"right", device_hmac=b"device", now=now)
        for _ in range(7):
            if known.locked_until(now) is None:
                before = known
                known, _right = known.guess(code_hmacs=[b"wrong"], device_hmacs=[b"device"], now=now)
                tried += [now] if known.tries > before.tries else []
    for moment in tried:
        assert WRONG_AN_HOUR >= sum(moment - HOUR < each <= moment for each in tried)
        assert WRONG_A_DAY >= sum(moment - DAY < each <= moment for each in tried)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda solved: solved + "0",
        lambda solved: solved.rpartition(".")[0] + ".x",
        lambda solved: "x" + solved,
        lambda solved: solved.replace(".", "", 1),
        lambda solved: "",
        lambda solved: "...",
        lambda solved: "\u0661.\u0662.\u0663.4",
    ],
)
def test_a_spoilt_proof_is_none(spoil: object) -> None:
    solved = solve(START)
    assert proof.is_solved(RING, solved, now=START)
    assert not proof.is_solved(RING, spoil(solved), now=START)  # type: ignore[operator]
    assert not proof.is_solved(changed_ring(Purpose.CODES, is_retired=True), solved, now=START)
    assert not proof.is_solved(RING, solved, now=START + proof.LIFE)
    assert CODE_LIFE <= timedelta(minutes=5)


async def test_a_code_and_what_was_counted_outlive_a_change_of_their_key(pool: Pool) -> None:
    inbox, both = Inbox(), changed_ring(Purpose.CODES)
    await ask(pool, inbox, START)
    with pytest.raises(CodeNotAccepted):
        await sign_in_with(pool, inbox, inbox.wrong_code, START, ring=both)
    async with pool_transaction(pool) as conn:
        assert [(1, 1)] == [
            tuple(row) for row in await conn.fetch("select tries, cardinality(sent_at) from sign_in_code")
        ]
    with pytest.raises(CodeAskedTooSoon):
        await ask(pool, inbox, START, ring=both)
    assert (await sign_in_with(pool, inbox, inbox.code, START, ring=both)).is_new


async def test_a_challenge_is_good_until_its_key_is_retired() -> None:
    solved = solve(START)
    assert proof.is_solved(changed_ring(Purpose.CODES), solved, now=START)
    assert not proof.is_solved(changed_ring(Purpose.CODES, is_retired=True), solved, now=START)


async def test_a_code_ends_with_its_key(pool: Pool) -> None:
    inbox = Inbox()
    await ask(pool, inbox, START)
    with pytest.raises(CodeNotAccepted):
        await sign_in_with(pool, inbox, inbox.code, START, ring=changed_ring(Purpose.CODES, is_retired=True))
