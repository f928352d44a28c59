"""What the columns of a station list mean: from a cell to a field of `StationDraft` and back.

The same spelling goes out and comes in, so that an exported list reads back as the same stations. Pure.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.errors import Refusal, Text
from geo.models import Datum, Point, Received
from station.models import AmenityState, Door, HostKind, OpenTo, Station, StationAmenity

#: Canonical column → other headers it is known by. `gcj_…` and the like also state the datum.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "code": ("编码", "驿站编码", "station_code"),
    "name": ("名称", "驿站名称", "站点名称"),
    "host_unit": ("主办单位", "所属单位", "建设单位", "host"),
    "host_kind": ("单位类型",),
    "address": ("地址", "详细地址", "addr"),
    "lon": ("经度", "lng", "longitude", "gcj_lng", "gcj_lon", "bd_lng", "bd_lon", "wgs_lng", "wgs_lon"),
    "lat": ("纬度", "latitude", "gcj_lat", "bd_lat", "wgs_lat"),
    "datum": ("坐标系",),
    "entrance_lon": ("入口经度",),
    "entrance_lat": ("入口纬度",),
    "photo_sha256": (),
    "hours": ("开放时间", "营业时间", "服务时间", "opening_hours", "open_hours", "open_hours_raw"),
    "door": ("开门方式", "进门方式"),
    "capacity": ("容量", "可容纳人数"),
    "phone": ("电话", "联系电话"),
    "open_to": ("开放对象",),
    "verified_at": ("核实时间",),
    "verified_by": ("核实人",),
    "suspended_from": ("暂停开始",),
    "suspended_until": ("暂停结束",),
    "suspended_reason": ("暂停原因",),
    "amenities": ("设施",),
}
COLUMNS = tuple(ALIASES)
_DATUM_OF_PREFIX = {"gcj_": Datum.GCJ02, "bd_": Datum.BD09, "wgs_": Datum.WGS84}

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_AMENITY = re.compile(r"(?P<code>[a-z][a-z0-9_]*)(?:=(?P<state>[a-z_]+))?(?:@(?P<expires>[0-9-]+))?(?P<doubt>\?)?")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Something about one cell. `row` counts as a spreadsheet does (the header is row 1); `column` '' is the row."""

    row: int
    column: str
    reason: Text


class _WrongCell(Exception):
    """A cell that cannot be read; carries the reason."""

    def __init__(self, zh: str, en: str) -> None:
        self.reason = Text(zh, en)
        super().__init__(en)


def recognise(headers: list[str], mapping: Mapping[str, str]) -> tuple[dict[str, int], Datum | None, list[str]]:
    """Give the place of each known column, the datum that headers state, and the headers nobody knows.

    `mapping` names the header for a canonical column where the file calls it otherwise.
    """
    known = {alias.casefold(): column for column, aliases in ALIASES.items() for alias in (column, *aliases)}
    known |= {header.strip().casefold(): column for column, header in mapping.items()}
    places: dict[str, int] = {}
    datum = None
    strangers = []
    for place, header in enumerate(headers):
        column = known.get(header.strip().casefold())
        if column is None:
            strangers.append(header)
        elif column not in places:
            places[column] = place
            datum = datum or _DATUM_OF_PREFIX.get(header.strip().casefold().partition("_")[0] + "_")
    return places, datum, strangers


def read_row(
    cells: Mapping[str, str], *, row: int, datum: Datum | None, amenity_codes: frozenset[str]
) -> tuple[dict[str, Any], list[RowProblem]]:
    """Turn a row's cells into fields of `StationDraft`; columns that the file lacks stay out.

    `datum` is that of positions whose row states none.
    """
    fields: dict[str, Any] = {}
    problems: list[RowProblem] = []

    def take(column: str, name: str, read: Callable[[str], Any]) -> None:
        if column not in cells:
            return
        try:
            fields[name] = read(_plain(cells[column]))
        except _WrongCell as wrong:
            problems.append(RowProblem(row, column, wrong.reason))

    for column, (name, read) in _SIMPLE.items():
        take(column, name, read)
    take("amenities", "amenities", lambda text: _read_amenities(text, amenity_codes))
    take("lon", "received", lambda _: _read_position(cells, datum))
    take("entrance_lon", "entrance", lambda _: _read_entrance(cells))
    problems += _check_pairs(fields, row)
    return fields, problems


