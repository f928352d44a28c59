"""Notices that were read, and how many were not."""

import asyncio

import pytest

from core.access.models import Actor, Role
from core.database import pool_transaction
from tests.community.desk.house import House, Json, Visitor, ids, pointers
from tests.community.district import COMMUNITY, located
from tests.conftest import DISTRICT, START
from tests.sessions import open_long_session


async def told(house: House, number: int) -> Visitor:
    """Give a secretary who has been told of so many new cases."""
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    for ref in range(number):
        await house.open(ref, at=located())
    await house.react()
    return secretary


def unread(answer: Json) -> int:
    count = answer["unread"]["count"]
    assert isinstance(count, int)
    return count


async def test_everything_up_to_a_notice_is_read_and_what_came_later_is_not(house: House) -> None:
    secretary = await told(house, 3)
    listed = await secretary.get("/notices")
    newest, middle, oldest = ids(listed["notices"])
    assert 3 == unread(listed)
    read = await secretary.post("/notices/read", {"up_to": middle}, expected=200)
    assert (2, 1) == (read["marked"], unread(read))
    listed = await secretary.get("/notices")
    assert [None, "2026-03-10T02:00:00Z", "2026-03-10T02:00:00Z"] == [each["read_at"] for each in listed["notices"]]
    assert ([newest], 1) == (ids((await secretary.get("/notices?unread=true"))["notices"]), unread(listed))
    read = await secretary.post("/notices/read", {"ids": [newest, oldest]}, expected=200)
    assert (1, 0) == (read["marked"], unread(read))


async def test_marking_twice_at_once_marks_once_and_keeps_the_first_time(house: House) -> None:
    secretary = await told(house, 2)
    (newest, _) = ids((await secretary.get("/notices"))["notices"])
    answers = await asyncio.gather(*(secretary.post("/notices/read", {"up_to": newest}, expected=200) for _ in "ab"))
    assert [0, 2] == sorted(answer["marked"] for answer in answers)


async def test_nobody_marks_anothers_notices(house: House) -> None:
    secretary = await told(house, 2)
    other = await house.hire("other", Role.SECRETARY, COMMUNITY)
    theirs = ids((await secretary.get("/notices"))["notices"])
    for said in ({"ids": theirs}, {"up_to": 2**63 - 1}):
        assert 0 == (await other.post("/notices/read", said, expected=200))["marked"]
    # A rider may have the same number as someone of the staff.
    async with pool_transaction(house.pool) as conn:
        assert secretary.actor.id is not None
        token = await open_long_session(
            conn, district_id=DISTRICT, kind="rider", subject_id=secretary.actor.id, now=START
        )
    rider = Visitor(house.client, Actor("rider", secretary.actor.id, DISTRICT), {"Authorization": f"Bearer {token}"})
    assert 0 == (await rider.post("/notices/read", {"ids": theirs}, expected=200))["marked"]
    assert 2 == unread(await secretary.get("/notices"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [({}, ""), ({"up_to": 1, "ids": [1]}, ""), ({"ids": [0]}, "/ids/0"), ({"ids": list(range(1, 202))}, "/ids")],
)
async def test_one_of_both_is_said(house: House, said: Json, expected: str) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    status, problem = await secretary.ask("POST", "/notices/read", said)
    assert (422, [expected]) == (status, pointers(problem))


async def test_riders_have_read_marks_too(house: House) -> None:
    rider = Actor("rider", 5, DISTRICT)
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    case = await house.open(1, at=located(), actor=rider)
    await secretary.ask("POST", f"/cases/{case.id}/file", {})
    await house.react()
    async with pool_transaction(house.pool) as conn:
        token = await open_long_session(conn, district_id=DISTRICT, kind="rider", subject_id=5, now=START)
    reporter = Visitor(house.client, rider, {"Authorization": f"Bearer {token}"})
    (notice,) = ids((await reporter.get("/notices"))["notices"])
    assert 0 == unread(await reporter.post("/notices/read", {"up_to": notice}, expected=200))
