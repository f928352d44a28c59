"""Offering a task: a notice to few, and a list for everyone who may take one, sorted by how near he says he is.

Nobody is tracked. Where a rider is, he says when he asks; it lives in that question, to some 100 m, and nothing here
stores or logs it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from community.notices.queries import insert_notices
from core.access.models import Actor, is_within
from core.database import Connection
from core.queries import get_timezone
from riders.models import rider_id_of
from riders.verification import queries as tasks
from riders.verification.models import Offer, Task, TaskState
from riders.verification.offers import queries
from riders.verification.offers.nearness import Way, box_around, metres_off
from riders.verification.record import record

#: So many are told of a task; who sees more in his list may take it too.
MOST_TOLD = 5
#: Who answered least in this time is told first, so that the same few are not asked every day.
LATELY = timedelta(days=7)
#: The list looks at so many tasks at most, the oldest first; beyond that a rider says where he is.
MOST_LISTED = 500
#: Metres by which a place may seem nearer or farther for being given to some 100 m.
_BLUR_M = 100.0


async def offer_or_leave(conn: Connection, *, district_id: int, task: Task, now: datetime) -> None:
    """Tell the riders who come first of an open task; where nobody may be told now, leave it to the grid worker."""
    zone = await get_timezone(conn, district_id=district_id)
    rider_ids = await queries.choose_riders(
        conn,
        district_id=district_id,
        task=task,
        local_time=now.astimezone(zone).time(),
        answered_since=now - LATELY,
        limit=MOST_TOLD,
        now=now,
    )
    if not rider_ids:
        await leave(conn, district_id=district_id, task=task, now=now)
        return
    event_id = await record(
        conn,
        kind="case.verification_offered",
        district_id=district_id,
        task=task,
        actor=None,
        now=now,
        offered_to=len(rider_ids),
    )
    await insert_notices(
        conn,
        district_id=district_id,
        event_id=event_id,
        kind="case.verification_offered",
        case_id=task.case_id,
        recipient_kind="rider",
        recipient_ids=rider_ids,
        now=now,
    )


async def leave(conn: Connection, *, district_id: int, task: Task, now: datetime) -> None:
    """Leave a task to the grid worker, who is told by the event."""
    await tasks.end_offer(conn, district_id=district_id, task_id=task.id, state=TaskState.FALLBACK)
    await record(conn, kind="case.verification_fell_back", district_id=district_id, task=task, actor=None, now=now)


async def list_offers(
    conn: Connection, *, actor: Actor, way: Way | None, within_m: float, limit: int, now: datetime
) -> list[Offer]:
    """Give the tasks that a rider may take: within `within_m` of where he is or goes and the nearest first, or all.

    Without a way, those of his areas, the oldest first.
    """
    rider_id = rider_id_of(actor)
    scopes = await queries.list_scopes(conn, district_id=actor.district_id, rider_id=rider_id, now=now)
    widest = [scope for scope in scopes if not any(is_within(scope, other) for other in scopes if other != scope)]
    found = await queries.list_offers(
        conn,
        district_id=actor.district_id,
        rider_id=rider_id,
        scopes=widest,
        box=None if way is None else box_around(way, within_m + _BLUR_M),
        limit=MOST_LISTED,
        now=now,
    )
    if way is None:
        return found[:limit]
    near = sorted((metres, offer.id, offer) for offer in found if (metres := metres_off(way, offer.near)) <= within_m)
    return [replace(offer, distance_m=round(metres / 100) * 100) for metres, _, offer in near[:limit]]
