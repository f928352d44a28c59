"""Stations over HTTP: finding them, keeping the register, tapping, and whole lists in and out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self

from aiohttp import web
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, model_validator

from core.calendar import load_calendar
from core.errors import FieldError, InvalidInput, Text
from core.http.endpoint import Created, Input
from core.http.fields import SHOWN
from core.http.photos import UploadQuery, forget_upload, give_photo, taken_photo
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, POOL, actor, district_id, now, transaction
from core.photos import KEPT_AS
from core.queries import get_timezone
from geo.api import LOCATE, SEARCH_PLACES, PositionBody
from geo.datum import point_from
from geo.models import Datum, Point, Received
from station import nearby, registry, week
from station.amenities.queries import list_amenity_kinds
from station.errors import PlaceNotFound, PositionMissing
from station.live import LiveStations
from station.models import (
    AmenityKind,
    AmenityState,
    Door,
    HostKind,
    OpenTo,
    Station,
    StationAmenity,
    StationDraft,
    StationPage,
)
from station.photos.keep import expect_photo, record_photo
from station.shelf import Ask

LIVE_STATIONS = web.AppKey("live_stations", LiveStations)

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Label = Annotated[str, StringConstraints(max_length=200), SHOWN]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120), SHOWN]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Degrees = Annotated[float, Field(allow_inf_nan=False)]


class NearbyQuery(Input):
    """Where (`lat`, `lon` and `datum`, or a typed `place`) and what. `amenity` may be repeated or hold commas."""

    lat: Annotated[Degrees, Field(ge=-90, le=90)] | None = None
    lon: Annotated[Degrees, Field(ge=-180, le=180)] | None = None
    datum: Datum = Datum.WGS84
    place: Line = ""
    amenity: tuple[str, ...] = ()
    door: tuple[str, ...] = ()
    open_now: bool = False
    open_at: AwareDatetime | None = None
    radius_m: float = Field(default=5_000.0, gt=0, le=nearby.LARGEST_RADIUS_M)
    limit: int = Field(default=10, ge=1, le=nearby.LARGEST_LIMIT)


class AmenityBody(Input):
    """An amenity at a station and how it stands."""

    code: str = Field(max_length=40)
    state: AmenityState = AmenityState.WORKING
    expires_on: date | None = None


class StationFields(Input):
    """What may be set on a station; `hours` in OSM syntax or as Chinese doors spell them."""

    name: Name | None = None
    code: Code | None = None
    host_unit: Label | None = None
    host_kind: HostKind | None = None
    address: Label | None = None
    position: PositionBody | None = None
    entrance: PositionBody | None = None
    photo_sha256: Sha256 | None = None
    hours: Line | None = None
    door: Door | None = None
    capacity: int | None = Field(default=None, ge=1, le=10_000)
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] | None = None
    open_to: OpenTo | None = None
    amenities: tuple[AmenityBody, ...] | None = Field(default=None, max_length=62)


class NewStation(StationFields):
    """A station to be entered; without `code` one is made of name and address."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "听涛社区骑士驿站",
                    "address": "听涛路 8 号",
                    "position": {"lon": 120.18, "lat": 35.96, "datum": "wgs84"},
                    "hours": "周一至周五 8:30-17:30",
                    "door": "staff",
                }
            ]
        }
    )

    name: Name


class StationPatch(StationFields):
    """Fields to change; `row_version` is that of the station as it was read. `is_verified`: seen on the spot today."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"row_version": 3, "phone": "0532 0000 0000", "is_verified": True}]}
    )

    row_version: int
    is_verified: bool = False


class SuspensionBody(Input):
    """Out of service from `starts_at` (now) until `ends_at` (until resumed)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "装修", "ends_at": "2026-12-20T08:00:00+08:00"}]}
    )

    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError(Text("结束时间须晚于开始时间。", "ends_at must be later than starts_at."))
        return self


