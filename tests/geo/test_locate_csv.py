"""Locating the rows of a CSV file: what is added, what is kept, and rows that have no position."""

import csv
from io import BytesIO, StringIO, TextIOWrapper

import numpy as np
import pytest

from geo import locate_csv
from geo.datum import from_wgs84
from geo.errors import CsvColumnMissing, CsvUnreadable
from geo.locate import AreaIndex
from geo.locate_csv import locate_rows
from geo.models import AreaRef, Datum
from tests.geo.boundaries import square
from tests.geo.district import FAR, IN_EAST, IN_WEST, LAT, ON_LINE

ADDED = ["area_code", "area_name", "area_path", "generation", "candidates", "metres_to_line", "needs_confirmation"]
NOWHERE = ["", "", "", "7", "", "", "true"]


@pytest.fixture(scope="module")
def index() -> AreaIndex:
    areas = [AreaRef(code, f"{code}, 社区", "社区", f"37/{code}", ("37", code)) for code in ("3701", "3702")]
    shapes = np.array([square(0, 0), square(1, 0)], dtype=object)
    return AreaIndex.build(areas, shapes, generation_id=7)


def locate(index: AreaIndex, text: str, *, lon: str = "lon", lat: str = "lat", datum: Datum = Datum.WGS84) -> str:
    target = StringIO()
    locate_rows(StringIO(text, newline=""), target, index=index, lon=lon, lat=lat, datum=datum)
    return target.getvalue()


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


def added(index: AreaIndex, lon: object, lat: object) -> list[str]:
    """Give what is added to one row."""
    return rows_of(locate(index, f"lon,lat\n{lon},{lat}\n"))[1][2:]


def test_the_columns_are_added_behind_the_input_in_the_promised_order(index: AreaIndex) -> None:
    header, row = rows_of(locate(index, f"id,lat,note,lon\na1,{LAT},x,{IN_WEST}\n"))
    assert ["id", "lat", "note", "lon", *ADDED] == header
    assert ["a1", str(LAT), "x", str(IN_WEST), "3701", "3701, 社区", "37/3701", "7", "3701"] == row[:9]
    assert (True, "false") == (400 < float(row[9]) < 600, row[10])


def test_the_candidates_on_a_line_are_joined_by_bars(index: AreaIndex) -> None:
    assert ["3701", "3701, 社区", "37/3701", "7", "3701|3702", "0.0", "true"] == added(index, ON_LINE, LAT)


def test_a_row_far_from_everything_goes_to_the_duty_desk(index: AreaIndex) -> None:
    found = added(index, FAR, LAT)
    assert (["", "", "", "7", ""], "true") == (found[:5], found[6])


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ("", ""),
        ("", LAT),
        (IN_WEST, ""),
        ("NaN", LAT),
        (IN_WEST, "inf"),
        ("-inf", LAT),
        ("east", LAT),
        (IN_WEST, "36°N"),
        ("180.001", LAT),
        (IN_WEST, "-90.001"),
        ("1e400", LAT),
        ("NULL", "NULL"),
    ],
)
def test_a_row_without_a_usable_position_keeps_its_place_and_needs_confirmation(
    index: AreaIndex, lon: object, lat: object
) -> None:
    text = f"lon,lat\n{IN_WEST},{LAT}\n{lon},{lat}\n{IN_EAST},{LAT}\n"
    before, row, after = rows_of(locate(index, text))[1:]
    assert ("3701", [str(lon), str(lat), *NOWHERE], "3702") == (before[2], row, after[2])


def test_a_file_in_which_no_row_has_a_position_is_located_all_the_same(index: AreaIndex) -> None:
    assert [NOWHERE, NOWHERE] == [row[2:] for row in rows_of(locate(index, "lon,lat\n,\nx,y\n"))[1:]]


