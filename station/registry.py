"""Keeping the register: creating and editing stations, suspending and resuming, amenities' states.

Whoever edits must hold a role on the station's area, else the station does not exist for him. Every change is in the
caller's transaction together with its event and its line in the change log.
"""

import hashlib
import secrets
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from community.cases import NOWHERE
from core.access.models import Actor, Role
from core.changes import record_change
from core.database import Connection
from core.events import record_event
from geo.datum import point_from
from geo.models import Locate, Located, Point
from station import queries
from station.amenities.queries import list_amenity_kinds, put_amenity
from station.errors import (
    OutsideOwnArea,
    StationChanged,
    StationNotFound,
    UnknownAmenity,
    UnreadableHours,
)
from station.hours import read_hours
from station.live import STATION_CHANGED
from station.models import AmenityState, Station, StationAmenity, StationDraft, StationPage

#: Who keeps stations; the wider the area, the more of them.
KEEPERS = (Role.DISTRICT_ADMIN, Role.SUBDISTRICT, Role.SECRETARY, Role.STATION_HOST)
#: Who sees the register of his area.
READERS = (*KEEPERS, Role.GRID_WORKER, Role.AUDITOR)
LARGEST_PAGE = 200


def code_of(name: str, address: str) -> str:
    """Make a code for a station that has none: the same name and address give the same code again."""
    digest = hashlib.sha256(f"{name}\n{address}".encode()).digest()
    return b32encode(digest[:7]).decode()[:10]


async def create(
    conn: Connection,
    *,
    actor: Actor,
    draft: StationDraft,
    locate: Locate,
    now: datetime,
    is_demo: bool = False,
    must_read_hours: bool = True,
) -> Station:
    """Enter a station. `must_read_hours` False keeps unreadable hours as typed, with the schedule unknown.

    Raises `OutsideOwnArea`, `UnreadableHours`, `UnknownAmenity`; a code already used breaks `station_code_unique`.
    """
    draft = draft if draft.code else replace(draft, code=code_of(draft.name, draft.address))
    await _check_amenities(conn, district_id=actor.district_id, amenities=draft.amenities)
    point, located = _place(draft, locate)
    _check_area(actor, located)
    station_id = await queries.insert_station(
        conn,
        district_id=actor.district_id,
        qr_token=secrets.token_urlsafe(12),
        is_demo=is_demo,
        draft=draft,
        hours=_hours(draft, must_read_hours),
        point=point,
        located=located,
        now=now,
    )
    return await record(conn, actor=actor, station_id=station_id, kind="station.created", now=now, data={})


async def edit(
    conn: Connection,
    *,
    actor: Actor,
    station_id: int,
    row_version: int,
    changes: Mapping[str, Any],
    locate: Locate,
    now: datetime,
) -> Station:
    """Change some fields of a station, named as in `StationDraft`.

    Raises `StationNotFound` (also for a station of another area), `StationChanged` when `row_version` is not the
    stored one, `OutsideOwnArea` when it would be moved out of the caller's area, `UnreadableHours`, `UnknownAmenity`.
    """
    station = await lock_own(conn, actor=actor, station_id=station_id)
    if station.row_version != row_version:
        raise StationChanged(row_version=station.row_version)
    draft = replace(draft_of(station), **changes)
    return await overwrite(conn, actor=actor, station=station, draft=draft, locate=locate, now=now)


async def overwrite(
    conn: Connection,
    *,
    actor: Actor,
    station: Station,
    draft: StationDraft,
    locate: Locate,
    now: datetime,
    must_read_hours: bool = True,
) -> Station:
    """Write `draft` over a station whose row the caller has locked; raises as `edit` does."""
    before = draft_of(station)
    await _check_amenities(conn, district_id=actor.district_id, amenities=draft.amenities)
    point, located = _place(draft, locate)
    _check_area(actor, located)
    await queries.update_station(
        conn,
        district_id=actor.district_id,
        station_id=station.id,
        draft=draft,
        hours=station.hours if draft.hours_typed == before.hours_typed else _hours(draft, must_read_hours),
        point=point,
        located=located,
        now=now,
    )
    changed = [name for name in StationDraft.__slots__ if getattr(draft, name) != getattr(before, name)]
    return await record(
        conn, actor=actor, station_id=station.id, kind="station.edited", now=now, data={"fields": changed}
    )


async def suspend(
    conn: Connection,
    *,
    actor: Actor,
    station_id: int,
    starts_at: datetime | None,
    ends_at: datetime | None,
    reason: str,
    now: datetime,
) -> Station:
    """Take a station out of service from `starts_at` (now when None) until `ends_at` (open end when None)."""
    station = await lock_own(conn, actor=actor, station_id=station_id)
    return await _suspend(
        conn,
        actor=actor,
        station=station,
        kind="station.suspended",
        suspension=(starts_at or now, ends_at, reason),
        now=now,
    )


async def resume(conn: Connection, *, actor: Actor, station_id: int, now: datetime) -> Station:
    """Put a station back into service; one that is not suspended stays as it is."""
    station = await lock_own(conn, actor=actor, station_id=station_id)
    if station.suspended_from is None:
        return station
    return await _suspend(
        conn, actor=actor, station=station, kind="station.resumed", suspension=(None, None, None), now=now
    )


