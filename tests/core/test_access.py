"""Scopes over the area tree, policies, sessions and staff accounts."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from core.access.accounts import LOCK_FOR, MAX_FAILURES, PasswordTooShort, WrongSignIn, add_staff, sign_in
from core.access.models import Actor, Grant, Role, is_within
from core.access.policy import ANYONE, RIDER, SIGNED_IN, staff
from core.access.sessions import anonymous, find_actor
from core.database import Connection, Pool
from core.errors import NotAllowed, SignInRequired
from tests.conftest import DISTRICT, START

SECRETARY = Actor("staff", 1, DISTRICT, "书记", (Grant(Role.SECRETARY, "37/01"),))


@pytest.mark.parametrize(
    ("path", "scope", "inside"),
    [
        ("37/01", "37/01", True),
        ("37/01/02", "37/01", True),
        ("37/011", "37/01", False),
        ("37", "37/01", False),
        ("37", "", True),
    ],
)
def test_a_scope_holds_itself_and_what_lies_beneath(path: str, scope: str, inside: bool) -> None:
    assert inside == is_within(path, scope)


def test_an_actor_reaches_only_with_the_role_asked_for() -> None:
    assert SECRETARY.reaches("37/01/02", Role.SECRETARY)
    assert not SECRETARY.reaches("37/01/02", Role.DEPARTMENT)


def test_a_stranger_is_asked_to_sign_in() -> None:
    with pytest.raises(SignInRequired):
        SIGNED_IN.check(anonymous(DISTRICT))


def test_staff_without_the_role_are_not_allowed() -> None:
    with pytest.raises(NotAllowed):
        staff(Role.DISTRICT_ADMIN).check(SECRETARY)


def test_what_holds_for_the_whole_district_is_for_those_who_answer_for_all_of_it() -> None:
    policy = staff(Role.SECRETARY, whole_district=True)
    with pytest.raises(NotAllowed):
        policy.check(SECRETARY)
    policy.check(replace(SECRETARY, grants=(Grant(Role.AUDITOR, "37"), Grant(Role.SECRETARY, ""))))
    with pytest.raises(NotAllowed):
        policy.check(replace(SECRETARY, grants=(Grant(Role.SECRETARY, "37"), Grant(Role.AUDITOR, ""))))


def test_staff_are_not_riders() -> None:
    with pytest.raises(NotAllowed):
        RIDER.check(SECRETARY)


def test_anyone_may_call_an_open_route() -> None:
    ANYONE.check(anonymous(DISTRICT))


async def test_the_right_password_opens_a_session_with_the_grants(pool: Pool) -> None:
    await _make_secretary(pool)
    tokens = await sign_in(pool, district_id=DISTRICT, username="wang", password="a long enough one", now=START)
    async with pool.acquire() as conn:
        found = await find_actor(conn, district_id=DISTRICT, token=tokens.access, now=START)  # type: ignore[arg-type]
    assert found is not None
    assert (Grant(Role.SECRETARY, "37/01"),) == found.grants


async def test_too_many_wrong_passwords_lock_the_account_for_a_while(pool: Pool) -> None:
    await _make_secretary(pool)
    for _ in range(MAX_FAILURES):
        with pytest.raises(WrongSignIn):
            await sign_in(pool, district_id=DISTRICT, username="wang", password="wrong", now=START)
    with pytest.raises(WrongSignIn):
        await sign_in(pool, district_id=DISTRICT, username="wang", password="a long enough one", now=START)
    later = START + LOCK_FOR + timedelta(seconds=1)
    assert await sign_in(pool, district_id=DISTRICT, username="wang", password="a long enough one", now=later)


async def test_guesses_sent_all_at_once_are_counted_as_well(pool: Pool) -> None:
    await _make_secretary(pool)
    guesses = [*["wrong"] * (MAX_FAILURES * 2), "a long enough one"]
    answers = await asyncio.gather(
        *(sign_in(pool, district_id=DISTRICT, username="wang", password=guess, now=START) for guess in guesses),
        return_exceptions=True,
    )
    assert {WrongSignIn} == {type(answer) for answer in answers}


async def test_a_token_of_any_bytes_stands_for_nobody(conn: Connection) -> None:
    as_headers_come = b"\xff\xfe".decode(errors="surrogateescape")
    assert await find_actor(conn, district_id=DISTRICT, token=as_headers_come, now=START) is None


async def test_an_unknown_name_is_answered_like_a_wrong_password(pool: Pool) -> None:
    with pytest.raises(WrongSignIn):
        await sign_in(pool, district_id=DISTRICT, username="nobody", password="wrong", now=START)


async def test_a_short_password_is_refused(conn: Connection) -> None:
    with pytest.raises(PasswordTooShort):
        await add_staff(conn, district_id=DISTRICT, username="li", name="李", password="short", grants=(), now=START)


async def _make_secretary(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await add_staff(
            conn,  # type: ignore[arg-type]
            district_id=DISTRICT,
            username="wang",
            name="演示书记",
            password="a long enough one",
            grants=(Grant(Role.SECRETARY, "37/01"),),
            now=START,
        )
