"""Draws areas for a map: outlines with no more corners than a screen can show, neighbours still sharing their lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import shapely

Shapes = npt.NDArray[np.object_]

#: Corners of all outlines together: some 20 bytes each, so an answer stays below a megabyte.
MOST_CORNERS = 40_000
#: What a screen can tell apart, as a part of the width of what it shows.
_FINEST = 1 / 4_000
#: A tenth of a metre.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Outlines:
    """A GeoJSON FeatureCollection in WGS-84 of `total` areas; with `is_cut` only the first of them are here."""

    type: str
    features: list[dict[str, Any]]
    total: int
    is_cut: bool


def draw(shapes: Shapes, properties: Sequence[dict[str, Any]], *, total: int) -> Outlines:
    """Make features of shapes (WGS-84), as fine as the budget of corners allows.

    `total` is how many there are, whether or not all were given. Takes its time: call it in a thread.
    """
    coarser = _simplify(shapes)
    rounded = shapely.transform(coarser, lambda xy: np.round(xy, _DECIMALS))
    features = [
        {"type": "Feature", "properties": told, "geometry": orjson.loads(shapely.to_geojson(shape))}
        for shape, told in zip(rounded, properties, strict=True)
    ]
    return Outlines("FeatureCollection", features, total, is_cut=total > len(features))


def _simplify(shapes: Shapes) -> Shapes:
    """Take corners out until they are few enough. Common lines of neighbours stay common: no slivers appear."""
    if not len(shapes):
        return shapes
    west, south, east, north = shapely.total_bounds(shapes)
    tolerance = max(east - west, north - south) * _FINEST
    coarser = shapes
    # An outline of four corners cannot be simplified further, so that many always go through.
    for _ in range(12):
        if shapely.get_num_coordinates(coarser).sum() <= MOST_CORNERS:
            break
        coarser = shapely.coverage_simplify(shapes, tolerance)
        tolerance *= 2
    return coarser
