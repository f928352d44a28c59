"""Tells whether a set of boundaries was imported with the wrong datum, from where the same areas lay before.

A wrong datum moves everything by a shift that the datum formulas foretell for each place; a redrawing does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geo.datum import FloatArray, from_wgs84, to_wgs84
from geo.frame import frames_at
from geo.models import Datum
from geo.queries import MovedArea

#: How far from the foretold place the middle of the areas may lie: maps are drawn anew, the datums are 450 m apart.
_TOLERANCE_M = 100.0


@dataclass(frozen=True, slots=True)
class WrongDatum:
    """The datum that was stated, the one that explains where the areas lie, and how far (median, metres) they moved."""

    stated: Datum
    likely: Datum
    shift_m: float


def find_wrong_datum(moved: Sequence[MovedArea]) -> WrongDatum | None:
    """Find the datum that explains the move of areas better than the stated one, if any; outside China none does."""
    for stated in Datum:
        areas = [area for area in moved if area.datum is stated]
        if areas and (found := _explain(areas, stated)):
            return found
    return None


def _explain(areas: Sequence[MovedArea], stated: Datum) -> WrongDatum | None:
    old_lon, old_lat, lon, lat = np.array([(a.old_lon, a.old_lat, a.lon, a.lat) for a in areas]).T
    shift = _median_metres(old_lon, old_lat, lon, lat)
    if shift < 2 * _TOLERANCE_M:
        return None
    misses = {}
    for likely in Datum:
        expected_lon, expected_lat = to_wgs84(*from_wgs84(old_lon, old_lat, likely), stated)
        misses[likely] = _median_metres(expected_lon, expected_lat, lon, lat)
    best = min(misses, key=lambda datum: misses[datum])
    return None if best is stated or misses[best] > _TOLERANCE_M else WrongDatum(stated, best, shift)


def _median_metres(lon: FloatArray, lat: FloatArray, other_lon: FloatArray, other_lat: FloatArray) -> float:
    frames = frames_at(lat)
    return float(np.median(np.hypot((other_lon - lon) * frames.east, (other_lat - lat) * frames.north)))
