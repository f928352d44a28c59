"""“Not the same”: remembered for both, taken back by anyone who may judge, on record, and no change to a case."""

import asyncio

import pytest

from community.duplicates.dismiss import dismiss, undo_dismissal
from community.duplicates.suggest import count_suggestions, get_duplicates
from community.errors import CaseNotFound, VerbNotYours
from community.models import Case
from core.access.models import Actor, Role
from core.database import Connection, Pool, pool_transaction
from core.queries import list_events
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, hire, read
from tests.community.duplicates.scene import report
from tests.conftest import DISTRICT, START


async def suggested(conn: Connection, case: Case, actor: Actor) -> list[int]:
    detail = await get_duplicates(conn, case_id=case.id, actor=actor)
    (count,) = await count_suggestions(conn, case_ids=[case.id], actor=actor)
    assert count.suggestions == len(detail.suggestions)
    return [suggestion.case.id for suggestion in detail.suggestions]


async def test_what_was_dismissed_is_suggested_to_neither_and_the_rest_stays(conn: Connection) -> None:
    secretary = await hire(conn, "s", Role.SECRETARY, COMMUNITY)
    one, other, third = [await report(conn, n) for n in range(3)]
    await dismiss(conn, case_id=other.id, other_id=one.id, actor=secretary, now=START)
    assert [third.id] == await suggested(conn, one, secretary)
    assert [third.id] == await suggested(conn, other, secretary)
    assert [one.id, other.id] == await suggested(conn, third, secretary)


async def test_who_dismissed_it_is_told_on_both_sides(conn: Connection) -> None:
    secretary = await hire(conn, "s", Role.SECRETARY, COMMUNITY)
    one, other = [await report(conn, n) for n in range(2)]
    await dismiss(conn, case_id=one.id, other_id=other.id, actor=secretary, now=START)
    for case, seen in [(one, other), (other, one)]:
        (told,) = (await get_duplicates(conn, case_id=case.id, actor=secretary)).dismissed
        assert (seen.id, "s的名字", START) == (told.case.id, told.dismissed_by, told.dismissed_at)


@pytest.mark.parametrize("from_the_other_side", [False, True])
async def test_it_comes_back_when_someone_takes_it_back(conn: Connection, from_the_other_side: bool) -> None:
    secretary, above = (
        await hire(conn, "s", Role.SECRETARY, COMMUNITY),
        await hire(conn, "a", Role.SUBDISTRICT, STREET),
    )
    one, other = [await report(conn, n) for n in range(2)]
    await dismiss(conn, case_id=one.id, other_id=other.id, actor=secretary, now=START)
    case_id, other_id = (other.id, one.id) if from_the_other_side else (one.id, other.id)
    await undo_dismissal(conn, case_id=case_id, other_id=other_id, actor=above, now=START)
    assert [other.id] == await suggested(conn, one, secretary)
    assert () == (await get_duplicates(conn, case_id=one.id, actor=secretary)).dismissed


async def test_said_twice_it_is_on_record_once(conn: Connection) -> None:
    secretary = await hire(conn, "s", Role.SECRETARY, COMMUNITY)
    one, other = [await report(conn, n) for n in range(2)]
    for _ in range(2):
        await dismiss(conn, case_id=one.id, other_id=other.id, actor=secretary, now=START)
    for _ in range(2):
        await undo_dismissal(conn, case_id=one.id, other_id=other.id, actor=secretary, now=START)
    events = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=one.id)
    assert [
        ("case.duplicate_dismissed", secretary.id, {"other_id": other.id}),
        ("case.duplicate_restored", secretary.id, {"other_id": other.id}),
    ] == [(event.kind, event.actor_id, event.data) for event in events if event.kind != "case.opened"]


async def test_neither_case_is_changed_by_it(conn: Connection) -> None:
    secretary = await hire(conn, "s", Role.SECRETARY, COMMUNITY)
    one, other = [await report(conn, n) for n in range(2)]
    await dismiss(conn, case_id=one.id, other_id=other.id, actor=secretary, now=START)
    await undo_dismissal(conn, case_id=one.id, other_id=other.id, actor=secretary, now=START)
    assert (one, other) == (await read(conn, one), await read(conn, other))


@pytest.mark.parametrize("deed", [dismiss, undo_dismissal])
async def test_both_cases_must_be_in_sight_and_be_two(conn: Connection, deed: object) -> None:
    assert callable(deed)
    secretary = await hire(conn, "s", Role.SECRETARY, COMMUNITY)
    ours, theirs = await report(conn, 1), await report(conn, 2, path=NEIGHBOUR)
    for case_id, other_id in [(ours.id, theirs.id), (theirs.id, ours.id), (ours.id, ours.id), (ours.id, 999_999)]:
        with pytest.raises(CaseNotFound):
            await deed(conn, case_id=case_id, other_id=other_id, actor=secretary, now=START)


@pytest.mark.parametrize("deed", [dismiss, undo_dismissal])
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.GRID_WORKER])
async def test_who_may_not_merge_may_not_dismiss_either(conn: Connection, deed: object, role: Role) -> None:
    assert callable(deed)
    who = await hire(conn, "w", role, COMMUNITY)
    one, other = [await report(conn, n) for n in range(2)]
    with pytest.raises(VerbNotYours):
        await deed(conn, case_id=one.id, other_id=other.id, actor=who, now=START)


async def test_two_who_dismiss_at_once_leave_one_row_and_one_event(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        people = [await hire(conn, name, Role.SECRETARY, COMMUNITY) for name in ("a", "b")]
        one, other = [await report(conn, n) for n in range(2)]

    async def deed(who: Actor, case_id: int, other_id: int) -> None:
        async with pool_transaction(pool) as conn:
            await dismiss(conn, case_id=case_id, other_id=other_id, actor=who, now=START)
            await asyncio.sleep(0.05)

    await asyncio.gather(deed(people[0], one.id, other.id), deed(people[1], other.id, one.id))
    async with pool_transaction(pool) as conn:
        assert 1 == await conn.fetchval("select count(*) from duplicate_dismissal")
        assert 1 == await conn.fetchval("select count(*) from event where kind = 'case.duplicate_dismissed'")
