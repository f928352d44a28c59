"""Saying which categories need a look, and for how long one is offered."""

from datetime import datetime

from community.errors import UnknownCategory
from community.verification import queries
from community.verification.models import LookRule
from core.access.models import Actor
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text
from core.events import record_event

_ENDS_LATER = Text("须大于 offer_minutes。", "It must be more than offer_minutes.")


async def set_look_rule(conn: Connection, *, rule: LookRule, actor: Actor, now: datetime) -> LookRule:
    """Change the rule of a category; tasks that run keep their times.

    Raises `UnknownCategory`, and `InvalidInput` for one that is given up before its offer is over.
    """
    if rule.expire_minutes <= rule.offer_minutes:
        raise InvalidInput([FieldError("/expire_minutes", _ENDS_LATER)])
    if not await queries.update_look_rule(conn, district_id=actor.district_id, rule=rule):
        raise UnknownCategory(pointer="/path/code", code=rule.category_code)
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="category.looks_set",
        subject="district",
        subject_id=actor.district_id,
        actor=actor,
        now=now,
        data={
            "category": rule.category_code,
            "looks": rule.looks,
            "offer_minutes": rule.offer_minutes,
            "expire_minutes": rule.expire_minutes,
        },
    )
    return rule
