"""Who is told what: the lowest desk that has anyone, the department, the reporter; each once."""

from datetime import timedelta

from community.acts import Act
from community.clocks.sweep import sweep_deadlines
from community.models import Case, State
from community.notices.notify import AUDIENCES, notify
from community.notices.queries import list_notices
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor, Role
from core.access.queries import set_disabled
from core.database import Connection
from core.models import Event
from core.queries import list_events
from tests.community.district import (
    COMMUNITY,
    ELSEWHERE,
    NEIGHBOUR,
    STREET,
    found,
    hire,
    located,
    open_report,
    put_in_state,
)
from tests.conftest import DISTRICT, START

RIDER = Actor("rider", 5, DISTRICT)


async def events_of(conn: Connection, case: Case) -> list[Event]:
    return await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)


async def work_off(conn: Connection, case: Case) -> None:
    for event in await events_of(conn, case):
        await notify(conn, event, START)


async def inbox(conn: Connection, who: Actor) -> list[str]:
    """Give the kinds of event that someone has been told of, oldest first."""
    assert who.id is not None
    found = await list_notices(
        conn, district_id=DISTRICT, recipient_kind=who.kind, recipient_id=who.id, before_id=None, limit=50
    )
    return [notice.kind for notice in reversed(found)]


async def test_the_community_is_told_of_its_new_case_and_others_are_not(conn: Connection) -> None:
    own = [await hire(conn, role, role, COMMUNITY) for role in (Role.SECRETARY, Role.GRID_WORKER)]
    others = [
        await hire(conn, "neighbour", Role.SECRETARY, NEIGHBOUR),
        await hire(conn, "elsewhere", Role.SECRETARY, ELSEWHERE),
        await hire(conn, "centre", Role.SUBDISTRICT, STREET),
    ]
    await work_off(conn, await open_report(conn, 1, at=located(f"{COMMUNITY}/001")))
    assert [["case.opened"]] * 2 == [await inbox(conn, who) for who in own]
    assert [[]] * 3 == [await inbox(conn, who) for who in others]


async def test_working_an_event_off_again_tells_nobody_twice(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    for _ in range(3):
        await work_off(conn, case)
    assert ["case.opened"] == await inbox(conn, secretary)


async def test_where_a_community_has_nobody_the_centre_above_is_told(conn: Connection) -> None:
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    await work_off(conn, await open_report(conn, 1, at=located()))
    assert (["case.opened"], []) == (await inbox(conn, centre), await inbox(conn, admin))


async def test_the_district_is_told_of_what_lies_at_the_duty_desk(conn: Connection) -> None:
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN, "37")
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    await work_off(conn, await open_report(conn, 1))
    assert (["case.opened"], []) == (await inbox(conn, admin), await inbox(conn, centre))


async def test_disabled_accounts_are_told_nothing(conn: Connection) -> None:
    gone = await hire(conn, "gone", Role.SECRETARY, COMMUNITY)
    await conn.execute("update staff set disabled_at = now()")
    await work_off(conn, await open_report(conn, 1, at=located()))
    assert [] == await inbox(conn, gone)


async def test_a_breach_goes_up_the_tree(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    foreign = await hire(conn, "foreign", Role.SUBDISTRICT, "37/011")
    case = await open_report(conn, 1, at=located())
    await sweep_deadlines(conn, district_id=DISTRICT, now=START + timedelta(minutes=15))
    await work_off(conn, case)
    assert ["case.opened", "deadline.warned", "deadline.breached"] == await inbox(conn, secretary)
    assert ["deadline.escalated"] == await inbox(conn, centre)
    assert [] == await inbox(conn, foreign)


async def test_a_department_is_told_of_what_is_dispatched_to_it(conn: Connection) -> None:
    department_id, other_id = await found(conn), await found(conn, "other")
    handler = await hire(conn, "handler", Role.DEPARTMENT, "", department_id)
    other = await hire(conn, "other", Role.DEPARTMENT, "", other_id)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await put_in_state(conn, await open_report(conn, 1, at=located()), State.FILED)
    act = Act(department_id=department_id)
    await carry_out(conn, case_id=case.id, verb=Verb.DISPATCH, act=act, actor=secretary, now=START)
    await work_off(conn, case)
    assert (["case.dispatched"], []) == (await inbox(conn, handler), await inbox(conn, other))


async def test_the_rider_who_reported_is_told_of_each_step_and_nobody_of_his_own_deed(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located(), actor=RIDER)
    for verb, act in [
        (Verb.FILE, Act()),
        (Verb.HANDLE, Act(note="已清理")),
        (Verb.VERIFY, Act()),
        (Verb.CLOSE, Act(result="干净了")),
    ]:
        await carry_out(conn, case_id=case.id, verb=verb, act=act, actor=secretary, now=START)
    await work_off(conn, case)
    assert ["case.filed", "case.handled", "case.closed"] == await inbox(conn, RIDER)
    assert ["case.opened"] == await inbox(conn, secretary)


async def test_pages_of_notices_go_back_in_time(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    for number in range(3):
        await work_off(conn, await open_report(conn, number, at=located()))
    assert secretary.id is not None
    seen, before = [], None
    while page := await list_notices(
        conn, district_id=DISTRICT, recipient_kind="staff", recipient_id=secretary.id, before_id=before, limit=2
    ):
        seen += page
        before = page[-1].id
    assert [3, 3] == [len(seen), len({notice.case_id for notice in seen})]
    assert seen == sorted(seen, key=lambda notice: -notice.id)


def test_every_verb_that_moves_a_case_for_its_reporter_tells_him() -> None:
    silent = {verb for verb in Verb if verb.event not in AUDIENCES}
    assert {Verb.VERIFY, Verb.ACCEPT, Verb.ASK_VERIFICATION} == silent


async def test_whoever_led_a_case_is_told_no_more_once_he_does_not_see_it(conn: Connection) -> None:
    department_id = await found(conn)
    helper = await hire(conn, "helper", Role.DEPARTMENT, "", department_id)
    leaver = await hire(conn, "leaver", Role.GRID_WORKER, COMMUNITY)
    await set_disabled(conn, district_id=DISTRICT, staff_id=leaver.id or 0, now=START)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    for who in (helper, leaver):
        case = await put_in_state(conn, await open_report(conn, who.name, at=located()), State.HANDLING)
        await conn.execute("update community_case set assignee_id = $1 where id = $2", who.id, case.id)
        act = Act(note="误报")
        await carry_out(conn, case_id=case.id, verb=Verb.VOID, act=act, actor=centre, now=START)
        await notify(conn, (await events_of(conn, case))[-1], START)
        assert [] == await inbox(conn, who)