class AmenityStateBody(Input):
    """How an amenity stands; `expires_on` for what can go off."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "out_of_order"}]})

    state: AmenityState
    expires_on: date | None = None


class HoursQuery(Input):
    """Hours as they would be typed for a station."""

    typed: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class StationsQuery(Input):
    """Which stations of one's own areas: a subtree, a text in name, code or address, and the page."""

    area: Annotated[str, StringConstraints(max_length=200)] = ""
    text: Line = ""
    after: int = Field(default=0, ge=0, lt=2**63)
    limit: int = Field(default=50, ge=1)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The amenities a station may have."""

    amenities: list[AmenityKind]


@dataclass(frozen=True, slots=True)
class FoundByQr:
    """The station that a QR code leads to."""

    station_id: int


async def find_nearby_stations(request: web.Request, query: NearbyQuery) -> web.Response:
    """Find the nearest stations around a position or a typed place; needs no sign-in, and keeps no position."""
    ask = Ask(
        point=await _centre(request, query),
        amenities=_split(query.amenity),
        doors=_doors(query.door),
        must_be_open=query.open_now,
        open_at=query.open_at,
        radius_m=query.radius_m,
        limit=query.limit,
    )
    app = request.app
    body = await nearby.find_nearby(
        app[POOL], app[LIVE_STATIONS], district_id=app[DISTRICT_ID], ask=ask, now=app[CLOCK]()
    )
    return web.Response(body=body, content_type="application/json")


async def get_station(request: web.Request, station_id: int) -> nearby.StationView:
    """Show one station to anybody."""
    async with transaction(request) as conn:
        return await nearby.get_station_view(
            conn, district_id=district_id(request), station_id=station_id, now=now(request)
        )


async def find_station_by_qr(request: web.Request, qr_token: str) -> FoundByQr:
    """Tell which station's door a QR code stands on."""
    async with transaction(request) as conn:
        found = await nearby.find_by_qr(conn, district_id=district_id(request), qr_token=qr_token)
    return FoundByQr(found.id)


async def get_station_photo(request: web.Request, station_id: int) -> web.Response:
    """Give a station's photo to anybody."""
    async with transaction(request) as conn:
        stored = await nearby.find_photo(conn, district_id=district_id(request), station_id=station_id)
    return await give_photo(request, stored, KEPT_AS)


async def put_station_photo(request: web.Request, station_id: int, sha256: str, query: UploadQuery) -> Station:
    """Send a station's photo as the raw body, in place of the one before; sending it again is harmless.

    What is kept and served is a JPEG made of its pixels, without place, time and whatever else the camera wrote.
    """
    async with transaction(request) as conn:
        known = await expect_photo(conn, actor=actor(request), station_id=station_id, sha256=sha256)
    if known is not None:
        forget_upload(request, sha256)
        return known
    async with taken_photo(request, sha256, offset=query.offset) as photo, transaction(request) as conn:
        return await record_photo(conn, actor=actor(request), station_id=station_id, photo=photo, now=now(request))


async def list_amenities(request: web.Request) -> Vocabulary:
    """List the amenity vocabulary."""
    async with transaction(request) as conn:
        return Vocabulary(await list_amenity_kinds(conn, district_id=district_id(request)))


async def list_stations(request: web.Request, query: StationsQuery) -> StationPage:
    """List the stations of the caller's areas in order of id; `next_after` leads to the next page."""
    async with transaction(request) as conn:
        return await registry.list_own(
            conn, actor=actor(request), area_path=query.area, text=query.text, after=query.after, limit=query.limit
        )


async def get_station_record(request: web.Request, station_id: int) -> Station:
    """Show a station's whole record to the staff of its area."""
    async with transaction(request) as conn:
        return await registry.find_own(conn, actor=actor(request), station_id=station_id)


async def create_station(request: web.Request, body: NewStation) -> Created[Station]:
    """Enter a station in one of the caller's areas."""
    async with transaction(request) as conn:
        station = await registry.create(
            conn,
            actor=actor(request),
            draft=StationDraft(**_changes(body)),
            locate=request.app[LOCATE],
            now=now(request),
        )
    return Created(station, location=f"/api/v1/stations/{station.id}")


async def edit_station(request: web.Request, station_id: int, body: StationPatch) -> Station:
    """Change a station; refused with 409 when it has changed since `row_version`."""
    changes = _changes(body)
    if body.is_verified:
        changes |= {"verified_at": now(request), "verified_by": actor(request).name}
    async with transaction(request) as conn:
        return await registry.edit(
            conn,
            actor=actor(request),
            station_id=station_id,
            row_version=body.row_version,
            changes=changes,
            locate=request.app[LOCATE],
            now=now(request),
        )


