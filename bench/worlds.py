"""Made-up stations and grids of any number, the same for the same seed, put straight into the tables."""

from datetime import UTC, datetime

import numpy as np
import shapely
from numpy.typing import NDArray

from core.database import Connection

DISTRICT = 1
_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_HOURS = ("24/7", "Mo-Su 08:00-22:00", "Mo-Fr 08:30-12:00,13:00-17:30", "Mo-Su 18:00-02:00", "Mo-Su 05:00-17:30")
_SHARES = {
    "drinking_water": 0.9,
    "seating": 0.8,
    "phone_charging": 0.6,
    "food_heating": 0.5,
    "toilet": 0.3,
    "aed": 0.03,
}
_WEST, _SOUTH, _EAST, _NORTH = 118.0, 34.0, 122.0, 38.0


def _places(count: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(7)
    centres = rng.uniform((_WEST, _SOUTH), (_EAST, _NORTH), (40, 2))
    return centres[rng.integers(0, 40, count)] + rng.normal(0, 0.08, (count, 2))


async def fill_stations(conn: Connection, count: int) -> None:
    """Scatter `count` stations about 40 towns, with hours and amenities of everyday shares."""
    rng = np.random.default_rng(8)
    places = _places(count)
    hours = rng.integers(0, len(_HOURS), count)
    rows = [
        (
            DISTRICT,
            f"b{n}",
            f"t{n}",
            f"演示驿站{n}",
            float(lon),
            float(lat),
            float(lon),
            float(lat),
            "wgs84",
            _HOURS[h],
            _NOW,
            _NOW,
        )
        for n, ((lon, lat), h) in enumerate(zip(places, hours, strict=True), start=1)
    ]
    columns = (
        "district_id", "code", "qr_token", "name", "lon", "lat", "received_lon", "received_lat", "received_datum",
        "hours", "created_at", "updated_at",
    )  # fmt: skip
    await conn.copy_records_to_table("station", records=rows, columns=columns)
    for amenity, share in _SHARES.items():
        having = np.flatnonzero(rng.random(count) < share) + 1
        await conn.copy_records_to_table(
            "station_amenity",
            records=[(DISTRICT, int(n), amenity, _NOW) for n in having],
            columns=("district_id", "station_id", "amenity", "updated_at"),
        )
    await conn.execute("analyze")


def station_points(count: int, number: int) -> list[tuple[float, float]]:
    """Give `number` positions some hundred metres from stations."""
    rng = np.random.default_rng(9)
    places = _places(count)[rng.integers(0, count, number)] + rng.normal(0, 0.01, (number, 2))
    return [(float(lon), float(lat)) for lon, lat in places]


async def fill_grids(conn: Connection, count: int) -> None:
    """Tile a rectangle with about `count` leaves under one root, all in the active generation."""
    side = round(count**0.5)
    generation = await conn.fetchval(
        """
        insert into generation (district_id, status, created_at, created_by, activated_at, activated_by)
        values ($1, 'active', $2, 'bench', $2, 'bench') returning id
        """,
        DISTRICT,
        _NOW,
    )
    lon, lat = np.linspace(_WEST, _EAST, side + 1), np.linspace(_SOUTH, _NORTH, side + 1)
    column, row = (index.ravel() for index in np.meshgrid(np.arange(side), np.arange(side)))
    boxes = shapely.box(lon[column], lat[row], lon[column + 1], lat[row + 1])
    rows = [_area(generation, "root", None, shapely.box(_WEST, _SOUTH, _EAST, _NORTH))]
    rows += [_area(generation, f"g{n:06d}", "root", box) for n, box in enumerate(boxes)]
    columns = (
        "district_id", "generation_id", "code", "parent_code", "level", "code_scheme", "path", "name", "names",
        "is_leaf", "datum", "geometry", "min_lon", "min_lat", "max_lon", "max_lat",
    )  # fmt: skip
    await conn.copy_records_to_table("area", records=rows, columns=columns)


def _area(generation: int, code: str, parent: str | None, box: shapely.Polygon) -> tuple[object, ...]:
    path = code if parent is None else f"{parent}/{code}"
    level = "district" if parent is None else "grid"
    names = [code] if parent is None else [parent, code]
    wkb = shapely.to_wkb(box)
    return (
        DISTRICT,
        generation,
        code,
        parent,
        level,
        "bench",
        path,
        code,
        names,
        parent is not None,
        "wgs84",
        wkb,
        *box.bounds,
    )


def grid_points(_count: int, number: int) -> list[tuple[float, float]]:
    """Give `number` positions inside the tiled rectangle."""
    points = np.random.default_rng(10).uniform((_WEST, _SOUTH), (_EAST, _NORTH), (number, 2))
    return [(float(lon), float(lat)) for lon, lat in points]
