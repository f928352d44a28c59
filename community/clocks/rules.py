"""Editing the rules of clocks. A rule holds for the clocks that start from then on; those that run keep theirs."""

from dataclasses import dataclass
from datetime import datetime

from community import queries as case_queries
from community.clocks import queries
from community.clocks.models import ClockRule
from community.errors import LastRule, NoSuchRule, UnknownArea, UnknownCategory
from community.models import Clock, Limit
from core.access.models import Actor, Role
from core.database import Connection
from core.errors import NotAllowed
from core.events import record_event


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """What a rule is to be: for a category (None: every one) within an area (`''`: the whole district)."""

    clock: Clock
    category_code: str | None
    area_path: str
    limit: Limit
    warn_percent: int
    escalate_minutes: tuple[int, ...]
    most_extensions: int
    most_hold_days: int


async def set_rule(conn: Connection, *, draft: RuleDraft, actor: Actor, now: datetime) -> ClockRule:
    """Write the next version of a rule, or its first. Raises `NotAllowed`, `UnknownCategory`, `UnknownArea`."""
    district_id = actor.district_id
    _check_keeper(actor, draft.area_path)
    if draft.category_code is not None:
        category = await case_queries.find_category(conn, district_id=district_id, code=draft.category_code)
        if category is None or not category.is_active:
            raise UnknownCategory(pointer="/category", code=draft.category_code)
    if draft.area_path:
        code = draft.area_path.rpartition("/")[2]
        area = await case_queries.find_area(conn, district_id=district_id, generation_id=None, code=code)
        if area is None or area.path != draft.area_path:
            raise UnknownArea(pointer="/area", code=draft.area_path)
    version = await queries.supersede_rule(
        conn,
        district_id=district_id,
        clock=draft.clock,
        category_code=draft.category_code,
        area_path=draft.area_path,
        now=now,
    )
    rule = ClockRule(
        id=0,
        clock=draft.clock,
        category_code=draft.category_code,
        area_path=draft.area_path,
        limit=draft.limit,
        warn_percent=draft.warn_percent,
        escalate_minutes=draft.escalate_minutes,
        most_extensions=draft.most_extensions,
        most_hold_days=draft.most_hold_days,
        version=version + 1,
        valid_from=now,
        superseded_at=None,
    )
    stored = await queries.insert_rule(conn, district_id=district_id, rule=rule, staff_id=actor.id, now=now)
    await _record(conn, stored, "clock_rule.set", actor, now)
    return stored


async def retire_rule(conn: Connection, *, rule_id: int, actor: Actor, now: datetime) -> None:
    """Let the more general rule hold again. Raises `NoSuchRule`, `NotAllowed`; `LastRule` for the general one."""
    rules = await queries.get_rules(conn, district_id=actor.district_id, rule_ids=[rule_id])
    rule = rules.get(rule_id)
    if rule is None or rule.superseded_at is not None:
        raise NoSuchRule()
    _check_keeper(actor, rule.area_path)
    if rule.category_code is None and rule.area_path == "":
        raise LastRule()
    await queries.supersede_rule(
        conn,
        district_id=actor.district_id,
        clock=rule.clock,
        category_code=rule.category_code,
        area_path=rule.area_path,
        now=now,
    )
    await _record(conn, rule, "clock_rule.retired", actor, now)


def _check_keeper(actor: Actor, area_path: str) -> None:
    """Leave the rules of an area to who administers it; those of the whole district to who administers that."""
    if not actor.reaches(area_path, Role.DISTRICT_ADMIN):
        raise NotAllowed()


async def _record(conn: Connection, rule: ClockRule, kind: str, actor: Actor, now: datetime) -> None:
    await record_event(
        conn,
        district_id=actor.district_id,
        kind=kind,
        subject="clock_rule",
        subject_id=rule.id,
        actor=actor,
        now=now,
        data={
            "clock": rule.clock,
            "category": rule.category_code,
            "area": rule.area_path,
            "amount": rule.limit.amount,
            "unit": rule.limit.unit,
            "version": rule.version,
        },
    )
