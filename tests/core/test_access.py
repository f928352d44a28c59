"""Scopes over the area tree, policies, sessions and staff accounts."""

from dataclasses import replace

import pytest

from core.access.models import Actor, Grant, Role, is_within
from core.access.policy import ANYONE, RIDER, SIGNED_IN, staff
from core.access.sessions import anonymous, find_actor
from core.database import Connection
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


async def test_a_token_of_any_bytes_stands_for_nobody(conn: Connection) -> None:
    as_headers_come = b"\xff\xfe".decode(errors="surrogateescape")
    assert await find_actor(conn, district_id=DISTRICT, token=as_headers_come, now=START) is None
