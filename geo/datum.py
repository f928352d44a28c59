"""Conversion between WGS-84, GCJ-02 (Chinese public maps) and BD-09 (Baidu).

One formula serves single numbers (`math`) and numpy arrays alike. Inverses take a fixed number of steps, so no input
can make them loop. The shift exists only in China: `to_wgs84` and `from_wgs84` leave every other place alone.
"""

import math
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt
import shapely

from geo.models import Datum, Point, Received

FloatArray = npt.NDArray[np.float64]
Degrees = TypeVar("Degrees", float, FloatArray)

# Constants of the published GCJ-02 formula (its ellipsoid is Krasovsky 1940) and of BD-09.
_A = 6378245.0
_EE = 0.00669342162296594323
_BD_TURN = math.pi * 3000.0 / 180.0

# Steps of x ← x − (f(x) − y): GCJ-02 is within 0.2 mm after three, BD-09 within 1 µm after three.
_STEPS = 3


class _Functions(Protocol):
    """What the formula needs of `math` or of `numpy`."""

    sin: Any
    cos: Any
    sqrt: Any
    fabs: Any
    atan2: Any


def _functions_for(value: float | FloatArray) -> _Functions:
    return cast("_Functions", np if isinstance(value, np.ndarray) else math)


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift WGS-84 degrees to GCJ-02 by the bare formula, wherever the place is."""
    f = _functions_for(lon)
    x, y = lon - 105.0, lat - 35.0
    root = f.sqrt(f.fabs(x))
    ripple = 20.0 * f.sin(6.0 * math.pi * x) + 20.0 * f.sin(2.0 * math.pi * x)
    north = (
        -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
        + (ripple + 20.0 * f.sin(math.pi * y) + 40.0 * f.sin(math.pi / 3.0 * y)
           + 160.0 * f.sin(math.pi / 12.0 * y) + 320.0 * f.sin(math.pi / 30.0 * y)) * (2.0 / 3.0)
    )  # fmt: skip
    east = (
        300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
        + (ripple + 20.0 * f.sin(math.pi * x) + 40.0 * f.sin(math.pi / 3.0 * x)
           + 150.0 * f.sin(math.pi / 12.0 * x) + 300.0 * f.sin(math.pi / 30.0 * x)) * (2.0 / 3.0)
    )  # fmt: skip
    radians = lat * (math.pi / 180.0)
    w2 = 1.0 - _EE * f.sin(radians) ** 2
    w = f.sqrt(w2)
    metres_per_degree_north = _A * (1.0 - _EE) / (w2 * w) * (math.pi / 180.0)
    metres_per_degree_east = _A / w * f.cos(radians) * (math.pi / 180.0)
    return lon + east / metres_per_degree_east, lat + north / metres_per_degree_north


def gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift GCJ-02 degrees to BD-09 by the bare formula."""
    f = _functions_for(lon)
    radius = f.sqrt(lon * lon + lat * lat) + 0.00002 * f.sin(lat * _BD_TURN)
    angle = f.atan2(lat, lon) + 0.000003 * f.cos(lon * _BD_TURN)
    return radius * f.cos(angle) + 0.0065, radius * f.sin(angle) + 0.006


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Undo `wgs84_to_gcj02` to less than a millimetre."""
    x, y = lon, lat
    for _ in range(_STEPS):
        back_x, back_y = wgs84_to_gcj02(x, y)
        x, y = x - (back_x - lon), y - (back_y - lat)
    return x, y


def bd09_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Undo `gcj02_to_bd09` to less than a millimetre."""
    x, y = lon - 0.0065, lat - 0.006
    for _ in range(_STEPS):
        back_x, back_y = gcj02_to_bd09(x, y)
        x, y = x - (back_x - lon), y - (back_y - lat)
    return x, y


def to_wgs84(lon: Degrees, lat: Degrees, datum: Datum) -> tuple[Degrees, Degrees]:
    """Give the WGS-84 degrees of a position stated in `datum`; outside China nothing is shifted."""
    if datum is Datum.WGS84:
        return lon, lat
    gcj = (lon, lat) if datum is Datum.GCJ02 else bd09_to_gcj02(lon, lat)
    return _where_in_china(lon, lat, gcj02_to_wgs84(*gcj))


def from_wgs84(lon: Degrees, lat: Degrees, datum: Datum) -> tuple[Degrees, Degrees]:
    """Give the degrees in `datum` of a WGS-84 position; outside China nothing is shifted."""
    if datum is Datum.WGS84:
        return lon, lat
    gcj = wgs84_to_gcj02(lon, lat)
    return _where_in_china(lon, lat, gcj if datum is Datum.GCJ02 else gcj02_to_bd09(*gcj))


