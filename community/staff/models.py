"""Staff accounts and the roles held, as an administrator sees them."""

from dataclasses import dataclass
from datetime import datetime

from core.access.models import Grant, Role


@dataclass(frozen=True, slots=True)
class Held:
    """A grant and the area in which it has power: for a department, wherever the department works."""

    grant: Grant
    extent: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """A staff account with its roles."""

    id: int
    username: str
    name: str
    disabled_at: datetime | None
    locked_until: datetime | None
    one_time_until: datetime | None
    has_second_factor: bool
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class WantedGrant:
    """A role as somebody asks for it: the department by its code, the area by its path."""

    role: Role
    area_path: str = ""
    department: str | None = None
