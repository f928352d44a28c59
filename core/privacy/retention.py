"""How long what is kept: read by anybody, set by whoever administers the whole district, within bounds."""

from datetime import datetime, timedelta

from core.access.models import Actor
from core.audit import record_act
from core.database import Connection
from core.errors import FieldError, InvalidInput, NotFound, Text
from core.privacy import queries
from core.privacy.models import RetentionRule


async def list_rules(conn: Connection, *, district_id: int) -> list[RetentionRule]:
    """Give what is kept how long, and what of it the service does not delete."""
    return await queries.list_rules(conn, district_id=district_id)


async def get_spans(conn: Connection, *, district_id: int) -> dict[str, timedelta]:
    """Give how long each purpose is kept of which something is deleted."""
    rules = await queries.list_rules(conn, district_id=district_id)
    return {rule.purpose: timedelta(days=rule.days) for rule in rules if rule.days is not None}


async def set_days(conn: Connection, *, actor: Actor, purpose: str, days: int, now: datetime) -> RetentionRule:
    """Keep something for so many days from now on; the next sweep goes by it.

    Raises `NotFound` for what is never deleted, and `InvalidInput` outside the bounds.
    """
    rule = await _find(conn, actor.district_id, purpose)
    if rule is None or rule.least_days is None or rule.most_days is None:
        raise NotFound()
    if not rule.least_days <= days <= rule.most_days:
        bounds = (rule.least_days, rule.most_days)
        reason = Text("须为 {} 至 {} 天。".format(*bounds), "It must be {} to {} days.".format(*bounds))
        raise InvalidInput([FieldError("/days", reason)])
    await queries.set_days(conn, district_id=actor.district_id, purpose=purpose, days=days, staff_id=actor.id, now=now)
    await record_act(
        conn,
        district_id=actor.district_id,
        act="retention.set",
        actor=actor,
        now=now,
        subject="retention_rule",
        subject_id=purpose,
        data={"days": days, "before": rule.days},
    )
    changed = await _find(conn, actor.district_id, purpose)
    assert changed is not None  # noqa: S101 — rows of this table are only updated
    return changed


async def _find(conn: Connection, district_id: int, purpose: str) -> RetentionRule | None:
    rules = await queries.list_rules(conn, district_id=district_id)
    return next((rule for rule in rules if rule.purpose == purpose), None)
