"""SQL of saved filters."""

from collections.abc import Sequence
from datetime import datetime

from community.desk.filters.models import FilterDraft, SavedFilter
from core.database import Connection

_FILTER = """
    saved_filter.id, owner_id, (select staff.name from staff where staff.district_id = $1 and staff.id = owner_id)
    as owner_name, saved_filter.name, query, area_path, updated_at
"""


async def list_saved_filters(
    conn: Connection, *, district_id: int, owner_id: int, area_paths: Sequence[str], after_id: int, limit: int
) -> list[SavedFilter]:
    """List someone's own and those shared with one of `area_paths`, by id."""
    rows = await conn.fetch(
        f"""
        select {_FILTER} from saved_filter
        where district_id = $1 and (owner_id = $2 or area_path = any($3::text[])) and id > $4
        order by id limit $5
        """,  # noqa: S608
        district_id,
        owner_id,
        area_paths,
        after_id,
        limit,
    )
    return [SavedFilter(**row) for row in rows]


async def count_saved_filters(conn: Connection, *, district_id: int, owner_id: int) -> int:
    count: int = await conn.fetchval(
        "select count(*) from saved_filter where district_id = $1 and owner_id = $2", district_id, owner_id
    )
    return count


async def insert_saved_filter(
    conn: Connection, *, district_id: int, owner_id: int, draft: FilterDraft, now: datetime
) -> SavedFilter:
    """Store a filter; a name in use by the same owner violates `saved_filter_name_unique`."""
    row = await conn.fetchrow(
        f"""
        insert into saved_filter (district_id, owner_id, name, query, area_path, updated_at)
        values ($1, $2, $3, $4, $5, $6) returning {_FILTER}
        """,  # noqa: S608
        *(district_id, owner_id, draft.name, draft.query, draft.area_path, now),
    )
    assert row is not None  # noqa: S101 — INSERT … RETURNING of one row gives one row
    return SavedFilter(**row)


async def update_saved_filter(
    conn: Connection, *, district_id: int, owner_id: int, filter_id: int, draft: FilterDraft, now: datetime
) -> SavedFilter | None:
    """Write one's own filter anew; None where it is not there or another's."""
    row = await conn.fetchrow(
        f"""
        update saved_filter set name = $4, query = $5, area_path = $6, updated_at = $7
        where district_id = $1 and owner_id = $2 and id = $3 returning {_FILTER}
        """,  # noqa: S608
        *(district_id, owner_id, filter_id, draft.name, draft.query, draft.area_path, now),
    )
    return None if row is None else SavedFilter(**row)


async def delete_saved_filter(conn: Connection, *, district_id: int, owner_id: int, filter_id: int) -> bool:
    """Delete one's own filter; False where it is not there or another's."""
    done = await conn.execute(
        "delete from saved_filter where district_id = $1 and owner_id = $2 and id = $3",
        district_id,
        owner_id,
        filter_id,
    )
    return done == "DELETE 1"
