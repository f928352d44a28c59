"""Points follow what becomes of a case, once, with a reason, and never by changing a row."""

from datetime import timedelta

import asyncpg
import pytest

from community.workflow import Verb
from core.access.models import Actor
from core.database import Connection
from riders.points.models import Ground, Withheld
from tests.conftest import START
from tests.riders.points.reporters import Reporting, appoint

FILED, CLOSED, HELPFUL, VERIFIED = 2, 3, 1, 2


async def test_a_report_that_is_only_collected_gives_nothing(work: Reporting) -> None:
    await work.work_off(await work.report())
    assert [] == await work.entries()


async def test_filing_gives_points_with_a_reason_that_names_the_case(work: Reporting) -> None:
    case = await work.do(await work.report(), Verb.FILE)
    await work.work_off(case)
    (entry,) = await work.entries()
    assert (Ground.FILED, FILED, case.id) == (entry.ground, entry.points, entry.case_id)
    assert f"上报已立案（案件 {case.number}）" == entry.reason.zh
    assert f"Your report was filed (case {case.number})" == entry.reason.en
    assert "system" == entry.by_kind


async def test_a_trusted_reporters_case_gives_the_same_though_nobody_filed_it(
    conn: Connection, work: Reporting, south: str
) -> None:
    await appoint(conn, work.rider, work.secretary, south, trust_level=2)
    case = await work.report()
    assert "filed" == case.state
    await work.work_off(case)
    assert [(Ground.FILED, FILED)] == [(entry.ground, entry.points) for entry in await work.entries()]


async def test_a_case_closed_with_a_result_gives_points_again(work: Reporting) -> None:
    case = await work.finish(await work.do(await work.report(), Verb.FILE))
    await work.work_off(case)
    assert [Ground.FILED, Ground.CLOSED] == [entry.ground for entry in await work.entries()]
    assert FILED + CLOSED == await work.balance()


async def test_working_all_events_off_again_changes_nothing(work: Reporting) -> None:
    case = await work.finish(await work.do(await work.report(), Verb.FILE))
    await work.work_off(case)
    once = await work.entries()
    await work.work_off(case, now=START + timedelta(days=40))
    await work.work_off(case)
    assert once == await work.entries()


async def test_a_rejection_takes_the_points_back_and_says_why(work: Reporting) -> None:
    case = await work.do(await work.report(), Verb.FILE)
    await work.work_off(case)
    await work.work_off(await work.do(case, Verb.REJECT, note="不属于受理范围"))
    given, taken = await work.entries()
    assert (0, -FILED, given.id) == (await work.balance(), taken.points, taken.reverses)
    assert f"撤回：案件 {case.number} 不予立案（不属于受理范围）" == taken.reason.zh
    assert taken.id == given.reversed_by


async def test_a_rejection_worked_off_before_the_filing_leaves_nothing_either(work: Reporting) -> None:
    case = await work.do(await work.report(), Verb.FILE, Verb.REJECT)
    await work.work_off(case)
    assert (0, []) == (await work.balance(), await work.entries())


async def test_what_a_rejection_took_comes_back_with_the_reopening(work: Reporting) -> None:
    case = await work.do(await work.report(), Verb.FILE)
    await work.work_off(case)
    for verb in (Verb.REJECT, Verb.REOPEN, Verb.REJECT, Verb.REOPEN):
        await work.work_off(await work.do(case, verb))
    assert FILED == await work.balance()
    assert [FILED, -FILED, FILED, -FILED, FILED] == [entry.points for entry in await work.entries()]


async def test_a_report_rejected_at_once_and_reopened_is_paid_as_filed(work: Reporting) -> None:
    case = await work.do(await work.report(), Verb.REJECT)
    await work.work_off(case)
    await work.work_off(await work.do(case, Verb.REOPEN))
    assert FILED == await work.balance()


async def test_reopening_a_closed_case_takes_nothing_and_closing_it_again_gives_nothing(work: Reporting) -> None:
    case = await work.finish(await work.do(await work.report(), Verb.FILE))
    await work.work_off(case)
    case = await work.do(case, Verb.REOPEN)
    await work.work_off(case)
    assert FILED + CLOSED == await work.balance()
    await work.work_off(await work.finish(case))
    assert FILED + CLOSED == await work.balance()


async def test_reopening_a_case_from_before_there_were_points_gives_none_for_its_filing(
    conn: Connection, work: Reporting
) -> None:
    case = await work.do(await work.finish(await work.do(await work.report(), Verb.FILE)), Verb.REOPEN)
    await conn.execute("delete from event where kind in ('case.filed', 'case.closed')")
    await work.work_off(case)
    assert [] == await work.entries()


async def test_a_duplicate_keeps_no_points_for_filing_and_gets_less_when_its_original_is_closed(
    conn: Connection, work: Reporting, other: Reporting
) -> None:
    original = await other.do(await other.report(), Verb.FILE)
    case = await work.do(await work.report(), Verb.FILE)
    await work.work_off(case)
    case = await work.merge(case, original)
    await work.work_off(case)
    assert 0 == await work.balance()
    await other.finish(original)
    for _ in range(2):
        await work.work_off(case)
    assert HELPFUL == await work.balance()
    assert HELPFUL < FILED


async def test_a_duplicate_that_is_a_case_of_its_own_again_when_its_original_is_closed_gets_no_thanks(
    work: Reporting, other: Reporting
) -> None:
    original = await other.do(await other.report(), Verb.FILE)
    case = await work.merge(await work.report(), original)
    await other.finish(original)
    await work.work_off(await work.do(case, Verb.REOPEN))
    assert [Ground.FILED] == [entry.ground for entry in await work.entries()]


