"""Keeping saved filters. Only the owner changes one; those it is shared with use it, each within his own sight."""

from datetime import datetime

from community.desk.errors import DeskFull, SavedFilterNotFound
from community.desk.filters import queries
from community.desk.filters.models import FilterDraft, SavedFilter
from community.desk.queries import hold_room
from community.desk.sharing import check_shareable, reached_by
from core.access.models import Actor
from core.database import Connection

MAX_FILTERS = 30


async def list_saved_filters(conn: Connection, *, actor: Actor, after_id: int, limit: int) -> list[SavedFilter]:
    """List one's own filters and those shared with an area of one's own."""
    return await queries.list_saved_filters(
        conn,
        district_id=actor.district_id,
        owner_id=actor.id or 0,
        area_paths=reached_by(actor),
        after_id=after_id,
        limit=limit,
    )


async def save_filter(conn: Connection, *, draft: FilterDraft, actor: Actor, now: datetime) -> SavedFilter:
    """Store a filter. Raises `SharingNotYours`, `UnknownArea` and `DeskFull`; a name in use violates a constraint."""
    await _check(conn, draft, actor)
    await hold_room(conn, district_id=actor.district_id, holder=f"filters of {actor.id}")
    kept = await queries.count_saved_filters(conn, district_id=actor.district_id, owner_id=actor.id or 0)
    if kept >= MAX_FILTERS:
        raise DeskFull(limit=MAX_FILTERS)
    return await queries.insert_saved_filter(
        conn, district_id=actor.district_id, owner_id=actor.id or 0, draft=draft, now=now
    )


async def replace_filter(
    conn: Connection, *, filter_id: int, draft: FilterDraft, actor: Actor, now: datetime
) -> SavedFilter:
    """Write one's own filter anew. Raises `SavedFilterNotFound`, `SharingNotYours`, `UnknownArea`."""
    await _check(conn, draft, actor)
    replaced = await queries.update_saved_filter(
        conn, district_id=actor.district_id, owner_id=actor.id or 0, filter_id=filter_id, draft=draft, now=now
    )
    if replaced is None:
        raise SavedFilterNotFound()
    return replaced


async def delete_filter(conn: Connection, *, filter_id: int, actor: Actor) -> None:
    """Delete one's own filter. Raises `SavedFilterNotFound`."""
    if not await queries.delete_saved_filter(
        conn, district_id=actor.district_id, owner_id=actor.id or 0, filter_id=filter_id
    ):
        raise SavedFilterNotFound()


async def _check(conn: Connection, draft: FilterDraft, actor: Actor) -> None:
    if draft.area_path is not None:
        await check_shareable(conn, actor=actor, area_path=draft.area_path)
