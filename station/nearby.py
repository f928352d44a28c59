"""The nearest stations to a place, for anybody: by the live shelf, or by the database until that is loaded.

The asker's position lives in the question only; nothing here stores or logs it.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.access.wall import Work, acting, transaction_of
from core.calendar import load_calendar
from core.database import Connection, Pool
from core.errors import NotFound
from core.queries import get_timezone
from geo.models import Point
from station import queries
from station.amenities.queries import list_amenity_kinds
from station.errors import StationNotFound, TooFarAhead
from station.hours import OpenDay
from station.live import LiveStations
from station.models import StationCard
from station.opening import Openness
from station.photos.queries import find_stored_photo
from station.shelf import Ask, Shelf, Vocabulary
from station.timelines import DAYS_AHEAD

LARGEST_RADIUS_M = 50_000.0
LARGEST_LIMIT = 50

#: Days ahead for which opening is worked out in full, whatever the time of day of the question.
DAYS_TO_ASK = DAYS_AHEAD - 1
_METRES_A_DEGREE = 110_574.0
_MOST_IN_BOX = 2_000


@dataclass(frozen=True, slots=True)
class NearbyStation(StationCard):
    """A station with its distance along the ground, its direction from the asker, and whether the door is open."""

    distance_m: float
    bearing_deg: int
    open: Openness


@dataclass(frozen=True, slots=True)
class NearbyAnswer:
    """The nearest first. `centre` is the WGS-84 place that was searched around."""

    as_of: datetime
    centre: Point
    stations: tuple[NearbyStation, ...]


@dataclass(frozen=True, slots=True)
class StationView:
    """One station for anybody, with its openness now and the hours posted for this day and the six after it."""

    station: StationCard
    open: Openness
    week: tuple[OpenDay, ...]


async def find_nearby(pool: Pool, live: LiveStations, *, district_id: int, ask: Ask, now: datetime) -> bytes:
    """Give a `NearbyAnswer` as JSON. Raises `UnknownAmenity`, `TooFarAhead`."""
    if ask.open_at is not None and not now <= ask.open_at <= now + timedelta(days=DAYS_TO_ASK):
        raise TooFarAhead(pointer="/query/open_at", days=DAYS_TO_ASK)
    if live.is_loaded:
        found = await live.ask(ask, now)
    else:
        async with transaction_of(pool, Work.PUBLIC, district_id=district_id) as conn:
            found = await find_nearby_in_database(conn, district_id=district_id, ask=ask, now=now)
    return b'{"as_of":"%b","centre":{"lon":%.7f,"lat":%.7f},"stations":[%b]}' % (
        now.isoformat(timespec="seconds").replace("+00:00", "Z").encode(),
        ask.point.lon,
        ask.point.lat,
        found,
    )


async def find_nearby_in_database(conn: Connection, *, district_id: int, ask: Ask, now: datetime) -> bytes:
    """Answer from a shelf of the stations around: before the live one is loaded, and as its oracle."""
    half_height = ask.radius_m / _METRES_A_DEGREE
    cards = await queries.list_cards_in_box(
        conn,
        district_id=district_id,
        centre=ask.point,
        half_height=half_height,
        half_width=half_height / max(math.cos(math.radians(ask.point.lat)), 0.01),
        amenities=ask.amenities,
        limit=_MOST_IN_BOX,
    )
    shelf = await _make_shelf(conn, cards, district_id=district_id, now=now)
    (hits,) = shelf.answer([shelf.wish(ask, now)], now)
    return shelf.spell(hits, ask.open_at)


async def get_station_view(conn: Connection, *, district_id: int, station_id: int, now: datetime) -> StationView:
    """Give one station with its openness now. Raises `StationNotFound`."""
    async with acting(conn, Work.PUBLIC):
        cards = await queries.list_cards_by_id(conn, district_id=district_id, station_ids=[station_id])
    if not cards:
        raise StationNotFound()
    shelf = await _make_shelf(conn, [], district_id=district_id, now=now)
    return StationView(cards[0], shelf.timelines.openness_of(cards[0]), shelf.timelines.week_of(cards[0]))


async def find_by_qr(conn: Connection, *, district_id: int, qr_token: str) -> StationCard:
    """Give the station on whose door a QR code stands. Raises `StationNotFound`."""
    async with acting(conn, Work.PUBLIC):
        station_id = await queries.find_station_by_qr(conn, district_id=district_id, qr_token=qr_token)
        cards = await queries.list_cards_by_id(conn, district_id=district_id, station_ids=[station_id or 0])
    if not cards:
        raise StationNotFound()
    return cards[0]


async def find_photo(conn: Connection, *, district_id: int, station_id: int) -> str:
    """Give the hash under which a station's photo is stored. Raises `NotFound` where it has none."""
    async with acting(conn, Work.PUBLIC):
        stored_sha256 = await find_stored_photo(conn, district_id=district_id, station_id=station_id)
    if stored_sha256 is None:
        raise NotFound()
    return stored_sha256


async def _make_shelf(conn: Connection, cards: list[StationCard], *, district_id: int, now: datetime) -> Shelf:
    return Shelf(
        cards,
        vocabulary=Vocabulary(await list_amenity_kinds(conn, district_id=district_id)),
        calendar=await load_calendar(conn, district_id=district_id),
        timezone=await get_timezone(conn, district_id=district_id),
        now=now,
    )
