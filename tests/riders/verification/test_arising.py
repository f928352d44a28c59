"""When a look arises and when it is no longer needed: asked for or by rule, once, for the state the case is in."""

from dataclasses import replace

import pytest

from community.models import Origin, State
from community.verification.models import Looks, Purpose
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Connection
from riders.verification.follow import FOLLOWED, follow_case
from riders.verification.models import TaskState
from riders.verification.take import accept
from tests.community.district import COMMUNITY, NEIGHBOUR, add_areas, found, hire, located, open_report, put_in_state
from tests.conftest import DISTRICT, START
from tests.riders.verification.looking import (
    MINUTE,
    add_reporter,
    begin_look,
    case_of,
    do,
    events_of,
    happened,
    need_looks,
    open_at_spot,
    react,
    reread,
    tasks_of,
    told_of,
)


async def secretary_of(conn: Connection, path: str = COMMUNITY) -> Actor:
    return await hire(conn, f"secretary {path}", Role.SECRETARY, path)


@pytest.mark.parametrize(
    ("state", "purpose"), [(State.COLLECTED, Purpose.BEFORE_FILING), (State.HANDLED, Purpose.BEFORE_CLOSING)]
)
async def test_what_a_person_asks_for_becomes_a_task_for_the_state_the_case_is_in(
    conn: Connection, state: State, purpose: Purpose
) -> None:
    await add_reporter(conn)
    secretary = await secretary_of(conn)
    case = await put_in_state(conn, await open_at_spot(conn), state)
    await do(conn, case, Verb.ASK_VERIFICATION, secretary)
    (task,) = await tasks_of(conn, case)
    assert (purpose, TaskState.OPEN, "staff", secretary.id) == (
        *(task.purpose, task.state),
        *(task.asked_by_kind, task.asked_by_id),
    )
    assert (START + 30 * MINUTE, START + 1440 * MINUTE) == (task.fallback_at, task.expires_at)


async def test_asking_again_while_somebody_is_looked_for_makes_no_second_task(conn: Connection) -> None:
    await add_reporter(conn)
    secretary = await secretary_of(conn)
    case = await open_at_spot(conn)
    for _ in range(2):
        await do(conn, case, Verb.ASK_VERIFICATION, secretary)
    assert 1 == len(await tasks_of(conn, case))
    assert ["asked", "offered", "asked"] == await happened(conn, case)


@pytest.mark.parametrize("looks", list(Looks))
async def test_the_rule_of_the_category_asks_before_filing(conn: Connection, looks: Looks) -> None:
    await add_reporter(conn)
    await need_looks(conn, looks)
    case = await open_at_spot(conn)
    await react(conn, case)
    expected = [(Purpose.BEFORE_FILING, "system")] if looks in (Looks.BEFORE_FILING, Looks.BOTH) else []
    assert expected == [(task.purpose, task.asked_by_kind) for task in await tasks_of(conn, case)]


@pytest.mark.parametrize("looks", list(Looks))
async def test_the_rule_of_the_category_asks_before_closing(conn: Connection, looks: Looks) -> None:
    await add_reporter(conn)
    await need_looks(conn, looks)
    case = await open_at_spot(conn, trusted=True)
    await do(conn, case, Verb.HANDLE, await secretary_of(conn), note="已清理")
    expected = [Purpose.BEFORE_CLOSING] if looks in (Looks.BEFORE_CLOSING, Looks.BOTH) else []
    assert expected == [task.purpose for task in await tasks_of(conn, case)]


async def test_what_a_trusted_reporter_reports_needs_no_look_before_filing(conn: Connection) -> None:
    await add_reporter(conn)
    await need_looks(conn, Looks.BOTH)
    case = await open_at_spot(conn, trusted=True)
    await react(conn, case)
    assert [] == await tasks_of(conn, case)


