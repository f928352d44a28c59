"""Keeping the rules: adding, editing, moving and retiring them, each with its event.

A rule never changes: an edit retires it and puts another in its place, so the rule that an old case names still says
what it said that day. No case moves by any of this; `reroute` moves one, when a person asks for it.
"""

from dataclasses import asdict
from datetime import datetime

from community import queries as cases
from community.departments import check_serves
from community.errors import UnknownArea, UnknownCategory
from community.routing import queries
from community.routing.changes import Add, Move, Replace, last_position
from community.routing.errors import PostTooNarrow, RuleNotFound, RuleNotYours, RuleRetired, UnknownPost
from community.routing.models import RoutingRule, RuleRecord, RuleTerms
from community.routing.rota.queries import find_post, list_posts
from community.routing.words import in_words
from core.access.models import Actor, Role, is_within
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import Text
from core.events import record_event


async def add_rule(
    conn: Connection, *, district_id: int, add: Add, actor: Actor | None, now: datetime, pointer: str = ""
) -> RuleRecord:
    """Put a new rule at its position, the others there and behind one further; it holds for cases from now on.

    `actor` None is the shell. Raises `RuleNotYours`, `UnknownArea`, `UnknownCategory`, `UnknownDepartment`,
    `DepartmentServesElsewhere`, `UnknownPost`, `PostTooNarrow`, their pointers beneath `pointer`.
    """
    await queries.lock_rules(conn, district_id=district_id)
    await check_terms(conn, district_id=district_id, terms=add.terms, actor=actor, pointer=pointer)
    position = add.position
    if position is None:
        position = last_position(await queries.list_routing_rules(conn, district_id=district_id))
    await _make_room_at(conn, district_id, position)
    rule_id = await queries.insert_routing_rule(conn, district_id=district_id, position=position, terms=add.terms)
    record = await get_rule(conn, district_id=district_id, rule_id=rule_id)
    await _tell(conn, district_id, "rule.added", record.rule, actor, now)
    return record


async def replace_rule(
    conn: Connection, *, district_id: int, change: Replace, actor: Actor | None, now: datetime, pointer: str = ""
) -> RuleRecord:
    """Put new terms in a rule's place; give the rule that holds now. Raises as `add_rule` does, and `RuleRetired`."""
    old = await _lock(conn, district_id, change.rule_id, actor)
    await check_terms(conn, district_id=district_id, terms=change.terms, actor=actor, pointer=pointer)
    await queries.retire_routing_rule(conn, district_id=district_id, rule_id=old.id, now=now)
    rule_id = await queries.insert_routing_rule(
        conn, district_id=district_id, position=old.position, terms=change.terms, replaces=old.id
    )
    record = await get_rule(conn, district_id=district_id, rule_id=rule_id)
    await _tell(conn, district_id, "rule.changed", record.rule, actor, now, replaces=old.id, before=_said(old))
    return record


async def move_rule(
    conn: Connection, *, district_id: int, change: Move, actor: Actor | None, now: datetime
) -> RuleRecord:
    """Let a rule be read earlier or later. Raises `RuleNotFound`, `RuleRetired`, `RuleNotYours`."""
    old = await _lock(conn, district_id, change.rule_id, actor)
    if old.position != change.position:
        await _make_room_at(conn, district_id, change.position)
        await queries.set_position(conn, district_id=district_id, rule_id=old.id, position=change.position)
    record = await get_rule(conn, district_id=district_id, rule_id=old.id)
    await _tell(conn, district_id, "rule.moved", record.rule, actor, now, before={"position": old.position})
    return record


async def retire_rule(
    conn: Connection, *, district_id: int, rule_id: int, reason: str, actor: Actor | None, now: datetime
) -> RuleRecord:
    """Let a rule hold no longer; it stays on record. Raises `RuleNotFound`, `RuleRetired`, `RuleNotYours`."""
    old = await _lock(conn, district_id, rule_id, actor)
    await queries.retire_routing_rule(conn, district_id=district_id, rule_id=old.id, now=now)
    await _tell(conn, district_id, "rule.retired", old, actor, now, reason=reason)
    return await get_rule(conn, district_id=district_id, rule_id=old.id)


