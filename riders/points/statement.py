"""Reading the ledger: a rider all of his own, staff what was earned under the appointments of their areas."""

from dataclasses import dataclass
from datetime import datetime

from core.access.models import Actor, Role
from core.database import Connection
from core.errors import NotFound
from riders.models import rider_id_of
from riders.pages import cut
from riders.points import queries
from riders.points.models import OwnPointEntry, PointEntry
from riders.reporters.appointments import REVIEWERS


@dataclass(frozen=True, slots=True)
class OwnStatement:
    """A rider's balance and a page of his entries, newest first."""

    balance: int
    entries: list[OwnPointEntry]
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class AreaStatement:
    """What a rider has earned in the reader's areas, and a page of those entries, newest first."""

    balance: int
    entries: list[PointEntry]
    next_cursor: int | None


async def get_own_statement(conn: Connection, *, actor: Actor, before: int | None, limit: int) -> OwnStatement:
    """Give a rider his balance and entries; with `before`, those with lower ids."""
    rider_id = rider_id_of(actor)
    found = await queries.list_own_entries(
        conn, district_id=actor.district_id, rider_id=rider_id, before=before, limit=limit + 1
    )
    balance = await queries.sum_points(conn, district_id=actor.district_id, rider_id=rider_id)
    return OwnStatement(balance, *cut(found, limit))


async def get_area_statement(
    conn: Connection, *, actor: Actor, rider_id: int, before: int | None, limit: int, now: datetime
) -> AreaStatement:
    """Give staff what a rider has earned in their areas.

    Raises `NotFound` for one who neither is a reporter there now nor has earned anything there.
    """
    scopes = actor.scopes(*REVIEWERS, Role.AUDITOR)
    found = await queries.list_entries_in(
        conn, district_id=actor.district_id, scopes=scopes, rider_id=rider_id, before=before, limit=limit + 1
    )
    if not found:
        areas = await queries.list_appointed_areas(conn, district_id=actor.district_id, rider_id=rider_id, at=now)
        if not any(actor.reaches(area_path, *REVIEWERS, Role.AUDITOR) for area_path in areas):
            raise NotFound()
    balance = await queries.sum_points_in(conn, district_id=actor.district_id, scopes=scopes, rider_id=rider_id)
    return AreaStatement(balance, *cut(found, limit))
