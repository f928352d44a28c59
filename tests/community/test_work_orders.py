"""Several departments at one case: each on its own order, the lead answering for all."""

from datetime import timedelta

import pytest

from community.acts import Act
from community.errors import CaseNotFound, NoWorkOrder, PartnersStillAtWork, UnknownDepartment
from community.lists.models import CaseFilter, Order
from community.lists.pages import list_cases
from community.models import Case, State
from community.triage import carry_out
from community.work_orders.models import OrderState
from community.work_orders.queries import list_work_orders
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Connection
from tests.community.district import COMMUNITY, found, hire, located, open_report
from tests.conftest import DISTRICT, START

NOW = START + timedelta(minutes=5)


class Team:
    """A case dispatched to a lead and a partner, and the people concerned."""

    case: Case
    secretary: Actor
    lead: Actor
    partner: Actor
    ids: tuple[int, int]

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    async def do(self, verb: Verb, actor: Actor, **said: object) -> Case:
        act = Act(**said)  # type: ignore[arg-type]
        return await carry_out(self.conn, case_id=self.case.id, verb=verb, act=act, actor=actor, now=NOW)

    async def orders(self) -> list[tuple[int, bool, OrderState]]:
        rows = await list_work_orders(self.conn, district_id=DISTRICT, case_id=self.case.id)
        return [(row.department_id, row.is_lead, row.state) for row in rows]

    async def sees(self, who: Actor) -> bool:
        page = await list_cases(
            self.conn, actor=who, wanted=CaseFilter(), order=Order.NEWEST, cursor=None, limit=9, now=NOW
        )
        return bool(page.cases)


async def make_team(conn: Connection) -> Team:
    team = Team(conn)
    team.ids = (await found(conn, "lead"), await found(conn, "partner"))
    team.secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    team.lead = await hire(conn, "lead", Role.DEPARTMENT, "", team.ids[0])
    team.partner = await hire(conn, "partner", Role.DEPARTMENT, "", team.ids[1])
    team.case = await open_report(conn, 1, at=located(), trusted=True)
    await team.do(Verb.DISPATCH, team.secretary, department_id=team.ids[0], partner_ids=(team.ids[1],))
    return team


async def test_dispatch_sends_each_department_an_order_and_all_of_them_see_the_case(conn: Connection) -> None:
    team = await make_team(conn)
    lead, partner = team.ids
    assert [(lead, True, OrderState.SENT), (partner, False, OrderState.SENT)] == await team.orders()
    assert [True, True] == [await team.sees(team.lead), await team.sees(team.partner)]


async def test_only_the_leads_acceptance_moves_the_case(conn: Connection) -> None:
    team = await make_team(conn)
    assert State.DISPATCHED is (await team.do(Verb.ACCEPT, team.partner)).state
    assert State.HANDLING is (await team.do(Verb.ACCEPT, team.lead)).state
    assert [OrderState.ACCEPTED] * 2 == [state for *_, state in await team.orders()]


async def test_the_lead_reports_last_and_then_the_case_is_handled(conn: Connection) -> None:
    team = await make_team(conn)
    with pytest.raises(PartnersStillAtWork, match="partner"):
        await team.do(Verb.HANDLE, team.lead, note="都好了")
    assert State.DISPATCHED is (await team.do(Verb.HANDLE, team.partner, note="我的好了")).state
    case = await team.do(Verb.HANDLE, team.lead, note="都好了")
    assert (State.HANDLED, [OrderState.DONE] * 2) == (case.state, [state for *_, state in await team.orders()])


async def test_a_partners_report_leaves_the_clocks_alone(conn: Connection) -> None:
    team = await make_team(conn)
    before = (await team.do(Verb.ACCEPT, team.partner)).next_due_at
    assert before == (await team.do(Verb.HANDLE, team.partner, note="我的好了")).next_due_at


async def test_who_has_reported_has_nothing_left_to_report(conn: Connection) -> None:
    team = await make_team(conn)
    await team.do(Verb.HANDLE, team.partner, note="好了")
    with pytest.raises(NoWorkOrder):
        await team.do(Verb.HANDLE, team.partner, note="又好了")


