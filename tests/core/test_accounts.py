"""Signing in: what opens a session, what is counted against an account, and that strangers cannot tell names."""

import asyncio
import statistics
import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from core.access.accounts import LOCK_FOR, MAX_FAILURES, ONE_TIME_LIFE, sign_in
from core.access.errors import WrongSignIn
from core.access.models import Grant, Owed, Role
from core.access.queries import set_disabled
from core.access.sessions import find_actor
from core.database import Pool, pool_transaction
from core.errors import Unavailable
from tests.conftest import DISTRICT, RING, START
from tests.staff import PASSWORD, Person, add_staff

STEP = timedelta(seconds=30)


@pytest.fixture
async def wang(pool: Pool) -> Person:
    async with pool_transaction(pool) as conn:
        return await add_staff(conn, "wang", Grant(Role.SECRETARY, "37/01"), now=START)


async def enter(pool: Pool, person: Person, password: str = PASSWORD, code: str | None = None, now=START) -> str:  # type: ignore[no-untyped-def]
    code = person.code(now) if code is None else code
    tokens = await sign_in(
        pool, district_id=DISTRICT, username=person.username, password=password, code=code, ring=RING, now=now
    )
    return tokens.access


async def test_password_and_code_open_a_session_with_the_grants_and_leave_an_audit_row(
    pool: Pool, wang: Person
) -> None:
    token = await enter(pool, wang)
    async with pool_transaction(pool) as conn:
        found = await find_actor(conn, district_id=DISTRICT, token=token, now=START)
        acts = await conn.fetch("select act, actor_id from audit_entry")
    assert found is not None
    assert ((Grant(Role.SECRETARY, "37/01"),), ()) == (found.grants, found.owes)
    assert [("staff.signed_in", wang.id)] == [tuple(row) for row in acts]


@pytest.mark.parametrize("code", ["", "000000", "not a code", "１２３４５６", "a" * 40, "\ud800"])
async def test_the_password_alone_opens_nothing(pool: Pool, wang: Person, code: str) -> None:
    with pytest.raises(WrongSignIn):
        await enter(pool, wang, code=code)


@pytest.mark.parametrize("wrong", ["password", "code"])
async def test_too_many_wrong_tries_of_either_kind_lock_the_account_for_a_while(
    pool: Pool, wang: Person, wrong: str
) -> None:
    for _ in range(MAX_FAILURES):
        with pytest.raises(WrongSignIn):
            await (enter(pool, wang, "wrong") if wrong == "password" else enter(pool, wang, code="000000"))
    with pytest.raises(WrongSignIn):
        await enter(pool, wang)
    later = START + LOCK_FOR + timedelta(seconds=1)
    assert await enter(pool, wang, now=later)
    async with pool_transaction(pool) as conn:
        acts = [row["act"] for row in await conn.fetch("select act from audit_entry order by id")]
    assert ["staff.locked", "staff.signed_in"] == acts


async def test_guesses_sent_all_at_once_are_counted_as_well(pool: Pool, wang: Person) -> None:
    guesses = [*["wrong"] * (MAX_FAILURES * 2), PASSWORD]
    answers = await asyncio.gather(*(enter(pool, wang, guess) for guess in guesses), return_exceptions=True)
    assert {WrongSignIn} == {type(answer) for answer in answers}


async def test_a_wrong_password_uses_no_code_up(pool: Pool, wang: Person) -> None:
    for code in (wang.code(START), wang.recovery_codes[0]):
        with pytest.raises(WrongSignIn):
            await enter(pool, wang, "wrong", code)
        assert await enter(pool, wang, code=code)


async def test_fifty_uses_of_one_code_at_once_give_one_session(pool: Pool, wang: Person) -> None:
    async def insist() -> str:
        while True:
            try:
                return await enter(pool, wang)
            except Unavailable:
                await asyncio.sleep(0.05)

    answers = await asyncio.gather(*(insist() for _ in range(50)), return_exceptions=True)
    assert 1 == sum(isinstance(answer, str) for answer in answers)
    assert {str, WrongSignIn} == {type(answer) for answer in answers}


async def test_a_disabled_account_does_not_sign_in(pool: Pool, wang: Person) -> None:
    async with pool_transaction(pool) as conn:
        await set_disabled(conn, district_id=DISTRICT, staff_id=wang.id, now=START)
    with pytest.raises(WrongSignIn):
        await enter(pool, wang)


async def test_a_one_time_password_runs_out(pool: Pool, wang: Person) -> None:
    async with pool_transaction(pool) as conn:
        await conn.execute("update staff set one_time_until = $1", START + ONE_TIME_LIFE)
    token = await enter(pool, wang)
    async with pool_transaction(pool) as conn:
        found = await find_actor(conn, district_id=DISTRICT, token=token, now=START)
    assert found is not None
    assert ((Owed.PASSWORD,), ()) == (found.owes, found.grants)
    with pytest.raises(WrongSignIn):
        await enter(pool, wang, now=START + ONE_TIME_LIFE)


async def test_a_hash_of_older_parameters_is_replaced_at_the_next_sign_in(pool: Pool, wang: Person) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    async with pool_transaction(pool) as conn:
        await conn.execute("update staff set password_hash = $1", old)
    await enter(pool, wang)
    new = await pool.fetchval("select password_hash from staff")
    assert "m=19456,t=2,p=1" in new
    await enter(pool, wang, now=START + STEP)
    assert new == await pool.fetchval("select password_hash from staff")


async def test_a_name_that_exists_is_not_told_by_the_time_an_answer_takes(pool: Pool, wang: Person) -> None:
    async def seconds(username: str) -> float:
        begun = time.perf_counter()
        with pytest.raises(WrongSignIn):
            await sign_in(
                pool, district_id=DISTRICT, username=username, password="wrong", code="000000", ring=RING, now=START
            )
        return time.perf_counter() - begun

    known, unknown = [], []
    for _ in range(MAX_FAILURES - 1):
        unknown.append(await seconds("nobody"))
        known.append(await seconds("wang"))
    # Without a hash for unknown names they would be told twenty times faster; a busy machine is not even.
    assert 0.4 < statistics.median(known) / statistics.median(unknown) < 2.5
