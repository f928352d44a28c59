"""Keeping templates: one's own, and those an area shares with everyone beneath it."""

from contextlib import nullcontext
from datetime import datetime

from community.cases import get_category
from community.desk.errors import DeskFull, TemplateNotFound
from community.desk.queries import hold_room
from community.desk.sharing import KEEPERS, check_keeper, check_shareable, reached_by, shared_with
from community.desk.templates import queries
from community.desk.templates.models import Template, TemplateDraft, TemplateFilter, Words
from community.desk.templates.render import check_placeholders
from community.models import Case
from community.workflow import TABLE, Field
from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text
from core.events import record_event

MAX_TEMPLATES = 200
_NOT_TAKEN = Text("该环节没有此项文字。", "This verb takes no such words.")


def serves(template: Template, *, actor: Actor, case: Case) -> bool:
    """Tell whether `actor` may use a template on a case that he sees: his own, or one of the case's areas."""
    if template.area_path is None:
        return template.owner_id == actor.id
    return template.area_path in shared_with(case.area_path)


async def list_templates(
    conn: Connection, *, actor: Actor, case: Case | None, wanted: TemplateFilter, after_id: int, limit: int
) -> list[Template]:
    """List what serves `actor` on a case that he sees; without a case, what reaches him and what he keeps."""
    reached = reached_by(actor) if case is None else shared_with(case.area_path)
    # Whoever sees a case is offered what its areas share, wherever he himself stands.
    async with nullcontext() if case is None else acting(conn, Work.NAMES):
        return await queries.list_templates(
            conn,
            district_id=actor.district_id,
            owner_id=actor.id or 0,
            area_paths=reached,
            kept=actor.scopes(*KEEPERS) if case is None else (),
            wanted=wanted,
            after_id=after_id,
            limit=limit,
        )


async def create_template(conn: Connection, *, draft: TemplateDraft, actor: Actor, now: datetime) -> Template:
    """Store a template for `actor` or for an area he keeps.

    Raises `UnknownPlaceholder`, `InvalidInput` where the verb takes no such words, `UnknownCategory`,
    `SharingNotYours`, `UnknownArea` and `DeskFull`; a title in use violates `template_title_unique`.
    """
    await _check(conn, draft, actor)
    owner_id = actor.id if draft.area_path is None else None
    await _check_room(conn, district_id=actor.district_id, owner_id=owner_id, area_path=draft.area_path)
    template = await queries.insert_template(
        conn, district_id=actor.district_id, owner_id=owner_id, draft=draft, by=actor.id or 0, now=now
    )
    await _record(conn, "created", template, actor, now)
    return template


async def replace_template(
    conn: Connection, *, template_id: int, draft: TemplateDraft, actor: Actor, now: datetime
) -> Template:
    """Write a template anew; it may also be moved between its holders by one who keeps both.

    Raises `TemplateNotFound` and everything that creating one raises.
    """
    before = await _lock_kept(conn, template_id, actor)
    await _check(conn, draft, actor)
    owner_id = actor.id if draft.area_path is None else None
    if (before.owner_id, before.area_path) != (owner_id, draft.area_path):
        await _check_room(conn, district_id=actor.district_id, owner_id=owner_id, area_path=draft.area_path)
    template = await queries.update_template(
        conn,
        district_id=actor.district_id,
        template_id=template_id,
        owner_id=owner_id,
        draft=draft,
        by=actor.id or 0,
        now=now,
    )
    await _record(conn, "replaced", template, actor, now)
    return template


async def delete_template(conn: Connection, *, template_id: int, actor: Actor, now: datetime) -> None:
    """Delete a template that `actor` keeps. Raises `TemplateNotFound`, `SharingNotYours`."""
    template = await _lock_kept(conn, template_id, actor)
    await queries.delete_template(conn, district_id=actor.district_id, template_id=template_id)
    await _record(conn, "deleted", template, actor, now)


async def _check(conn: Connection, draft: TemplateDraft, actor: Actor) -> None:
    check_placeholders(draft.body)
    if not _is_taken(draft):
        raise InvalidInput([FieldError("/field", _NOT_TAKEN)])
    if draft.category_code is not None:
        await get_category(conn, district_id=actor.district_id, code=draft.category_code)
    if draft.area_path is not None:
        await check_shareable(conn, actor=actor, area_path=draft.area_path)


async def _check_room(conn: Connection, *, district_id: int, owner_id: int | None, area_path: str | None) -> None:
    """Raise `DeskFull` where the holder keeps as many as he may; others who add to his wait for this transaction."""
    holder = f"templates at {area_path}" if owner_id is None else f"templates of {owner_id}"
    await hold_room(conn, district_id=district_id, holder=holder)
    kept = await queries.count_templates(conn, district_id=district_id, owner_id=owner_id, area_path=area_path)
    if kept >= MAX_TEMPLATES:
        raise DeskFull(limit=MAX_TEMPLATES)


def _is_taken(draft: TemplateDraft) -> bool:
    if draft.verb is None:
        return draft.field is Words.NOTE
    return any(Field(draft.field.value) in row.takes for row in TABLE if row.verb is draft.verb)


async def _lock_kept(conn: Connection, template_id: int, actor: Actor) -> Template:
    """Lock a template to change it: what only reaches the actor is refused, what does not reach him is not there."""
    district_id = actor.district_id
    template = await queries.find_template(conn, district_id=district_id, template_id=template_id, for_update=True)
    if template is None:  # or seen and not his to change, so that no row is locked
        template = await queries.find_template(conn, district_id=district_id, template_id=template_id)
    if template is None or (template.area_path is None and template.owner_id != actor.id):
        raise TemplateNotFound()
    if template.area_path is not None:
        if template.area_path not in reached_by(actor) and not actor.reaches(template.area_path, *KEEPERS):
            raise TemplateNotFound()
        check_keeper(actor, template.area_path)
    return template


async def _record(conn: Connection, what: str, template: Template, actor: Actor, now: datetime) -> None:
    """Say what became of words that others use; one's own are nobody's history."""
    if template.area_path is None:
        return
    await record_event(
        conn,
        district_id=actor.district_id,
        kind=f"template.{what}",
        subject="template",
        subject_id=template.id,
        actor=actor,
        now=now,
        data={"area_path": template.area_path, "title": template.title, "body": template.body},
    )