async def test_a_partner_that_returns_leaves_the_others_at_work(conn: Connection) -> None:
    team = await make_team(conn)
    case = await team.do(Verb.RETURN, team.partner, note="非本部门职责")
    assert (State.DISPATCHED, (team.ids[0],)) == (case.state, case.department_ids)
    with pytest.raises(CaseNotFound):
        await team.do(Verb.HANDLE, team.partner, note="好了")
    assert not await team.sees(team.partner)


async def test_a_lead_that_returns_sends_the_case_back_to_the_community(conn: Connection) -> None:
    team = await make_team(conn)
    case = await team.do(Verb.RETURN, team.lead, note="非本部门职责")
    assert (State.FILED, None, ()) == (case.state, case.department_id, case.department_ids)
    assert [OrderState.RETURNED, OrderState.WITHDRAWN] == [state for *_, state in await team.orders()]


async def test_a_lead_passes_its_order_on_and_the_next_must_accept_it(conn: Connection) -> None:
    team = await make_team(conn)
    heir = await found(conn, "heir")
    await team.do(Verb.ACCEPT, team.lead)
    case = await team.do(Verb.PASS_ON, team.lead, department_id=heir, note="属其职责")
    assert (State.DISPATCHED, heir, {heir, team.ids[1]}) == (case.state, case.department_id, set(case.department_ids))
    assert (heir, True, OrderState.SENT) in await team.orders()
    assert not await team.sees(team.lead)


async def test_a_partner_passes_its_order_on_without_moving_the_case(conn: Connection) -> None:
    team = await make_team(conn)
    heir = await found(conn, "heir")
    await team.do(Verb.ACCEPT, team.lead)
    case = await team.do(Verb.PASS_ON, team.partner, department_id=heir, note="属其职责")
    assert (State.HANDLING, (team.ids[0], heir)) == (case.state, case.department_ids)


async def test_dispatching_anew_changes_the_lead_and_keeps_who_is_at_work(conn: Connection) -> None:
    team = await make_team(conn)
    lead, partner = team.ids
    await team.do(Verb.ACCEPT, team.partner)
    await team.do(Verb.DISPATCH, team.secretary, department_id=partner)
    assert [(lead, True, OrderState.WITHDRAWN), (partner, True, OrderState.ACCEPTED)] == await team.orders()


async def test_an_unknown_partner_is_named(conn: Connection) -> None:
    team = await make_team(conn)
    with pytest.raises(UnknownDepartment, match="1000000000000"):
        await team.do(Verb.DISPATCH, team.secretary, department_id=team.ids[0], partner_ids=(10**12,))


async def test_a_secretary_who_finds_it_handled_takes_the_orders_back(conn: Connection) -> None:
    team = await make_team(conn)
    case = await team.do(Verb.HANDLE, team.secretary, note="现场已好")
    assert State.HANDLED is case.state
    assert [OrderState.WITHDRAWN] * 2 == [state for *_, state in await team.orders()]


async def test_a_partner_that_has_reported_gets_no_second_order_when_the_lead_passes_its_own_on(
    conn: Connection,
) -> None:
    team = await make_team(conn)
    heir = await found(conn, "heir")
    await team.do(Verb.HANDLE, team.partner, note="路灯已修")
    case = await team.do(Verb.PASS_ON, team.lead, department_id=heir, note="属其职责")
    partner = team.ids[1]
    assert [OrderState.DONE] == [state for each, _, state in await team.orders() if each == partner]
    assert ((heir, partner), True) == (case.department_ids, await team.sees(team.partner))


async def test_a_partner_that_was_retired_meanwhile_does_not_keep_the_lead_from_passing_on(conn: Connection) -> None:
    team = await make_team(conn)
    heir = await found(conn, "heir")
    partner = team.ids[1]
    await conn.execute("update department set is_active = false where id = $1", partner)
    case = await team.do(Verb.PASS_ON, team.lead, department_id=heir, note="属其职责")
    assert (heir, partner) == case.department_ids
