"""Seeing people in the clear: who may, what for, how often, and what is left on the record."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from community.errors import CaseNotFound
from community.models import NOBODY
from core.access.models import Actor, Grant, Role
from core.access.sessions import PROOF_LIFE, RecentSignInNeeded
from core.database import Connection, Pool, pool_transaction
from core.errors import NotAllowed, NotFound
from riders.contacts import unmask
from riders.contacts.errors import NobodyToReach, UnmaskedTooOften
from riders.contacts.models import Person
from riders.contacts.unmask import MOST_AN_HOUR, unmask_applicant, unmask_case
from riders.models import Submission
from riders.reporters.applications import apply
from riders.signup.consents import IDENTITY, decide_consent
from riders.signup.profile import update_profile
from riders.submit import submit
from tests.community.district import COMMUNITY, NEIGHBOUR, add_areas, found, hire
from tests.community.followup.story import appeal, locate
from tests.conftest import RING, START

PHONE = "+8613800000001"


async def fresh(conn: Connection, role: Role = Role.SECRETARY, path: str = COMMUNITY) -> Actor:
    """Hire someone who has just proved who he is."""
    return replace(await hire(conn, f"{role} {path}", role, path), proved_at=START)


async def look(conn: Connection, actor: Actor, case_id: int, *, after: timedelta = timedelta()) -> Person:
    return await unmask_case(conn, ring=RING, case_id=case_id, reason="回电", actor=actor, now=START + after)


async def test_a_secretary_sees_the_resident_of_a_case_with_one_call_and_it_is_on_the_record(conn: Connection) -> None:
    secretary = await fresh(conn)
    _, case = await appeal(conn)
    assert Person("演示居民", "199 0000 0001") == await look(conn, secretary, case.id)
    (entry,) = await conn.fetch("select actor_kind, actor_id, act, subject, subject_id, reason, data from audit_entry")
    assert ("staff", secretary.id, "person.unmasked", "case", str(case.id), "回电", {}) == tuple(entry)


async def test_of_a_report_the_rider_is_shown(conn: Connection, add_rider: Callable[..., Awaitable[Actor]]) -> None:
    secretary, rider = await fresh(conn), await add_rider(conn, PHONE)
    await update_profile(conn, ring=RING, actor=rider, name="王小海")
    report = await submit(
        conn, actor=rider, key="a-report-key", submission=Submission("litter"), locate=locate, now=START
    )
    centre = await fresh(conn, Role.SUBDISTRICT, "37/01")
    assert Person("王小海", PHONE) == await look(conn, centre, report.case_id)
    with pytest.raises(CaseNotFound):
        await look(conn, secretary, report.case_id)  # it has no place, so it is the centre's


@pytest.mark.parametrize(
    ("role", "path", "refusal"),
    [
        (Role.SECRETARY, NEIGHBOUR, CaseNotFound),
        (Role.STATION_HOST, COMMUNITY, CaseNotFound),
        (Role.AUDITOR, "", NotAllowed),
    ],
)
async def test_who_does_not_see_the_case_or_need_not_reach_anybody_is_shown_nobody(
    conn: Connection, role: Role, path: str, refusal: type[Exception]
) -> None:
    stranger = await fresh(conn, role, path)
    _, case = await appeal(conn)
    with pytest.raises(refusal):
        await look(conn, stranger, case.id)
    assert 0 == await conn.fetchval("select count(*) from audit_entry")


async def test_a_department_at_work_on_the_case_is_shown_nobody(conn: Connection) -> None:
    department_id = await found(conn)
    _, case = await appeal(conn)
    await conn.execute(
        "update community_case set department_id = $2, department_ids = array[$2::bigint] where id = $1",
        *(case.id, department_id),
    )
    worker = Actor("staff", 1, 1, "", (Grant(Role.DEPARTMENT, "", department_id),), proved_at=START)
    with pytest.raises(NotAllowed):
        await look(conn, worker, case.id)


async def test_a_case_nobody_left_a_name_with_shows_nobody(conn: Connection) -> None:
    secretary = await fresh(conn)
    _, case = await appeal(conn, contact=NOBODY)
    with pytest.raises(NobodyToReach):
        await look(conn, secretary, case.id)


async def test_an_old_sign_in_is_not_enough(conn: Connection) -> None:
    secretary = await fresh(conn)
    _, case = await appeal(conn)
    assert await look(conn, secretary, case.id, after=PROOF_LIFE)
    with pytest.raises(RecentSignInNeeded):
        await look(conn, secretary, case.id, after=PROOF_LIFE + timedelta(seconds=1))


async def test_there_are_so_many_looks_an_hour_and_then_again(conn: Connection) -> None:
    secretary = await fresh(conn)
    _, case = await appeal(conn)
    for _ in range(MOST_AN_HOUR):
        await look(conn, secretary, case.id)
    with pytest.raises(UnmaskedTooOften) as refused:
        await look(conn, secretary, case.id)
    assert refused.value.retry_after_s
    other = await fresh(conn, Role.GRID_WORKER)
    assert await look(conn, other, case.id)
    later = replace(secretary, proved_at=START + timedelta(hours=1))
    assert await look(conn, later, case.id, after=timedelta(hours=1))


async def test_looks_at_the_same_moment_are_counted_too(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unmask, "MOST_AN_HOUR", 3)
    async with pool_transaction(pool) as conn:
        secretary = await fresh(conn)
        _, case = await appeal(conn)

    async def try_to_look() -> bool:
        try:
            async with pool_transaction(pool) as conn:
                return bool(await look(conn, secretary, case.id))
        except UnmaskedTooOften:
            return False

    assert 3 == sum(await asyncio.gather(*(try_to_look() for _ in range(9))))


async def test_who_decides_on_an_application_sees_who_applies(
    conn: Connection, add_rider: Callable[..., Awaitable[Actor]]
) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    rider = await add_rider(conn, PHONE)
    await decide_consent(conn, actor=rider, purpose=IDENTITY, version=1, is_given=True, now=START)
    code, number = COMMUNITY.rpartition("/")[2], "11010519491231002X"
    application = await apply(conn, ring=RING, actor=rider, area_code=code, motivation="", id_number=number, now=START)
    asked = {"ring": RING, "application_id": application.id, "reason": "核对证件", "now": START}
    seen = await unmask_applicant(conn, actor=await fresh(conn), **asked)
    assert Person(None, PHONE, number) == seen
    with pytest.raises(NotFound):
        await unmask_applicant(conn, actor=await fresh(conn, path=NEIGHBOUR), **asked)
    assert number not in str(await conn.fetch("select * from audit_entry"))
