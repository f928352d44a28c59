"""Opening a case: route it, start its clocks, say so, all in the caller's transaction."""

from datetime import datetime

from community import queries
from community.clocks.turning import start_clocks
from community.errors import UnknownCategory
from community.models import Case, Category, Clock, Origin, Place, State
from community.routing.choose import Choice, choose
from core.access.models import Actor
from core.database import Connection
from core.events import record_event
from core.queries import get_timezone
from geo.models import Located, Reason

#: Where something without a position belongs: no area, so the duty desk.
NOWHERE = Located(
    area=None,
    candidates=(),
    metres_to_line=None,
    generation_id=None,
    needs_confirmation=True,
    reason=Reason.NO_POSITION,
)

_FROM_COLLECTED = (Clock.RESPOND, Clock.FILE)
_FROM_FILED = (Clock.RESPOND, Clock.DISPATCH, Clock.HANDLE)


async def open_case(
    conn: Connection,
    *,
    district_id: int,
    origin: Origin,
    origin_ref: str,
    category_code: str,
    description: str,
    located: Located,
    place: Place | None,
    trusted: bool,
    actor: Actor | None,
    now: datetime,
    contact_owed: bool = False,
) -> Case:
    """Open the one case of an origin: `(origin, origin_ref)` is unique, a second one violates a constraint.

    `trusted` files it at once; the community owes its first answer either way, and where a `contact_owed` is, only
    reaching the resident is one. `actor` is the reporter and is told of each step where he is a rider; None is the
    system. Raises `UnknownCategory`.
    """
    category = await get_category(conn, district_id=district_id, code=category_code)
    area_path = None if located.area is None else located.area.path
    choice = await choose(conn, district_id=district_id, area_path=area_path, category=category, now=now)
    zone = await get_timezone(conn, district_id=district_id)
    case = await queries.insert_case(
        conn,
        district_id=district_id,
        origin=origin,
        origin_ref=origin_ref,
        category_code=category_code,
        state=State.FILED if trusted else State.COLLECTED,
        description=description,
        place=place,
        located=located,
        route=choice.route,
        assignee_id=choice.assignee_id,
        reporter_kind="system" if actor is None else actor.kind,
        reporter_id=None if actor is None else actor.id,
        contact_owed=contact_owed,
        opened_year=now.astimezone(zone).year,
        now=now,
    )
    await start_clocks(conn, case=case, clocks=_FROM_FILED if trusted else _FROM_COLLECTED, now=now)
    await _record_opening(conn, case=case, choice=choice, actor=actor, now=now)
    return await queries.refresh_next_due(conn, district_id=district_id, case_id=case.id)


async def _record_opening(conn: Connection, *, case: Case, choice: Choice, actor: Actor | None, now: datetime) -> None:
    """Say what was opened and why it went where it went."""
    await record_event(
        conn,
        district_id=case.district_id,
        kind="case.opened",
        subject="case",
        subject_id=case.id,
        actor=actor,
        now=now,
        data={
            "from": None,
            "to": case.state,
            "origin": case.origin,
            "area_path": case.area_path,
            "desk_path": case.desk_path,
            "rule_id": choice.route.rule_id,
            "post_id": choice.route.post_id,
            "assignee_id": choice.assignee_id,
            "located": case.located_reason,
        },
    )


async def get_category(conn: Connection, *, district_id: int, code: str) -> Category:
    """Give an active category. Raises `UnknownCategory` pointing at `/category`."""
    category = await queries.find_category(conn, district_id=district_id, code=code)
    if category is None or not category.is_active:
        raise UnknownCategory(pointer="/category", code=code)
    return category
