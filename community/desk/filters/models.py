"""Saved filters. Values only."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FilterDraft:
    """What someone saves. `query` is what GET /api/v1/cases takes; `area_path` is who else may use it, None nobody."""

    name: str
    query: dict[str, object]
    area_path: str | None


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A saved filter as stored."""

    id: int
    owner_id: int
    owner_name: str
    name: str
    query: dict[str, object]
    area_path: str | None
    updated_at: datetime
