"""The first administrator: made with the token of the console, once, and by nobody else."""

import asyncio
from datetime import timedelta

import pytest

from core.access.accounts import sign_in
from core.access.errors import FirstRunRefused, PasswordTooCommon
from core.access.models import Owed, Role, Staff
from core.access.own.first_run import TOKEN_LIFE, offer_first_run, set_up
from core.access.sessions import find_actor
from core.database import Pool, pool_transaction
from tests.conftest import DISTRICT, RING, START, Client
from tests.staff import PASSWORD, insert_staff


async def offer(pool: Pool) -> str:
    async with pool_transaction(pool) as conn:
        made = await offer_first_run(conn, district_id=DISTRICT, now=START)
    assert made is not None
    return made.token


async def found(pool: Pool, token: str, password: str = PASSWORD, now=START) -> Staff:  # type: ignore[no-untyped-def]
    return await set_up(
        pool, district_id=DISTRICT, token=token, username="admin", name="管理员", password=password, now=now
    )


async def test_the_token_makes_an_administrator_of_the_whole_district_who_owes_a_second_factor(pool: Pool) -> None:
    await found(pool, await offer(pool))
    tokens = await sign_in(
        pool, district_id=DISTRICT, username="admin", password=PASSWORD, code="", ring=RING, now=START
    )
    async with pool_transaction(pool) as conn:
        admin = await find_actor(conn, district_id=DISTRICT, token=tokens.access, now=START)
        granted = await conn.fetch("select role, area_path from staff_grant")
        acts = [row["act"] for row in await conn.fetch("select act from audit_entry order by id")]
    assert admin is not None
    assert (Owed.SECOND_FACTOR,) == admin.owes
    assert [(Role.DISTRICT_ADMIN, "")] == [tuple(row) for row in granted]
    assert ["staff.first_run", "staff.signed_in"] == acts


async def test_the_token_is_good_once_also_at_once(pool: Pool) -> None:
    token = await offer(pool)
    made = await asyncio.gather(*(found(pool, token) for _ in range(5)), return_exceptions=True)
    assert 1 == sum(isinstance(each, Staff) for each in made)
    assert {Staff, FirstRunRefused} == {type(each) for each in made}


async def test_the_token_runs_out_and_every_start_makes_a_new_one(pool: Pool) -> None:
    first, second = await offer(pool), await offer(pool)
    with pytest.raises(FirstRunRefused):
        await found(pool, first)
    with pytest.raises(FirstRunRefused):
        await found(pool, second, now=START + TOKEN_LIFE)
    assert await found(pool, second, now=START + TOKEN_LIFE - timedelta(seconds=1))


async def test_a_password_that_is_refused_does_not_use_the_token_up(pool: Pool) -> None:
    token = await offer(pool)
    with pytest.raises(PasswordTooCommon):
        await found(pool, token, "管理员admin20262026")
    assert await found(pool, token)


async def test_where_there_is_staff_there_is_no_token_and_one_from_before_is_worth_nothing(pool: Pool) -> None:
    token = await offer(pool)
    async with pool_transaction(pool) as conn:
        await insert_staff(conn, district_id=DISTRICT, username="wang", name="王", now=START)
        assert await offer_first_run(conn, district_id=DISTRICT, now=START) is None
    with pytest.raises(FirstRunRefused):
        await found(pool, token)


async def test_over_http_a_stranger_is_refused_and_the_holder_is_not(client: Client, pool: Pool) -> None:
    body = {"token": "guess", "username": "admin", "name": "管理员", "password": PASSWORD}
    refused = await client.post("/api/v1/setup", json=body)
    assert (403, "/docs/problems#first-run-refused") == (refused.status, (await refused.json())["type"])
    answer = await client.post("/api/v1/setup", json=body | {"token": await offer(pool)})
    assert 201 == answer.status


async def test_the_token_itself_is_not_stored(pool: Pool) -> None:
    token = await offer(pool)
    assert 0 == await pool.fetchval("select count(*) from first_run where token_hash = $1", token.encode())