async def test_the_rule_sends_nobody_to_a_resident_who_appealed(conn: Connection) -> None:
    await add_reporter(conn)
    await need_looks(conn, Looks.BOTH)
    case = await open_at_spot(conn, origin=Origin.APPEAL)
    await react(conn, case)
    assert [] == await tasks_of(conn, case)


async def test_the_work_of_a_department_beside_the_lead_is_not_looked_at_yet(conn: Connection) -> None:
    await add_reporter(conn)
    await need_looks(conn, Looks.BOTH)
    lead, partner = await found(conn), await found(conn, "partner")
    case = await open_at_spot(conn, trusted=True)
    await do(
        *(conn, case, Verb.DISPATCH, await secretary_of(conn)),
        department_id=lead,
        partner_ids=(partner,),
    )
    await do(conn, case, Verb.HANDLE, await hire(conn, "partner", Role.DEPARTMENT, "", partner), note="完成")
    assert [] == await tasks_of(conn, case)
    await do(conn, case, Verb.HANDLE, await hire(conn, "lead", Role.DEPARTMENT, "", lead), note="完成")
    assert [Purpose.BEFORE_CLOSING] == [task.purpose for task in await tasks_of(conn, case)]


async def test_working_the_events_off_again_changes_nothing(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    case = await case_of(conn, task)
    for _ in range(3):
        await react(conn, case)
    assert [task] == await tasks_of(conn, case)
    assert (["offered"], ["offered"]) == (await happened(conn, case), await told_of(conn, rider))


async def test_an_event_makes_no_second_task_when_its_first_is_long_over(conn: Connection) -> None:
    await add_reporter(conn)
    task = await begin_look(conn)
    await conn.execute("update verification_task set state = 'expired'")
    await react(conn, await case_of(conn, task))
    assert 1 == len(await tasks_of(conn, await case_of(conn, task)))


async def test_an_event_worked_off_late_sends_nobody_to_a_case_that_has_moved_on(conn: Connection) -> None:
    await add_reporter(conn)
    await need_looks(conn, Looks.BOTH)
    case = await open_at_spot(conn)
    (opened,) = await events_of(conn, case)
    await put_in_state(conn, case, State.FILED)
    await follow_case(conn, opened, START)
    assert [] == await tasks_of(conn, case)


@pytest.mark.parametrize(
    ("verb", "said"), [(Verb.FILE, {}), (Verb.REJECT, {"note": "不属实"}), (Verb.VOID, {"note": "测试数据"})]
)
async def test_a_case_that_moves_on_cancels_its_look_and_tells_who_is_on_his_way(
    conn: Connection, verb: Verb, said: dict[str, object]
) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    await accept(conn, actor=rider, task_id=task.id, now=START)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, "37/01")
    await do(conn, await case_of(conn, task), verb, centre, **said)
    assert TaskState.CANCELLED is (await reread(conn, task)).state
    assert ["offered", "accepted", "cancelled"] == await happened(conn, await case_of(conn, task))
    for _ in range(2):
        await react(conn, await case_of(conn, task))
    assert ["offered", "cancelled"] == await told_of(conn, rider)


