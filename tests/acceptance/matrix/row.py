"""What a line of the table says, and the words it is written in. Written by hand: nothing here asks the product."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

#: (role, position), see `world.POSITIONS`.
Place: TypeAlias = tuple[str, str]
Crowd: TypeAlias = frozenset[Place]

_HELD_ON = ("whole", "parent", "own", "child", "sibling", "other")
_REACHING = ("whole", "parent", "own")

ADMIN, STREET, SECRETARY, GRID, HOST, AUDITOR = (
    "district_admin",
    "subdistrict",
    "secretary",
    "grid_worker",
    "station_host",
    "auditor",
)


def anywhere(*roles: str) -> Crowd:
    """Give those who hold one of the roles on any area."""
    return frozenset((role, position) for role in roles for position in _HELD_ON)


def reach(*roles: str) -> Crowd:
    """Give those who hold one of the roles on the community or above it."""
    return frozenset((role, position) for role in roles for position in _REACHING)


def whole(*roles: str) -> Crowd:
    """Give those who hold one of the roles on the whole district."""
    return frozenset((role, "whole") for role in roles)


NOBODY: Crowd = frozenset()
DEPARTMENT: Crowd = frozenset({("department", "own")})
DEPARTMENTS: Crowd = DEPARTMENT | {("department", "other"), ("department", "without id")}
OWNER: Crowd = frozenset({("rider", "owner")})
#: Riders who may look on site in the community: its trusted reporters, but not at what they reported themselves.
LOOKER: Crowd = frozenset({("rider", "own")})
#: Has a report of his own, too, and is not asked to look.
UNTRUSTED: Crowd = frozenset({("rider", "untrusted")})
RIDERS: Crowd = OWNER | LOOKER | UNTRUSTED | {("rider", "sibling")}
STRANGERS: Crowd = frozenset(("anonymous", position) for position in ("none", "disabled", "signed out", "expired"))

STAFF: Crowd = anywhere(ADMIN, STREET, SECRETARY, GRID, HOST, AUDITOR) | DEPARTMENTS | {("staff", "none")}
SIGNED_IN: Crowd = STAFF | RIDERS
ANYONE: Crowd = SIGNED_IN | STRANGERS

ON_SITE = reach(ADMIN, STREET, SECRETARY, GRID)
COMMUNITY = reach(ADMIN, STREET, SECRETARY)
ABOVE = reach(ADMIN, STREET)
#: Who sees the cases of the community, but for those dispatched to his department.
SEES = ON_SITE | reach(AUDITOR)
KEEPERS = COMMUNITY | reach(HOST)
KEEPER_ROLES = anywhere(ADMIN, STREET, SECRETARY, HOST)
READERS = KEEPERS | reach(GRID, AUDITOR)
READER_ROLES = KEEPER_ROLES | anywhere(GRID, AUDITOR)
#: The case without an area lies before these wherever their grant is.
DUTY_DESK = anywhere(ADMIN, STREET) | whole(SECRETARY, GRID, AUDITOR)


@dataclass(frozen=True, slots=True)
class Row:
    """Something to ask, and what comes of it for each person.

    Whom the route does not admit (`gate`) is told 401 or 403. Of those it admits, `may` get `ok`; `barred` see what it
    is about and may not do this, 403; everyone else gets `otherwise`, 404 for one thing, 200 for a list that then holds
    nothing. `sees` may read words of the community in the answer (those who may, where not said); `finds` is a word
    that each of them then finds. `words` are further words that nobody else may read; `reveals` says who is shown a
    phone or a resident's name in the clear. `is_placed` False: about a
    setting of the district or oneself, not about anything of the community.
    """

    ask: str
    gate: Crowd
    may: Crowd
    said: Any = None
    ok: frozenset[int] = frozenset({200})
    barred: Crowd = NOBODY
    barred_with: frozenset[int] = frozenset({403})
    otherwise: frozenset[int] = frozenset({404})
    sees: Crowd | None = None
    finds: str = ""
    words: tuple[str, ...] = ()
    reveals: Crowd = NOBODY
    is_placed: bool = True

    @property
    def method(self) -> str:
        """Give the method asked."""
        return self.ask.partition(" ")[0]

    @property
    def path(self) -> str:
        """Give the path with its query."""
        return self.ask.partition(" ")[2]

    @property
    def readers(self) -> Crowd:
        """Give who may read words of the community in the answer."""
        return self.may if self.sees is None else self.sees


def statuses(*codes: int) -> frozenset[int]:
    """Give a set of statuses."""
    return frozenset(codes)


def one(ask: str, gate: Crowd, may: Crowd, said: Any = None, *, ok: int | Iterable[int] = 200, **more: Any) -> Row:
    """Write a line about one thing of the community: out of sight it is not there."""
    return Row(ask, gate, may, said, frozenset({ok} if isinstance(ok, int) else ok), **more)


def many(ask: str, gate: Crowd, sees: Crowd, said: Any = None, *, finds: str = "", **more: Any) -> Row:
    """Write a line about a list: whoever is admitted is answered, and finds in it only what he sees."""
    return Row(ask, gate, gate, said, sees=sees, finds=finds, **more)


def free(
    ask: str,
    gate: Crowd = ANYONE,
    said: Any = None,
    *,
    ok: int | Iterable[int] = 200,
    sees: Crowd = NOBODY,
    words: tuple[str, ...] = (),
    reveals: Crowd = NOBODY,
) -> Row:
    """Write a line about oneself, about what is public, or the same for everyone admitted."""
    codes = frozenset({ok} if isinstance(ok, int) else ok)
    return Row(ask, gate, gate, said, codes, sees=sees, words=words, reveals=reveals, is_placed=False)


def setting(ask: str, gate: Crowd, may: Crowd, said: Any = None, *, ok: int = 200, **more: Any) -> Row:
    """Write a line that changes how something works: whoever is admitted and keeps it not is told so, 403."""
    more = {"otherwise": statuses(403), "sees": NOBODY, "is_placed": False} | more
    return Row(ask, gate, may, said, statuses(ok), **more)
