"""How long what is kept, and words in events. Values only."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EventWords:
    """What an event holds, and what kind of actor said it."""

    id: int
    actor_kind: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How many days something is kept, and after what, in words; `days` is None where nothing of it is deleted.

    `days` may be set between the bounds.
    """

    purpose: str
    days: int | None
    least_days: int | None
    most_days: int | None
    zh: str
    en: str
    set_at: datetime | None
