"""Notes and the people they mention. Values only."""

from dataclasses import dataclass
from datetime import datetime

from core.access.models import Grant


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff as colleagues name him."""

    id: int
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """Someone with an account in use, and the grants by which he may stand before a case."""

    person: Person
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A note as staff read it; `text` is None once it was withdrawn."""

    id: int
    case_id: int
    author: Person
    text: str | None
    mentioned: tuple[Person, ...]
    written_at: datetime
    withdrawn_at: datetime | None
