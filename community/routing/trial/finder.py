"""Finding the rule that decides, for a great many cases. Pure, and agrees with `route` case by case.

`route` asks rule after rule, as a person would. Here the rules for a category and a moment are gathered once by their
area; a case then looks up its own area and those above it, and the earliest rule found decides.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from community.routing.models import RoutingRule
from community.routing.route import Moment, fits, moment_at
from core.access.models import paths_above
from core.calendar import Calendar

#: Area path → the earliest rule of exactly this area, and its rank.
_ByArea = Mapping[str, tuple[int, RoutingRule]]


class Times:
    """Sorts moments so that two of one sort are alike to every rule: the same kind of day, the same stretch of it."""

    def __init__(self, rules: Iterable[RoutingRule], calendar: Calendar, zone: ZoneInfo) -> None:
        ends = {end for rule in rules for end in (rule.from_time, rule.to_time) if end is not None}
        self._ends = sorted(ends)
        self._calendar = calendar
        self._zone = zone
        self._days: dict[date, tuple[int, bool, bool]] = {}
        self._sorts: dict[tuple[int, bool, bool, int], int] = {}
        self._examples: list[Moment] = []

    def sort(self, at: datetime) -> int:
        """Give the number of a moment's sort."""
        local = at.astimezone(self._zone)
        day = local.date()
        kind = self._days.get(day)
        if kind is None:
            moment = moment_at(at, self._calendar, self._zone)
            kind = self._days[day] = (moment.weekday, moment.is_workday, moment.was_workday)
        key = (*kind, bisect_right(self._ends, local.time()))
        found = self._sorts.get(key)
        if found is None:
            found = self._sorts[key] = len(self._examples)
            self._examples.append(moment_at(at, self._calendar, self._zone))
        return found

    def example(self, sort: int) -> Moment:
        """Give one moment of a sort."""
        return self._examples[sort]


def scopes_of(area_path: str | None) -> tuple[str, ...]:
    """List the areas of which a rule is for a case there; only the whole district for one without area."""
    return ("", *paths_above(area_path))


class Finder:
    """Finds the deciding rule of one list of rules; `times` must know every timed rule of it."""

    def __init__(self, rules: Iterable[RoutingRule], times: Times) -> None:
        self._rules = tuple(rules)
        self._times = times
        self._gathered: dict[tuple[str, int], _ByArea] = {}

    def find(self, scopes: Iterable[str], category_code: str, sort: int) -> RoutingRule | None:
        """Give the first rule that fits a case of this category and sort of time within all of `scopes`."""
        by_area = self._gathered.get((category_code, sort))
        if by_area is None:
            by_area = self._gathered[category_code, sort] = self._gather(category_code, self._times.example(sort))
        best: tuple[int, RoutingRule] | None = None
        for path in scopes:
            found = by_area.get(path)
            if found is not None and (best is None or found[0] < best[0]):
                best = found
        return None if best is None else best[1]

    def _gather(self, category_code: str, moment: Moment) -> _ByArea:
        by_area: dict[str, tuple[int, RoutingRule]] = {}
        for rank, rule in enumerate(self._rules):
            if fits(rule, category_code, moment):
                by_area.setdefault(rule.area_path, (rank, rule))
        return by_area
