"""Boundary files come into the draft whole or not at all, and the report says what became of each row."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from core.database import Connection
from geo import boundary_file, queries
from geo.datum import from_wgs84
from geo.errors import AreaNotFound, BoundaryFileUnreadable
from geo.importing import BoundaryReport
from geo.models import Area, Datum
from tests.conftest import DISTRICT
from tests.geo.boundaries import feature, source, square, take_in, write_geojson

BOW_TIE = shapely.Polygon([(120, 36), (120.01, 36.01), (120.01, 36), (120, 36.01)])


async def area_of(conn: Connection, report: BoundaryReport, code: str) -> Area:
    assert report.generation_id is not None
    found = await queries.find_area(conn, district_id=DISTRICT, generation_id=report.generation_id, code=code)
    assert found is not None
    return found


async def shape_of(conn: Connection, report: BoundaryReport, code: str) -> shapely.Geometry:
    assert report.generation_id is not None
    wkb = await queries.find_geometry(conn, district_id=DISTRICT, generation_id=report.generation_id, code=code)
    return shapely.from_wkb(wkb)


async def has_draft(conn: Connection) -> bool:
    return await queries.find_draft_generation(conn, district_id=DISTRICT) is not None


async def test_areas_without_parent_fields_are_roots_and_leaves(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(tmp_path, feature(square(0, 0), code="01", name="东社区"))
    report = await take_in(conn, source(file, scheme="stats", year=2023))
    expected = Area("01", "东社区", "社区", "01", ("东社区",), None, "stats", 2023, True)
    assert expected == await area_of(conn, report, "01")


async def test_a_second_file_goes_into_the_same_draft(conn: Connection, tmp_path: Path) -> None:
    first = await take_in(conn, source(write_geojson(tmp_path, feature(square(0, 0), code="1", name="a"))))
    second = await take_in(conn, source(write_geojson(tmp_path, feature(square(1, 0), code="2", name="b"))))
    assert first.generation_id == second.generation_id


async def test_an_area_that_gets_children_is_no_leaf_any_more(conn: Connection, tmp_path: Path) -> None:
    await take_in(conn, source(write_geojson(tmp_path, feature(square(0, 0, 2), code="9", name="街道"))))
    child = write_geojson(tmp_path, feature(square(0, 0), code="91", name="社区", parent="9"))
    report = await take_in(conn, source(child, parent_fields=("parent",)))
    parent, leaf = await area_of(conn, report, "9"), await area_of(conn, report, "91")
    assert (False, "9/91", ("街道", "社区")) == (parent.is_leaf, leaf.path, leaf.names)


async def test_a_parent_the_draft_has_keeps_its_shape(conn: Connection, tmp_path: Path) -> None:
    await take_in(conn, source(write_geojson(tmp_path, feature(square(0, 0, 2), code="9", name="街道"))))
    child = write_geojson(tmp_path, feature(square(0, 0), code="91", name="社区", parent="9"))
    report = await take_in(conn, source(child, parent_fields=("parent",)))
    assert shapely.equals(square(0, 0, 2), await shape_of(conn, report, "9"))


async def test_all_rows_hang_below_the_one_parent_named(conn: Connection, tmp_path: Path) -> None:
    top = feature(square(0, 0, 2), code="9", name="区")
    await take_in(conn, source(write_geojson(tmp_path, top)))
    street = feature(square(0, 0, 2), code="91", name="街道")
    await take_in(conn, source(write_geojson(tmp_path, street), parent="9"))
    rows = [feature(square(n, 0), code=f"91{n}", name="社区") for n in range(2)]
    report = await take_in(conn, source(write_geojson(tmp_path, *rows), parent="91"))
    paths = [(await area_of(conn, report, f"91{n}")).path for n in range(2)]
    assert ((), ["9/91/910", "9/91/911"]) == (report.parents_made, paths)
    assert [False, False] == [(await area_of(conn, report, code)).is_leaf for code in ("9", "91")]


async def test_a_named_parent_that_the_draft_lacks_refuses_the_file(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(tmp_path, feature(square(0, 0), code="91", name="a"))
    with pytest.raises(AreaNotFound):
        await take_in(conn, source(file, parent="9"))
    assert not await has_draft(conn)


async def test_a_missing_parent_is_made_of_its_children(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(
        tmp_path,
        feature(square(0, 0), code="91", name="a", street="9"),
        feature(square(1, 0), code="92", name="b", street="9"),
    )
    report = await take_in(conn, source(file, parent_fields=("street",)))
    parent = await area_of(conn, report, "9")
    assert (("9",), "street", False) == (report.parents_made, parent.level, parent.is_leaf)
    assert shapely.equals(square(0, 0).union(square(1, 0)), await shape_of(conn, report, "9"))


async def test_inner_parents_of_the_same_code_stay_apart(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(
        tmp_path,
        feature(square(0, 0), code="1711", name="a", district="17", sector="1"),
        feature(square(1, 0), code="1811", name="b", district="18", sector="1"),
    )
    report = await take_in(conn, source(file, parent_fields=("district", "sector")))
    paths = [(await area_of(conn, report, code)).path for code in ("1711", "1811")]
    assert ["17/17-1/1711", "18/18-1/1811"] == paths


async def test_a_later_file_goes_on_below_parents_made_before(conn: Connection, tmp_path: Path) -> None:
    fields = ("district", "sector")
    first = feature(square(0, 0), code="1711", name="a", district="17", sector="1")
    await take_in(conn, source(write_geojson(tmp_path, first), parent_fields=fields))
    later = feature(square(1, 0), code="1721", name="b", district="17", sector="2")
    report = await take_in(conn, source(write_geojson(tmp_path, later), parent_fields=fields))
    assert (("17-2",), "17/17-2/1721") == (report.parents_made, (await area_of(conn, report, "1721")).path)


async def test_rows_without_a_code_are_left_out_and_named(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(tmp_path, feature(square(0, 0, 9), name="全区"), feature(square(0, 0), code="1", name="a"))
    report = await take_in(conn, source(file))
    assert (1, [(1, "全区")]) == (report.areas, [(note.row, note.name) for note in report.left_out])


async def test_only_rows_with_the_wanted_value_are_taken(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(
        tmp_path,
        feature(square(0, 0), code="1", name="a", admin_level=6),
        feature(square(1, 0), code="2", name="b", admin_level=8),
    )
    report = await take_in(conn, source(file, where=(("admin_level", "8"),)))
    assert (1, "b") == (report.areas, (await area_of(conn, report, "2")).name)


async def test_rows_that_are_parts_of_one_area_are_joined_and_named(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(tmp_path, feature(square(0, 0), code="1", name="a"), feature(square(5, 0), code="1", name="a"))
    report = await take_in(conn, source(file))
    assert (1, [2]) == (report.areas, [note.row for note in report.joined])
    assert shapely.equals(square(0, 0).union(square(5, 0)), await shape_of(conn, report, "1"))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no name": (feature(square(1, 0), code="2"), "no name"),
    "a duplicate code": (feature(square(1, 0), code="1", name="b"), "more than once"),
    "the same row twice": (feature(square(0, 0), code="1", name="a"), "more than once"),
    "no shape": (feature(None, code="2", name="b"), "no geometry"),
    "an empty shape": (feature(shapely.Polygon(), code="2", name="b"), "empty"),
    "a line": (feature(shapely.LineString([(0, 0), (1, 1)]), code="2", name="b"), "no Polygon"),
    "a collection": (
        feature(shapely.GeometryCollection([square(1, 0)]), code="2", name="b"),
        "no Polygon",
    ),
    "a ring that crosses itself": (feature(BOW_TIE, code="2", name="b"), "Self-intersection[120.005 36.005]"),
    "metres for degrees": (feature(shapely.box(4e5, 3e6, 5e5, 4e6), code="2", name="b"), "degrees"),
    "a slash in the code": (feature(square(1, 0), code="2/3", name="b"), "'2/3'"),
    "a space in the code": (feature(square(1, 0), code="2 3", name="b"), "'2 3'"),
    "an endless code": (feature(square(1, 0), code="2" * 41, name="b"), "40"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_one_wrong_row_refuses_the_whole_file(conn: Connection, tmp_path: Path, what: str) -> None:
    wrong, words = REFUSED[what]
    file = write_geojson(tmp_path, feature(square(0, 0), code="1", name="a"), wrong)
    report = await take_in(conn, source(file))
    assert 2 in [note.row for note in report.errors if words in note.reason.en]
    assert not await has_draft(conn)


async def test_every_wrong_row_is_named_at_once(conn: Connection, tmp_path: Path) -> None:
    wrong = [feature(BOW_TIE, code="1"), feature(square(1, 0), code="2", name="b"), feature(None, code="3", name="c")]
    report = await take_in(conn, source(write_geojson(tmp_path, *wrong)))
    assert [1, 1, 3] == [note.row for note in report.errors]


async def test_a_shape_with_too_many_vertices_is_refused(
    conn: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boundary_file, "MAX_VERTICES", 50)
    file = write_geojson(tmp_path, feature(shapely.Point(120, 36).buffer(0.01), code="1", name="a"))
    (error,) = (await take_in(conn, source(file))).errors
    assert "50" in error.reason.en


async def test_a_row_without_its_parent_is_refused(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(
        tmp_path,
        feature(square(0, 0), code="1", name="a", street="9"),
        feature(square(1, 0), code="2", name="b"),
    )
    report = await take_in(conn, source(file, parent_fields=("street",)))
    assert [2] == [note.row for note in report.errors]


async def test_an_area_cannot_be_its_neighbours_parent_by_code(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(
        tmp_path,
        feature(square(0, 0), code="9", name="a", street="8"),
        feature(square(1, 0), code="2", name="b", street="9"),
    )
    report = await take_in(conn, source(file, parent_fields=("street",)))
    assert [1] == [note.row for note in report.errors]


async def test_a_code_that_the_draft_has_refuses_the_file(conn: Connection, tmp_path: Path) -> None:
    first = await take_in(conn, source(write_geojson(tmp_path, feature(square(0, 0), code="1", name="a"))))
    file = write_geojson(tmp_path, feature(square(1, 0), code="2", name="b"), feature(square(0, 0), code="1", name="a"))
    report = await take_in(conn, source(file))
    assert [2] == [note.row for note in report.errors]
    assert first.generation_id is not None
    key = {"district_id": DISTRICT, "generation_id": first.generation_id}
    assert await queries.find_area(conn, **key, code="2") is None


async def test_a_gcj02_file_is_stored_in_wgs84(conn: Connection, tmp_path: Path) -> None:
    shifted = shapely.transform(square(0, 0), lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], Datum.GCJ02)))
    file = write_geojson(tmp_path, feature(shifted, code="1", name="a"))
    report = await take_in(conn, source(file, datum=Datum.GCJ02))
    assert shapely.hausdorff_distance(square(0, 0), await shape_of(conn, report, "1")) < 1e-8


async def test_neighbours_share_their_line_after_conversion(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(tmp_path, *(feature(square(n, 0), code=str(n), name="a") for n in range(7)))
    report = await take_in(conn, source(file, datum=Datum.BD09))
    shapes = [await shape_of(conn, report, str(n)) for n in range(7)]
    assert shapely.coverage_is_valid(shapes)


async def test_codes_read_as_floats_lose_their_point(conn: Connection, tmp_path: Path) -> None:
    file = tmp_path / "beats.gpkg"
    columns = [np.array([1713.0, np.nan]), np.array(["a", "b"], dtype=object)]
    wkb = shapely.to_wkb(np.array([square(0, 0), square(1, 0)], dtype=object))
    pyogrio.raw.write(file, wkb, columns, ["code", "name"], geometry_type="Polygon", crs="EPSG:4326")
    report = await take_in(conn, source(file))
    assert ("1713", 1) == ((await area_of(conn, report, "1713")).code, len(report.left_out))


def write_shapefile(file: Path, *, encoding: str, crs: str | None = "EPSG:4326") -> Path:
    columns = [np.array(["1"], dtype=object), np.array(["听涛社区"], dtype=object)]
    wkb = shapely.to_wkb(np.array([square(0, 0)], dtype=object))
    pyogrio.raw.write(file, wkb, columns, ["code", "name"], geometry_type="Polygon", crs=crs, encoding=encoding)
    return file


async def test_a_shapefile_says_how_its_text_is_written(conn: Connection, tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "a.shp", encoding="GBK")
    report = await take_in(conn, source(file))
    assert "听涛社区" == (await area_of(conn, report, "1")).name


async def test_a_shapefile_silent_on_its_text_is_refused(conn: Connection, tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "a.shp", encoding="GBK")
    file.with_suffix(".cpg").unlink()
    with pytest.raises(BoundaryFileUnreadable, match="encoding"):
        await take_in(conn, source(file))


async def test_a_stated_encoding_reads_a_silent_shapefile(conn: Connection, tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "a.shp", encoding="GBK")
    file.with_suffix(".cpg").unlink()
    report = await take_in(conn, source(file, encoding="GBK"))
    assert "听涛社区" == (await area_of(conn, report, "1")).name


async def test_projected_coordinates_are_refused_by_name(conn: Connection, tmp_path: Path) -> None:
    file = write_shapefile(tmp_path / "a.shp", encoding="UTF-8", crs="EPSG:4549")
    with pytest.raises(BoundaryFileUnreadable, match="EPSG:4549"):
        await take_in(conn, source(file))


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4326"])
async def test_chinese_and_world_degrees_are_both_taken(conn: Connection, tmp_path: Path, crs: str) -> None:
    report = await take_in(conn, source(write_shapefile(tmp_path / "a.shp", encoding="UTF-8", crs=crs)))
    assert 1 == report.areas


async def test_a_field_the_file_lacks_is_named(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(tmp_path, feature(square(0, 0), code="1", name="a"))
    with pytest.raises(BoundaryFileUnreadable, match="no field kode; there are: code, name"):
        await take_in(conn, source(file, code_field="kode"))


@pytest.mark.parametrize("text", ["", "{", '{"type": "FeatureCollection", "features": []}', "no json at all"])
async def test_a_file_that_is_no_boundary_file_is_refused(conn: Connection, tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.geojson"
    file.write_text(text)
    with pytest.raises(BoundaryFileUnreadable):
        await take_in(conn, source(file))


async def test_a_missing_file_is_refused(conn: Connection, tmp_path: Path) -> None:
    with pytest.raises(BoundaryFileUnreadable, match="no file"):
        await take_in(conn, source(tmp_path / "none.geojson"))


async def test_deeply_nested_collections_never_reach_the_geometry_engine(conn: Connection, tmp_path: Path) -> None:
    depth = 60
    geometry = '{"type": "GeometryCollection", "geometries": [' * depth + "]}" * depth
    file = tmp_path / "deep.geojson"
    file.write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature(None, code="1", name="a")]}).replace(
            '"geometry": null', f'"geometry": {geometry}'
        )
    )
    (error,) = (await take_in(conn, source(file))).errors
    assert "the geometry is no Polygon or MultiPolygon" == error.reason.en
