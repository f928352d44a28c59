"""Routing rules and where they send a case. Values only: no database, no rules of their own."""

from dataclasses import dataclass
from datetime import datetime, time

from core.errors import Text


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """Which cases a rule fits, and where it sends them.

    It fits cases of `category_code` (None: any) within `area_path`, opened on `weekdays` (ISO, 1 Monday; empty: any),
    from `from_time` until just before `to_time` (local, may pass midnight; None: any hour), on working days or days off
    only (`on_workdays`; None: either). They go to the desk `desk_depth` levels from the root (None: where they lie),
    `department_ids` are suggested, the first as lead, and whoever is on duty at the post leads.
    """

    area_path: str = ""
    category_code: str | None = None
    weekdays: tuple[int, ...] = ()
    from_time: time | None = None
    to_time: time | None = None
    on_workdays: bool | None = None
    desk_depth: int | None = None
    department_ids: tuple[int, ...] = ()
    post_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRule(RuleTerms):
    """Terms with a place in the order. They never change: an edit retires the rule and puts another in its place."""

    id: int
    position: int


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """A rule as it stands or stood, what it replaced, and what has replaced it."""

    rule: RoutingRule
    text: Text
    is_active: bool
    replaces: int | None
    replaced_by: int | None
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Route:
    """Where a case goes and why: the desk that answers, the departments suggested (the first leads), the post."""

    desk_path: str
    department_ids: tuple[int, ...]
    post_id: int | None
    rule_id: int | None

    @property
    def department_id(self) -> int | None:
        """The department that leads."""
        return self.department_ids[0] if self.department_ids else None
