"""One tap from a rider: the door was open, it was locked, or something is broken.

Anybody may tap, without a sign-in. A repeated tap gets the same answer. "Locked" within posted hours and "broken" open
one case for the host community; later taps are added to it for as long as it is open. Neither the asker's position nor
the device is kept, and no event names the rider: only a keyed digest that is another one at each station, for a time.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from community.cases import NOWHERE, open_case
from community.models import Origin, Place
from community.progress import get_progress
from core.access.models import Actor
from core.access.sessions import anonymous
from core.access.wall import Work, acting
from core.calendar import load_calendar
from core.changes import record_change
from core.database import Connection
from core.errors import Text
from core.events import record_event
from core.queries import get_timezone
from core.sealing.models import Purpose
from core.sealing.ring import KeyRing
from geo.models import Locate
from station.amenities.queries import list_amenity_kinds, put_amenity
from station.errors import AmenityNotThere, StationNotFound, TooManyTaps
from station.feedback import queries
from station.hours import Span, work_out
from station.live import STATION_CHANGED
from station.models import AmenityState, FeedbackKind, Station, Tap
from station.queries import find_station, touch_station

#: Within this time the same tap by the same teller is a repetition.
REPEATED_WITHIN = timedelta(minutes=5)
#: A teller's taps at one station within `REPEATED_WITHIN`, beyond which he is asked to wait.
MOST_TAPS = 6

_CATEGORIES = {FeedbackKind.FOUND_LOCKED: "station_locked", FeedbackKind.AMENITY_BROKEN: "station_amenity"}
_THANKS = Text("已收到，谢谢。", "Noted, thank you.")
_PASSED_ON = Text("已收到并转交社区处理，谢谢。", "Noted and passed on to the community, thank you.")


def tellers_of(ring: KeyRing, actor: Actor, device_nonce: str, station_id: int) -> tuple[bytes, ...]:
    """Give the digests by which a repeated tap is known again at this station only, the newest key's first."""
    who = f"rider:{actor.id}" if actor.kind == "rider" else f"device:{device_nonce}"
    return ring.digests(Purpose.CODES, f"tap|{actor.district_id}|{station_id}|{who}")


async def tell(
    conn: Connection,
    *,
    ring: KeyRing,
    actor: Actor,
    station_id: int,
    kind: FeedbackKind,
    amenity: str | None,
    device_nonce: str,
    locate: Locate,
    now: datetime,
) -> Tap:
    """Take in one tap. `device_nonce` is a random word that the client keeps.

    Raises `StationNotFound`, `AmenityNotThere` when the station has no such amenity, `TooManyTaps`.
    """
    async with acting(conn, Work.INTAKE):  # whoever taps may touch the station's evidence and nothing else of it
        return await _take_in(
            conn,
            tellers=tellers_of(ring, actor, device_nonce, station_id),
            actor=anonymous(actor.district_id),  # or his events would tell where he has been
            station_id=station_id,
            kind=kind,
            amenity=amenity,
            locate=locate,
            now=now,
        )


async def _take_in(
    conn: Connection,
    *,
    tellers: Sequence[bytes],
    actor: Actor,
    station_id: int,
    kind: FeedbackKind,
    amenity: str | None,
    locate: Locate,
    now: datetime,
) -> Tap:
    station = await find_station(conn, district_id=actor.district_id, station_id=station_id, for_update=True)
    if station is None:
        raise StationNotFound()
    if kind is not FeedbackKind.AMENITY_BROKEN:
        amenity = None  # says nothing about a door, and must not make another fault of it
    elif amenity not in {known.code for known in station.amenities}:
        raise AmenityNotThere(pointer="/amenity", code=amenity or "—")
    earlier = await _find_earlier(
        conn, district_id=actor.district_id, station_id=station_id, kind=kind, amenity=amenity, tellers=tellers, now=now
    )
    if earlier is not None:
        return earlier
    within_hours = await _is_within_hours(conn, actor.district_id, station, now)
    fault_id = None
    if kind is FeedbackKind.AMENITY_BROKEN or (kind is FeedbackKind.FOUND_LOCKED and within_hours):
        fault_id = await _tell_host(
            conn, actor=actor, station=station, kind=kind, amenity=amenity, locate=locate, now=now
        )
    await _apply(conn, station=station, kind=kind, amenity=amenity, actor=actor, now=now)
    await queries.insert_tap(
        conn,
        district_id=actor.district_id,
        station_id=station_id,
        kind=kind,
        amenity=amenity,
        teller=tellers[0],
        within_hours=within_hours,
        fault_id=fault_id,
        now=now,
    )
    return _answer(station_id, kind, amenity, now, within_hours, has_case=fault_id is not None)


