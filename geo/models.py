"""Points, areas and what locating a point answers. Values only: no database, no geometry engine."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from geo.errors import InvalidPosition


class Datum(StrEnum):
    """How a longitude and latitude are meant; every coordinate entering the service states it."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


@dataclass(frozen=True, slots=True)
class Point:
    """A position in WGS-84 degrees. Raises `InvalidPosition` naming `/lon` or `/lat`."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        check_degrees("lon", self.lon, 180.0)
        check_degrees("lat", self.lat, 90.0)


def check_degrees(field: str, value: float, limit: float) -> None:
    """Raise `InvalidPosition` unless `value` is finite and within ±`limit`."""
    if not (math.isfinite(value) and -limit <= value <= limit):
        raise InvalidPosition(pointer=f"/{field}", field=field, low=-limit, high=limit, value=value)


@dataclass(frozen=True, slots=True)
class Received:
    """A position as it came in, before conversion; kept beside the WGS-84 `Point` that was made of it."""

    lon: float
    lat: float
    datum: Datum

    def __post_init__(self) -> None:
        check_degrees("lon", self.lon, 180.0)
        check_degrees("lat", self.lat, 90.0)


class GenerationStatus(StrEnum):
    """A generation is a draft until it is activated or discarded; the next activation retires it."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Generation:
    """One versioned set of areas. `replaced_id` is the generation that was active before this one."""

    id: int
    status: GenerationStatus
    note: str
    created_at: datetime
    created_by: str
    activated_at: datetime | None
    activated_by: str | None
    replaced_id: int | None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a generation's tree: its name, its depth (roots are 1) and how many areas it has."""

    name: str
    depth: int
    areas: int


@dataclass(frozen=True, slots=True)
class Area:
    """A node of the area tree without its shape. A code means something only with its scheme and year."""

    code: str
    name: str
    level: str
    path: str
    names: tuple[str, ...]
    parent_code: str | None
    code_scheme: str
    code_year: int | None
    is_leaf: bool


@dataclass(frozen=True, slots=True)
class AreaRef:
    """What others keep of an area: `path` is the codes and `names` the names from the root down to it."""

    code: str
    name: str
    level: str
    path: str
    names: tuple[str, ...]


class Reason(StrEnum):
    """How a location was decided."""

    INSIDE = "inside"
    ON_LINE = "on_line"
    OVERLAP = "overlap"
    NEAREST = "nearest"
    OUTSIDE = "outside"
    NO_POSITION = "no_position"


@dataclass(frozen=True, slots=True)
class Located:
    """Where a point belongs.

    `area` is None for the duty desk (`outside`, `no_position`). `candidates` are the codes of every leaf that covers
    the point or lies within the tolerance, the chosen one first. `metres_to_line` is to the nearest edge of any leaf;
    None without a position or too far away to say.
    """

    area: AreaRef | None
    candidates: tuple[str, ...]
    metres_to_line: float | None
    generation_id: int | None
    needs_confirmation: bool
    reason: Reason


#: How the rooms above locate: in whatever generation is active.
Locate = Callable[[Point], Located]


class PlaceKind(StrEnum):
    """What a typed place turned out to be."""

    AREA = "area"
    STATION = "station"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Place:
    """Something with a name that a person may have typed, and a point that stands for it; `code` is that of an area."""

    name: str
    kind: PlaceKind
    point: Point
    code: str | None = None