async def preview_hours(request: web.Request, query: HoursQuery) -> week.Week:
    """Show how typed hours are read, and the seven days from today that come of them. Nothing is stored."""
    async with transaction(request) as conn:
        timezone = await get_timezone(conn, district_id=district_id(request))
        calendar = await load_calendar(conn, district_id=district_id(request))
    today = now(request).astimezone(timezone).date()
    return week.preview(query.typed, calendar=calendar, timezone=timezone, first_day=today)


async def suspend_station(request: web.Request, station_id: int, body: SuspensionBody) -> Station:
    """Take a station out of service, with the reason that riders will read."""
    async with transaction(request) as conn:
        return await registry.suspend(
            conn,
            actor=actor(request),
            station_id=station_id,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            reason=body.reason,
            now=now(request),
        )


async def resume_station(request: web.Request, station_id: int) -> Station:
    """Put a station back into service."""
    async with transaction(request) as conn:
        return await registry.resume(conn, actor=actor(request), station_id=station_id, now=now(request))


async def set_amenity(request: web.Request, station_id: int, amenity: str, body: AmenityStateBody) -> Station:
    """Say how an amenity of a station stands; this also confirms or lifts what riders reported."""
    async with transaction(request) as conn:
        return await registry.set_amenity(
            conn,
            actor=actor(request),
            station_id=station_id,
            code=amenity,
            state=body.state,
            expires_on=body.expires_on,
            now=now(request),
        )


async def _centre(request: web.Request, query: NearbyQuery) -> Point:
    if query.lon is not None and query.lat is not None:
        if query.datum is Datum.WGS84:
            return Point(query.lon, query.lat)
        return point_from(Received(query.lon, query.lat, query.datum))
    if not query.place:
        raise PositionMissing(pointer="/query/lat" if query.lat is None else "/query/lon")
    found = await request.app[SEARCH_PLACES](query.place, 1)
    if not found:
        raise PlaceNotFound(pointer="/query/place", place=query.place)
    return found[0].point


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for value in values for code in value.split(",") if code) if values else ()


def _doors(values: tuple[str, ...]) -> tuple[Door, ...]:
    try:
        return tuple(Door(value) for value in _split(values))
    except ValueError:
        known = ", ".join(Door)
        raise InvalidInput([FieldError("/query/door", Text(f"只能是 {known}。", f"Must be one of {known}."))]) from None


def _changes(body: StationFields) -> dict[str, Any]:
    """Give the fields that were sent, named and typed as in `StationDraft`; null empties a field."""
    sent = {name: getattr(body, name) for name in body.model_fields_set if name in StationFields.model_fields}
    changes: dict[str, Any] = {}
    for name, value in sent.items():
        match name, value:
            case "position", position:
                changes["received"] = position and position.received()
            case "entrance", position:
                changes["entrance"] = position and point_from(position.received())
            case "amenities", amenities:
                changes["amenities"] = tuple(StationAmenity(**amenity.model_dump()) for amenity in amenities or ())
            case "hours", hours:
                changes["hours_typed"] = hours or ""
            case (("photo_sha256" | "capacity"), _):
                changes[name] = value
            case _, None:
                raise InvalidInput([FieldError(f"/{name}", Text("不能为空。", "Must not be null."))])
            case _:
                changes[name] = value
    return changes


async def keep_stations_live(app: web.Application) -> AsyncIterator[None]:
    """Hold the live stations while the application runs (an `app.cleanup_ctx` step, after the pool is open)."""
    app[LIVE_STATIONS] = live = LiveStations(district_id=app[DISTRICT_ID])
    live.start_load(app[BACKGROUND], now=app[CLOCK]())
    yield
    await live.close()


async def follow_stations(app: web.Application) -> None:
    """Take in what changed (a sweep of `app.schedule`, each second)."""
    await app[LIVE_STATIONS].follow(app[BACKGROUND], now=app[CLOCK]())
