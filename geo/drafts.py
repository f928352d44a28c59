"""The draft generation: the one set of areas that may still grow. Everything that stores areas does it here."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import numpy as np
import numpy.typing as npt
import shapely

from core.database import Connection
from geo import queries
from geo.errors import NoDraft
from geo.models import Area, Datum, Generation
from geo.queries import ShapedArea

Polygons = npt.NDArray[np.object_]


async def open_draft(conn: Connection, *, district_id: int, actor_name: str, now: datetime) -> Generation:
    """Give the draft generation, made empty if there is none; it is locked until the transaction ends."""
    await queries.insert_draft(conn, district_id=district_id, created_at=now, created_by=actor_name)
    return await get_draft(conn, district_id=district_id)


async def get_draft(conn: Connection, *, district_id: int) -> Generation:
    """Give the draft generation, locked until the transaction ends. Raises `NoDraft`."""
    await queries.lock_generations(conn, district_id=district_id)
    draft = await queries.find_draft_generation(conn, district_id=district_id)
    if draft is None:
        raise NoDraft
    return draft


async def add_areas(
    conn: Connection,
    *,
    district_id: int,
    generation_id: int,
    areas: Sequence[Area],
    polygons: Polygons | Sequence[shapely.Geometry],
    datum: Datum,
) -> None:
    """Store areas with their shapes (WGS-84; Polygon or MultiPolygon) in the draft, parents and children in any order.

    `datum` is what the source stated. Areas that were leaves and now have children stop being leaves. The caller has
    checked the shapes: nothing is repaired here.
    """
    shapes = np.asarray(polygons, dtype=object)
    wkb = shapely.to_wkb(shapes)
    await queries.insert_areas(
        conn,
        district_id=district_id,
        generation_id=generation_id,
        areas=[
            ShapedArea(**asdict(area), datum=datum, geometry=geometry)
            for area, geometry in zip(areas, wkb, strict=True)
        ],
        bounds=[tuple(box) for box in shapely.bounds(shapes).tolist()],
    )
    parents = {area.parent_code for area in areas if area.parent_code is not None}
    await queries.set_not_leaf(conn, district_id=district_id, generation_id=generation_id, codes=sorted(parents))