async def _find_earlier(
    conn: Connection,
    *,
    district_id: int,
    station_id: int,
    kind: FeedbackKind,
    amenity: str | None,
    tellers: Sequence[bytes],
    now: datetime,
) -> Tap | None:
    since = now - REPEATED_WITHIN
    row = await queries.find_tap(
        conn,
        district_id=district_id,
        station_id=station_id,
        kind=kind,
        amenity=amenity,
        tellers=tellers,
        since=since,
    )
    if row is not None:
        return _answer(station_id, kind, amenity, row["told_at"], row["within_hours"], has_case=row["has_case"])
    taps = await queries.count_taps(conn, district_id=district_id, station_id=station_id, tellers=tellers, since=since)
    if taps >= MOST_TAPS:
        raise TooManyTaps(retry_after_s=int(REPEATED_WITHIN.total_seconds()))
    return None


async def _is_within_hours(conn: Connection, district_id: int, station: Station, now: datetime) -> bool | None:
    """Tell whether the door is posted open at `now`; None when the hours are unknown."""
    starts_at, ends_at = station.suspended_from, station.suspended_until
    if starts_at is not None and starts_at <= now and (ends_at is None or now < ends_at):
        return False
    if station.hours is None:
        return None
    timezone = await get_timezone(conn, district_id=district_id)
    calendar = await load_calendar(conn, district_id=district_id)
    today = now.astimezone(timezone).date()
    schedule = work_out(station.hours, calendar=calendar, timezone=timezone, first_day=today, days=1)
    return schedule.at(now.timestamp()) is Span.OPEN


async def _tell_host(
    conn: Connection,
    *,
    actor: Actor,
    station: Station,
    kind: FeedbackKind,
    amenity: str | None,
    locate: Locate,
    now: datetime,
) -> int:
    """Add the tap to the open case of this fault, or open one; give the fault."""
    district_id = actor.district_id
    fault = await queries.find_open_fault(
        conn, district_id=district_id, station_id=station.id, kind=kind, amenity=amenity
    )
    if fault is not None and fault.case_id is not None:
        progress = await get_progress(conn, district_id=district_id, case_id=fault.case_id)
        if progress.closed_at is None:
            await _add_evidence(conn, actor=actor, fault_id=fault.id, case_id=fault.case_id, now=now)
            return fault.id
        await queries.settle_fault(conn, district_id=district_id, fault_id=fault.id, now=now)
    fault_id = await queries.insert_fault(
        conn, district_id=district_id, station_id=station.id, kind=kind, amenity=amenity, now=now
    )
    point, received = station.point, station.received
    case = await open_case(
        conn,
        district_id=district_id,
        origin=Origin.STATION_FAULT,
        origin_ref=str(fault_id),
        category_code=_CATEGORIES[kind],
        description=await _describe(conn, district_id=district_id, station=station, amenity=amenity),
        located=NOWHERE if point is None else locate(point),
        place=None if point is None or received is None else Place(point, received, accuracy_m=None),
        trusted=False,
        actor=actor,
        now=now,
    )
    await queries.link_fault(conn, district_id=district_id, fault_id=fault_id, case_id=case.id)
    return fault_id


async def _add_evidence(conn: Connection, *, actor: Actor, fault_id: int, case_id: int, now: datetime) -> None:
    taps = await queries.add_tap_to_fault(conn, district_id=actor.district_id, fault_id=fault_id, now=now)
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="case.told_again",
        subject="case",
        subject_id=case_id,
        actor=actor,
        now=now,
        data={"taps": taps},
    )


async def _describe(conn: Connection, *, district_id: int, station: Station, amenity: str | None) -> str:
    title = f"{station.name}（{station.code}）"
    if amenity is None:
        return f"骑手反映：{title}在公示开放时间内锁门，开放时间：{station.hours_typed}"
    kinds = {kind.code: kind.zh for kind in await list_amenity_kinds(conn, district_id=district_id)}
    return f"骑手反映：{title}的“{kinds[amenity]}”不能使用"


async def _apply(
    conn: Connection, *, station: Station, kind: FeedbackKind, amenity: str | None, actor: Actor, now: datetime
) -> None:
    """Let the tap show: in the evidence of the door, or in the amenity's state until the host has looked."""
    district_id = actor.district_id
    if kind is FeedbackKind.AMENITY_BROKEN:
        (known,) = (known for known in station.amenities if known.code == amenity)
        broken = replace(known, state=AmenityState.OUT_OF_ORDER, is_confirmed=False)
        if known.state is AmenityState.WORKING:
            await put_amenity(conn, district_id=district_id, station_id=station.id, amenity=broken, now=now)
            await touch_station(conn, district_id=district_id, station_id=station.id, now=now)
    else:
        await queries.note_finding(conn, district_id=district_id, station_id=station.id, kind=kind, now=now)
    await record_change(conn, district_id=district_id, kind=STATION_CHANGED, ref=str(station.id))
    await record_event(
        conn,
        district_id=district_id,
        kind=f"station.{kind}",
        subject="station",
        subject_id=station.id,
        actor=actor,
        now=now,
        data={} if amenity is None else {"amenity": amenity},
    )


def _answer(
    station_id: int,
    kind: FeedbackKind,
    amenity: str | None,
    told_at: datetime,
    within_hours: bool | None,
    *,
    has_case: bool,
) -> Tap:
    thanks = _PASSED_ON if has_case else _THANKS
    return Tap(station_id, kind, amenity, told_at, within_hours, has_case, thanks)
