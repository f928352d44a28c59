"""Whole lists in and out: all of a file or nothing, a report row by row, and no formula in a spreadsheet."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access.models import Actor
from core.database import Connection, Pool, pool_transaction
from core.queries import list_events
from geo.models import Datum, Locate, Point, Received
from station.errors import FileUnreadable, ImportUnderWay
from station.models import AmenityState, Door, HostKind, OpenTo, StationAmenity
from station.queries import list_stations
from station.registry import draft_of, list_own
from station.transfer.columns import COLUMNS
from station.transfer.files import LARGEST_FILE, Format, Table, read_table, write_table
from station.transfer.lists import ImportReport, export_stations, import_stations
from tests.conftest import DISTRICT, START
from tests.station.district import ADMIN, EAST_HOST, WEST_HOST, draft, enter

ZHENGZHOU = Path(__file__).parents[3] / "shared/data/stations/zhengzhou_stations_sample_gcj02.csv"


async def take_in(
    conn: Connection,
    locate: Locate,
    data: bytes | str,
    form: Format = Format.CSV,
    *,
    datum: Datum | None = Datum.WGS84,
    actor: Actor = ADMIN,
    dry_run: bool = False,
    mapping: dict[str, str] | None = None,
) -> ImportReport:
    table = read_table(data.encode() if isinstance(data, str) else data, form)
    return await import_stations(
        conn,
        actor=actor,
        table=table,
        datum=datum,
        mapping=mapping or {},
        locate=locate,
        now=START,
        dry_run=dry_run,
    )


async def count(conn: Connection) -> int:
    return len((await list_own(conn, actor=ADMIN, area_path="", text="", after=0, limit=200)).stations)


WHOLE = (
    draft(
        "湾畔驿站，一号",
        code="QD-1",
        host_unit='=HYPERLINK("x")',
        host_kind=HostKind.COMMUNITY,
        address="滨海大道 1 号\n二楼",
        received=Received(120.185, 35.965, Datum.GCJ02),
        entrance=Point(120.18012345, 35.96054321),
        photo_sha256="ab" * 32,
        hours_typed="上午8点半到12点、下午2点半至6点",
        door=Door.WECHAT_SCAN,
        capacity=12,
        phone="+86 532 0000",
        open_to=OpenTo.MEMBERS,
        verified_at=datetime(2026, 3, 1, 8, tzinfo=UTC),
        verified_by="'=1+1",
        suspended_from=datetime(2026, 3, 1, tzinfo=UTC),
        suspended_until=datetime(2026, 4, 1, tzinfo=UTC),
        suspended_reason="@装修",
        amenities=(
            StationAmenity("drinking_water"),
            StationAmenity("first_aid", AmenityState.OUT_OF_STOCK, date(2026, 12, 31)),
            StationAmenity("aed", AmenityState.OUT_OF_ORDER, None, is_confirmed=False),
        ),
    ),
    draft("007", code="QD-2", received=None, hours_typed="", amenities=()),
    draft("＝全角", code="QD-3", lon=120.3, phone="-1"),
)


@pytest.mark.parametrize("form", list(Format))
async def test_an_exported_list_reads_back_as_the_same_stations(conn: Connection, locate: Locate, form: Format) -> None:
    for wanted in WHOLE:
        await enter(conn, locate, wanted)
    exported = await export_stations(conn, actor=ADMIN, form=form, now=START)
    report = await take_in(conn, locate, exported, form, datum=None)
    assert ([], 0, 0, 3) == (report.errors, report.created, report.updated, report.unchanged)
    await conn.execute("delete from station where district_id = 1")
    report = await take_in(conn, locate, exported, form, datum=None)
    assert ([], 3, True) == (report.errors, report.created, report.is_stored)
    stations = await list_stations(conn, district_id=DISTRICT, scopes=("",), after=0, limit=10)
    assert list(WHOLE) == [draft_of(station) for station in stations]


async def test_thirty_stations_of_zhengzhou_come_in_from_gcj02(conn: Connection, locate: Locate) -> None:
    if not ZHENGZHOU.exists():
        pytest.skip(f"no {ZHENGZHOU.name}: the shared data folder is absent")
    report = await take_in(conn, locate, ZHENGZHOU.read_bytes(), datum=None)
    assert ([], 30, 30, True) == (report.errors, report.rows, report.created, report.is_stored)
    assert ["district"] == report.ignored_columns
    columns = [problem.column for problem in report.warnings]
    assert 12 == sum("without a position" in problem.reason.en for problem in report.warnings)
    assert 1 == columns.count("hours")  # 工作日开放 says days without times
    stations = await list_stations(conn, district_id=DISTRICT, scopes=("",), after=0, limit=50)
    assert {Datum.GCJ02, None} == {station.received_datum for station in stations}
    unreadable = next(station for station in stations if station.hours_typed == "工作日开放")
    assert unreadable.hours is None
    again = await take_in(conn, locate, ZHENGZHOU.read_bytes(), datum=Datum.GCJ02)
    assert (0, 0, 30) == (again.created, again.updated, again.unchanged)


async def test_one_wrong_row_and_nothing_is_stored(conn: Connection, locate: Locate) -> None:
    report = await take_in(
        conn,
        locate,
        "name,lon,lat,capacity,door,amenities\n"
        "好,120.1,36,5,open,drinking_water\n"
        ",120.1,36,5,open,\n"
        "坏,abc,36,many,window,sauna\n"
        "半,120.1,,,,\n"
        "零,0,0,,,\n"
        "远,220,36,,,\n",
    )
    assert not report.is_stored
    assert 0 == await count(conn)
    wrong = {(problem.row, problem.column) for problem in report.errors}
    assert {
        (3, "name"), (4, "lon"), (4, "capacity"), (4, "door"), (4, "amenities"), (5, "lon"), (6, "lon"), (7, "lon"),
    } == wrong  # fmt: skip
    assert all(problem.reason.zh and problem.reason.en for problem in report.errors)


async def test_a_dry_run_reports_and_stores_nothing(conn: Connection, locate: Locate) -> None:
    report = await take_in(conn, locate, "name,lon,lat\n甲,120.1,36\n", dry_run=True)
    assert (1, False, []) == (report.created, report.is_stored, report.errors)
    assert 0 == await count(conn)


async def test_columns_that_a_file_lacks_stay_as_they_were(conn: Connection, locate: Locate) -> None:
    await enter(conn, locate, draft(code="QD-1", capacity=9))
    report = await take_in(conn, locate, "code,name,phone\nQD-1,新名,123\n")
    assert 1 == report.updated
    (station,) = await list_stations(conn, district_id=DISTRICT, scopes=("",), after=0, limit=10)
    assert ("新名", "123", 9, 2) == (station.name, station.phone, station.capacity, len(station.amenities))


async def test_a_host_brings_in_only_his_own_area(conn: Connection, locate: Locate) -> None:
    await enter(conn, locate, draft(code="W1"))
    for line in ("新站,N1,120.1,36", "抢占,W1,120.3,36"):
        report = await take_in(conn, locate, f"name,code,lon,lat\n{line}\n", actor=EAST_HOST)
        assert [2] == [problem.row for problem in report.errors]
    assert 1 == await count(conn)
    report = await take_in(conn, locate, "name,lon,lat\n新站,120.1,36\n", actor=WEST_HOST)
    assert report.is_stored


async def test_the_same_station_twice_in_a_file_is_an_error(conn: Connection, locate: Locate) -> None:
    report = await take_in(conn, locate, "name,address\n甲,一号\n乙,二号\n甲,一号\n")
    assert [(4, "name")] == [(problem.row, problem.column) for problem in report.errors]


async def test_one_list_is_taken_in_at_a_time(pool: Pool, locate: Locate) -> None:
    async with pool_transaction(pool) as first:
        await take_in(first, locate, "name\n甲\n")
        with pytest.raises(ImportUnderWay):
            async with pool_transaction(pool) as second:
                await take_in(second, locate, "name\n乙\n", dry_run=True)
    async with pool_transaction(pool) as third:
        assert (await take_in(third, locate, "name\n乙\n")).is_stored


async def test_what_lies_outside_every_area_is_said(conn: Connection, locate: Locate) -> None:
    report = await take_in(conn, locate, "name,lon,lat\n海上,121.5,36\n")
    assert report.is_stored
    assert "duty desk" in report.warnings[0].reason.en


@pytest.mark.parametrize(
    ("text", "datum", "reason"),
    [
        ("address\nx\n", None, "name"),
        ("name,lon\nx,1\n", None, "come together"),
        ("name,gcj_lng,gcj_lat\nx,120,36\n", Datum.WGS84, "headers say gcj02"),
        ("", None, "header"),
    ],
)
async def test_a_file_whose_columns_make_no_sense_is_refused(
    conn: Connection, locate: Locate, text: str, datum: Datum | None, reason: str
) -> None:
    with pytest.raises(FileUnreadable, match=reason):
        await take_in(conn, locate, text, datum=datum)


async def test_a_position_without_datum_is_an_error(conn: Connection, locate: Locate) -> None:
    report = await take_in(conn, locate, "name,lon,lat\nx,120,36\n", datum=None)
    assert "datum" in report.errors[0].reason.en


async def test_headers_can_be_named(conn: Connection, locate: Locate) -> None:
    report = await take_in(
        conn, locate, "驿站,东经,北纬\n甲,120.1,36\n", mapping={"name": "驿站", "lon": "东经", "lat": "北纬"}
    )
    assert (1, []) == (report.created, report.ignored_columns)


async def test_exports_and_imports_are_recorded(conn: Connection, locate: Locate) -> None:
    await take_in(conn, locate, "name,lon,lat\n甲,120.1,36\n")
    await export_stations(conn, actor=WEST_HOST, form=Format.CSV, now=START)
    events = await list_events(conn, district_id=DISTRICT, subject="station_list", subject_id=0)
    assert ["stations.imported"] == [event.kind for event in events]
    (_, entry) = await conn.fetch("select act, actor_id, subject, data from audit_entry order by id")
    assert ("stations.exported", WEST_HOST.id, "station_list") == (entry["act"], entry["actor_id"], entry["subject"])
    assert {"rows": 1, "format": "csv"} == entry["data"]


async def test_an_export_holds_ones_own_area_only(conn: Connection, locate: Locate) -> None:
    await enter(conn, locate, draft("西站"))
    await enter(conn, locate, draft("东站", lon=120.3))
    text = (await export_stations(conn, actor=EAST_HOST, form=Format.CSV, now=START)).decode("utf-8-sig")
    assert "东站" in text
    assert "西站" not in text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_of_chinese_spreadsheets(encoding: str) -> None:
    table = read_table("名称,地址\r\n湾畔,一号\r\n".encode(encoding), Format.CSV)
    assert Table(["名称", "地址"], [["湾畔", "一号"]], 2) == table


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"\xff\xfe\x00\x81", Format.CSV),
        (b'name\n"unclosed', Format.CSV),
        (b"name\x00\n", Format.CSV),
        (b"x" * (LARGEST_FILE + 1), Format.CSV),
        (b"not a zip", Format.XLSX),
        (b"{}", Format.GEOJSON),
        (b"[1]", Format.GEOJSON),
        (b'{"features":[1]}', Format.GEOJSON),
        (b'{"features":[{"geometry":{"type":"Point"}}]}', Format.GEOJSON),
        (b'{"features":[{"geometry":{"type":"Point","coordinates":[1]}}]}', Format.GEOJSON),
        (b'{"features":[{"properties":{"name":' + b"[" * 1015 + b"]" * 1015 + b"}}]}", Format.GEOJSON),
        (("name," * 300).encode(), Format.CSV),
        (b"name\n" + b"x\n" * 20_001, Format.CSV),
    ],
)
def test_a_damaged_or_boundless_file_is_refused(data: bytes, form: Format) -> None:
    with pytest.raises(FileUnreadable):
        read_table(data, form)


@pytest.mark.parametrize(("part", "mebibytes"), [("xl/worksheets/sheet1.xml", 100), ("xl/styles.xml", 5)])
def test_a_workbook_that_unpacks_to_too_much_is_refused(part: str, mebibytes: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, b"0" * (mebibytes * 1024 * 1024))
    with pytest.raises(FileUnreadable, match="too much"):
        read_table(packed.getvalue(), Format.XLSX)


DANGEROUS = st.sampled_from(
    [
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        "＝",
        "＋",
        "－",
        "＠",
        "'=",
        "''@",
        " =",
        "\u3000+",
        "\ufeff=",
        "\u200b@",
        " '-",
    ]
)


@given(begin=DANGEROUS, rest=st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc")), max_size=30))
def test_no_cell_of_an_export_is_a_formula(begin: str, rest: str) -> None:
    row: dict[str, str | float | int | None] = dict.fromkeys(COLUMNS, begin + rest)
    book = openpyxl.load_workbook(io.BytesIO(write_table(COLUMNS, [row], Format.XLSX)))
    cells = next(iter(book.worksheets[0].iter_rows(min_row=2)))
    assert {"s"} == {cell.data_type for cell in cells}
    assert all(str(cell.value).startswith("'") for cell in cells)
    text = write_table(COLUMNS, [row], Format.CSV)
    assert text.startswith(b"\xef\xbb\xbf")
    assert read_table(text, Format.CSV).rows == [[begin + rest] * len(COLUMNS)]


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12))
def test_whatever_is_exported_no_spreadsheet_finds_a_formula_in_it(text: str) -> None:
    row: dict[str, str | float | int | None] = dict.fromkeys(COLUMNS, text)
    book = openpyxl.load_workbook(io.BytesIO(write_table(COLUMNS, [row], Format.XLSX)))
    written = [cell for cell in next(iter(book.worksheets[0].iter_rows(min_row=2))) if cell.value is not None]
    assert {"s"} >= {cell.data_type for cell in written}
    lines = csv.reader(io.StringIO(write_table(COLUMNS, [row], Format.CSV).decode("utf-8-sig"), newline=""))
    for cell in (*(str(cell.value) for cell in written), *list(lines)[1]):
        unpadded = "".join(sign for sign in cell if sign.isprintable() and not sign.isspace())
        assert not unpadded.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
        assert not cell.startswith(("\t", "\r", "\n"))


def test_geojson_goes_out_in_wgs84_and_other_geometries_are_wrong_rows() -> None:
    data = orjson.dumps(
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "面"},
         "geometry": {"type": "Polygon", "coordinates": [[[1, 2]]]}}]}
    )  # fmt: skip
    table = read_table(data, Format.GEOJSON)
    assert (1, [["面", "Polygon", ""]]) == (table.first_row, table.rows)