def write_row(station: Station) -> dict[str, str | float | int | None]:
    """Spell a station as a row of every column; the position as it was received, the entrance in WGS-84."""
    return {
        "code": station.code,
        "name": station.name,
        "host_unit": station.host_unit,
        "host_kind": station.host_kind.value,
        "address": station.address,
        "lon": station.received_lon,
        "lat": station.received_lat,
        "datum": station.received_datum.value if station.received_datum else "",
        "entrance_lon": station.entrance_lon,
        "entrance_lat": station.entrance_lat,
        "photo_sha256": station.photo_sha256 or "",
        "hours": station.hours_typed,
        "door": station.door.value,
        "capacity": station.capacity,
        "phone": station.phone,
        "open_to": station.open_to.value,
        "verified_at": _write_time(station.verified_at),
        "verified_by": station.verified_by or "",
        "suspended_from": _write_time(station.suspended_from),
        "suspended_until": _write_time(station.suspended_until),
        "suspended_reason": station.suspended_reason or "",
        "amenities": ";".join(_write_amenity(amenity) for amenity in station.amenities),
    }


def _plain(text: str) -> str:
    text = text.strip()
    if _CONTROL.search(text):
        raise _WrongCell("含有不可见的控制字符", "it holds invisible control characters")
    return text


def _text(limit: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > limit:
            raise _WrongCell(f"超过 {limit} 个字符", f"longer than {limit} characters")
        return text

    return read


def _name(text: str) -> str:
    if not text:
        raise _WrongCell("名称不能为空", "a station needs a name")
    return _text(120)(text)


def _one_of(kind: type[HostKind] | type[Door] | type[OpenTo], empty: HostKind | Door | OpenTo) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return kind(text or empty)
        except ValueError:
            known = ", ".join(kind)
            raise _WrongCell(f"只能是 {known} 之一", f"must be one of {known}") from None

    return read


def _matching(pattern: re.Pattern[str], zh: str, en: str, empty: str | None) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        if text and not pattern.fullmatch(text):
            raise _WrongCell(zh, en)
        return text or empty

    return read


def _capacity(text: str) -> int | None:
    if not text:
        return None
    number = _number(text)
    if not (number.is_integer() and 1 <= number <= 10_000):
        raise _WrongCell("应为 1 到 10000 的整数", "must be a whole number from 1 to 10000")
    return int(number)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise _WrongCell(f"“{text[:40]}”不是数字", f"“{text[:40]}” is not a number") from None
    if not math.isfinite(number):
        raise _WrongCell("应为有限数字", "must be a finite number")
    return number


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _WrongCell(
            "应为带时区的时间，如 2026-03-01T08:00:00+08:00", "must be a time with its zone, 2026-03-01T08:00:00+08:00"
        )
    return moment


def _optional(text: str) -> str | None:
    return _text(200)(text) or None


_SIMPLE: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "code": (
        "code",
        _matching(_CODE, "编码只能含字母、数字和 . _ -", "a code holds letters, digits and . _ -", empty=""),
    ),
    "name": ("name", _name),
    "host_unit": ("host_unit", _text(200)),
    "host_kind": ("host_kind", _one_of(HostKind, HostKind.OTHER)),
    "address": ("address", _text(200)),
    "photo_sha256": (
        "photo_sha256",
        _matching(_SHA256, "应为 64 位小写十六进制", "must be 64 lower-case hexadecimal digits", empty=None),
    ),
    "hours": ("hours_typed", _text(200)),
    "door": ("door", _one_of(Door, Door.OPEN)),
    "capacity": ("capacity", _capacity),
    "phone": ("phone", _text(40)),
    "open_to": ("open_to", _one_of(OpenTo, OpenTo.ALL)),
    "verified_at": ("verified_at", _time),
    "verified_by": ("verified_by", _optional),
    "suspended_from": ("suspended_from", _time),
    "suspended_until": ("suspended_until", _time),
    "suspended_reason": ("suspended_reason", _optional),
}


