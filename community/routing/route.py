"""Which desk answers for a case, and which department is suggested to it. Pure: rules in, a route out.

The rules are read from the lowest position up and the first that fits decides, so a person can follow with a finger
why a case came to him. It is routed once, when it opens; after that only a person's hand-over moves it.
"""

from collections.abc import Iterable

from community.models import Category, Route, RoutingRule
from core.access.models import is_within

#: The district's duty desk: where everything goes that has no area. Nothing is ever lost for want of a place.
DUTY_DESK = ""


def route(area_path: str | None, category: Category, rules: Iterable[RoutingRule]) -> Route:
    """Route a case of `category` located at `area_path` (None: no area). `rules` are in order of position.

    Without a rule the located area itself answers, and the category's own department is suggested.
    """
    for rule in rules:
        if _fits(rule, area_path, category):
            department_id = rule.department_id or category.default_department_id
            return Route(_desk(area_path, rule.desk_depth), department_id, rule.id)
    return Route(_desk(area_path, None), category.default_department_id, None)


def _fits(rule: RoutingRule, area_path: str | None, category: Category) -> bool:
    if rule.category_code not in (None, category.code):
        return False
    return rule.area_path == "" if area_path is None else is_within(area_path, rule.area_path)


def _desk(area_path: str | None, depth: int | None) -> str:
    return DUTY_DESK if area_path is None else "/".join(area_path.split("/")[:depth])
