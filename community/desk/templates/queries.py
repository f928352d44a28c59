"""SQL of templates."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from community.desk.templates.models import Template, TemplateDraft, TemplateFilter, Words
from community.workflow import Verb
from core.database import Connection

_TEMPLATE = "id, owner_id, area_path, verb, field, category_code, title, body, updated_by, updated_at"


def _template(row: asyncpg.Record) -> Template:
    verb = None if row["verb"] is None else Verb(row["verb"])
    return Template(**dict(row) | {"verb": verb, "field": Words(row["field"])})


async def list_templates(
    conn: Connection,
    *,
    district_id: int,
    owner_id: int,
    area_paths: Sequence[str],
    kept: Sequence[str],
    wanted: TemplateFilter,
    after_id: int,
    limit: int,
) -> list[Template]:
    """List someone's own, those shared at exactly `area_paths`, and those shared within the subtrees `kept`, by id."""
    rows = await conn.fetch(
        f"""
        select {_TEMPLATE} from template
        where district_id = $1
            and (
                owner_id = $2 or area_path = any($3::text[])
                or exists (
                    select from unnest($4::text[]) as scope
                    where scope = '' and area_path is not null or starts_with(area_path, scope || '/')
                )
            )
            and ($5::text is null or verb = $5) and (not $6 or verb is null)
            and ($7::text is null or field = $7)
            and ($8::text is null or category_code is null or category_code = $8)
            and id > $9
        order by id limit $10
        """,  # noqa: S608
        district_id,
        owner_id,
        area_paths,
        kept,
        wanted.verb,
        wanted.for_notes,
        wanted.field,
        wanted.category_code,
        after_id,
        limit,
    )
    return [_template(row) for row in rows]


async def find_template(
    conn: Connection, *, district_id: int, template_id: int, for_update: bool = False
) -> Template | None:
    row = await conn.fetchrow(
        f"""
        select {_TEMPLATE} from template where district_id = $1 and id = $2 {"for update" if for_update else ""}
        """,  # noqa: S608 — one of two constants
        district_id,
        template_id,
    )
    return None if row is None else _template(row)


async def count_templates(conn: Connection, *, district_id: int, owner_id: int | None, area_path: str | None) -> int:
    """Count the templates of one holder."""
    count: int = await conn.fetchval(
        """
        select count(*) from template
        where district_id = $1 and case when $2::bigint is null then area_path = $3 else owner_id = $2 end
        """,
        district_id,
        owner_id,
        area_path,
    )
    return count


async def insert_template(
    conn: Connection, *, district_id: int, owner_id: int | None, draft: TemplateDraft, by: int, now: datetime
) -> Template:
    """Store a template; a title in use at the same holder violates `template_title_unique`."""
    row = await conn.fetchrow(
        f"""
        insert into template
            (district_id, owner_id, area_path, verb, field, category_code, title, body, updated_by, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        returning {_TEMPLATE}
        """,  # noqa: S608
        *(district_id, owner_id, *_values(draft), by, now),
    )
    assert row is not None  # noqa: S101 — INSERT … RETURNING of one row gives one row
    return _template(row)


async def update_template(
    conn: Connection,
    *,
    district_id: int,
    template_id: int,
    owner_id: int | None,
    draft: TemplateDraft,
    by: int,
    now: datetime,
) -> Template:
    """Replace a template whose row the caller has locked."""
    row = await conn.fetchrow(
        f"""
        update template set
            owner_id = $3, area_path = $4, verb = $5, field = $6, category_code = $7, title = $8, body = $9,
            updated_by = $10, updated_at = $11
        where district_id = $1 and id = $2
        returning {_TEMPLATE}
        """,  # noqa: S608
        *(district_id, template_id, owner_id, *_values(draft), by, now),
    )
    assert row is not None  # noqa: S101 — the caller holds the row's lock
    return _template(row)


def _values(draft: TemplateDraft) -> tuple[object, ...]:
    return (draft.area_path, draft.verb, draft.field, draft.category_code, draft.title, draft.body)


async def delete_template(conn: Connection, *, district_id: int, template_id: int) -> None:
    await conn.execute("delete from template where district_id = $1 and id = $2", district_id, template_id)


async def find_department_name(conn: Connection, *, district_id: int, department_id: int) -> str | None:
    """Give the name, also of a department that is no longer active: the case was with it."""
    name: str | None = await conn.fetchval(
        "select name from department where district_id = $1 and id = $2", district_id, department_id
    )
    return name
