"""SQL of work orders."""

from collections.abc import Sequence
from datetime import datetime

from community.work_orders.models import OrderState, WorkOrder
from core.database import Connection


async def list_work_orders(conn: Connection, *, district_id: int, case_id: int) -> list[WorkOrder]:
    """List the orders of a case in the order in which they were sent."""
    rows = await conn.fetch(
        """
        select work_order.id, department_id, name as department_name, is_lead, state, sent_at, accepted_at, ended_at,
            words
        from work_order join department
            on department.district_id = work_order.district_id and department.id = work_order.department_id
        where work_order.district_id = $1 and case_id = $2 order by work_order.id
        """,
        district_id,
        case_id,
    )
    return [WorkOrder(**dict(row) | {"state": OrderState(row["state"])}) for row in rows]


async def insert_work_order(
    conn: Connection, *, district_id: int, case_id: int, department_id: int, is_lead: bool, now: datetime
) -> None:
    """Send an order, or make the open one of this department the lead's or not."""
    await conn.execute(
        """
        insert into work_order (district_id, case_id, department_id, is_lead, sent_at) values ($1, $2, $3, $4, $5)
        on conflict (district_id, case_id, department_id) where ended_at is null do update set is_lead = $4
        """,
        district_id,
        case_id,
        department_id,
        is_lead,
        now,
    )


async def accept_work_order(conn: Connection, *, district_id: int, order_id: int, now: datetime) -> None:
    await conn.execute(
        """
        update work_order set state = 'accepted', accepted_at = $3
        where district_id = $1 and id = $2 and state = 'sent'
        """,
        district_id,
        order_id,
        now,
    )


async def end_work_orders(
    conn: Connection, *, district_id: int, order_ids: Sequence[int], state: OrderState, words: str | None, now: datetime
) -> None:
    await conn.execute(
        """
        update work_order set state = $3, words = $4, ended_at = $5, accepted_at = coalesce(
            accepted_at, case when $3 = 'done' then $5::timestamptz end
        )
        where district_id = $1 and id = any($2::bigint[]) and ended_at is null
        """,
        district_id,
        order_ids,
        state.value,
        words,
        now,
    )
