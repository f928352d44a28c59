"""Setting point rules: a change is a new version from now on, and what was given before keeps its own."""

from datetime import datetime

from community.cases import get_category
from core.access.models import Actor
from core.database import Connection
from core.errors import NotFound
from core.events import record_event
from riders.models import staff_id_of
from riders.points.models import PointRule, RuleTerms
from riders.points.rules import queries


async def set_rule(conn: Connection, *, actor: Actor, terms: RuleTerms, now: datetime) -> PointRule:
    """Put a rule in force from now on in place of the one for the same ground and category.

    Saying what is in force already changes nothing. Raises `UnknownCategory`.
    """
    if terms.category_code is not None:
        await get_category(conn, district_id=actor.district_id, code=terms.category_code)
    for rule in await queries.list_rules(conn, district_id=actor.district_id):
        if terms_of(rule) == terms:
            return rule
    await queries.supersede_rule(
        conn, district_id=actor.district_id, ground=terms.ground, category_code=terms.category_code, now=now
    )
    rule = await queries.insert_rule(
        conn, district_id=actor.district_id, terms=terms, set_by=staff_id_of(actor), now=now
    )
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="point_rule.set",
        subject="point_rule",
        subject_id=rule.id,
        actor=actor,
        now=now,
        data={"ground": rule.ground, "category": rule.category_code, "points": rule.points, "cap": rule.daily_cap},
    )
    return rule


async def retire_rule(conn: Connection, *, actor: Actor, rule_id: int, now: datetime) -> None:
    """End a rule in force without a successor. Raises `NotFound` for any other."""
    if not await queries.retire_rule(conn, district_id=actor.district_id, rule_id=rule_id, now=now):
        raise NotFound()
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="point_rule.retired",
        subject="point_rule",
        subject_id=rule_id,
        actor=actor,
        now=now,
        data={},
    )


def terms_of(rule: PointRule) -> RuleTerms:
    """Give what a rule says, without when and as which row."""
    return RuleTerms(rule.ground, rule.category_code, rule.points, rule.daily_cap, rule.zh, rule.en)
