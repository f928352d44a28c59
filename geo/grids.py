"""Divides areas into grids: roughly square cells of one lattice, so that the grids of neighbours line up."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from core.database import Connection
from geo import queries
from geo.drafts import add_areas, get_draft
from geo.errors import GridTooFine
from geo.frame import frame_at
from geo.models import Area
from geo.queries import ShapedArea

Shapes = npt.NDArray[np.object_]

#: A piece smaller than this share of a cell is no grid of its own.
_SMALLEST_SHARE = 0.25
_MOST_CELLS = 1_000_000


class Lattice(NamedTuple):
    """Size of a cell in degrees; cells are counted from 0° E 0° N."""

    lon: float
    lat: float


def lattice_at(lat: float, metres: float) -> Lattice:
    """Give the lattice whose cells measure `metres` both ways at latitude `lat`."""
    frame = frame_at(lat)
    return Lattice(metres / frame.east, metres / frame.north)


def generate_grids(
    parent: shapely.Geometry, *, parent_code: str, lattice: Lattice
) -> list[tuple[str, shapely.Geometry]]:
    """Cut an area into grids with their codes, numbered row by row from the north, each row west to east.

    The grids cover the area without gap or overlap. A piece under a quarter of a cell goes to the grid with which it
    shares most of its line, or else to the nearest. Codes are the parent's twelve digits and three more, the national
    scheme; below any other code `-001` and so on, with more digits where needed. Raises `GridTooFine`.
    """
    cells = _cells(parent, parent_code, lattice)
    pieces = shapely.get_parts(shapely.intersection(parent, cells))
    grids = _absorb_slivers(pieces[shapely.area(pieces) > 0], _SMALLEST_SHARE * lattice.lon * lattice.lat)
    return list(zip(_codes(parent_code, len(grids)), grids, strict=True))


def _cells(parent: shapely.Geometry, parent_code: str, lattice: Lattice) -> Shapes:
    """Give the cells that touch the area, northern row first, each row from the west."""
    west, south, east, north = shapely.bounds(parent)
    columns = np.arange(math.floor(west / lattice.lon), math.floor(east / lattice.lon) + 1)
    rows = np.arange(math.floor(south / lattice.lat), math.floor(north / lattice.lat) + 1)[::-1]
    if len(columns) * len(rows) > _MOST_CELLS:
        raise GridTooFine(code=parent_code, count=len(columns) * len(rows), most=_MOST_CELLS)
    row, column = (index.ravel() for index in np.meshgrid(rows, columns, indexing="ij"))
    cells = shapely.box(column * lattice.lon, row * lattice.lat, (column + 1) * lattice.lon, (row + 1) * lattice.lat)
    shapely.prepare(parent)
    touching: Shapes = cells[shapely.intersects(parent, cells)]
    return touching


def _absorb_slivers(pieces: Shapes, smallest: float) -> Shapes:
    """Join each small piece to a large one; the large ones keep their order."""
    sizes = shapely.area(pieces)
    is_large = sizes >= min(smallest, sizes.max())
    large: Shapes = pieces[is_large]
    tree = shapely.STRtree(large)
    joining: dict[int, list[shapely.Geometry]] = {}
    for sliver in pieces[~is_large]:
        joining.setdefault(_best_neighbour(sliver, large, tree), []).append(sliver)
    for place, slivers in joining.items():
        large[place] = shapely.union_all([large[place], *slivers])
    return large


def _best_neighbour(sliver: shapely.Geometry, large: Shapes, tree: shapely.STRtree) -> int:
    touching = np.sort(tree.query(sliver, predicate="intersects"))
    if len(touching) == 0:
        return int(tree.nearest(sliver))
    return int(touching[np.argmax(shapely.length(shapely.intersection(sliver, large[touching])))])


def _codes(parent_code: str, count: int) -> list[str]:
    if len(parent_code) == 12 and parent_code.isdecimal():
        if count > 999:
            raise GridTooFine(code=parent_code, count=count, most=999)
        return [f"{parent_code}{number:03}" for number in range(1, count + 1)]
    digits = max(3, len(str(count)))
    return [f"{parent_code}-{number:0{digits}}" for number in range(1, count + 1)]


async def add_grids(conn: Connection, *, district_id: int, metres: float, level: str) -> int:
    """Put grids below every leaf of the draft and give how many; all of them or none.

    Cells measure `metres` at the middle latitude of the draft. Raises `NoDraft`, `GridTooFine`.
    """
    async with conn.transaction():
        draft = await get_draft(conn, district_id=district_id)
        areas = await queries.list_shaped_areas(conn, district_id=district_id, generation_id=draft.id)
        leaves = [area for area in areas if area.is_leaf]
        shapes = shapely.from_wkb([leaf.geometry for leaf in leaves])
        _, south, _, north = shapely.total_bounds(shapes)
        lattice = lattice_at((south + north) / 2, metres)
        count = 0
        for leaf, shape in zip(leaves, shapes, strict=True):
            grids = generate_grids(shape, parent_code=leaf.code, lattice=lattice)
            await add_areas(
                conn,
                district_id=district_id,
                generation_id=draft.id,
                areas=[_below(leaf, code, level) for code, _ in grids],
                polygons=[polygon for _, polygon in grids],
                datum=leaf.datum,
            )
            count += len(grids)
        return count


def _below(leaf: ShapedArea, code: str, level: str) -> Area:
    name = f"{leaf.name} {code[len(leaf.code) :].lstrip('-')}"
    return Area(
        code=code,
        name=name,
        level=level,
        path=f"{leaf.path}/{code}",
        names=(*leaf.names, name),
        parent_code=leaf.code,
        code_scheme=leaf.code_scheme,
        code_year=leaf.code_year,
        is_leaf=True,
    )
