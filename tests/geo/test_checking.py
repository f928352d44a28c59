"""The checks of a draft find what is wrong with it, and nothing in what is right."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from core.access.models import Grant, Role
from core.access.queries import insert_grant
from core.database import Connection
from geo.checking import CheckReport, FindingKind, check_draft
from geo.datum import from_wgs84, to_wgs84
from geo.errors import NoDraft
from geo.generations import activate
from geo.models import Area, Datum
from tests.conftest import DISTRICT, START
from tests.geo.boundaries import area, draft_of, square
from tests.staff import insert_staff

CLEAN = CheckReport((), ())
CHICAGO = shapely.box(-87.7, 41.8, -87.6, 41.9)


async def checked(conn: Connection, *areas: tuple[Area, shapely.Geometry]) -> CheckReport:
    await draft_of(conn, *areas)
    return await check_draft(conn, district_id=DISTRICT)


def kinds(report: CheckReport) -> tuple[list[FindingKind], list[FindingKind]]:
    return [error.kind for error in report.errors], [warning.kind for warning in report.warnings]


async def test_nothing_is_found_in_a_whole_tree(conn: Connection) -> None:
    parent = (area("9", is_leaf=False), square(0, 0, 2).intersection(square(0, 0).union(square(1, 0))))
    children = [(area(f"9{n}", "9"), square(n, 0)) for n in range(2)]
    assert CLEAN == await checked(conn, parent, *children)


async def test_without_a_draft_there_is_nothing_to_check(conn: Connection) -> None:
    with pytest.raises(NoDraft):
        await check_draft(conn, district_id=DISTRICT)


async def test_an_empty_draft_cannot_become_active(conn: Connection) -> None:
    assert ([FindingKind.EMPTY], []) == kinds(await checked(conn))


async def test_an_invalid_shape_is_named_with_the_place_of_its_flaw(conn: Connection) -> None:
    bow_tie = shapely.Polygon([(120, 36), (120.01, 36.01), (120.01, 36), (120, 36.01)])
    (error,) = (await checked(conn, (area("1"), bow_tie), (area("2"), square(0, 0)))).errors
    assert FindingKind.INVALID == error.kind
    assert "1（1） is invalid: Self-intersection[120.005 36.005]" == error.text.en


async def test_ground_without_a_child_is_a_gap_of_the_parent(conn: Connection) -> None:
    report = await checked(conn, (area("9", is_leaf=False), square(0, 0, 2)), (area("91", "9"), square(0, 0)))
    (gap,) = report.warnings
    assert FindingKind.GAP == gap.kind
    assert pytest.approx(3 * 1109.7 * 901.6, rel=0.01) == gap.size_m2  # a cell: 0.01° of a meridian by 0.01° of 36° N


async def test_a_hole_among_the_roots_is_a_gap(conn: Connection) -> None:
    ring = [(area(f"{x}{y}"), square(x, y)) for x in range(3) for y in range(3) if (x, y) != (1, 1)]
    (gap,) = (await checked(conn, *ring)).warnings
    assert (FindingKind.GAP, True) == (gap.kind, "120.015000,36.015000" in gap.text.en)


async def test_ground_of_two_leaves_is_an_overlap_that_names_both(conn: Connection) -> None:
    (overlap,) = (await checked(conn, (area("1"), square(0, 0)), (area("2"), square(0.5, 0)))).warnings
    assert FindingKind.OVERLAP == overlap.kind
    assert "1（1） × 2（2）" in overlap.text.zh
    assert pytest.approx(0.5 * 1109.7 * 901.6, rel=0.01) == overlap.size_m2


async def test_a_leaf_inside_another_is_an_error_that_says_which_to_put_below(conn: Connection) -> None:
    report = await checked(conn, (area("1"), square(0, 0, 3)), (area("2"), square(1, 1)))
    assert ([FindingKind.NESTED], []) == kinds(report)
    (error,) = report.errors
    assert ("2（2） lies inside 1（1）", True) == (error.text.en.partition(" and ")[0], "--parent" in error.text.zh)


@pytest.mark.parametrize(("column", "kind"), [(0.09, FindingKind.NESTED), (0.11, FindingKind.OVERLAP)])
async def test_nine_tenths_in_common_are_more_than_an_overlap(
    conn: Connection, column: float, kind: FindingKind
) -> None:
    report = await checked(conn, (area("1"), square(0, 0)), (area("2"), square(column, 0)))
    assert [kind] == [finding.kind for finding in (*report.errors, *report.warnings)]


async def test_a_child_that_fills_its_parent_is_no_error(conn: Connection) -> None:
    assert CLEAN == await checked(conn, (area("9", is_leaf=False), square(0, 0)), (area("91", "9"), square(0, 0)))


async def test_rounding_along_a_line_is_no_overlap(conn: Connection) -> None:
    assert CLEAN == await checked(conn, (area("1"), square(0, 0)), (area("2"), square(1 - 1e-8, 0)))


async def test_the_largest_overlap_comes_first(conn: Connection) -> None:
    report = await checked(conn, (area("1"), square(0, 0)), (area("2"), square(0.9, 0)), (area("3"), square(1.5, 0)))
    sizes = [overlap.size_m2 for overlap in report.warnings]
    assert (2, sorted(sizes, reverse=True)) == (len(sizes), sizes)


async def test_what_is_beyond_the_cap_is_summed_up(conn: Connection) -> None:
    report = await checked(conn, *((area(str(n)), square(n * 0.9, 0)) for n in range(24)))
    assert 21 == len(report.warnings)
    assert "3 more" in report.warnings[-1].text.en


async def test_a_child_partly_outside_its_parent_is_warned_of(conn: Connection) -> None:
    report = await checked(conn, (area("9", is_leaf=False), square(0, 0)), (area("91", "9"), square(0, 0, 1.1)))
    assert ([], [FindingKind.OUTSIDE_PARENT]) == kinds(report)


async def test_a_child_mostly_outside_its_parent_is_an_error(conn: Connection) -> None:
    report = await checked(conn, (area("9", is_leaf=False), square(0, 0)), (area("91", "9"), square(0.6, 0)))
    assert [FindingKind.OUTSIDE_PARENT] == kinds(report)[0]
    assert "60.0%" in report.errors[0].text.en


async def test_scopes_of_staff_that_the_draft_lacks_are_named(conn: Connection) -> None:
    staff = await insert_staff(conn, district_id=DISTRICT, username="secretary", name="书记", now=START)
    for grant in (Grant(Role.SECRETARY, "9/91"), Grant(Role.SECRETARY, "1"), Grant(Role.AUDITOR, "")):
        await insert_grant(conn, district_id=DISTRICT, staff_id=staff.id, grant=grant, now=START)
    (missing,) = (await checked(conn, (area("1"), square(0, 0)))).warnings
    assert (FindingKind.SCOPE, True) == (missing.kind, "9/91" in missing.text.en)


def read_as(shape: shapely.Geometry, *, real: Datum, stated: Datum) -> shapely.Geometry:
    """Give what is stored when coordinates in `real` are imported as `stated`."""
    return shapely.transform(
        shape, lambda xy: np.column_stack(to_wgs84(*from_wgs84(xy[:, 0].copy(), xy[:, 1].copy(), real), stated))
    )


async def redraw(conn: Connection, *shapes: shapely.Geometry, stated: Datum) -> None:
    """Activate three squares, then draw them anew."""
    await draft_of(conn, *((area(str(n)), square(n, 0)) for n in range(3)))
    await activate(conn, district_id=DISTRICT, actor_name="test", now=START)
    await draft_of(conn, *((area(str(n)), shape) for n, shape in enumerate(shapes)), datum=stated)


@pytest.mark.parametrize("stated", list(Datum))
@pytest.mark.parametrize("real", list(Datum))
async def test_a_datum_stated_wrongly_is_found_and_named(conn: Connection, real: Datum, stated: Datum) -> None:
    shapes = [read_as(square(n, 0), real=real, stated=stated) for n in range(3)]
    await redraw(conn, *shapes, stated=stated)
    report = await check_draft(conn, district_id=DISTRICT)
    expected = [] if real is stated else [f"{real} imported as {stated}"]
    assert expected == [words for error in report.errors for words in expected if words in error.text.en]
    assert len(expected) == len(report.errors)


async def test_a_datum_may_be_accepted_against_the_suspicion(conn: Connection) -> None:
    shapes = [read_as(square(n, 0), real=Datum.GCJ02, stated=Datum.WGS84) for n in range(3)]
    await redraw(conn, *shapes, stated=Datum.WGS84)
    assert () == (await check_draft(conn, district_id=DISTRICT, accept_datum=True)).errors


async def test_boundaries_moved_another_way_are_no_datum_error(conn: Connection) -> None:
    await redraw(conn, *(square(n - 0.5, 0.5) for n in range(3)), stated=Datum.WGS84)
    assert () == (await check_draft(conn, district_id=DISTRICT)).errors


async def test_outside_china_no_datum_is_suspected(conn: Connection) -> None:
    await draft_of(conn, (area("1"), CHICAGO))
    await activate(conn, district_id=DISTRICT, actor_name="test", now=START)
    moved = shapely.transform(CHICAGO, lambda xy: xy + 0.004)
    await draft_of(conn, (replace(area("1"), name="moved"), moved), datum=Datum.WGS84)
    assert CLEAN == await check_draft(conn, district_id=DISTRICT)
