"""Which desk answers for a case, which departments are suggested to it, at which post. Pure: rules in, a route out.

The rules are read from the lowest position up and the first that fits decides, so a person can follow with a finger
why a case came to him. It is routed once, when it opens; after that only a person's act moves it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from community.models import Category
from community.routing.models import Route, RoutingRule, RuleTerms
from core.access.models import is_within, paths_above
from core.calendar import Calendar

#: The district's duty desk: where everything goes that has no area. Nothing is ever lost for want of a place.
DUTY_DESK = ""

#: What holds where no rule fits.
_NO_RULE = RuleTerms()

#: Area path → the post whose person on duty answers there, where no rule names another.
Posts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Moment:
    """When a case is opened, as rules ask for it: local time, ISO weekday, working day or not, and the day before."""

    clock: time
    weekday: int
    is_workday: bool
    was_workday: bool


def moment_at(at: datetime, calendar: Calendar, zone: ZoneInfo) -> Moment:
    """Work out once what every rule may ask of the time `at`."""
    local = at.astimezone(zone)
    day = local.date()
    return Moment(
        clock=local.time(),
        weekday=day.isoweekday(),
        is_workday=calendar.is_workday(day),
        was_workday=calendar.is_workday(day - timedelta(days=1)),
    )


def route(
    area_path: str | None, category: Category, moment: Moment, *, rules: Iterable[RoutingRule], posts: Posts
) -> Route:
    """Route a case of `category` located at `area_path` (None: no area). `rules` are in order of position.

    Without a rule the located area itself answers, and the category's own department is suggested.
    """
    first = next(
        (rule for rule in rules if fits(rule, category.code, moment) and reaches(rule.area_path, area_path)), None
    )
    return lead(area_path, category.default_department_id, first, posts)


def fits(rule: RuleTerms, category_code: str, moment: Moment) -> bool:
    """Tell whether a rule is for this category and this moment, wherever the case lies."""
    return rule.category_code in (None, category_code) and holds_at(rule, moment)


def holds_at(rule: RuleTerms, moment: Moment) -> bool:
    """Tell whether a rule holds at this moment. A night belongs to the day on which it began."""
    weekday, is_workday = moment.weekday, moment.is_workday
    if rule.from_time is not None and rule.to_time is not None:
        passes_midnight = rule.to_time < rule.from_time
        if passes_midnight and moment.clock < rule.to_time:
            weekday, is_workday = (weekday - 2) % 7 + 1, moment.was_workday
        elif moment.clock < rule.from_time or (moment.clock >= rule.to_time and not passes_midnight):
            return False
    return (not rule.weekdays or weekday in rule.weekdays) and rule.on_workdays in (None, is_workday)


def reaches(scope: str, area_path: str | None) -> bool:
    """Tell whether a rule of `scope` is for a case there; only one of the whole district is for those without area."""
    return scope == "" if area_path is None else is_within(area_path, scope)


def lead(area_path: str | None, usual_id: int | None, rule: RoutingRule | None, posts: Posts) -> Route:
    """Say where a case goes by the rule that decides, or without one; `usual_id` is its category's department."""
    chosen = rule or _NO_RULE
    desk_path = DUTY_DESK if area_path is None else "/".join(area_path.split("/")[: chosen.desk_depth])
    return Route(
        desk_path=desk_path,
        department_ids=chosen.department_ids or (() if usual_id is None else (usual_id,)),
        post_id=chosen.post_id or _nearest(desk_path, posts),
        rule_id=None if rule is None else rule.id,
    )


def _nearest(desk_path: str, posts: Posts) -> int | None:
    upwards = reversed(("", *paths_above(desk_path)))
    return next((posts[path] for path in upwards if path in posts), None)
