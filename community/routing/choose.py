"""Routing a case now: the rules, the calendar, the posts and who is on duty, as they are at this moment."""

from dataclasses import dataclass, replace
from datetime import datetime

from community.models import Case, Category
from community.routing import queries
from community.routing.models import Route
from community.routing.rota.queries import list_on_duty
from community.routing.route import moment_at, route
from community.sight import AREA_ROLES
from core.access.models import Role, paths_above
from core.calendar import load_calendar
from core.database import Connection
from core.queries import get_timezone

#: Who can be on duty: roles that see the cases of an area and act on them.
DUTY_ROLES = tuple(sorted(AREA_ROLES - {Role.AUDITOR}))


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a case goes, and who leads it from the start because he is on duty; None: whoever answers first."""

    route: Route
    assignee_id: int | None

    def put_into(self, case: Case) -> Case:
        """Give the case as it is after being routed so; a transfer up before it is over."""
        return replace(
            case,
            desk_path=self.route.desk_path,
            desk_before=None,
            suggested_department_id=self.route.department_id,
            suggested_department_ids=self.route.department_ids,
            post_id=self.route.post_id,
            assignee_id=self.assignee_id,
        )


async def choose(
    conn: Connection, *, district_id: int, area_path: str | None, category: Category, now: datetime
) -> Choice:
    """Route a case of `category` located at `area_path` (None: no area) by the rules and the rota at `now`."""
    rules = await queries.list_routing_rules(conn, district_id=district_id)
    found = await list_on_duty(
        conn,
        district_id=district_id,
        area_paths=("", *paths_above(area_path)),
        post_ids=[rule.post_id for rule in rules if rule.post_id is not None],
        roles=DUTY_ROLES,
        now=now,
    )
    moment = moment_at(
        now, await load_calendar(conn, district_id=district_id), await get_timezone(conn, district_id=district_id)
    )
    posts = {post.area_path: post.post_id for post in found if post.is_default}
    chosen = route(area_path, category, moment, rules=rules, posts=posts)
    on_duty = {post.post_id: post.staff_id for post in found}
    return Choice(chosen, None if chosen.post_id is None else on_duty.get(chosen.post_id))