async def test_a_rider_thanked_for_one_duplicate_is_not_thanked_for_his_next_of_the_same(
    work: Reporting, other: Reporting
) -> None:
    original = await other.do(await other.report(), Verb.FILE)
    cases = [await work.merge(await work.report(), original) for _ in range(3)]
    await other.finish(original)
    await work.work_off(*cases)
    assert [None, Withheld.OWN_DUPLICATE, Withheld.OWN_DUPLICATE] == [e.withheld for e in await work.entries()]
    assert HELPFUL == await work.balance()


async def test_ones_own_duplicate_of_ones_own_case_gives_nothing_and_says_so(work: Reporting) -> None:
    original = await work.do(await work.report(), Verb.FILE)
    case = await work.merge(await work.report(), original)
    await work.finish(original)
    await work.work_off(case)
    (entry,) = await work.entries()
    assert (0, Withheld.OWN_DUPLICATE) == (entry.points, entry.withheld)
    assert "同一问题" in entry.reason.zh


@pytest.mark.parametrize("verb", [Verb.SPLIT, Verb.REOPEN])
async def test_a_merger_undone_gives_the_points_for_filing_back_and_takes_the_thanks(
    work: Reporting, other: Reporting, verb: Verb
) -> None:
    original = await other.do(await other.report(), Verb.FILE)
    case = await work.do(await work.report(), Verb.FILE)
    await work.work_off(case)
    case = await work.merge(case, original)
    await other.finish(original)
    await work.work_off(case)
    assert HELPFUL == await work.balance()
    await work.work_off(await work.do(case, verb))
    assert FILED == await work.balance()


async def test_a_duplicate_split_off_before_it_was_filed_is_paid_when_it_is(work: Reporting, other: Reporting) -> None:
    original = await other.do(await other.report(), Verb.FILE)
    case = await work.do(await work.merge(await work.report(), original), Verb.SPLIT)
    assert "collected" == case.state
    await work.work_off(case)
    assert 0 == await work.balance()
    await work.work_off(await work.do(case, Verb.FILE))
    assert FILED == await work.balance()


async def test_voiding_a_case_takes_the_points_back_without_the_words_between_offices(work: Reporting) -> None:
    case = await work.do(await work.report(), Verb.FILE)
    await work.work_off(case)
    await work.work_off(await work.do(case, Verb.VOID, note="内部说明"))
    taken = (await work.entries())[-1]
    assert (0, f"撤回：案件 {case.number} 已作废") == (await work.balance(), taken.reason.zh)


async def test_who_answers_a_verification_gets_points_and_the_reporter_none_for_it(
    work: Reporting, other: Reporting
) -> None:
    case = await other.report()
    await work.conn.execute("update appointment set trust_level = 3")
    await work.look_at(case)
    for _ in range(2):
        await work.work_off(case)
    assert (VERIFIED, 0) == (await work.balance(), await other.balance())
    (entry,) = await work.entries()
    assert (Ground.VERIFIED, None) == (entry.ground, entry.report_id)


async def test_what_a_verifier_got_stays_when_the_case_is_then_rejected(work: Reporting, other: Reporting) -> None:
    case = await other.report()
    await other.happens(case, "case.verification_answered", rider_id=work.rider.id, answer="gone")
    await other.do(case, Verb.REJECT)
    await work.work_off(case)
    assert VERIFIED == await work.balance()


async def test_verifying_ones_own_report_gives_nothing(work: Reporting) -> None:
    case = await work.report()
    await work.happens(case, "case.verification_answered", rider_id=work.rider.id, answer="present")
    await work.work_off(case)
    assert [(0, Withheld.OWN_CASE)] == [(entry.points, entry.withheld) for entry in await work.entries()]


async def test_an_answer_of_nobody_known_gives_nobody_points(work: Reporting) -> None:
    case = await work.report()
    for rider_id in (None, "1", 10**12):
        await work.happens(case, "case.verification_answered", rider_id=rider_id, answer="present")
    await work.work_off(case)
    assert [] == await work.entries()


async def test_a_case_without_a_riding_reporter_gives_nobody_points(conn: Connection, work: Reporting) -> None:
    case = await work.do(await work.report(), Verb.FILE)
    await conn.execute("update community_case set reporter_kind = 'anonymous', reporter_id = null")
    await work.work_off(case)
    assert [] == await work.entries()


async def test_an_entry_is_earned_under_the_appointment_that_holds_the_place(
    conn: Connection, work: Reporting, north: str, south: str
) -> None:
    await appoint(conn, work.rider, work.secretary, north)
    await appoint(conn, work.rider, work.secretary, "")
    await work.work_off(await work.do(await work.report(), Verb.FILE))
    assert [south] == [entry.area_path for entry in await work.entries()]


async def test_without_an_appointment_the_place_of_the_case_answers_for_the_entry(other: Reporting, south: str) -> None:
    await other.work_off(await other.do(await other.report(), Verb.FILE))
    assert [south] == [entry.area_path for entry in await other.entries()]


@pytest.mark.parametrize("change", ["update point_entry set points = 50", "delete from point_entry"])
async def test_a_row_of_the_ledger_is_never_changed_nor_deleted(conn: Connection, work: Reporting, change: str) -> None:
    await work.work_off(await work.do(await work.report(), Verb.FILE))
    with pytest.raises(asyncpg.RaiseError, match="only added"):
        async with conn.transaction():
            await conn.execute(change)
    assert FILED == await work.balance()


async def test_one_riders_entries_are_not_anothers(work: Reporting, other: Reporting) -> None:
    await work.work_off(await work.do(await work.report(), Verb.FILE))
    assert [] == await other.entries(Actor("rider", other.rider.id, 1))
