"""Saved filters over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, ValidationError, field_validator

from community.api import CasesQuery
from community.desk.filters import keep
from community.desk.filters.models import FilterDraft, SavedFilter
from community.lists.models import BoundedCount
from community.lists.pages import count_cases
from core.access.models import Actor
from core.database import Connection
from core.errors import Text
from core.http.endpoint import Created, Input
from core.http.fields import SHOWN
from core.http.wiring import actor, now, transaction

MAX_PAGE = 100
#: After so many counts that took too long, the rest of the page is not counted.
MAX_SLOW_COUNTS = 3


class SavedQuery(CasesQuery):
    """What GET /api/v1/cases takes, without the place in a list."""

    @field_validator("cursor")
    @classmethod
    def _no_cursor(cls, cursor: str | None) -> str | None:
        if cursor is not None:
            raise ValueError(Text("筛选不保存翻页位置。", "A filter keeps no place in a list."))
        return cursor


class SavedFilterBody(Input):
    """A list to open again. With `area`, an area path, everyone there may use it, each within his own sight."""

    model_config = ConfigDict(
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [
                {"name": "超时的垃圾", "query": {"category": ["litter"], "overdue": True}, "area": "370211/005/001"}
            ]
        },
    )

    name: Annotated[str, Field(min_length=1, max_length=40), SHOWN]
    query: SavedQuery
    area: str | None = Field(None, max_length=400)

    def draft(self) -> FilterDraft:
        """Give it as the room takes it; what was left out stays out."""
        return FilterDraft(self.name, self.query.model_dump(mode="json", exclude_defaults=True), self.area)


class SavedFiltersQuery(Input):
    """Which filters: those after the filter `after`; without `counts` their cases are not counted."""

    after: int = Field(0, ge=0, le=2**63 - 1)
    limit: int = 50
    counts: bool = True


@dataclass(frozen=True, slots=True)
class CountedFilter:
    """A saved filter and how many cases the caller finds by it; None where counting took too long, or it is outdated.

    An outdated filter asks for something that this release no longer knows: save it anew.
    """

    filter: SavedFilter
    is_own: bool
    is_outdated: bool
    cases: BoundedCount | None


@dataclass(frozen=True, slots=True)
class SavedFilters:
    """Some filters, and where the next page begins; None on the last."""

    filters: tuple[CountedFilter, ...]
    next_after: int | None


async def get_saved_filters(request: web.Request, query: SavedFiltersQuery) -> SavedFilters:
    """List the caller's filters and those shared with him, each with how many cases he finds by it now.

    Counted up to 1000. Send a filter's `query` to GET /api/v1/cases to open it.
    """
    caller, limit = actor(request), max(1, min(query.limit, MAX_PAGE))
    async with transaction(request) as conn:
        found = await keep.list_saved_filters(conn, actor=caller, after_id=query.after, limit=limit + 1)
        counted = await _count(conn, found[:limit], caller, now(request), enabled=query.counts)
    return SavedFilters(counted, found[limit - 1].id if len(found) > limit else None)


async def _count(
    conn: Connection, filters: list[SavedFilter], caller: Actor, now: datetime, *, enabled: bool
) -> tuple[CountedFilter, ...]:
    counted, slow = [], 0
    for saved in filters:
        asked = _read(saved.query)
        cases = None
        if enabled and asked is not None and slow < MAX_SLOW_COUNTS:
            cases = await count_cases(conn, actor=caller, wanted=asked.wanted(), order=asked.order, now=now)
            slow += cases is None
        counted.append(CountedFilter(saved, saved.owner_id == caller.id, asked is None, cases))
    return tuple(counted)


def _read(query: Mapping[str, object]) -> CasesQuery | None:
    """Read what was saved, perhaps by an earlier release; None where it no longer means anything."""
    try:
        return CasesQuery.model_validate(query)
    except ValidationError:
        return None


async def create_saved_filter(request: web.Request, body: SavedFilterBody) -> Created[SavedFilter]:
    """Save a list to open again, for oneself or with an area that one keeps."""
    async with transaction(request) as conn:
        saved = await keep.save_filter(conn, draft=body.draft(), actor=actor(request), now=now(request))
    return Created(saved, location="/api/v1/saved-filters")


async def replace_saved_filter(request: web.Request, filter_id: int, body: SavedFilterBody) -> SavedFilter:
    """Rename one's own filter, ask for something else, or share it otherwise: it is written anew as a whole."""
    async with transaction(request) as conn:
        return await keep.replace_filter(
            conn, filter_id=filter_id, draft=body.draft(), actor=actor(request), now=now(request)
        )


async def delete_saved_filter(request: web.Request, filter_id: int) -> None:
    """Delete one's own filter."""
    async with transaction(request) as conn:
        await keep.delete_filter(conn, filter_id=filter_id, actor=actor(request))
