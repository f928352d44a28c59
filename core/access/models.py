"""Actors, roles and grants. A role is always held on an area and everything beneath it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

ActorKind = Literal["anonymous", "rider", "staff"]


class Role(StrEnum):
    """Staff roles of a district."""

    DISTRICT_ADMIN = "district_admin"
    SUBDISTRICT = "subdistrict"
    SECRETARY = "secretary"
    GRID_WORKER = "grid_worker"
    DEPARTMENT = "department"
    STATION_HOST = "station_host"
    AUDITOR = "auditor"


class Owed(StrEnum):
    """What a staff member must do before he may do anything else."""

    PASSWORD = "password"  # noqa: S105 — of his own, in place of one that someone else gave
    SECOND_FACTOR = "second_factor"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on the area at `area_path` and below; `''` is the whole district."""

    role: Role
    area_path: str
    department_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request. `id` is a rider's or a staff member's id by `kind`; None for anonymous.

    `owes`: while he owes anything he holds no grants and passes only policies that are `for_newcomers`.
    By which session he came, and when he last proved in it who he is, makes him nobody else.
    """

    kind: ActorKind
    id: int | None
    district_id: int
    name: str = ""
    grants: tuple[Grant, ...] = ()
    owes: tuple[Owed, ...] = ()
    session_id: int | None = field(default=None, compare=False)
    proved_at: datetime | None = field(default=None, compare=False)

    def scopes(self, *roles: Role) -> tuple[str, ...]:
        """Give the area paths on which any of `roles` is held (all roles when none is named)."""
        return tuple({grant.area_path for grant in self.grants if not roles or grant.role in roles})

    def holds(self, *roles: Role) -> bool:
        """Tell whether any of `roles` is held anywhere."""
        return any(grant.role in roles for grant in self.grants)

    def reaches(self, area_path: str, *roles: Role) -> bool:
        """Tell whether any of `roles` (or any role) is held on `area_path` or above it."""
        return any(is_within(area_path, scope) for scope in self.scopes(*roles))


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff account as its administrator sees it."""

    id: int
    username: str
    name: str
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a caller holds of a session: the one to call with, and the one that renews both, once.

    The second expires with the session; a session that is not used ends sooner.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that still holds, as its owner sees it."""

    id: int
    device: str
    opened_at: datetime
    last_used_at: datetime
    ends_at: datetime
    is_this: bool


def is_within(area_path: str, scope: str) -> bool:
    """Tell whether `area_path` is `scope` itself or lies beneath it; scope `''` holds everything."""
    return scope == "" or area_path == scope or area_path.startswith(scope + "/")


def paths_above(area_path: str | None) -> tuple[str, ...]:
    """List the paths from the root down to `area_path`, itself included; none for None or `''`."""
    codes = area_path.split("/") if area_path else []
    return tuple("/".join(codes[:depth]) for depth in range(1, len(codes) + 1))