async def set_amenity(
    conn: Connection,
    *,
    actor: Actor,
    station_id: int,
    code: str,
    state: AmenityState,
    expires_on: date | None,
    now: datetime,
) -> Station:
    """Say how an amenity stands; the word of staff is a confirmation. Adds it where the station had none."""
    station = await lock_own(conn, actor=actor, station_id=station_id)
    amenity = StationAmenity(code, state, expires_on)
    await _check_amenities(conn, district_id=actor.district_id, amenities=(amenity,), pointer="/path/amenity")
    await put_amenity(conn, district_id=actor.district_id, station_id=station.id, amenity=amenity, now=now)
    await queries.touch_station(conn, district_id=actor.district_id, station_id=station.id, now=now)
    return await record(
        conn,
        actor=actor,
        station_id=station.id,
        kind="station.amenity_changed",
        now=now,
        data={"amenity": code, "state": state},
    )


async def find_own(conn: Connection, *, actor: Actor, station_id: int) -> Station:
    """Give a station that the caller may see in the register. Raises `StationNotFound`."""
    station = await queries.find_station(conn, district_id=actor.district_id, station_id=station_id)
    if station is None or not actor.reaches(station.area_path, *READERS):
        raise StationNotFound()
    return station


async def lock_own(conn: Connection, *, actor: Actor, station_id: int) -> Station:
    """Lock a station that the caller keeps. Raises `StationNotFound`."""
    station = await queries.find_station(conn, district_id=actor.district_id, station_id=station_id, for_update=True)
    if station is None or not actor.reaches(station.area_path, *KEEPERS):
        raise StationNotFound()
    return station


async def list_own(conn: Connection, *, actor: Actor, area_path: str, text: str, after: int, limit: int) -> StationPage:
    """List the stations of the caller's areas, narrowed to a subtree and a text; `limit` is clamped to 1…200."""
    limit = max(1, min(limit, LARGEST_PAGE))
    lines = await queries.list_station_lines(
        conn,
        district_id=actor.district_id,
        scopes=actor.scopes(*READERS),
        area_path=area_path,
        text=text,
        after=after,
        limit=limit + 1,
    )
    return StationPage(tuple(lines[:limit]), lines[limit - 1].id if len(lines) > limit else None)


async def relocate_all(conn: Connection, *, district_id: int, locate: Locate) -> int:
    """Find every station's area anew after another generation of areas became active; give how many moved.

    Where the area stays the same, only the number of its generation is written: no index need hear of it.
    """
    after, moved = 0, 0
    while page := await queries.list_stations(conn, district_id=district_id, scopes=("",), after=after, limit=500):
        after = page[-1].id
        for station in page:
            located = NOWHERE if station.point is None else locate(station.point)
            path = located.area.path if located.area else ""
            if path != station.area_path or located.generation_id != station.generation_id:
                await queries.update_area(conn, district_id=district_id, station_id=station.id, located=located)
            if path != station.area_path:
                await record_change(conn, district_id=district_id, kind=STATION_CHANGED, ref=str(station.id))
                moved += 1
    return moved


def draft_of(station: Station) -> StationDraft:
    """Give what staff or a file would have to say to make this station."""
    return StationDraft(
        **{
            name: getattr(station, name)
            for name in StationDraft.__slots__  # the properties `received` and `entrance` included
        }
    )


def _hours(draft: StationDraft, must_read: bool) -> str | None:
    if not draft.hours_typed.strip():
        return None
    try:
        return read_hours(draft.hours_typed)
    except UnreadableHours:
        if must_read:
            raise
        return None


def _place(draft: StationDraft, locate: Locate) -> tuple[Point | None, Located]:
    if draft.received is None:
        return None, NOWHERE
    point = point_from(draft.received)
    return point, locate(point)


def _check_area(actor: Actor, located: Located) -> None:
    path = located.area.path if located.area else ""
    if not actor.reaches(path, *KEEPERS):
        name = located.area.name if located.area else "—"
        raise OutsideOwnArea(pointer="/position", area=name)


async def _check_amenities(
    conn: Connection, *, district_id: int, amenities: Sequence[StationAmenity], pointer: str = ""
) -> None:
    if amenities:
        known = {kind.code for kind in await list_amenity_kinds(conn, district_id=district_id)}
        for place, amenity in enumerate(amenities):
            if amenity.code not in known:
                raise UnknownAmenity(pointer=pointer or f"/amenities/{place}/code", code=amenity.code)


async def _suspend(
    conn: Connection,
    *,
    actor: Actor,
    station: Station,
    kind: str,
    suspension: tuple[datetime | None, datetime | None, str | None],
    now: datetime,
) -> Station:
    await queries.update_suspension(
        conn, district_id=actor.district_id, station_id=station.id, suspension=suspension, now=now
    )
    starts_at, ends_at, reason = suspension
    data: dict[str, object] = {"from": starts_at, "until": ends_at, "reason": reason}
    return await record(conn, actor=actor, station_id=station.id, kind=kind, now=now, data=data)


async def record(
    conn: Connection, *, actor: Actor, station_id: int, kind: str, now: datetime, data: dict[str, object]
) -> Station:
    """Note a change for the indices and as an event, and give the station as it is now."""
    await record_change(conn, district_id=actor.district_id, kind=STATION_CHANGED, ref=str(station_id))
    await record_event(
        conn,
        district_id=actor.district_id,
        kind=kind,
        subject="station",
        subject_id=station_id,
        actor=actor,
        now=now,
        data=data,
    )
    station = await queries.find_station(conn, district_id=actor.district_id, station_id=station_id)
    if station is None:
        raise StationNotFound()
    return station