async def test_a_look_nobody_took_is_cancelled_without_a_word_to_riders(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await begin_look(conn)
    await do(conn, await case_of(conn, task), Verb.FILE, await secretary_of(conn))
    assert (TaskState.CANCELLED, ["offered"]) == ((await reread(conn, task)).state, await told_of(conn, rider))


async def test_rework_cancels_the_look_at_the_first_try_and_begins_another(conn: Connection) -> None:
    await add_reporter(conn)
    await need_looks(conn, Looks.BEFORE_CLOSING)
    secretary = await secretary_of(conn)
    case = await open_at_spot(conn, trusted=True)
    await do(conn, case, Verb.HANDLE, secretary, note="已清理")
    await do(conn, case, Verb.RETURN, secretary, note="没清干净")
    await do(conn, case, Verb.HANDLE, secretary, note="再次清理")
    states = [TaskState.CANCELLED, TaskState.OPEN]
    assert states == [task.state for task in await tasks_of(conn, case)]
    await react(conn, case)
    assert states == [task.state for task in await tasks_of(conn, case)]


async def test_rework_told_in_the_wrong_order_still_ends_with_one_look_at_the_last_try(conn: Connection) -> None:
    await add_reporter(conn)
    await need_looks(conn, Looks.BEFORE_CLOSING)
    secretary = await secretary_of(conn)
    case = await open_at_spot(conn, trusted=True)
    await do(conn, case, Verb.HANDLE, secretary, note="已清理")
    known = {event.id for event in await events_of(conn, case)}
    await put_in_state(conn, case, State.FILED)
    await put_in_state(conn, case, State.HANDLED)
    moves = [("case.returned", "handled", "filed"), ("case.handled", "filed", "handled")]
    for kind, before, after in moves:
        await conn.execute(
            """
            insert into event (district_id, kind, subject, subject_id, actor_kind, occurred_at, data, next_attempt_at)
            values ($1, $2, 'case', $3, 'staff', $4, $5, $4)
            """,
            *(DISTRICT, kind, case.id, START, {"from": before, "to": after}),
        )
    returned, handled = [event for event in await events_of(conn, case) if event.id not in known]
    await follow_case(conn, handled, START)
    await follow_case(conn, returned, START)
    assert [TaskState.CANCELLED, TaskState.OPEN] == [task.state for task in await tasks_of(conn, case)]


async def test_a_look_goes_with_its_case_to_another_community_and_is_offered_there(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    here, there = await add_reporter(conn, 1), await add_reporter(conn, 2, area_path=NEIGHBOUR)
    task = await begin_look(conn)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, "37/01")
    await do(conn, await case_of(conn, task), Verb.HAND_OVER, centre, area_code="03")
    await react(conn, await case_of(conn, task))
    moved = await reread(conn, task)
    assert (NEIGHBOUR, TaskState.OPEN) == (moved.area_path, moved.state)
    assert [["offered"], ["offered"]] == [await told_of(conn, rider) for rider in (here, there)]


async def test_what_has_no_place_is_left_to_staff_when_asked_for_and_to_nobody_by_rule(conn: Connection) -> None:
    await add_reporter(conn, area_path="37")
    await need_looks(conn, Looks.BOTH)
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    case = await open_report(conn, 1)
    await react(conn, case)
    assert [] == await tasks_of(conn, case)
    await do(conn, case, Verb.ASK_VERIFICATION, admin)
    (task,) = await tasks_of(conn, case)
    assert (TaskState.FALLBACK, ["fell_back"]) == (task.state, await told_of(conn, admin))


async def test_a_case_with_an_area_and_no_point_is_not_offered_to_riders(conn: Connection) -> None:
    rider = await add_reporter(conn)
    case = await open_report(conn, 1, at=located())
    await do(conn, case, Verb.ASK_VERIFICATION, await secretary_of(conn))
    assert ([TaskState.FALLBACK], []) == ([t.state for t in await tasks_of(conn, case)], await told_of(conn, rider))


def test_every_way_out_of_a_state_that_is_looked_at_is_followed() -> None:
    ways_out = {Verb.FILE, Verb.REJECT, Verb.VOID, Verb.MARK_DUPLICATE, Verb.VERIFY, Verb.RETURN}
    arrivals = {"case.opened", Verb.HANDLE.event, Verb.ASK_VERIFICATION.event, Verb.HAND_OVER.event}
    assert {verb.event for verb in ways_out} | arrivals == FOLLOWED


async def test_an_event_about_a_case_that_is_not_there_is_let_pass(conn: Connection) -> None:
    (event,) = await events_of(conn, await open_at_spot(conn))
    await follow_case(conn, replace(event, subject_id=10**9), START)
