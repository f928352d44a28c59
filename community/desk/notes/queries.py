"""SQL of notes, and of the people who may be mentioned in them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import asyncpg

from community.desk.notes.models import Colleague, Note, Person
from community.models import Case
from core.access.models import Grant, Role
from core.database import Connection, escape_like

_NOTE = """
    note.id, note.case_id, note.written_at, note.withdrawn_at,
    case when note.withdrawn_at is null then note.text end as text,
    jsonb_build_object('id', author.id, 'username', author.username, 'name', author.name) as author,
    (
        select coalesce(jsonb_agg(
            jsonb_build_object('id', staff.id, 'username', staff.username, 'name', staff.name) order by listed.place
        ), '[]')
        from unnest(note.mentioned_ids) with ordinality as listed (staff_id, place)
        join staff on staff.district_id = note.district_id and staff.id = listed.staff_id
    ) as mentioned
    from case_note as note
    join staff as author on author.district_id = note.district_id and author.id = note.author_id
"""


def _note(row: asyncpg.Record) -> Note:
    values: dict[str, Any] = dict(row)
    mentioned = tuple(Person(**person) for person in values["mentioned"])
    return Note(**values | {"author": Person(**values["author"]), "mentioned": mentioned})


async def insert_note(
    conn: Connection,
    *,
    district_id: int,
    case_id: int,
    author_id: int,
    text: str,
    mentioned_ids: Sequence[int],
    now: datetime,
) -> int:
    note_id: int = await conn.fetchval(
        """
        insert into case_note (district_id, case_id, author_id, text, mentioned_ids, written_at)
        values ($1, $2, $3, $4, $5, $6) returning id
        """,
        district_id,
        case_id,
        author_id,
        text,
        mentioned_ids,
        now,
    )
    return note_id


async def find_note(conn: Connection, *, district_id: int, case_id: int, note_id: int) -> Note | None:
    row = await conn.fetchrow(
        f"select {_NOTE} where note.district_id = $1 and note.case_id = $2 and note.id = $3",
        district_id,
        case_id,
        note_id,
    )
    return None if row is None else _note(row)


async def list_notes(conn: Connection, *, district_id: int, case_id: int, after_id: int, limit: int) -> list[Note]:
    """List the notes on a case, oldest first, from above `after_id`."""
    rows = await conn.fetch(
        f"""
        select {_NOTE} where note.district_id = $1 and note.case_id = $2 and note.id > $3 order by note.id limit $4
        """,
        district_id,
        case_id,
        after_id,
        limit,
    )
    return [_note(row) for row in rows]


async def withdraw_note(conn: Connection, *, district_id: int, note_id: int, now: datetime) -> bool:
    """Withdraw a note; False where it was withdrawn before, perhaps a moment ago."""
    done = await conn.execute(
        "update case_note set withdrawn_at = $3 where district_id = $1 and id = $2 and withdrawn_at is null",
        district_id,
        note_id,
        now,
    )
    return done == "UPDATE 1"


async def list_mentioned_ids(conn: Connection, *, district_id: int, note_id: int) -> list[int]:
    """Give who is mentioned in a note; nobody in one that was withdrawn."""
    found: list[int] | None = await conn.fetchval(
        "select mentioned_ids from case_note where district_id = $1 and id = $2 and withdrawn_at is null",
        district_id,
        note_id,
    )
    return found or []


_COLLEAGUE = """
    select staff.id, staff.username, staff.name, staff_grant.role, staff_grant.area_path, staff_grant.department_id
    from staff join staff_grant on staff_grant.district_id = staff.district_id and staff_grant.staff_id = staff.id
"""


def _colleagues(rows: Iterable[asyncpg.Record]) -> list[Colleague]:
    """Put the grants of each together; the rows are in order of the person."""
    return [
        Colleague(
            Person(*person),
            tuple(Grant(Role(row["role"]), row["area_path"], row["department_id"]) for row in grants),
        )
        for person, grants in groupby(rows, key=lambda row: (row["id"], row["username"], row["name"]))
    ]


async def list_colleagues(
    conn: Connection, *, district_id: int, staff_ids: Sequence[int], usernames: Sequence[str]
) -> list[Colleague]:
    """List these people with all their grants; no disabled accounts, and none that holds no role."""
    rows = await conn.fetch(
        f"""
        {_COLLEAGUE}
        where staff.district_id = $1 and staff.disabled_at is null
            and (staff.id = any($2::bigint[]) or staff.username = any($3::text[]))
        order by staff.id
        """,
        district_id,
        staff_ids,
        usernames,
    )
    return _colleagues(rows)


async def list_colleagues_near(
    conn: Connection, *, case: Case, area_paths: Sequence[str] | None, typed: str, limit: int
) -> list[Colleague]:
    """List those who might see a case by a grant on one of `area_paths` (None: anywhere) or a department at work on it.

    Only such grants are given; whether they reach the case is for `sight` to say. `typed` begins the user name or
    stands within the name. `limit` counts grants.
    """
    rows = await conn.fetch(
        f"""
        {_COLLEAGUE}
        where staff.district_id = $1 and staff.disabled_at is null
            and case when staff_grant.role = 'department' then staff_grant.department_id = any($2::bigint[])
                else $3::text[] is null or staff_grant.area_path = any($3::text[]) end
            and (staff.username ilike $4 || '%' or staff.name ilike '%' || $4 || '%')
        order by staff.username limit $5
        """,
        case.district_id,
        case.department_ids,
        area_paths,
        escape_like(typed),
        limit,
    )
    return _colleagues(rows)
