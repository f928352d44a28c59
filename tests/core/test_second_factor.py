"""The second factor: codes of RFC 6238, each good once; recovery codes; what is sealed stays with its row."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.access.own import queries
from core.access.own.second_factor import (
    RECOVERY_CODES,
    confirm_second_factor,
    offer_second_factor,
    set_second_factor,
    use_code,
)
from core.database import Connection, Pool, pool_transaction
from core.sealing.models import Key, Purpose
from core.sealing.ring import KeyRing
from tests.conftest import DISTRICT, RING, START
from tests.staff import Person, add_staff, insert_staff

STEP = timedelta(seconds=30)
OTHER = KeyRing(
    lambda: (Key(Purpose.SEAL, 1, "aes-256-gcm", bytes(32)), Key(Purpose.INDEX, 1, "hmac-sha-256", bytes(32)))
)


async def used(conn: Connection, person: Person, code: str, now: datetime = START, ring: KeyRing = RING) -> bool:
    return await use_code(conn, district_id=DISTRICT, staff_id=person.id, code=code, ring=ring, now=now)


async def test_codes_are_those_of_rfc_6238(conn: Connection) -> None:
    # Appendix B, SHA-1, the last six of eight digits; the secret is the ASCII of the appendix in base32.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    staff = await insert_staff(conn, district_id=DISTRICT, username="rfc", name="示例", now=START)
    await set_second_factor(conn, district_id=DISTRICT, staff_id=staff.id, secret=secret, ring=RING)
    for second, code in [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]:
        now = datetime.fromtimestamp(second, UTC)
        assert await use_code(conn, district_id=DISTRICT, staff_id=staff.id, code=code, ring=RING, now=now)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_clock_may_be_half_a_minute_wrong_either_way(conn: Connection, steps: int, taken: bool) -> None:
    wang = await add_staff(conn, "wang", now=START)
    assert taken == await used(conn, wang, wang.code(START + steps * STEP))


async def test_no_code_is_taken_twice_nor_one_older_than_the_last(conn: Connection) -> None:
    wang = await add_staff(conn, "wang", now=START)
    assert await used(conn, wang, wang.code(START))
    assert not await used(conn, wang, wang.code(START))
    assert not await used(conn, wang, wang.code(START - STEP))
    assert await used(conn, wang, wang.code(START + STEP))


async def test_of_fifty_uses_at_once_one_counts(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        wang = await add_staff(conn, "wang", now=START)

    async def use(code: str) -> bool:
        async with pool.acquire(timeout=20) as conn:
            return await used(conn, wang, code)  # type: ignore[arg-type]

    for code in (wang.code(START), wang.recovery_codes[0]):
        assert 1 == sum(await asyncio.gather(*(use(code) for _ in range(50))))


async def test_each_recovery_code_is_good_once_however_it_is_typed(conn: Connection) -> None:
    wang = await add_staff(conn, "wang", now=START)
    assert RECOVERY_CODES == len(set(wang.recovery_codes))
    first, second = wang.recovery_codes[:2]
    assert [True, False] == [await used(conn, wang, first.upper().replace("-", " ")), await used(conn, wang, first)]
    assert RECOVERY_CODES - 1 == await queries.count_recovery_codes(conn, district_id=DISTRICT, staff_id=wang.id)
    assert await used(conn, wang, second)


async def test_neither_secrets_nor_recovery_codes_lie_readable_in_the_database(conn: Connection) -> None:
    wang = await add_staff(conn, "wang", now=START)
    stored = await conn.fetchval(
        """select string_agg(encode(totp_secret, 'escape'), '') || (
               select string_agg(encode(code_hash, 'escape'), '') from recovery_code) from staff"""
    )
    assert not [secret for secret in (wang.secret, *wang.recovery_codes) if secret in stored]


async def test_a_secret_copied_to_another_account_opens_nothing(conn: Connection) -> None:
    wang, li = await add_staff(conn, "wang", now=START), await add_staff(conn, "li", now=START)
    await conn.execute(
        "update staff set totp_secret = (select totp_secret from staff where id = $1) where id = $2", wang.id, li.id
    )
    assert not await used(conn, li, wang.code(START))


async def test_a_secret_that_was_offered_and_confirmed_opens_in_its_new_place(conn: Connection) -> None:
    wang = await add_staff(conn, "wang", now=START)
    offer = await offer_second_factor(conn, district_id=DISTRICT, staff_id=wang.id, username="wang", ring=RING)
    new = replace(wang, secret=offer.secret)
    await confirm_second_factor(
        conn, district_id=DISTRICT, staff_id=wang.id, code=new.code(START), ring=RING, now=START
    )
    assert await used(conn, new, new.code(START + STEP), START + STEP)
    assert not await used(conn, wang, wang.code(START + STEP), START + STEP)


async def test_with_another_key_nobody_gets_in(conn: Connection, caplog: pytest.LogCaptureFixture) -> None:
    wang = await add_staff(conn, "wang", now=START)
    assert not await used(conn, wang, wang.code(START), ring=OTHER)
    assert "the key does not fit" in caplog.text
    assert wang.secret not in caplog.text
