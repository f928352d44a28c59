"""The leaf areas of one generation as locating needs them: shapes, lines, and the cells that say which matter where."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geo.fabric import FloatArray, IntArray, Polygons, read_fabric
from geo.models import AreaRef
from geo.quadtree import Quadtree, build_quadtree

# GEOS answers faster about shapes of more points than this once they are prepared.
_PREPARE_OVER_POINTS = 16

# Lines that differ by less than this are equally near: the smaller code decides.
EQUALLY_NEAR_M = 1e-6
# Less than this from zero, rounding may have chosen the side: some hundred times what it can amount to.
NEAR_CORNER_M2 = 0.01


@dataclass(frozen=True, slots=True)
class Leaves:
    """Areas sorted by code and known by their number in that order.

    `lines` has a row an edge, start and step in degrees, so that each costs one miss of the processor's cache;
    `first` and `second` are its owners, −1 for none.
    """

    areas: Sequence[AreaRef]
    polygons: Polygons
    lines: FloatArray
    first: IntArray
    second: IntArray
    tree: Quadtree
    generation_id: int | None
    tolerance_m: float
    nearest_limit_m: float

    def nbytes(self) -> int:
        """Tell how much memory cells and lines take; shapes and names not counted."""
        return self.lines.nbytes + self.first.nbytes + self.second.nbytes + self.tree.nbytes()


def prepare_leaves(
    areas: Sequence[AreaRef],
    polygons: Polygons,
    *,
    generation_id: int | None,
    tolerance_m: float,
    nearest_limit_m: float,
) -> Leaves:
    """Sort the areas and build what locating in them needs."""
    order = sorted(range(len(areas)), key=lambda number: areas[number].code)
    shapes = np.asarray(polygons, dtype=object)[order]
    _prepare(shapes)
    fabric = read_fabric(shapes)
    steps = fabric.end_lon - fabric.lon, fabric.end_lat - fabric.lat
    return Leaves(
        areas=tuple([areas[number] for number in order]),
        polygons=shapes,
        lines=np.column_stack([fabric.lon, fabric.lat, *steps]),
        first=fabric.first,
        second=fabric.second,
        tree=build_quadtree(shapes, fabric, tolerance_m=tolerance_m),
        generation_id=generation_id,
        tolerance_m=tolerance_m,
        nearest_limit_m=nearest_limit_m,
    )


def _prepare(polygons: Polygons) -> None:
    """Prepare large shapes and make GEOS build what it builds at the first question, before threads may share it."""
    large = polygons[shapely.get_num_coordinates(polygons) > _PREPARE_OVER_POINTS]
    shapely.prepare(large)
    inner = shapely.point_on_surface(large)
    shapely.intersects_xy(large, shapely.get_x(inner), shapely.get_y(inner))
