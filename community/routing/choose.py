"""Routing a case now: the rules, the calendar, the posts and who is on duty, as they are at this moment."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from community.models import Category
from community.routing import queries
from community.routing.models import Route
from community.routing.rota.queries import list_on_duty
from community.routing.route import moment_at, paths_up, route
from community.sight import AREA_ROLES
from core.access.models import Role
from core.calendar import Calendar
from core.database import Connection

#: Who can be on duty: roles that see the cases of an area and act on them.
DUTY_ROLES = tuple(sorted(AREA_ROLES - {Role.AUDITOR}))


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a case goes, and who leads it from the start because he is on duty; None: whoever answers first."""

    route: Route
    assignee_id: int | None


async def choose(
    conn: Connection,
    *,
    district_id: int,
    area_path: str | None,
    category: Category,
    calendar: Calendar,
    zone: ZoneInfo,
    now: datetime,
) -> Choice:
    """Route a case of `category` located at `area_path` by the present rules and the rota at `now`."""
    rules = await queries.list_routing_rules(conn, district_id=district_id)
    found = await list_on_duty(
        conn,
        district_id=district_id,
        area_paths=list(paths_up(area_path or "")),
        post_ids=[rule.post_id for rule in rules if rule.post_id is not None],
        roles=DUTY_ROLES,
        now=now,
    )
    posts = {post.area_path: post.post_id for post in found if post.is_default}
    chosen = route(area_path, category, moment_at(now, calendar, zone), rules=rules, posts=posts)
    on_duty = {post.post_id: post.staff_id for post in found}
    return Choice(chosen, None if chosen.post_id is None else on_duty.get(chosen.post_id))
