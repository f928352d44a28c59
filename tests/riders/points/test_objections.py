"""A rider may contest an entry, or the lack of one, and is answered in words by someone who did not do it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from community.notices.queries import list_notices
from community.workflow import Verb
from core.access.models import Actor
from core.database import Connection
from core.errors import InvalidInput, NotFound
from core.queries import list_events
from riders.points.corrections import award, reverse
from riders.points.errors import AlreadyObjected, ObjectionDecided, ObjectionTooLate, OwnDecisionContested
from riders.points.models import Ground, PointEntry
from riders.points.objections.contest import contest, list_objections
from riders.points.objections.decide import decline, grant, tell_rider
from riders.points.objections.models import Objection, ObjectionStatus
from riders.points.statement import get_own_statement
from tests.conftest import DISTRICT, START
from tests.riders.points.reporters import Reporting

AddSecretary = Callable[[Connection, str], Awaitable[Actor]]
WORDS = "问题确实存在"


@pytest.fixture
async def taken(work: Reporting) -> PointEntry:
    """Give the entry by which the secretary took the points of a report back."""
    await work.work_off(await work.do(await work.report(), Verb.FILE))
    (entry,) = await work.entries()
    return await reverse(work.conn, actor=work.secretary, entry_id=entry.id, reason="查无此事", now=START)


@pytest.fixture
async def above(conn: Connection, add_secretary: AddSecretary, south: str) -> Actor:
    """Give someone of the level above the community."""
    return await add_secretary(conn, south.rpartition("/")[0])


async def object_to(
    work: Reporting,
    entry: PointEntry | None = None,
    *,
    report_id: int | None = None,
    rider: Actor | None = None,
    after: timedelta = timedelta(0),
) -> Objection:
    return await contest(
        work.conn,
        actor=rider or work.rider,
        entry_id=None if entry is None else entry.id,
        report_id=report_id,
        words=WORDS,
        now=START + after,
    )


async def granted(
    work: Reporting, objection: Objection, by: Actor | None = None, points: int | None = None
) -> Objection:
    return await grant(
        work.conn,
        actor=by or work.secretary,
        objection_id=objection.id,
        answer="复核属实",
        points=points,
        now=START,
    )


async def declined(work: Reporting, objection: Objection, by: Actor | None = None) -> Objection:
    return await decline(
        work.conn, actor=by or work.secretary, objection_id=objection.id, answer="与现场不符", now=START
    )


async def test_a_granted_objection_restores_what_was_taken_back(
    work: Reporting, taken: PointEntry, above: Actor
) -> None:
    objection = await object_to(work, taken)
    assert ObjectionStatus.WAITING is objection.status
    answered = await granted(work, objection, above)
    assert (ObjectionStatus.GRANTED, "复核属实") == (answered.status, answered.answer)
    restored = (await work.entries())[-1]
    assert (taken.id, objection.id, -taken.points) == (restored.reverses, restored.objection_id, restored.points)
    assert -taken.points == await work.balance()


async def test_a_declined_objection_writes_words_and_no_points(
    work: Reporting, taken: PointEntry, above: Actor
) -> None:
    before = await work.entries()
    answered = await declined(work, await object_to(work, taken), above)
    assert (ObjectionStatus.DECLINED, "与现场不符") == (answered.status, answered.answer)
    assert before == await work.entries()


async def test_the_rider_reads_the_answer_in_his_ledger(work: Reporting, taken: PointEntry, above: Actor) -> None:
    await declined(work, await object_to(work, taken), above)
    statement = await get_own_statement(work.conn, actor=work.rider, before=None, limit=10)
    answers = {entry.id: (entry.objection_status, entry.objection_answer) for entry in statement.entries}
    assert {taken.id: ("declined", "与现场不符"), taken.reverses: (None, None)} == answers


async def test_the_rider_gets_one_notice_of_the_answer(
    conn: Connection, work: Reporting, taken: PointEntry, above: Actor
) -> None:
    objection = await declined(work, await object_to(work, taken), above)
    events = await list_events(conn, district_id=DISTRICT, subject="point_objection", subject_id=objection.id)
    assert ["points.objected", "points.objection_decided"] == [event.kind for event in events]
    for _ in range(2):
        await tell_rider(conn, events[-1], START)
    notices = await list_notices(
        conn,
        district_id=DISTRICT,
        recipient_kind="rider",
        recipient_id=work.rider.id or 0,
        before_id=None,
        limit=10,
    )
    assert [("points.objection_decided", taken.case_id)] == [(one.kind, one.case_id) for one in notices]


async def test_an_answer_that_concerns_no_case_makes_no_notice(conn: Connection, work: Reporting, above: Actor) -> None:
    entry = await award(conn, actor=above, rider_id=work.rider.id or 0, points=1, reason="少记", now=START)
    objection = await declined(work, await object_to(work, entry))
    events = await list_events(conn, district_id=DISTRICT, subject="point_objection", subject_id=objection.id)
    await tell_rider(conn, events[-1], START)
    assert 0 == await conn.fetchval("select count(*) from notice")


async def test_nobody_decides_on_an_objection_to_his_own_act(work: Reporting, taken: PointEntry) -> None:
    objection = await object_to(work, taken)
    with pytest.raises(OwnDecisionContested):
        await granted(work, objection)
    with pytest.raises(OwnDecisionContested):
        await declined(work, objection)


async def test_an_objection_is_decided_once(work: Reporting, taken: PointEntry, above: Actor) -> None:
    objection = await object_to(work, taken)
    await declined(work, objection, above)
    with pytest.raises(ObjectionDecided):
        await granted(work, objection, above)


async def test_another_communitys_staff_neither_see_nor_decide(
    conn: Connection, work: Reporting, taken: PointEntry, add_secretary: AddSecretary, north: str
) -> None:
    objection, foreign = await object_to(work, taken), await add_secretary(conn, north)
    assert [] == await list_objections(conn, actor=foreign, status=None, before=None, limit=10)
    with pytest.raises(NotFound):
        await granted(work, objection, foreign)
    with pytest.raises(NotFound):
        await declined(work, objection, foreign)


async def test_the_queue_is_the_communitys_and_a_rider_sees_his_own(
    conn: Connection, work: Reporting, other: Reporting, taken: PointEntry
) -> None:
    objection = await object_to(work, taken)

    async def seen_by(actor: Actor, status: ObjectionStatus | None = None) -> list[int]:
        found = await list_objections(conn, actor=actor, status=status, before=None, limit=10)
        return [one.id for one in found]

    assert [objection.id] == await seen_by(work.secretary, ObjectionStatus.WAITING)
    assert [] == await seen_by(work.secretary, ObjectionStatus.GRANTED)
    assert ([objection.id], []) == (await seen_by(work.rider), await seen_by(other.rider))


async def test_the_same_is_contested_once(work: Reporting, taken: PointEntry) -> None:
    await object_to(work, taken)
    with pytest.raises(AlreadyObjected):
        await object_to(work, taken)


async def test_contesting_an_entry_that_was_taken_back_contests_the_taking_back(
    work: Reporting, taken: PointEntry, above: Actor
) -> None:
    (entry, _) = await work.entries()
    objection = await object_to(work, entry)
    assert taken.id == objection.entry_id
    with pytest.raises(OwnDecisionContested):
        await granted(work, objection)
    await granted(work, objection, above)
    assert entry.points == await work.balance()


async def test_anothers_entry_or_report_cannot_be_contested(
    work: Reporting, other: Reporting, taken: PointEntry
) -> None:
    with pytest.raises(NotFound):
        await object_to(work, taken, rider=other.rider)
    with pytest.raises(NotFound):
        await object_to(work, report_id=taken.report_id, rider=other.rider)


@pytest.mark.parametrize("is_of_entry", [True, False])
async def test_after_thirty_days_it_is_too_late(work: Reporting, taken: PointEntry, *, is_of_entry: bool) -> None:
    what = {"entry": taken} if is_of_entry else {"report_id": taken.report_id}
    with pytest.raises(ObjectionTooLate):
        await object_to(work, after=timedelta(days=30, seconds=1), **what)  # type: ignore[arg-type]
    await object_to(work, after=timedelta(days=30), **what)  # type: ignore[arg-type]


async def test_a_missing_entry_is_contested_by_its_report_and_made_good(
    conn: Connection, work: Reporting, south: str
) -> None:
    case = await work.report()
    objection = await object_to(work, report_id=int(case.origin_ref))
    assert (case.id, south) == (objection.case_id, objection.area_path)
    await granted(work, objection, points=2)
    (entry,) = await work.entries()
    assert (Ground.OBJECTION, 2, objection.id) == (entry.ground, entry.points, entry.objection_id)
    assert "申诉获支持：复核属实" == entry.reason.zh


async def test_granting_names_points_exactly_where_nothing_is_restored(
    work: Reporting, taken: PointEntry, above: Actor
) -> None:
    of_taken, of_report = await object_to(work, taken), await object_to(work, report_id=taken.report_id)
    for objection, points in ((of_taken, 2), (of_report, None)):
        with pytest.raises(InvalidInput) as refused:
            await granted(work, objection, above, points)
        assert ["/points"] == [error.pointer for error in refused.value.errors]


async def test_what_has_been_restored_meanwhile_is_not_restored_again(
    conn: Connection, work: Reporting, taken: PointEntry, above: Actor
) -> None:
    objection = await object_to(work, taken)
    await reverse(conn, actor=work.secretary, entry_id=taken.id, reason="看错了", now=START)
    with pytest.raises(InvalidInput):
        await granted(work, objection, above)
    assert -taken.points == await work.balance()