def point_from(received: Received) -> Point:
    """Make the WGS-84 point of a position as it came in."""
    return Point(*to_wgs84(received.lon, received.lat, received.datum))


def is_in_china(lon: Degrees, lat: Degrees) -> Any:
    """Tell (bool, or bool array) whether Chinese maps shift positions here.

    By a hand-drawn outline that holds all of China and keeps some 20 km from the border; only foreign towns that
    face a Chinese one across a river fall inside it.
    """
    return shapely.contains_xy(_OUTLINE, lon, lat)


def _where_in_china(lon: Degrees, lat: Degrees, shifted: tuple[Degrees, Degrees]) -> tuple[Degrees, Degrees]:
    inside = is_in_china(lon, lat)
    if isinstance(inside, np.ndarray):
        return cast("Degrees", np.where(inside, shifted[0], lon)), cast("Degrees", np.where(inside, shifted[1], lat))
    return shifted if inside else (lon, lat)


# Clockwise from the northernmost point of the Amur; drawn for this purpose only, not a statement on any border.
_OUTLINE = shapely.Polygon((
    (123.3, 53.75), (125.9, 53.2), (127.2, 51.4), (127.6, 50.35), (127.9, 49.8), (129.4, 49.5), (130.9, 49), (131.1,
    48.1), (133, 48.3), (134.6, 48.55), (135.15, 48.5), (134.9, 47.4), (133.9, 46), (133.2, 44.9), (132.2, 45.5),
    (132.95, 45), (131.8, 44.8), (131.2, 44.7), (131.5, 43.4), (130.8, 42.35), (130.4, 42.3), (129.6, 42.2), (128.9,
    41.9), (128.4, 41.65), (128.35, 41.3), (127, 41.3), (126.9, 41.5), (126, 40.8), (124.45, 40.1), (124.4, 39.9),
    (124.2, 39.5), (123, 38.6), (123, 36.8), (122, 34.5), (122.8, 32), (123.2, 29.5), (122.3, 26.5), (122.3, 24.5),
    (121.3, 21.5), (119.5, 21.5), (118.3, 19.5), (118.3, 10), (113, 3.5), (111.5, 3.5), (109, 7), (110.2, 10),
    (110.7, 15), (109.5, 17.7), (108.3, 18.2), (108, 20), (108.15, 21.4), (106.9, 21.7), (106.4, 21.9), (106.45,
    22.3), (106.4, 22.75), (105.3, 23.05), (104.7, 22.65), (104, 22.45), (103, 22.35), (102.3, 22.25), (101.65,
    22.3), (102, 21.1), (101.2, 21), (99.95, 21.35), (98.95, 22), (99.2, 22.85), (98.6, 23.1), (98.6, 23.8), (97.5,
    23.75), (97.4, 24.7), (97.6, 25.1), (97.9, 25.5), (98.4, 25.9), (98.3, 27.3), (97.6, 27.6), (96.8, 27.1), (95.6,
    26.9), (94.2, 26.75), (92, 26.65), (91.4, 27.65), (90.3, 27.95), (89, 27.05), (88.6, 27.75), (86.9, 27.7),
    (85.9, 27.8), (85.5, 28), (84, 28.7), (81.4, 29.8), (80.2, 30.3), (78.6, 30.85), (78.3, 32.2), (78.5, 33.8),
    (77.6, 35.2), (75.9, 35.7), (74.4, 36.9), (74.3, 37.8), (73.3, 38.3), (73.2, 39.6), (74.4, 40.7), (75.6, 40.75),
    (76.6, 41.15), (77.9, 41.4), (79.9, 42.2), (80, 43), (80.2, 43.9), (79.6, 44.9), (80.6, 45.5), (82.1, 45.4),
    (82, 46.2), (82.8, 47.5), (85.2, 47.3), (85.4, 48.5), (86.6, 49.4), (87.9, 49.4), (90.2, 48.1), (91.3, 46.8),
    (91.2, 45.5), (93.6, 45.2), (95.5, 44.6), (96.6, 43), (101.9, 42.85), (104, 42.1), (105.2, 41.9), (107.4,
    42.65), (110, 42.9), (111.8, 43.75), (111.3, 44.4), (112, 45.3), (113.8, 45), (114.5, 45.6), (115.5, 45.7),
    (116.3, 46.6), (117.5, 46.8), (119.7, 46.9), (118.6, 47.8), (118.5, 47.95), (117.5, 47.55), (116, 47.55),
    (115.3, 47.9), (115.3, 48.2), (116.4, 50.1), (117.9, 49.7), (119, 50.4), (119.8, 52.4), (119.8, 52.9), (120.5,
    53.4),
))  # fmt: skip
shapely.prepare(_OUTLINE)
