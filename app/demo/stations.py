"""The demonstration's 24 stations: every field, and doors, hours and amenities of many kinds. Invented."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from app.demo.people import COMMUNITIES
from app.demo.places import Ground
from geo.datum import from_wgs84
from geo.models import Datum, Point, Received
from station.models import AmenityState, Door, HostKind, OpenTo, StationAmenity, StationDraft

_SEED = 24_2026
_BASE = "drinking_water hot_water seating phone_charging wifi"
_FULL = f"{_BASE} food_heating fridge cool_room warm_room toilet first_aid rain_gear books relief_supplies"
_ROUND_THE_CLOCK = f"{_BASE} cool_room warm_room power_bank battery_swap aed"


@dataclass(frozen=True, slots=True)
class _Site:
    """What differs from station to station. An amenity may carry its state: `fridge:out_of_order`."""

    community: str
    name: str
    kind: HostKind
    hours: str
    door: Door
    capacity: int
    amenities: str
    open_to: OpenTo = OpenTo.ALL
    verified_days_ago: int | None = 10
    suspended_for: str | None = None


_C, _G, _U, _GOV, _B, _CO, _S, _O = HostKind
_ALL = tuple(COMMUNITIES)

_SITES = (
    _Site(
        _ALL[0],
        "党群服务中心站",
        _C,
        "周一至周五 08:30-12:00,13:30-17:30",
        Door.OPEN,
        20,
        f"{_FULL} policy_consultation",
    ),
    _Site(_ALL[0], "24小时自助站", _G, "24小时", Door.WECHAT_SCAN, 8, f"{_ROUND_THE_CLOCK} ebike_charging"),
    _Site(
        _ALL[0], "滨海步道站", _GOV, "06:00-22:00", Door.OPEN, 12, f"{_BASE} toilet pump_tools rain_gear:out_of_stock"
    ),
    _Site(
        _ALL[1], "职工之家站", _U, "08:30-12:00,14:00-18:00", Door.STAFF, 30, f"{_FULL} shower legal_aid counselling"
    ),
    _Site(_ALL[1], "银行网点站", _B, "工作日 09:00-17:00", Door.OPEN, 6, f"{_BASE} printing fridge:out_of_order"),
    _Site(_ALL[1], "夜宵街站", _S, "17:00-次日02:00", Door.OPEN, 10, "drinking_water hot_water seating discount_meals"),
    _Site(_ALL[2], "渔港站", _C, "每天 07:00-19:00", Door.OPEN, 16, f"{_FULL} shower:out_of_order sewing_kit"),
    _Site(_ALL[2], "便民市场站", _S, "", Door.OPEN, 5, "drinking_water seating phone_charging", verified_days_ago=None),
    _Site(_ALL[2], "灯塔公园站", _GOV, "24小时", Door.PASSWORD, 9, f"{_ROUND_THE_CLOCK} toilet", verified_days_ago=140),
    _Site(
        _ALL[3], "党群服务中心站", _C, "周一至周五 08:30-17:30", Door.OPEN, 24, f"{_FULL} policy_consultation training"
    ),
    _Site(_ALL[3], "松间站", _G, "周一至周日 08:00-20:00", Door.FACE, 8, f"{_BASE} nursing_room fridge"),
    _Site(
        _ALL[3],
        "配送集散站",
        _CO,
        "24小时",
        Door.APP_QR,
        40,
        f"{_ROUND_THE_CLOCK} ebike_charging pump_tools",
        OpenTo.MEMBERS,
    ),
    _Site(_ALL[4], "工会驿站", _U, "08:00-12:00,14:00-16:00", Door.OPEN, 18, f"{_FULL} legal_aid", OpenTo.MEMBERS),
    _Site(
        _ALL[4],
        "图书角站",
        _GOV,
        "周二至周日 09:00-21:00",
        Door.OPEN,
        22,
        f"{_BASE} books printing toilet cool_room",
        suspended_for="室内改造，暂停开放（演示）",
    ),
    _Site(
        _ALL[4], "加油站旁站", _CO, "06:00-23:45", Door.STAFF, 6, f"{_BASE} toilet pump_tools battery_swap:out_of_stock"
    ),
    _Site(_ALL[5], "老街站", _C, "上午8点半到12点、下午2点半至6点", Door.OPEN, 14, f"{_FULL} sewing_kit health_check"),
    _Site(_ALL[5], "学院路站", _O, "工作日开放", Door.STAFF, 12, f"{_BASE} training books"),
    _Site(_ALL[5], "夜归人站", _S, "20:00-次日06:00", Door.OPEN, 8, "drinking_water hot_water food_heating seating"),
    _Site(_ALL[6], "帆船公园站", _GOV, "08:00-18:00", Door.OPEN, 20, f"{_FULL} aed:out_of_order shower"),
    _Site(_ALL[6], "写字楼站", _CO, "周一至周五 07:30-21:00", Door.ID_CARD, 10, f"{_BASE} fridge food_heating"),
    _Site(_ALL[6], "24小时警民站", _GOV, "24小时", Door.OPEN, 6, f"{_ROUND_THE_CLOCK} toilet first_aid rain_gear"),
    _Site(
        _ALL[7],
        "党群服务中心站",
        _C,
        "周一至周五 08:30-12:00,13:00-17:30",
        Door.OPEN,
        26,
        f"{_FULL} policy_consultation",
    ),
    _Site(_ALL[7], "星光广场站", _U, "10:00-22:00", Door.WECHAT_SCAN, 15, f"{_BASE} power_bank discount_meals"),
    _Site(
        _ALL[7],
        "换电便利站",
        _CO,
        "Mo-Su 05:30-24:00",
        Door.APP_QR,
        4,
        "drinking_water ebike_charging battery_swap",
        verified_days_ago=95,
    ),
)

#: (place in the list, amenity): what riders find broken; None is a locked door, at stations that should be open by day.
FAULTS: tuple[tuple[int, str | None], ...] = (
    (1, None),
    (0, "hot_water"),
    (3, "shower"),
    (8, None),
    (4, "printing"),
    (6, "phone_charging"),
    (11, None),
    (9, "wifi"),
    (10, "seating"),
    (16, "books"),
    (12, "food_heating"),
    (14, None),
    (15, "hot_water"),
    (18, "cool_room"),
    (2, None),
    (19, "fridge"),
    (21, "drinking_water"),
    (23, None),
    (22, "power_bank"),
    (5, "hot_water"),
    (7, "seating"),
)
#: Where riders lately found the door open, and how many minutes before loading.
FOUND_OPEN = ((20, 8), (11, 90), (7, 25), (14, 30))
#: The station of `FAULTS[0]` is found locked once more, so many minutes before loading.
LOCKED_AGAIN_MINUTES = 20


def list_stations(ground: Ground, *, now: datetime) -> list[StationDraft]:
    """Give the stations, the same ones every time; only dates are relative to `now`."""
    rng = np.random.default_rng(_SEED)
    return [_draft(rng, ground, number, site, now) for number, site in enumerate(_SITES)]


def _draft(rng: np.random.Generator, ground: Ground, number: int, site: _Site, now: datetime) -> StationDraft:
    stem = COMMUNITIES[site.community]
    point = ground.point_inside(rng, site.community)
    verified = site.verified_days_ago is not None
    return StationDraft(
        code=f"DEMO-{number + 1:03}",
        name=f"演示驿站·{stem}{site.name}",
        host_unit=f"{stem}社区（演示）",
        host_kind=site.kind,
        address=f"演示区{stem}路{number * 7 + 3}号",
        received=_received(point, (Datum.GCJ02, Datum.WGS84, Datum.BD09)[number % 3]),
        entrance=Point(point.lon + 0.00012, point.lat - 0.00005),
        hours_typed=site.hours,
        door=site.door,
        capacity=site.capacity,
        phone=f"0532-0000{number + 101:04}",
        open_to=site.open_to,
        verified_at=now - timedelta(days=site.verified_days_ago) if site.verified_days_ago is not None else None,
        verified_by="演示网格员" if verified else None,
        suspended_from=now - timedelta(days=3) if site.suspended_for else None,
        suspended_until=now + timedelta(days=11) if site.suspended_for else None,
        suspended_reason=site.suspended_for,
        amenities=tuple(_amenity(word, number, now) for word in site.amenities.split()),
    )


def _received(point: Point, datum: Datum) -> Received:
    lon, lat = from_wgs84(point.lon, point.lat, datum)
    return Received(round(lon, 7), round(lat, 7), datum)


def _amenity(word: str, number: int, now: datetime) -> StationAmenity:
    """Read `code` or `code:state`; what can run out carries a date, here and there already past."""
    code, _, state = word.partition(":")
    expires_on = None
    if code in _EXPIRING:
        expires_on = (now + timedelta(days=30 * (number % 7) - 15)).date()
    return StationAmenity(code, AmenityState(state or "working"), expires_on)


_EXPIRING = {"first_aid", "aed", "rain_gear", "relief_supplies", "sewing_kit"}
