"""The demonstration's area tree: five levels drawn around Tangdao Bay. Invented; no line here is a real boundary.

A mesh of crooked lines is cut into cells; every level above is the union of its cells, so neighbours share their
edges to the last digit and parents cover their children exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely

from geo.models import Area, AreaRef

LEVELS = ("区", "街道", "社区", "网格", "微网格")
CODE_SCHEME = "demo"
CODE_YEAR = 2026
DISTRICT_CODE = "370299"
DISTRICT_NAME = "演示区"

COLUMNS, ROWS = 12, 8
WEST, EAST, SOUTH, NORTH = 120.13, 120.23, 35.925, 35.995
_SEED = 120_3596
_DECIMALS = 7  # a centimetre

Corner = tuple[int, int]
Coordinates = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of cells: columns counted from the west, rows from the north; `right` and `bottom` not included."""

    left: int
    top: int
    right: int
    bottom: int

    def split(self, columns: int, rows: int) -> Iterator["Block"]:
        """Give the parts in reading order: the northern row first, each row west to east."""
        widths = np.linspace(self.left, self.right, columns + 1).round().astype(int).tolist()
        heights = np.linspace(self.top, self.bottom, rows + 1).round().astype(int).tolist()
        for top, bottom in pairwise(heights):
            for left, right in pairwise(widths):
                yield Block(left, top, right, bottom)

    def cells(self) -> Iterator["Block"]:
        """Give the single cells in reading order."""
        return self.split(self.right - self.left, self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class DemoArea:
    """An area of the demonstration, its shape in WGS-84."""

    code: str
    parent_code: str | None
    name: str
    level: str
    path: str
    names: tuple[str, ...]
    shape: shapely.Polygon

    @property
    def is_leaf(self) -> bool:
        """Tell whether there is nothing beneath."""
        return self.level == LEVELS[-1]

    def row(self) -> Area:
        """Give it as the geo room stores it."""
        return Area(
            code=self.code,
            name=self.name,
            level=self.level,
            path=self.path,
            names=self.names,
            parent_code=self.parent_code,
            code_scheme=CODE_SCHEME,
            code_year=CODE_YEAR,
            is_leaf=self.is_leaf,
        )

    def ref(self) -> AreaRef:
        """Give what others keep of it."""
        return AreaRef(self.code, self.name, self.level, self.path, self.names)


#: Each subdistrict's share of the columns, with its communities from north to south.
SUBDISTRICTS = (
    ("湾畔街道", Block(0, 0, 4, 8), ("听涛社区", "观澜社区", "渔灯社区")),
    ("松林街道", Block(4, 0, 8, 8), ("松风社区", "晴川社区", "槐香社区")),
    ("帆影街道", Block(8, 0, 12, 8), ("白帆社区", "星浦社区")),
)
_ORDINALS = "一二三四五六七八九"


def draw_areas() -> list[DemoArea]:
    """Draw the tree, parents before children; the same every time."""
    cells = _draw_cells()
    root = _area(None, DISTRICT_CODE, DISTRICT_NAME, Block(0, 0, COLUMNS, ROWS), cells)
    areas = [root]
    for number, (name, block, communities) in enumerate(SUBDISTRICTS, 1):
        street = _area(root, f"{root.code}{number:03}", name, block, cells)
        areas.append(street)
        parts = block.split(1, len(communities))
        for place, (community_name, part) in enumerate(zip(communities, parts, strict=True), 1):
            community = _area(street, f"{street.code}{place:03}", community_name, part, cells)
            areas.append(community)
            areas.extend(_draw_grids(community, part, cells))
    return areas


def _draw_grids(community: DemoArea, block: Block, cells: dict[Corner, shapely.Polygon]) -> Iterator[DemoArea]:
    rows = 2 if block.bottom - block.top > 3 else 1
    for number, part in enumerate(block.split(2, rows), 1):
        grid = _area(community, f"{community.code}{number:03}", f"第{_ORDINALS[number - 1]}网格", part, cells)
        yield grid
        for place, cell in enumerate(part.cells(), 1):
            yield _area(grid, f"{grid.code}{place:02}", f"{grid.name}{place:02}号微网格", cell, cells)


def _area(
    parent: DemoArea | None, code: str, name: str, block: Block, cells: dict[Corner, shapely.Polygon]
) -> DemoArea:
    shapes = [cells[cell.left, cell.top] for cell in block.cells()]
    shape = _one_polygon(shapely.coverage_union_all(shapes) if len(shapes) > 1 else shapes[0])
    if parent is None:
        return DemoArea(code, None, name, LEVELS[0], code, (name,), shape)
    level = LEVELS[LEVELS.index(parent.level) + 1]
    return DemoArea(code, parent.code, name, level, f"{parent.path}/{code}", (*parent.names, name), shape)


def _one_polygon(shape: shapely.Geometry) -> shapely.Polygon:
    parts = shapely.get_parts(shape)
    return shapely.Polygon(parts[0])


def _draw_cells() -> dict[Corner, shapely.Polygon]:
    """Give each cell's polygon by (column, row); a side between two cells is drawn once and used by both."""
    rng = np.random.default_rng(_SEED)
    corners = _scatter(rng, COLUMNS + 1, ROWS + 1, 0.0, 0.0)
    on_horizontals = _scatter(rng, COLUMNS, ROWS + 1, 0.5, 0.0)
    on_verticals = _scatter(rng, COLUMNS + 1, ROWS, 0.0, 0.5)
    return {
        (column, row): shapely.Polygon(
            [
                corners[column, row],
                on_horizontals[column, row],
                corners[column + 1, row],
                on_verticals[column + 1, row],
                corners[column + 1, row + 1],
                on_horizontals[column, row + 1],
                corners[column, row + 1],
                on_verticals[column, row],
            ]
        )
        for column in range(COLUMNS)
        for row in range(ROWS)
    }


def _scatter(rng: np.random.Generator, columns: int, rows: int, right: float, down: float) -> Coordinates:
    """Give lon, lat of a lattice shifted by parts of a cell, every place moved a little at random."""
    column, row = np.meshgrid(np.arange(columns) + right, np.arange(rows) + down, indexing="ij")
    moved = rng.uniform(-0.17, 0.17, (2, columns, rows))
    lon = WEST + (EAST - WEST) / COLUMNS * (column + moved[0])
    lat = NORTH - (NORTH - SOUTH) / ROWS * (row + moved[1])
    return np.round(np.stack([lon, lat], axis=-1), _DECIMALS)
