"""Stations, their amenities, and what riders say of them. Values only: no database, no clock."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from core.errors import Text
from geo.models import Datum, Point, Received
from station.opening import Evidence, Suspension


class Door(StrEnum):
    """How a rider gets in."""

    OPEN = "open"
    STAFF = "staff"
    WECHAT_SCAN = "wechat_scan"
    APP_QR = "app_qr"
    ID_CARD = "id_card"
    FACE = "face"
    PASSWORD = "password"  # noqa: S105 — a kind of door


class HostKind(StrEnum):
    """What kind of unit hosts a station."""

    COMMUNITY = "community"
    GRID = "grid"
    UNION = "union"
    GOVERNMENT = "government"
    BANK = "bank"
    COMPANY = "company"
    SHOP = "shop"
    OTHER = "other"


class OpenTo(StrEnum):
    """Whom a station serves."""

    ALL = "all"
    MEMBERS = "members"


class AmenityState(StrEnum):
    """Whether an amenity can be used."""

    WORKING = "working"
    OUT_OF_ORDER = "out_of_order"
    OUT_OF_STOCK = "out_of_stock"


class FeedbackKind(StrEnum):
    """What one tap says."""

    FOUND_OPEN = "found_open"
    FOUND_LOCKED = "found_locked"
    AMENITY_BROKEN = "amenity_broken"


@dataclass(frozen=True, slots=True)
class AmenityKind:
    """A word of the amenity vocabulary, which is the district's own data."""

    code: str
    zh: str
    en: str
    family: str
    is_consumable: bool


@dataclass(frozen=True, slots=True)
class StationAmenity:
    """An amenity at a station. `is_confirmed` False: a rider said so and the host has not looked yet."""

    code: str
    state: AmenityState = AmenityState.WORKING
    expires_on: date | None = None
    is_confirmed: bool = True


@dataclass(frozen=True, slots=True)
class StationDraft:
    """What staff or a file say of a station. `received` None: not on the map yet. `hours_typed` as it was typed."""

    name: str
    code: str = ""
    host_unit: str = ""
    host_kind: HostKind = HostKind.OTHER
    address: str = ""
    received: Received | None = None
    entrance: Point | None = None
    photo_sha256: str | None = None
    hours_typed: str = ""
    door: Door = Door.OPEN
    capacity: int | None = None
    phone: str = ""
    open_to: OpenTo = OpenTo.ALL
    verified_at: datetime | None = None
    verified_by: str | None = None
    suspended_from: datetime | None = None
    suspended_until: datetime | None = None
    suspended_reason: str | None = None
    amenities: tuple[StationAmenity, ...] = ()


@dataclass(frozen=True, slots=True)
class Station:
    """A station as its staff see it. Positions are WGS-84, beside what was received."""

    id: int
    code: str
    qr_token: str
    name: str
    host_unit: str
    host_kind: HostKind
    address: str
    lon: float | None
    lat: float | None
    received_lon: float | None
    received_lat: float | None
    received_datum: Datum | None
    entrance_lon: float | None
    entrance_lat: float | None
    photo_sha256: str | None
    hours: str | None
    hours_typed: str
    is_always_open: bool
    door: Door
    capacity: int | None
    phone: str
    open_to: OpenTo
    verified_at: datetime | None
    verified_by: str | None
    suspended_from: datetime | None
    suspended_until: datetime | None
    suspended_reason: str | None
    found_open_at: datetime | None
    found_locked_at: datetime | None
    area_code: str | None
    area_path: str
    generation_id: int | None
    is_demo: bool
    created_at: datetime
    updated_at: datetime
    row_version: int
    amenities: tuple[StationAmenity, ...]

    @property
    def received(self) -> Received | None:
        """The position as it came in."""
        if self.received_lon is None or self.received_lat is None or self.received_datum is None:
            return None
        return Received(self.received_lon, self.received_lat, self.received_datum)

    @property
    def point(self) -> Point | None:
        """The position in WGS-84."""
        return None if self.lon is None or self.lat is None else Point(self.lon, self.lat)

    @property
    def entrance(self) -> Point | None:
        """The entrance in WGS-84, where it differs from the position."""
        has_none = self.entrance_lon is None or self.entrance_lat is None
        return None if has_none else Point(self.entrance_lon or 0.0, self.entrance_lat or 0.0)


@dataclass(frozen=True, slots=True)
class StationCard:
    """A station as anybody may see it: what `nearby` answers and the page of one station shows."""

    id: int
    code: str
    name: str
    host_unit: str
    host_kind: HostKind
    address: str
    lon: float | None
    lat: float | None
    entrance_lon: float | None
    entrance_lat: float | None
    photo_sha256: str | None
    hours: str | None
    hours_typed: str
    is_always_open: bool
    door: Door
    capacity: int | None
    phone: str
    open_to: OpenTo
    verified_at: datetime | None
    found_open_at: datetime | None
    found_locked_at: datetime | None
    suspended_from: datetime | None
    suspended_until: datetime | None
    suspended_reason: str | None
    area_code: str | None
    is_demo: bool
    amenities: tuple[StationAmenity, ...]

    @property
    def suspension(self) -> Suspension | None:
        """The suspension noted, whether past, present or to come."""
        return None if self.suspended_from is None else Suspension(self.suspended_from, self.suspended_until)

    @property
    def evidence(self) -> Evidence:
        """What riders last found."""
        return Evidence(self.found_open_at, self.found_locked_at)


@dataclass(frozen=True, slots=True)
class StationLine:
    """A station as a staff list shows it."""

    id: int
    code: str
    name: str
    address: str
    hours: str | None
    hours_typed: str
    lon: float | None
    lat: float | None
    area_path: str
    verified_at: datetime | None
    suspended_from: datetime | None
    suspended_until: datetime | None
    found_locked_at: datetime | None
    is_demo: bool
    row_version: int


@dataclass(frozen=True, slots=True)
class StationPage:
    """Some stations, and the id after which the next page begins; None on the last."""

    stations: tuple[StationLine, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a station that the host community handles as a case."""

    id: int
    case_id: int | None
    taps: int


@dataclass(frozen=True, slots=True)
class OpenFeedback:
    """Taps of one kind at one station: how many, of how many people, how many within posted hours, and when."""

    station_id: int
    station_code: str
    station_name: str
    area_path: str
    kind: FeedbackKind
    amenity: str | None
    taps: int
    tellers: int
    within_hours: int
    first_told_at: datetime
    last_told_at: datetime
    case_id: int | None


@dataclass(frozen=True, slots=True)
class OwnTap:
    """What is kept of a rider's tap, for himself: `station` is its name."""

    station: str
    kind: str
    amenity: str | None
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Tap:
    """The answer to one tap: what was noted, and whether it opened a case or joined one."""

    station_id: int
    kind: FeedbackKind
    amenity: str | None
    told_at: datetime
    within_hours: bool | None
    has_case: bool
    thanks: Text
