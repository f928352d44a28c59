"""Real boundary files go in, are checked and become active: Qingdao's streets, Chicago's areas and police beats."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.database import Connection
from geo import queries
from geo.checking import CheckReport, FindingKind, check_draft
from geo.errors import DraftHasErrors
from geo.generations import activate, discard
from geo.grids import add_grids
from geo.importing import BoundaryReport, ImportSource, import_areas
from geo.models import Datum
from tests.conftest import DISTRICT, START

DATA = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data"

STREETS = ImportSource(DATA / "qingdao/streets.geojson", "街道", "name", "stats_code_9", Datum.WGS84)
COMMUNITY_AREAS = ImportSource(
    DATA / "chicago/community_areas.geojson", "community area", "name", "community_area", Datum.WGS84
)
BEATS = ImportSource(
    DATA / "chicago/police_beats.geojson", "beat", "beat", "beat", Datum.WGS84, parent_fields=("district", "sector")
)

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="no real data beside the repository (../shared/data)")


async def _import(conn: Connection, source: ImportSource) -> BoundaryReport:
    return await import_areas(conn, district_id=DISTRICT, source=source, actor_name="test", now=START)


async def _count_levels(conn: Connection, generation_id: int) -> dict[str, int]:
    levels = await queries.list_levels(conn, district_id=DISTRICT, generation_id=generation_id)
    return {level.name: level.areas for level in levels}


async def test_the_23_streets_come_in_and_the_district_among_them_is_left_out_and_named(conn: Connection) -> None:
    report = await _import(conn, STREETS)
    assert (23, (), ["青岛西海岸新区（黄岛区）"]) == (report.areas, report.errors, [n.name for n in report.left_out])


async def test_police_beats_become_a_tree_of_districts_sectors_and_beats(conn: Connection) -> None:
    report = await _import(conn, BEATS)
    assert report.errors == ()
    assert report.generation_id is not None
    assert {"district": 23, "sector": 68, "beat": 275} == await _count_levels(conn, report.generation_id)


async def test_a_beat_lies_below_its_sector_of_its_district(conn: Connection) -> None:
    report = await _import(conn, BEATS)
    assert report.generation_id is not None
    beat = await queries.find_area(conn, district_id=DISTRICT, generation_id=report.generation_id, code="1713")
    assert beat is not None
    assert "17/17-1/1713" == beat.path


async def test_the_parts_of_the_beat_outside_the_city_are_joined_and_named(conn: Connection) -> None:
    report = await _import(conn, BEATS)
    assert [(56, "3100"), (264, "3100")] == [(note.row, note.name) for note in report.joined]


async def test_the_streets_of_qingdao_fit_together(conn: Connection) -> None:
    await _import(conn, STREETS)
    assert CheckReport((), ()) == await check_draft(conn, district_id=DISTRICT)


async def test_the_enclaves_in_chicago_are_told_as_gaps(conn: Connection) -> None:
    await _import(conn, COMMUNITY_AREAS)
    report = await check_draft(conn, district_id=DISTRICT)
    assert ((), [FindingKind.GAP] * 3) == (report.errors, [warning.kind for warning in report.warnings])


async def test_grids_below_the_streets_cover_them_and_become_active(conn: Connection) -> None:
    report = await _import(conn, STREETS)
    count = await add_grids(conn, district_id=DISTRICT, metres=1000.0, level="网格")
    assert CheckReport((), ()) == await check_draft(conn, district_id=DISTRICT)
    generation = await activate(conn, district_id=DISTRICT, actor_name="test", now=START)
    assert report.generation_id == generation.id
    assert {"街道": 23, "网格": count} == await _count_levels(conn, generation.id)


async def test_streets_taken_in_with_the_wrong_datum_are_refused(conn: Connection) -> None:
    await _import(conn, STREETS)
    await activate(conn, district_id=DISTRICT, actor_name="test", now=START)
    await _import(conn, replace(STREETS, datum=Datum.GCJ02))
    with pytest.raises(DraftHasErrors, match="wgs84 imported as gcj02"):
        await activate(conn, district_id=DISTRICT, actor_name="test", now=START)


@pytest.mark.parametrize("source", [STREETS, COMMUNITY_AREAS, BEATS], ids=lambda source: source.file.stem)
async def test_a_real_file_becomes_active(conn: Connection, source: ImportSource) -> None:
    report = await _import(conn, source)
    generation = await activate(conn, district_id=DISTRICT, actor_name="test", now=START)
    assert report.generation_id == generation.id


async def test_streets_beside_their_district_are_refused_and_below_it_are_right(conn: Connection) -> None:
    district = replace(STREETS, level="区", code_field="division_code")
    await _import(conn, district)
    await _import(conn, STREETS)
    report = await check_draft(conn, district_id=DISTRICT)
    assert {FindingKind.NESTED} == {error.kind for error in report.errors}
    await discard(conn, district_id=DISTRICT, now=START)
    await _import(conn, district)
    await _import(conn, replace(STREETS, parent="370211"))
    assert () == (await check_draft(conn, district_id=DISTRICT)).errors
