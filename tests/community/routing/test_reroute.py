"""Routing a case anew because a person asks for it: what changes, what stays, who may, what is recorded."""

import pytest

from community.acts import Act
from community.clocks.queries import list_deadlines
from community.errors import CaseChanged, CaseNotFound, TransitionNotAllowed, VerbNotYours
from community.models import Case, State
from community.notices.notify import notify
from community.notices.queries import list_notices
from community.routing.models import RuleTerms
from community.routing.reroute import reroute
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Connection
from core.queries import list_events
from tests.community.district import (
    COMMUNITY,
    ELSEWHERE,
    NEIGHBOUR,
    STREET,
    add_areas,
    found,
    hire,
    located,
    open_report,
    put_in_state,
    read,
)
from tests.community.routing.rule_making import HOUR, make_post, make_rule, put_on_duty
from tests.conftest import DISTRICT, START


async def centre(conn: Connection) -> Actor:
    await add_areas(conn, COMMUNITY)
    return await hire(conn, "centre", Role.SUBDISTRICT, STREET)


async def anew(conn: Connection, case: Case, who: Actor, *, version: int | None = None) -> Case:
    return await reroute(conn, case_id=case.id, note="规则已调整", version=version, actor=who, now=START + HOUR)


async def test_an_open_case_goes_where_the_rules_of_now_send_it(conn: Connection) -> None:
    who = await centre(conn)
    case = await open_report(conn, 1, at=located())
    clocks = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    post = await make_post(conn, STREET)
    await put_on_duty(conn, post, who)
    departments = (await found(conn, "b"), await found(conn, "a"))
    rule_id = await make_rule(conn, RuleTerms(desk_depth=2, department_ids=departments))
    moved = await anew(conn, case, who)
    assert (STREET, departments, post.id, who.id) == (
        moved.desk_path,
        moved.suggested_department_ids,
        moved.post_id,
        moved.assignee_id,
    )
    assert (case.state, case.area_path, case.next_due_at, case.version + 1) == (
        moved.state,
        moved.area_path,
        moved.next_due_at,
        moved.version,
    )
    assert clocks == await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    assert moved == await read(conn, case)
    (_, event) = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    assert ("case.rerouted", "规则已调整", rule_id, COMMUNITY, STREET) == (
        event.kind,
        event.data["note"],
        event.data["rule_id"],
        event.data["before"]["desk_path"],  # type: ignore[index]
        event.data["after"]["desk_path"],  # type: ignore[index]
    )


async def test_where_the_rules_say_nothing_new_nothing_is_written(conn: Connection) -> None:
    who = await centre(conn)
    case = await open_report(conn, 1, at=located())
    assert case == await anew(conn, case, who)
    assert 1 == len(await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id))


async def test_who_leads_goes_on_leading_where_desk_and_post_stay(conn: Connection) -> None:
    who = await centre(conn)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    await carry_out(conn, case_id=case.id, verb=Verb.FILE, act=Act(), actor=secretary, now=START)
    await make_rule(conn, RuleTerms(department_ids=(await found(conn),)))
    moved = await anew(conn, case, who)
    assert secretary.id == moved.assignee_id
    assert moved.suggested_department_ids
    await make_rule(conn, RuleTerms(desk_depth=1), position=1)
    assert (await anew(conn, case, who)).assignee_id is None


async def test_a_community_does_not_route_anew_and_strangers_do_not_find_the_case(conn: Connection) -> None:
    await centre(conn)
    case = await open_report(conn, 1, at=located())
    with pytest.raises(VerbNotYours):
        await anew(conn, case, await hire(conn, "secretary", Role.SECRETARY, COMMUNITY))
    with pytest.raises(CaseNotFound):
        await anew(conn, case, await hire(conn, "elsewhere", Role.SUBDISTRICT, ELSEWHERE))


async def test_a_transfer_up_is_over_when_the_case_is_routed_anew(conn: Connection) -> None:
    who = await centre(conn)
    case = await open_report(conn, 1, at=located())
    up = await carry_out(conn, case_id=case.id, verb=Verb.TRANSFER_UP, act=Act(note="难"), actor=who, now=START)
    assert (STREET, COMMUNITY) == (up.desk_path, up.desk_before)
    back = await anew(conn, case, who)
    assert (COMMUNITY, None) == (back.desk_path, back.desk_before)


async def test_the_desk_and_who_leads_are_told(conn: Connection) -> None:
    who = await centre(conn)
    on_duty = await hire(conn, "on duty", Role.SUBDISTRICT, STREET)
    await put_on_duty(conn, await make_post(conn, STREET), on_duty)
    case = await open_report(conn, 1, at=located(NEIGHBOUR))
    await make_rule(conn, RuleTerms(desk_depth=2))
    await conn.execute("update community_case set assignee_id = null")
    await anew(conn, case, who)
    (*_, event) = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    await notify(conn, event, START)
    assert on_duty.id is not None
    told = await list_notices(
        conn, district_id=DISTRICT, recipient_kind="staff", recipient_id=on_duty.id, before_id=None, limit=9
    )
    assert ["case.rerouted"] == [notice.kind for notice in told]


async def test_an_ended_case_stays_where_it_ended(conn: Connection) -> None:
    who = await centre(conn)
    case = await open_report(conn, 1, at=located())
    await put_in_state(conn, case, State.CLOSED)
    with pytest.raises(TransitionNotAllowed):
        await anew(conn, case, who)


async def test_a_case_that_changed_since_it_was_read_is_not_routed_anew(conn: Connection) -> None:
    who = await centre(conn)
    case = await open_report(conn, 1, at=located())
    with pytest.raises(CaseChanged):
        await anew(conn, case, who, version=case.version + 1)
