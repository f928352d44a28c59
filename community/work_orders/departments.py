"""What departments do about their work orders, and how the case follows: the lead answers for all.

The caller has locked the case, so its orders change one act after another.
"""

from collections.abc import Sequence
from datetime import datetime

from community.departments import check_serves
from community.errors import NoWorkOrder, PartnersStillAtWork
from community.models import Case
from community.work_orders import queries
from community.work_orders.models import OrderState, WorkOrder
from core.access.models import Actor, Role
from core.database import Connection


async def send_orders(
    conn: Connection, *, case: Case, lead_id: int, partner_ids: Sequence[int], now: datetime
) -> tuple[int, ...]:
    """Put exactly these departments to work and give them, the lead first; who is at work already goes on.

    A department that was retired or does not serve where the case lies gets no new order. Raises `UnknownDepartment`
    and `DepartmentServesElsewhere`, pointing at the field.
    """
    at_work = await list_at_work(conn, case=case)
    for pointer, department_id in [("/department_id", lead_id), *(("/partner_ids", each) for each in partner_ids)]:
        if department_id not in at_work:
            await check_serves(
                conn,
                district_id=case.district_id,
                department_id=department_id,
                area_path=case.area_path,
                pointer=pointer,
            )
    wanted = tuple(dict.fromkeys([lead_id, *partner_ids]))
    gone = [order for order in await _open_orders(conn, case) if order.department_id not in wanted]
    await end_orders(conn, case=case, orders=gone, state=OrderState.WITHDRAWN, words=None, now=now)
    for department_id in wanted:
        await queries.insert_work_order(
            conn,
            district_id=case.district_id,
            case_id=case.id,
            department_id=department_id,
            is_lead=department_id == lead_id,
            now=now,
        )
    return wanted


async def list_at_work(conn: Connection, *, case: Case) -> frozenset[int]:
    """List the departments with an open order."""
    return frozenset(order.department_id for order in await _open_orders(conn, case))


async def own_order(conn: Connection, *, case: Case, actor: Actor) -> WorkOrder:
    """Give the open order by which `actor`'s department works on the case, the lead's first. Raises `NoWorkOrder`."""
    departments = {grant.department_id for grant in actor.grants if grant.role is Role.DEPARTMENT}
    own = [order for order in await _open_orders(conn, case) if order.department_id in departments]
    if not own:
        raise NoWorkOrder(number=case.number)
    return max(own, key=lambda order: order.is_lead)


async def accept(conn: Connection, *, case: Case, order: WorkOrder, now: datetime) -> None:
    """Take an order on."""
    await queries.accept_work_order(conn, district_id=case.district_id, order_id=order.id, now=now)


async def report_done(conn: Connection, *, case: Case, order: WorkOrder, words: str | None, now: datetime) -> None:
    """Report an order done; the lead does so last. Raises `PartnersStillAtWork`."""
    others = [each for each in await _open_orders(conn, case) if each.id != order.id]
    if order.is_lead and others:
        raise PartnersStillAtWork(number=case.number, departments="、".join(each.department_name for each in others))
    await end_orders(conn, case=case, orders=[order], state=OrderState.DONE, words=words, now=now)


async def withdraw_orders(conn: Connection, *, case: Case, words: str | None, now: datetime) -> None:
    """Take back whatever is still open."""
    orders = await _open_orders(conn, case)
    await end_orders(conn, case=case, orders=orders, state=OrderState.WITHDRAWN, words=words, now=now)


async def end_orders(
    conn: Connection, *, case: Case, orders: Sequence[WorkOrder], state: OrderState, words: str | None, now: datetime
) -> None:
    """End orders in one of the states in which they are over."""
    await queries.end_work_orders(
        conn,
        district_id=case.district_id,
        order_ids=[order.id for order in orders],
        state=state,
        words=words,
        now=now,
    )


async def _open_orders(conn: Connection, case: Case) -> list[WorkOrder]:
    orders = await queries.list_work_orders(conn, district_id=case.district_id, case_id=case.id)
    return [order for order in orders if order.ended_at is None]
