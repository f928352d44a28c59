"""Passwords: which are taken, how they are kept, and that a flood of them is turned away."""

import asyncio

import pytest
from argon2 import PasswordHasher, extract_parameters

from core.access import passwords
from core.access.errors import PasswordTooCommon, PasswordTooLong, PasswordTooShort
from core.access.passwords import MAX_PENDING, hash_password, is_easily_guessed, verify_password
from core.errors import Unavailable

CONTEXT = ("wangwei", "王伟", "海晏区")


@pytest.mark.parametrize(
    "password",
    [
        "password2026!",
        "qwertyuiop123",
        "abcdefghijkl",
        "111111111111",
        "1qaz2wsx3edc",
        "骑士驿站骑士驿站骑士驿站",
        "骑士驿站2026年快乐",
        "rider-station-2026",
        "RiderStation2026!!",
        "海晏区海晏区20262026",
        "wangwei19880808",
        "WangWei@2026WangWei",
        "ＰＡＳＳＷＯＲＤ2026!!",
    ],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    assert is_easily_guessed(password, CONTEXT)


@pytest.mark.parametrize(
    "password", ["four plain words here", "海边的旧自行车没有铃", "k3Jd-7qLm-x9Zt", "station lamp crooked violet"]
)
def test_words_that_have_nothing_to_do_with_each_other_are_taken(password: str) -> None:
    assert not is_easily_guessed(password, CONTEXT)


async def test_lengths_have_two_ends() -> None:
    with pytest.raises(PasswordTooShort):
        await hash_password("k3Jd-7qLm-x", context=())
    with pytest.raises(PasswordTooLong):
        await hash_password("k3Jd-7qLm-x9" * 22, context=())
    with pytest.raises(PasswordTooCommon):
        await hash_password("password2026!", context=())


async def test_the_stated_parameters_are_those_used() -> None:
    used = extract_parameters(await hash_password("four plain words here", context=()))
    assert ("ID", 19 * 1024, 2, 1) == (used.type.name, used.memory_cost, used.time_cost, used.parallelism)


async def test_only_a_hash_of_other_parameters_is_made_anew() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash("four plain words here")
    matches, anew = await verify_password(old, "four plain words here")
    assert matches
    assert anew is not None
    assert (True, None) == await verify_password(anew, "four plain words here")
    assert (False, None) == await verify_password(old, "four other words here")


async def test_one_password_is_one_however_the_keyboard_composed_it() -> None:
    stored = await hash_password("caf\u00e9 four plain words", context=())
    assert (True, None) == await verify_password(stored, "cafe\u0301 four plain words")


async def test_what_is_no_hash_matches_nothing() -> None:
    assert (False, None) == await verify_password("-", "four plain words here")


async def test_a_flood_is_turned_away_at_once_and_leaves_nothing_behind() -> None:
    loop = asyncio.get_running_loop()
    flood = [asyncio.ensure_future(verify_password(passwords.NOBODY, "x")) for _ in range(MAX_PENDING)]
    await asyncio.sleep(0)
    begun = loop.time()
    with pytest.raises(Unavailable) as refused:
        await verify_password(passwords.NOBODY, "x")
    assert (1, True) == (refused.value.retry_after_s, loop.time() - begun < 0.02)
    for each in flood[1:]:
        each.cancel()  # whoever went away still has his thread until it is done, and no longer
    assert (False, None) == await flood[0]
    while passwords._pending:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert (False, None) == await verify_password(passwords.NOBODY, "x")
