"""What the whole flow asks of people: proof of contact, kinds, holds, extensions, transfers, reopening, merging."""

from datetime import timedelta

import pytest

from community.acts import Act
from community.cases import open_case
from community.clocks.models import Deadline
from community.clocks.queries import list_deadlines
from community.errors import (
    ContactOwed,
    ExtensionNotAllowed,
    HoldTooLong,
    NoReopeningAsked,
    NotADuplicate,
    NothingAbove,
    PromiseNotValid,
    UnknownAssignee,
)
from community.holds import sweep_holds
from community.models import Case, Channel, Clock, Kind, Origin, Satisfaction, State
from community.progress import get_progress
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Connection
from core.queries import list_events
from tests.community.district import COMMUNITY, DISTRICT_PATH, NEIGHBOUR, STREET, hire, located, open_report, read
from tests.conftest import DISTRICT, START

RIDER = Actor("rider", 5, DISTRICT)
SOON = START + timedelta(minutes=5)
DAY = timedelta(days=1)


async def do(conn: Connection, case: Case, verb: Verb, actor: Actor, /, *, now: object = SOON, **said: object) -> Case:
    return await carry_out(conn, case_id=case.id, verb=verb, act=Act(**said), actor=actor, now=now)  # type: ignore[arg-type]


async def clock(conn: Connection, case: Case, which: Clock) -> Deadline:
    """Give the newest round of a clock."""
    rows = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    return [row for row in rows if row.clock is which][-1]


async def open_appeal(conn: Connection, *, reachable: bool = True) -> Case:
    return await open_case(
        conn,
        district_id=DISTRICT,
        origin=Origin.APPEAL,
        origin_ref="1",
        category_code="help",
        description="孩子上学的事",
        located=located(),
        place=None,
        trusted=False,
        actor=None,
        now=START,
        contact_owed=reachable,
    )


async def secretary_of(conn: Connection) -> Actor:
    return await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)


