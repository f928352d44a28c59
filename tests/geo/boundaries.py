"""Made-up boundary files and drafts near Qingdao, where datums matter."""

import json
from pathlib import Path

import shapely

from core.database import Connection
from geo.drafts import add_areas, open_draft
from geo.importing import BoundaryReport, ImportSource, import_areas
from geo.models import Area, Datum
from tests.conftest import DISTRICT, START

WEST, SOUTH, SIDE = 120.0, 36.0, 0.01


def square(column: float, row: float, side: float = 1.0) -> shapely.Polygon:
    """Give a square of a made-up mesh, counted from its south-western corner; a side is about a kilometre."""
    return shapely.box(
        WEST + column * SIDE, SOUTH + row * SIDE, WEST + (column + side) * SIDE, SOUTH + (row + side) * SIDE
    )


def feature(shape: shapely.Geometry | None, **fields: object) -> dict[str, object]:
    geometry = None if shape is None else json.loads(shapely.to_geojson(shape))
    return {"type": "Feature", "properties": fields, "geometry": geometry}


def write_geojson(folder: Path, *features: dict[str, object]) -> Path:
    file = folder / "areas.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def source(file: Path, **changes: object) -> ImportSource:
    settings = {"level": "社区", "name_field": "name", "code_field": "code", "datum": Datum.WGS84} | changes
    return ImportSource(file=file, **settings)  # type: ignore[arg-type]


async def take_in(conn: Connection, wanted: ImportSource) -> BoundaryReport:
    return await import_areas(conn, district_id=DISTRICT, source=wanted, actor_name="test", now=START)


def area(code: str, parent: str | None = None, *, is_leaf: bool = True) -> Area:
    """Give an area named as its code; its path knows one parent."""
    names = (code,) if parent is None else (parent, code)
    return Area(code, code, "社区", "/".join(names), names, parent, "local", None, is_leaf)


async def draft_of(conn: Connection, *areas: tuple[Area, shapely.Geometry], datum: Datum = Datum.WGS84) -> int:
    """Put areas into the draft as they are and give its id."""
    draft = await open_draft(conn, district_id=DISTRICT, actor_name="test", now=START)
    await add_areas(
        conn,
        district_id=DISTRICT,
        generation_id=draft.id,
        areas=[one for one, _ in areas],
        polygons=[shape for _, shape in areas],
        datum=datum,
    )
    return draft.id