async def get_rule(conn: Connection, *, district_id: int, rule_id: int) -> RuleRecord:
    """Give a rule as it stands or stood. Raises `RuleNotFound`."""
    found = await queries.find_routing_rule(conn, district_id=district_id, rule_id=rule_id)
    if found is None:
        raise RuleNotFound()
    (text,) = await say_rules(conn, district_id=district_id, rules=[found.rule])
    return RuleRecord(text=text, **found._asdict())


async def say_rules(conn: Connection, *, district_id: int, rules: list[RoutingRule]) -> list[Text]:
    """Say each rule in words."""
    departments = {row.id: row.name for row in await queries.list_departments(conn, district_id=district_id)}
    async with acting(conn, Work.NAMES):
        posts = {post.id: post.name for post in await list_posts(conn, district_id=district_id)}
    return [in_words(rule, departments, posts) for rule in rules]


async def check_terms(
    conn: Connection, *, district_id: int, terms: RuleTerms, actor: Actor | None, pointer: str, lock: bool = True
) -> None:
    """Refuse terms that name what does not exist, or that are not the actor's to set.

    `lock` keeps the post that they name from being closed meanwhile.
    """
    if actor is not None and not actor.reaches(terms.area_path, Role.DISTRICT_ADMIN):
        raise RuleNotYours(pointer=f"{pointer}/area_path", area_path=terms.area_path)
    await check_area(conn, district_id=district_id, path=terms.area_path, pointer=f"{pointer}/area_path")
    if terms.category_code is not None:
        category = await cases.find_category(conn, district_id=district_id, code=terms.category_code)
        if category is None or not category.is_active:
            raise UnknownCategory(pointer=f"{pointer}/category_code", code=terms.category_code)
    for n, department_id in enumerate(terms.department_ids):
        await check_serves(
            conn,
            district_id=district_id,
            department_id=department_id,
            area_path=terms.area_path,
            pointer=f"{pointer}/department_ids/{n}",
        )
    if terms.post_id is not None:
        post = await find_post(conn, district_id=district_id, post_id=terms.post_id, lock=lock)
        if post is None:
            raise UnknownPost(pointer=f"{pointer}/post_id", post_id=terms.post_id)
        if not is_within(terms.area_path, post.area_path):
            raise PostTooNarrow(pointer=f"{pointer}/post_id", post_path=post.area_path, area_path=terms.area_path)


async def check_area(conn: Connection, *, district_id: int, path: str, pointer: str) -> None:
    """Refuse a path that no area of the active generation has; `''` is the whole district. Raises `UnknownArea`."""
    if path:
        code = path.rpartition("/")[2]
        area = await cases.find_area(conn, district_id=district_id, generation_id=None, code=code)
        if area is None or area.path != path:
            raise UnknownArea(pointer=pointer, code=path)


async def _make_room_at(conn: Connection, district_id: int, position: int) -> None:
    """Move the rules there and behind one further, whosever they are."""
    async with acting(conn, Work.CONSEQUENCE):
        await queries.make_room_at(conn, district_id=district_id, position=position)


async def _lock(conn: Connection, district_id: int, rule_id: int, actor: Actor | None) -> RoutingRule:
    await queries.lock_rules(conn, district_id=district_id)
    found = await queries.find_routing_rule(conn, district_id=district_id, rule_id=rule_id)
    if found is None:
        raise RuleNotFound()
    if actor is not None and not actor.reaches(found.rule.area_path, Role.DISTRICT_ADMIN):
        raise RuleNotYours(area_path=found.rule.area_path)
    if not found.is_active:
        raise RuleRetired(rule_id=rule_id, replaced_by=found.replaced_by or "—")
    return found.rule


async def _tell(
    conn: Connection,
    district_id: int,
    kind: str,
    rule: RoutingRule,
    actor: Actor | None,
    now: datetime,
    **more: object,
) -> None:
    await record_event(
        conn,
        district_id=district_id,
        kind=kind,
        subject="routing_rule",
        subject_id=rule.id,
        actor=actor,
        now=now,
        data={"rule": _said(rule), **more},
    )


def _said(rule: RoutingRule) -> dict[str, object]:
    return asdict(rule)
