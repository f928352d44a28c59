"""Grids cover their area without gap or overlap, in one lattice, numbered as people read."""

import math

import numpy as np
import pytest
import shapely

from core.database import Connection
from geo import queries
from geo.checking import CheckReport, check_draft
from geo.errors import GridTooFine
from geo.grids import Lattice, add_grids, generate_grids, lattice_at
from tests.conftest import DISTRICT
from tests.geo.boundaries import SIDE, area, draft_of, square

#: Four cells to a side of the made-up squares.
LATTICE = Lattice(SIDE / 4, SIDE / 4)
DISC = shapely.Point(120.02, 36.02).buffer(0.013)
BLOB = DISC.difference(square(1.2, 1.3, 0.4))


def shapes(parent: shapely.Geometry, code: str = "1", lattice: Lattice = LATTICE) -> list[shapely.Geometry]:
    return [shape for _, shape in generate_grids(parent, parent_code=code, lattice=lattice)]


def test_grids_cover_their_area_exactly() -> None:
    grids = shapes(BLOB)
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(grids), BLOB)) < 1e-15


def test_grids_have_no_ground_in_common() -> None:
    assert pytest.approx(BLOB.area, rel=1e-9) == sum(shape.area for shape in shapes(BLOB))


def test_no_grid_is_a_sliver() -> None:
    assert min(shape.area for shape in shapes(BLOB)) >= LATTICE.lon * LATTICE.lat / 4


def test_every_grid_is_a_valid_polygon() -> None:
    grids = shapes(BLOB)
    assert {"Polygon"} == {shape.geom_type for shape in grids}
    assert shapely.is_valid(grids).all()


def test_an_area_smaller_than_a_cell_is_one_grid() -> None:
    small = square(0.05, 0.05, 0.05)
    (grid,) = shapes(small)
    assert shapely.equals(small, grid)


def test_an_islet_joins_the_nearest_grid() -> None:
    islet = square(1.1, 0.05, 0.02)
    grids = shapes(shapely.union_all([square(0, 0), islet]))
    assert 1 == sum(bool(shapely.covers(grid, islet)) for grid in grids)
    assert pytest.approx(square(0, 0).area + islet.area) == sum(grid.area for grid in grids)


def test_grids_of_neighbours_line_up() -> None:
    left, right = shapes(square(0, 0)), shapes(square(1, 0))
    assert shapely.coverage_is_valid(np.array([*left, *right], dtype=object))


def test_numbers_run_west_to_east_and_north_to_south() -> None:
    numbered = generate_grids(square(0, 0), parent_code="1", lattice=Lattice(SIDE / 2, SIDE / 2))
    middles = [(code, round(s.centroid.x, 4), round(s.centroid.y, 4)) for code, s in numbered]
    assert [
        ("1-001", 120.0025, 36.0075),
        ("1-002", 120.0075, 36.0075),
        ("1-003", 120.0025, 36.0025),
        ("1-004", 120.0075, 36.0025),
    ] == middles


def test_below_twelve_digits_the_code_has_fifteen() -> None:
    codes = [code for code, _ in generate_grids(square(0, 0), parent_code="370211001002", lattice=LATTICE)]
    assert ("370211001002001", "370211001002016") == (codes[0], codes[-1])


def test_a_number_beyond_three_digits_widens_all() -> None:
    codes = [code for code, _ in generate_grids(square(0, 0), parent_code="1", lattice=Lattice(SIDE / 40, SIDE / 40))]
    assert ("1-0001", "1-1600") == (codes[0], codes[-1])


@pytest.mark.parametrize(("code", "parts"), [("370211001002", 40), ("1", 2000)])
def test_a_grid_too_fine_is_refused(code: str, parts: int) -> None:
    with pytest.raises(GridTooFine):
        generate_grids(square(0, 0), parent_code=code, lattice=Lattice(SIDE / parts, SIDE / parts))


def test_a_cell_measures_the_same_both_ways() -> None:
    lattice = lattice_at(36.0, 300.0)
    assert pytest.approx(math.cos(math.radians(36.0)), rel=0.01) == lattice.lat / lattice.lon


async def test_grids_go_below_every_leaf_of_the_draft(conn: Connection) -> None:
    draft_id = await draft_of(conn, (area("1"), square(0, 0)), (area("2"), square(1, 0)))
    count = await add_grids(conn, district_id=DISTRICT, metres=300.0, level="网格")
    leaves = await queries.list_leaves(conn, district_id=DISTRICT, generation_id=draft_id)
    assert count == len(leaves)
    assert ("1-001", "1 001", "网格", "1/1-001") == (leaves[0].code, leaves[0].name, leaves[0].level, leaves[0].path)


async def test_grids_pass_the_checks(conn: Connection) -> None:
    await draft_of(conn, (area("1"), DISC))
    await add_grids(conn, district_id=DISTRICT, metres=100.0, level="网格")
    assert CheckReport((), ()) == await check_draft(conn, district_id=DISTRICT)
