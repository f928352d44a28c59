"""The rules by which duplicates are looked for: read as a whole, replaced as a whole, each time on record."""

from collections import Counter
from datetime import datetime

from community.duplicates import queries
from community.duplicates.models import DuplicateRules
from core.access.models import Actor
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text
from core.events import record_event

_UNKNOWN = Text("没有这个类别。", "There is no such category.")
_TWICE = Text("同一类别只能有一条规则。", "A category has one rule only.")
_SAME = Text("一个类别不能与自己相关。", "A category is not related to itself.")
_PAIR_TWICE = Text("这一对类别已列出。", "This pair is listed already.")


async def replace_rules(conn: Connection, *, rules: DuplicateRules, actor: Actor, now: datetime) -> DuplicateRules:
    """Put these rules in place of all before and give them as stored. Raises `InvalidInput` naming each wrong field."""
    known = await queries.list_category_codes(conn, district_id=actor.district_id)
    errors = [*_wrong_categories(rules, known), *_wrong_pairs(rules, known)]
    if errors:
        raise InvalidInput(errors)
    await queries.lock_rules(conn, district_id=actor.district_id)
    before = await queries.get_rules(conn, district_id=actor.district_id)
    await queries.replace_rules(conn, district_id=actor.district_id, rules=rules)
    stored = await queries.get_rules(conn, district_id=actor.district_id)
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="duplicate_rules.replaced",
        subject="duplicate_rules",
        subject_id=actor.district_id,
        actor=actor,
        now=now,
        data={"from": before, "to": stored},
    )
    return stored


def _wrong_categories(rules: DuplicateRules, known: frozenset[str]) -> list[FieldError]:
    counted = Counter(row.category for row in rules.categories)
    errors = []
    for at, row in enumerate(rules.categories):
        if row.category not in known:
            errors.append(FieldError(f"/categories/{at}/category", _UNKNOWN))
        elif counted[row.category] > 1:
            errors.append(FieldError(f"/categories/{at}/category", _TWICE))
    return errors


def _wrong_pairs(rules: DuplicateRules, known: frozenset[str]) -> list[FieldError]:
    counted = Counter(frozenset(pair) for pair in rules.related)
    errors = []
    for at, pair in enumerate(rules.related):
        errors += [
            FieldError(f"/related/{at}/{place}", _UNKNOWN) for place, code in enumerate(pair) if code not in known
        ]
        if pair[0] == pair[1]:
            errors.append(FieldError(f"/related/{at}", _SAME))
        elif counted[frozenset(pair)] > 1:
            errors.append(FieldError(f"/related/{at}", _PAIR_TWICE))
    return errors