def _read_position(cells: Mapping[str, str], stated: Datum | None) -> Received | None:
    lon, lat, named = (_plain(cells.get(column, "")) for column in ("lon", "lat", "datum"))
    if not lon and not lat:
        return None
    if not lon or not lat:
        raise _WrongCell("经度和纬度须同时填写", "longitude and latitude come together")
    try:
        datum = Datum(named.lower()) if named else stated
    except ValueError:
        raise _WrongCell(f"未知坐标系“{named}”", f"unknown datum “{named}”") from None
    if datum is None:
        raise _WrongCell("没有说明坐标系", "the datum is not stated")
    numbers = _number(lon), _number(lat)
    if numbers == (0.0, 0.0):
        raise _WrongCell("0,0 不是有效位置", "0,0 is no position")
    try:
        return Received(*numbers, datum)
    except Refusal as refusal:
        raise _WrongCell(refusal.explain("zh"), refusal.explain("en")) from None


def _read_entrance(cells: Mapping[str, str]) -> Point | None:
    received = _read_position({"lon": cells["entrance_lon"], "lat": cells.get("entrance_lat", "")}, Datum.WGS84)
    return None if received is None else Point(received.lon, received.lat)


def _read_amenities(text: str, known: frozenset[str]) -> tuple[StationAmenity, ...]:
    amenities: dict[str, StationAmenity] = {}
    for part in (part.strip() for part in re.split(r"[;；]", text)):
        if not part:
            continue
        found = _AMENITY.fullmatch(part)
        if found is None:
            raise _WrongCell(f"看不懂设施“{part[:40]}”", f"the amenity “{part[:40]}” is not understood")
        if found["code"] not in known:
            raise _WrongCell(f"词表中没有设施“{found['code']}”", f"there is no amenity “{found['code']}”")
        try:
            state = AmenityState(found["state"] or "working")
            expires_on = date.fromisoformat(found["expires"]) if found["expires"] else None
        except ValueError:
            raise _WrongCell(f"设施“{part[:40]}”的状态或日期有误", f"wrong state or date in “{part[:40]}”") from None
        amenities[found["code"]] = StationAmenity(found["code"], state, expires_on, not found["doubt"])
    return tuple(amenities.values())


def _write_amenity(amenity: StationAmenity) -> str:
    state = "" if amenity.state is AmenityState.WORKING else f"={amenity.state.value}"
    expires = f"@{amenity.expires_on.isoformat()}" if amenity.expires_on else ""
    return f"{amenity.code}{state}{expires}{'' if amenity.is_confirmed else '?'}"


def _write_time(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _check_pairs(fields: Mapping[str, Any], row: int) -> list[RowProblem]:
    problems = []
    if (fields.get("verified_at") is None) != (fields.get("verified_by") is None):
        reason = Text("核实时间和核实人须同时填写", "verified_at and verified_by come together")
        problems.append(RowProblem(row, "verified_at", reason))
    starts_at, ends_at = fields.get("suspended_from"), fields.get("suspended_until")
    if (starts_at is None) != (fields.get("suspended_reason") is None):
        reason = Text("暂停须有开始时间和原因", "a suspension needs its beginning and its reason")
        problems.append(RowProblem(row, "suspended_from", reason))
    if ends_at is not None and (starts_at is None or ends_at <= starts_at):
        reason = Text("暂停结束须晚于开始", "a suspension ends after its beginning")
        problems.append(RowProblem(row, "suspended_until", reason))
    return problems
