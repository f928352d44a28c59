"""Staff take entries back and award by hand, in their areas only, with a reason, and within a limit."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from community.workflow import Verb
from core.access.models import Actor, Grant, Role
from core.database import Connection
from core.errors import NotFound
from riders.points.corrections import award, reverse
from riders.points.errors import AlreadyReversed, AwardOverCap, NothingToReverse
from riders.points.models import Ground, PointEntry
from riders.points.statement import get_area_statement, get_own_statement
from tests.conftest import START
from tests.riders.points.reporters import Reporting

AddSecretary = Callable[[Connection, str], Awaitable[Actor]]


@pytest.fixture
async def entry(work: Reporting) -> PointEntry:
    """Give the entry of a filed report."""
    await work.work_off(await work.do(await work.report(), Verb.FILE))
    (entry,) = await work.entries()
    return entry


async def take(work: Reporting, entry_id: int, actor: Actor | None = None) -> PointEntry:
    return await reverse(
        work.conn, actor=actor or work.secretary, entry_id=entry_id, reason="照片与现场不符", now=START
    )


async def give(work: Reporting, points: int, actor: Actor | None = None, days: int = 0) -> PointEntry:
    return await award(
        work.conn,
        actor=actor or work.secretary,
        rider_id=work.rider.id or 0,
        points=points,
        reason="守住井口",
        now=START + timedelta(days=days),
    )


async def test_a_reversal_is_a_new_entry_that_names_the_old_one_and_the_person(
    work: Reporting, entry: PointEntry
) -> None:
    taken = await take(work, entry.id)
    assert (-entry.points, entry.id, entry.ground) == (taken.points, taken.reverses, taken.ground)
    assert ("staff", work.secretary.id, "撤销：照片与现场不符") == (taken.by_kind, taken.by_id, taken.reason.zh)
    assert (0, 2) == (await work.balance(), len(await work.entries()))


async def test_an_entry_is_taken_back_once(work: Reporting, entry: PointEntry) -> None:
    await take(work, entry.id)
    with pytest.raises(AlreadyReversed):
        await take(work, entry.id)
    assert 0 == await work.balance()


async def test_a_reversal_can_be_reversed_and_that_one_again(work: Reporting, entry: PointEntry) -> None:
    last, balances = entry, []
    for _ in range(4):
        last = await take(work, last.id)
        balances.append(await work.balance())
    assert [0, entry.points, 0, entry.points] == balances


async def test_what_staff_took_back_neither_a_rejection_nor_a_reopening_touches(
    work: Reporting, entry: PointEntry
) -> None:
    await take(work, entry.id)
    case = await work.read(entry.case_id or 0)
    for verb in (Verb.REJECT, Verb.REOPEN):
        await work.work_off(await work.do(case, verb))
        assert 0 == await work.balance()


async def test_an_entry_of_nothing_cannot_be_taken_back(work: Reporting) -> None:
    case = await work.report()
    await work.happens(case, "case.verification_answered", rider_id=work.rider.id, answer="present")
    await work.work_off(case)
    (entry,) = await work.entries()
    with pytest.raises(NothingToReverse):
        await take(work, entry.id)


async def test_only_staff_over_the_appointments_area_take_back_and_see(
    conn: Connection, work: Reporting, entry: PointEntry, add_secretary: AddSecretary, north: str, south: str
) -> None:
    foreign = await add_secretary(conn, north)
    worker = Actor("staff", work.secretary.id, 1, grants=(Grant(Role.GRID_WORKER, south), Grant(Role.AUDITOR, "")))
    for actor in (foreign, worker):
        with pytest.raises(NotFound):
            await take(work, entry.id, actor)
    above = await add_secretary(conn, south.rpartition("/")[0])
    assert -entry.points == (await take(work, entry.id, above)).points


async def test_staff_see_what_was_earned_in_their_areas_and_nothing_of_others(
    conn: Connection, work: Reporting, entry: PointEntry, add_secretary: AddSecretary, north: str
) -> None:
    async def seen_by(actor: Actor) -> tuple[int, list[int]]:
        found = await get_area_statement(
            conn, actor=actor, rider_id=work.rider.id or 0, before=None, limit=10, now=START
        )
        return found.balance, [one.id for one in found.entries]

    auditor = Actor("staff", work.secretary.id, 1, grants=(Grant(Role.AUDITOR, ""),))
    assert (entry.points, [entry.id]) == await seen_by(work.secretary) == await seen_by(auditor)
    with pytest.raises(NotFound):
        await seen_by(await add_secretary(conn, north))


async def test_a_reporter_without_points_is_shown_to_his_own_community_only(
    conn: Connection, work: Reporting, add_secretary: AddSecretary, north: str
) -> None:
    async def look(actor: Actor, rider_id: int) -> int:
        found = await get_area_statement(conn, actor=actor, rider_id=rider_id, before=None, limit=10, now=START)
        return found.balance

    assert 0 == await look(work.secretary, work.rider.id or 0)
    with pytest.raises(NotFound):
        await look(await add_secretary(conn, north), work.rider.id or 0)
    with pytest.raises(NotFound):
        await look(work.secretary, 10**12)


async def test_an_award_says_who_gave_it_and_why(work: Reporting) -> None:
    given = await give(work, 5)
    assert (Ground.AWARD, 5, "社区奖励：守住井口") == (given.ground, given.points, given.reason.zh)
    assert (work.secretary.id, None) == (given.by_id, given.rule_id)


async def test_awards_are_limited_for_each_rider_and_local_month_whoever_gives_them(
    conn: Connection, work: Reporting, add_secretary: AddSecretary, south: str
) -> None:
    above = await add_secretary(conn, south.rpartition("/")[0])
    first = await give(work, 15)
    await take(work, first.id)
    with pytest.raises(AwardOverCap) as refused:
        await give(work, 6, above)
    assert 5 == refused.value.fields["left"]
    await give(work, 5, above)
    with pytest.raises(AwardOverCap):
        await give(work, 1, days=21)  # 31 March in Qingdao
    await give(work, 20, days=22)


async def test_only_reporters_of_ones_own_areas_are_awarded(
    conn: Connection, work: Reporting, other: Reporting, add_secretary: AddSecretary, north: str
) -> None:
    with pytest.raises(NotFound):
        await give(work, 5, await add_secretary(conn, north))
    with pytest.raises(NotFound):
        await give(other, 5)
    with pytest.raises(NotFound):
        await give(work, 5, days=366)  # the term is over


async def test_a_rider_reads_his_balance_and_every_reason_page_by_page(work: Reporting) -> None:
    case = await work.finish(await work.do(await work.report(), Verb.FILE))
    await work.work_off(case)
    await take(work, (await give(work, 4)).id)
    seen, cursor = [], None
    while not seen or cursor is not None:
        page = await get_own_statement(work.conn, actor=work.rider, before=cursor, limit=3)
        assert 5 == page.balance
        seen += page.entries
        cursor = page.next_cursor
    assert [-4, 4, 3, 2] == [one.points for one in seen]
    assert [None, None, case.number, case.number] == [one.case_number for one in seen]
    assert (seen[1].id, seen[0].id) == (seen[0].reverses, seen[1].reversed_by)
    assert "社区奖励" == seen[1].ground_text.zh