def test_the_datum_is_converted(index: AreaIndex) -> None:
    lon, lat = from_wgs84(ON_LINE + 0.0005, LAT, Datum.BD09)
    text = f"lon,lat\n{lon},{lat}\n"
    assert ["3702", ""] == [rows_of(locate(index, text, datum=datum))[1][2] for datum in (Datum.BD09, Datum.WGS84)]


def test_commas_quotes_and_new_lines_in_fields_come_out_as_they_went_in(index: AreaIndex) -> None:
    note = 'said "here",\nthen went\r\naway，走了'
    source = StringIO(newline="")
    csv.writer(source).writerows([["note", "lon", "lat"], [note, IN_WEST, LAT], ["next", IN_EAST, LAT]])
    rows = rows_of(locate(index, source.getvalue()))
    assert [(note, "3701"), ("next", "3702")] == [(row[0], row[3]) for row in rows[1:]]


def test_every_row_is_as_wide_as_the_header(index: AreaIndex) -> None:
    rows = rows_of(locate(index, f"lon,lat,note,more\n{IN_WEST},{LAT}\n{IN_EAST},{LAT},x,y\n1\n"))
    assert {11} == {len(row) for row in rows}
    assert ["3701", "3702", ""] == [row[4] for row in rows[1:]]


def test_a_row_wider_than_the_header_is_refused_by_its_line(index: AreaIndex) -> None:
    with pytest.raises(CsvUnreadable, match="line 3"):
        locate(index, f"lon,lat\n{IN_WEST},{LAT}\n{IN_WEST},{LAT},surplus\n")


def test_blank_lines_are_no_rows(index: AreaIndex) -> None:
    assert 2 == len(rows_of(locate(index, f"lon,lat\n\n{IN_WEST},{LAT}\n\n\n")))


def test_a_header_alone_is_answered_by_a_header(index: AreaIndex) -> None:
    assert f"lon,lat,{','.join(ADDED)}\n" == locate(index, "lon,lat\n")


@pytest.mark.parametrize(("text", "missing"), [("x,lat\n1,2\n", "lon"), ("lon,y\n1,2\n", "lat"), ("", "lon")])
def test_a_missing_column_is_named_beside_those_there_are(index: AreaIndex, text: str, missing: str) -> None:
    with pytest.raises(CsvColumnMissing) as refused:
        locate(index, text)
    assert missing == refused.value.fields["column"]
    assert text.partition("\n")[0].replace(",", ", ") == refused.value.fields["columns"]


def test_a_file_in_another_encoding_is_refused_in_both_languages(index: AreaIndex) -> None:
    source = TextIOWrapper(BytesIO(f"lon,lat,名称\n{IN_WEST},{LAT},驿站\n".encode("gbk")), "utf-8-sig", newline="")
    with pytest.raises(CsvUnreadable) as refused:
        locate_rows(source, StringIO(), index=index, lon="lon", lat="lat", datum=Datum.WGS84)
    assert all("UTF-8" in refused.value.explain(reader) for reader in ("zh", "en"))


def test_more_rows_than_one_batch_keep_their_order(index: AreaIndex) -> None:
    count = 2 * locate_csv._ROWS_AT_ONCE + 3
    lons = [(IN_WEST, IN_EAST, "")[number % 3] for number in range(count)]
    text = "n,lon,lat\n" + "".join(f"{number},{lon},{LAT}\n" for number, lon in enumerate(lons))
    rows = rows_of(locate(index, text))[1:]
    assert list(range(count)) == [int(row[0]) for row in rows]
    assert [{IN_WEST: "3701", IN_EAST: "3702", "": ""}[lon] for lon in lons] == [row[3] for row in rows]


def test_the_number_of_rows_is_given(index: AreaIndex) -> None:
    source = StringIO(f"lon,lat\n{IN_WEST},{LAT}\n,\n")
    assert 2 == locate_rows(source, StringIO(), index=index, lon="lon", lat="lat", datum=Datum.WGS84)
