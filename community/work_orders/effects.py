"""What verbs change of the departments at work on a case, and how the case follows: the lead answers for all."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from community.acts import Deed
from community.models import Case, State
from community.work_orders import departments
from community.work_orders.models import OrderState, WorkOrder
from community.workflow import Verb
from core.access.models import Actor

OrderEffect = Callable[[Deed, Case], Awaitable[Case]]


async def _dispatch(deed: Deed, after: Case) -> Case:
    ids = await departments.send_orders(
        deed.conn,
        case=deed.case,
        lead_id=deed.act.department_id or 0,
        partner_ids=deed.act.partner_ids or (),
        now=deed.now,
    )
    return replace(after, department_id=ids[0], department_ids=ids)


async def _accept(deed: Deed, after: Case) -> Case:
    await departments.accept(deed.conn, case=deed.case, order=await _own(deed), now=deed.now)
    return after


async def _pass_on(deed: Deed, after: Case) -> Case:
    """Give the order to another department, which takes its place, also in the lead.

    Partners at work go on; those that have reported go on seeing the case and get no second order.
    """
    order, heir = await _own(deed), deed.act.department_id or 0
    at_work = await departments.list_at_work(deed.conn, case=deed.case)
    others = tuple(each for each in deed.case.department_ids if each not in (order.department_id, heir))
    lead_id = heir if order.is_lead else (deed.case.department_id or 0)
    partners = {*others, heir} & {*at_work, heir} - {lead_id}
    await _end(deed, order, OrderState.PASSED_ON)
    ids = await departments.send_orders(
        deed.conn, case=deed.case, lead_id=lead_id, partner_ids=sorted(partners), now=deed.now
    )
    return replace(after, department_id=ids[0], department_ids=tuple(dict.fromkeys((*ids, *others))))


async def _handle(deed: Deed, after: Case) -> Case:
    if deed.by_department:
        await departments.report_done(
            deed.conn, case=deed.case, order=await _own(deed), words=deed.act.note, now=deed.now
        )
    else:
        await departments.withdraw_orders(deed.conn, case=deed.case, words=deed.act.note, now=deed.now)
    return after


async def _return(deed: Deed, after: Case) -> Case:
    """Take a department off the case; without its lead the case goes back to the community, and all others leave it."""
    if not deed.by_department:
        return await _withdraw(deed, after)
    order = await _own(deed)
    await _end(deed, order, OrderState.RETURNED)
    if order.is_lead:
        return await _withdraw(deed, after)
    left = tuple(each for each in deed.case.department_ids if each != order.department_id)
    return replace(after, department_ids=left)


async def _withdraw(deed: Deed, after: Case) -> Case:
    await departments.withdraw_orders(deed.conn, case=deed.case, words=None, now=deed.now)
    return replace(after, department_id=None, department_ids=())


async def _own(deed: Deed) -> WorkOrder:
    assert deed.actor is not None  # noqa: S101 — the system is no department
    return await departments.own_order(deed.conn, case=deed.case, actor=deed.actor)


async def _end(deed: Deed, order: WorkOrder, state: OrderState) -> None:
    await departments.end_orders(
        deed.conn, case=deed.case, orders=[order], state=state, words=deed.act.note, now=deed.now
    )


ORDER_EFFECTS: dict[Verb, OrderEffect] = {
    Verb.DISPATCH: _dispatch,
    Verb.ACCEPT: _accept,
    Verb.PASS_ON: _pass_on,
    Verb.HANDLE: _handle,
    Verb.RETURN: _return,
    Verb.REOPEN: _withdraw,
    Verb.VOID: _withdraw,
    Verb.MARK_DUPLICATE: _withdraw,
}


async def as_department(deed: Deed, actor: Actor) -> Deed:
    """Give the deed as a department's: one that does not lead leaves the state of the case and its clocks alone.

    Raises `NoWorkOrder` where the actor's department is not at work on the case.
    """
    order = await departments.own_order(deed.conn, case=deed.case, actor=actor)
    deed = replace(deed, by_department=True)
    return deed if order.is_lead else deed.without_turning()


def state_after_split(state: State) -> State:
    """Give where a merged case goes back to: departments were taken off it, so a dispatched one is filed again."""
    return state if state is State.COLLECTED else State.FILED