async def test_filing_is_no_answer_to_a_resident_who_can_be_reached(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_appeal(conn)
    case = await do(conn, case, Verb.FILE, secretary)
    assert (await clock(conn, case, Clock.RESPOND)).is_running
    await do(conn, case, Verb.CONTACT, secretary, note="已通话", channel=Channel.PHONE)
    assert SOON == (await clock(conn, case, Clock.RESPOND)).met_at


async def test_filing_answers_one_who_cannot_be_reached(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_appeal(conn, reachable=False)
    await do(conn, case, Verb.FILE, secretary)
    assert SOON == (await clock(conn, case, Clock.RESPOND)).met_at


async def test_an_appeal_cannot_be_ended_behind_the_residents_back(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_appeal(conn)
    other = await open_report(conn, 2, at=located())
    with pytest.raises(ContactOwed, match=case.number):
        await do(conn, case, Verb.REJECT, secretary, note="不属实")
    with pytest.raises(ContactOwed):
        await do(conn, case, Verb.MARK_DUPLICATE, secretary, duplicate_of=other.id)
    await do(conn, case, Verb.CONTACT, secretary, note="已通话", channel=Channel.PHONE)
    assert State.REJECTED is (await do(conn, case, Verb.REJECT, secretary, note="不属实")).state


async def test_a_promise_takes_the_place_of_the_limit(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located())
    promised = START + 10 * DAY
    case = await do(conn, case, Verb.FILE, secretary, kind=Kind.PROMISED, promised_at=promised)
    assert (Kind.PROMISED, promised) == (case.kind, (await clock(conn, case, Clock.HANDLE)).due_at)
    by_limit = START + timedelta(hours=5.5, minutes=5)
    await do(conn, case, Verb.CLASSIFY, secretary, kind=Kind.IMMEDIATE)
    assert by_limit == (await clock(conn, case, Clock.HANDLE)).due_at
    await do(conn, case, Verb.CLASSIFY, secretary, kind=Kind.PROMISED, promised_at=promised)
    assert promised == (await clock(conn, case, Clock.HANDLE)).due_at


async def test_a_date_promised_after_a_hold_and_an_extension_is_that_date(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(), trusted=True)
    await do(conn, case, Verb.EXTEND, secretary, note="人手不足", extend_by=4)
    await do(conn, case, Verb.HOLD, secretary, note="等", until=START + 3 * DAY)
    await do(conn, case, Verb.RESUME, secretary, now=SOON + DAY)
    promised = START + 10 * DAY
    await do(conn, case, Verb.CLASSIFY, secretary, kind=Kind.PROMISED, promised_at=promised, now=SOON + DAY)
    assert promised == (await clock(conn, case, Clock.HANDLE)).due_at
    await do(conn, case, Verb.CLASSIFY, secretary, kind=Kind.IMMEDIATE, now=SOON + DAY)
    assert START + 2 * DAY + timedelta(minutes=30) == (await clock(conn, case, Clock.HANDLE)).due_at


@pytest.mark.parametrize(
    ("kind", "promised_at"),
    [
        (Kind.PROMISED, None),
        (Kind.PROMISED, START),
        (Kind.PROMISED, START + 91 * DAY),
        (Kind.IMMEDIATE, START + DAY),
        (Kind.COORDINATED, START + DAY),
    ],
)
async def test_a_promise_is_a_date_ahead_and_nothing_else_has_one(
    conn: Connection, kind: Kind, promised_at: object
) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located())
    with pytest.raises(PromiseNotValid):
        await do(conn, case, Verb.FILE, secretary, kind=kind, promised_at=promised_at)


async def test_a_case_is_assigned_only_to_someone_who_sees_it(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located())
    worker = await hire(conn, "worker", Role.GRID_WORKER, COMMUNITY)
    assert worker.id == (await do(conn, case, Verb.ASSIGN, secretary, assignee_id=worker.id)).assignee_id
    foreign = await hire(conn, "foreign", Role.GRID_WORKER, NEIGHBOUR)
    auditor = await hire(conn, "auditor", Role.AUDITOR, COMMUNITY)
    for who in (foreign.id, auditor.id, 10**12):
        with pytest.raises(UnknownAssignee):
            await do(conn, case, Verb.ASSIGN, secretary, assignee_id=who)
    await conn.execute("update staff set disabled_at = now() where id = $1", worker.id)
    with pytest.raises(UnknownAssignee):
        await do(conn, case, Verb.ASSIGN, secretary, assignee_id=worker.id)


async def test_a_hold_stops_the_clocks_and_gives_back_what_was_left(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(), trusted=True)
    before = await clock(conn, case, Clock.HANDLE)  # Tuesday 10:00, four working hours: until 15:30
    case = await do(conn, case, Verb.HOLD, secretary, note="等备件", until=START + 3 * DAY)
    assert (State.HELD, State.FILED) == (case.state, case.state_before)
    held = await clock(conn, case, Clock.HANDLE)
    assert (SOON, None) == (held.paused_at, held.fires_at)
    case = await do(conn, case, Verb.RESUME, secretary, now=SOON + DAY)
    assert (State.FILED, None) == (case.state, case.held_until)
    assert before.due_at + DAY == (await clock(conn, case, Clock.HANDLE)).due_at


async def test_a_hold_that_is_over_ends_by_itself_and_once(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(), trusted=True)
    until = START + 2 * DAY
    await do(conn, case, Verb.HOLD, secretary, note="等备件", until=until)
    assert [] == await sweep_holds(conn, district_id=DISTRICT, now=until - timedelta(seconds=1))
    assert [case.id] == await sweep_holds(conn, district_id=DISTRICT, now=until)
    assert [] == await sweep_holds(conn, district_id=DISTRICT, now=until)
    assert State.FILED is (await read(conn, case)).state
    events = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    assert ("case.resumed", "system") == (events[-1].kind, events[-1].actor_kind)


async def test_holds_of_a_round_last_thirty_days_at_most(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(), trusted=True)
    for until in (SOON, SOON + 30 * DAY + timedelta(seconds=1)):
        with pytest.raises(HoldTooLong):
            await do(conn, case, Verb.HOLD, secretary, note="等", until=until)
    await do(conn, case, Verb.HOLD, secretary, note="等", until=SOON + 30 * DAY)
    later = SOON + 20 * DAY
    await do(conn, case, Verb.RESUME, secretary, now=later)
    with pytest.raises(HoldTooLong, match="30"):
        await do(conn, case, Verb.HOLD, secretary, note="等", until=later + 10 * DAY + timedelta(seconds=1), now=later)
    await do(conn, case, Verb.HOLD, secretary, note="等", until=later + 10 * DAY, now=later)


async def test_a_held_case_can_still_be_spoken_about(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(), trusted=True)
    held = await do(conn, case, Verb.HOLD, secretary, note="等", until=START + DAY)
    spoken = await do(conn, case, Verb.CONTACT, secretary, note="请稍候", channel=Channel.WECHAT)
    assert (held.state, held.state_before, held.held_until) == (spoken.state, spoken.state_before, spoken.held_until)


async def test_a_clock_is_extended_once_by_its_own_limit_at_most_and_in_time(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(), trusted=True)
    with pytest.raises(ExtensionNotAllowed):
        await do(conn, case, Verb.EXTEND, secretary, note="太多", extend_by=5)
    late = START + timedelta(hours=5.5)
    with pytest.raises(ExtensionNotAllowed):
        await do(conn, case, Verb.EXTEND, secretary, note="太晚", extend_by=1, now=late)
    await do(conn, case, Verb.EXTEND, secretary, note="人手不足", extend_by=4)
    # 15:30 and four working hours: two until 17:30, two from 8:30 the next day.
    assert START + DAY + timedelta(minutes=30) == (await clock(conn, case, Clock.HANDLE)).due_at
    with pytest.raises(ExtensionNotAllowed):
        await do(conn, case, Verb.EXTEND, secretary, note="再来", extend_by=1)


async def test_an_extension_before_a_hold_is_not_forgotten_by_it(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(), trusted=True)
    await do(conn, case, Verb.EXTEND, secretary, note="人手不足", extend_by=4)
    await do(conn, case, Verb.HOLD, secretary, note="等", until=START + 3 * DAY)
    await do(conn, case, Verb.RESUME, secretary, now=SOON + DAY)
    assert START + 2 * DAY + timedelta(minutes=30) == (await clock(conn, case, Clock.HANDLE)).due_at


async def test_a_case_goes_up_to_the_nearest_desk_that_has_anyone_and_back(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(f"{COMMUNITY}/001"))
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    assert f"{COMMUNITY}/001" == case.desk_path
    case = await do(conn, case, Verb.TRANSFER_UP, secretary, note="需街道协调")
    assert (COMMUNITY, f"{COMMUNITY}/001") == (case.desk_path, case.desk_before)
    case = await do(conn, case, Verb.TRANSFER_UP, secretary, note="还需街道")
    assert (STREET, f"{COMMUNITY}/001") == (case.desk_path, case.desk_before)
    case = await do(conn, case, Verb.TRANSFER_BACK, centre, note="已协调，请办理")
    assert (f"{COMMUNITY}/001", None) == (case.desk_path, case.desk_before)
    with pytest.raises(NothingAbove):
        await do(conn, case, Verb.TRANSFER_BACK, centre, note="再退")


async def test_above_the_last_desk_there_is_only_the_duty_desk(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located())
    case = await do(conn, case, Verb.TRANSFER_UP, secretary, note="无人可转")
    assert "" == case.desk_path
    with pytest.raises(NothingAbove):
        await do(conn, case, Verb.TRANSFER_UP, secretary, note="再转")


async def close(conn: Connection, case: Case, secretary: Actor) -> Case:
    await do(conn, case, Verb.FILE, secretary)
    await do(conn, case, Verb.HANDLE, secretary, note="好了")
    await do(conn, case, Verb.VERIFY, secretary)
    return await do(conn, case, Verb.CLOSE, secretary, result="已清理")


async def test_dissatisfaction_asks_and_a_person_decides(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located())
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    await close(conn, case, secretary)
    with pytest.raises(NoReopeningAsked):
        await do(conn, case, Verb.DECLINE_REOPENING, centre, note="没人要求")
    said = {"note": "电话回访", "satisfaction": Satisfaction.DISSATISFIED}
    case = await do(conn, case, Verb.FOLLOW_UP, secretary, **said)
    assert (State.FOLLOWED_UP, SOON) == (case.state, case.reopening_asked_at)
    declined = await do(conn, case, Verb.DECLINE_REOPENING, centre, note="已符合标准")
    assert (State.FOLLOWED_UP, None) == (declined.state, declined.reopening_asked_at)
    reopened = await do(conn, case, Verb.REOPEN, secretary, note="再处理")
    assert (State.FILED, None) == (reopened.state, reopened.satisfaction)


async def test_a_visit_is_owed_only_to_one_who_can_be_reached(conn: Connection) -> None:
    secretary, appeal = await secretary_of(conn), await open_appeal(conn)
    await do(conn, appeal, Verb.CONTACT, secretary, note="已通话", channel=Channel.PHONE)
    report = await open_report(conn, 2, at=located())
    appeal, report = await close(conn, appeal, secretary), await close(conn, report, secretary)
    # Three working days from Tuesday: Friday 17:30.
    assert (START + 3 * DAY + timedelta(hours=7.5), None) == (appeal.next_due_at, report.next_due_at)
    said = {"note": "电话回访", "satisfaction": Satisfaction.SATISFIED}
    appeal = await do(conn, appeal, Verb.FOLLOW_UP, secretary, **said)
    assert (Satisfaction.SATISFIED, None) == (appeal.satisfaction, appeal.next_due_at)


async def test_splitting_undoes_a_merge_with_the_time_that_was_left(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(), trusted=True)
    original = await open_report(conn, 2, at=located())
    due_at = (await clock(conn, case, Clock.HANDLE)).due_at
    case = await do(conn, case, Verb.MARK_DUPLICATE, secretary, duplicate_of=original.id)
    assert (None, SOON) == (case.next_due_at, (await clock(conn, case, Clock.HANDLE)).paused_at)
    case = await do(conn, case, Verb.SPLIT, secretary, note="不是同一处", now=SOON + DAY)
    assert (State.FILED, None, None) == (case.state, case.duplicate_of, case.closed_at)
    assert due_at + DAY == (await clock(conn, case, Clock.HANDLE)).due_at


async def test_closing_the_original_settles_its_duplicates_and_their_reporters_hear_of_it(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    original = await open_report(conn, 1, at=located())
    child = await open_report(conn, 2, at=located(), actor=RIDER)
    await do(conn, child, Verb.MARK_DUPLICATE, secretary, duplicate_of=original.id)
    await close(conn, original, secretary)
    events = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=child.id)
    assert ("case.settled", "已清理", original.id) == (
        events[-1].kind,
        events[-1].data["result"],
        events[-1].data["original"],
    )
    progress = await get_progress(conn, district_id=DISTRICT, case_id=child.id)
    assert ("已清理", "已清理") == (progress.result, progress.steps[-1].words)


async def test_the_duplicates_of_a_duplicate_are_those_of_its_original(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    first, second, third = [await open_report(conn, number, at=located()) for number in range(3)]
    await do(conn, third, Verb.MARK_DUPLICATE, secretary, duplicate_of=second.id)
    await do(conn, second, Verb.MARK_DUPLICATE, secretary, duplicate_of=first.id)
    assert first.id == (await read(conn, third)).duplicate_of
    with pytest.raises(NotADuplicate):
        await do(conn, first, Verb.MARK_DUPLICATE, secretary, duplicate_of=second.id)


async def test_only_those_above_void_a_case_and_nothing_runs_on_it_then(conn: Connection) -> None:
    centre = await hire(conn, "centre", Role.SUBDISTRICT, DISTRICT_PATH)
    case = await do(conn, await open_report(conn, 1, at=located()), Verb.VOID, centre, note="测试")
    rows = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    assert (State.VOIDED, [False, False]) == (case.state, [row.is_running for row in rows])


async def test_steps_between_offices_are_not_shown_to_the_reporter(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located(), actor=RIDER)
    worker = await hire(conn, "worker", Role.GRID_WORKER, COMMUNITY)
    await do(conn, case, Verb.ASSIGN, secretary, assignee_id=worker.id, note="内部")
    await do(conn, case, Verb.TRANSFER_UP, secretary, note="内部")
    await do(conn, case, Verb.CLASSIFY, secretary, kind=Kind.COORDINATED, note="内部")
    progress = await get_progress(conn, district_id=DISTRICT, case_id=case.id)
    assert ["case.opened"] == [step.kind for step in progress.steps]


async def test_a_case_that_is_split_off_forgets_the_result_of_its_original(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    original, case, other = [await open_report(conn, number, at=located()) for number in range(3)]
    await close(conn, original, secretary)
    merged = await do(conn, case, Verb.MARK_DUPLICATE, secretary, duplicate_of=original.id)
    split = await do(conn, case, Verb.SPLIT, secretary, note="不是同一处")
    assert ("已清理", None) == (merged.result, split.result)
    merged = await do(conn, other, Verb.MARK_DUPLICATE, secretary, duplicate_of=case.id)
    assert merged.result is None, "nothing has been done about this one"


async def test_duplicates_that_come_to_a_closed_case_by_way_of_another_are_answered_too(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    original, case, third = [await open_report(conn, number, at=located()) for number in range(3)]
    await do(conn, third, Verb.MARK_DUPLICATE, secretary, duplicate_of=case.id)
    await close(conn, original, secretary)
    await do(conn, case, Verb.MARK_DUPLICATE, secretary, duplicate_of=original.id)
    assert "已清理" == (await read(conn, third)).result
    events = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=third.id)
    assert ("case.settled", original.id) == (events[-1].kind, events[-1].data["original"])


async def test_rework_after_a_promise_that_has_passed_has_the_full_limit(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located())
    promised = START + timedelta(hours=3)
    await do(conn, case, Verb.FILE, secretary, kind=Kind.PROMISED, promised_at=promised)
    await do(conn, case, Verb.HANDLE, secretary, note="好了")
    kept = await do(conn, case, Verb.RETURN, secretary, note="没清干净")
    assert promised == (await clock(conn, kept, Clock.HANDLE)).due_at
    await do(conn, case, Verb.HANDLE, secretary, note="又好了")
    case = await do(conn, case, Verb.RETURN, secretary, note="还是没清干净", now=START + DAY)
    assert (Kind.IMMEDIATE, None) == (case.kind, case.promised_at)
    assert START + DAY + timedelta(hours=5.5) == (await clock(conn, case, Clock.HANDLE)).due_at


async def test_a_promise_that_passed_before_filing_does_not_make_handling_late_at_once(conn: Connection) -> None:
    secretary, case = await secretary_of(conn), await open_report(conn, 1, at=located())
    await do(conn, case, Verb.CLASSIFY, secretary, kind=Kind.PROMISED, promised_at=START + timedelta(hours=3))
    case = await do(conn, case, Verb.FILE, secretary, now=START + DAY)
    assert (Kind.IMMEDIATE, None) == (case.kind, case.promised_at)
    assert START + DAY + timedelta(hours=5.5) == (await clock(conn, case, Clock.HANDLE)).due_at
