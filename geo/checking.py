"""Checks a draft generation before it may become active. Reads only; what it finds is told, never repaired.

The geometry is worked out where it stands, without a thread: checks run in the process of a shell command, which
serves nobody else meanwhile.
"""

from dataclasses import dataclass
from enum import StrEnum

from core.database import Connection
from core.errors import Text
from geo import queries
from geo.errors import NoDraft


class FindingKind(StrEnum):
    """What a check found."""

    EMPTY = "empty"
    OUTSIDE_PARENT = "outside_parent"
    GAP = "gap"
    OVERLAP = "overlap"
    DATUM = "datum"
    SCOPE = "scope"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; `size_m2` is how large it is on the ground, where that means something."""

    kind: FindingKind
    text: Text
    size_m2: float = 0.0


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What is wrong with a draft: errors hinder its activation, warnings do not. The worst of each kind first."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


async def check_draft(conn: Connection, *, district_id: int, accept_datum: bool = False) -> CheckReport:
    """Check the draft generation. Raises `NoDraft`."""
    draft = await queries.find_draft_generation(conn, district_id=district_id)
    if draft is None:
        raise NoDraft
    areas = await queries.list_shaped_areas(conn, district_id=district_id, generation_id=draft.id)
    if not areas:
        nothing = Finding(FindingKind.EMPTY, Text("草稿中没有任何区域", "the draft holds no areas"))
        return CheckReport((nothing,), ())
    return CheckReport((), ())
