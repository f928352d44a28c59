"""The command line as an operator uses it, as processes of their own on one scratch data folder with real data."""

import asyncio
import csv
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
import pytest_asyncio

from app.postgres import running
from app.settings import Settings
from app.shell import build_parser
from app.staff_commands import PASSWORD_VARIABLE
from core.access.accounts import sign_in
from core.database import Pool, open_pool
from tests.conftest import DISTRICT, RING

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT.parent / "shared" / "data"
AREAS = DATA / "chicago" / "community_areas.geojson"
REPORTS = DATA / "chicago" / "reports_sample.csv"
STATIONS = DATA / "stations" / "zhengzhou_stations_sample_gcj02.csv"
IMPORT_AREAS = (
    "areas",
    "import",
    str(AREAS),
    "--level",
    "社区",
    "--name-field",
    "name",
    "--code-field",
    "community_area",
)
LOCATE_REPORTS = ("locate", "--csv", str(REPORTS), "--lon", "longitude", "--lat", "latitude")
ADDED = ["area_code", "area_name", "area_path", "generation", "candidates", "metres_to_line", "needs_confirmation"]
needs_chicago = pytest.mark.skipif(not AREAS.exists(), reason=f"no real areas at {AREAS}")
needs_stations = pytest.mark.skipif(not STATIONS.exists(), reason=f"no real stations at {STATIONS}")


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Machine:
    """A data folder whose PostgreSQL stays up between commands."""

    data_dir: Path
    dsn: str

    async def run(self, *words: str, **environment: str) -> Said:
        """Run `python -m app` with these words."""
        known = {name: value for name, value in os.environ.items() if not name.startswith("STATION_")}
        known.pop("DATABASE_URL", None)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "app", *words),
            cwd=ROOT,
            env=known | {"STATION_DATA_DIR": str(self.data_dir)} | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Said(process.returncode, out.decode(), err.decode())


@pytest_asyncio.fixture(scope="module")
async def machine() -> AsyncIterator[Machine]:
    # Not pytest's own folder: as root the cluster would be put elsewhere, because other accounts cannot enter there.
    with tempfile.TemporaryDirectory(prefix="station-shell-") as made:
        async with running(Path(made)) as server:
            yield Machine(Path(made), server.sweeper_dsn)


@pytest_asyncio.fixture(scope="module")
async def chicago(machine: Machine) -> Machine:
    """The machine after real areas have been imported and activated."""
    for words in ((*IMPORT_AREAS, "--datum", "wgs84"), ("areas", "activate")):
        said = await machine.run(*words)
        assert 0 == said.status, said.err
    return machine


@pytest_asyncio.fixture
async def pool(machine: Machine) -> AsyncIterator[Pool]:
    assert 0 == (await machine.run("migrate")).status
    opened = await open_pool(machine.dsn, size=2)
    yield opened
    await opened.close()


def is_in_both_languages(text: str) -> bool:
    return any("一" <= letter <= "鿿" for letter in text) and " / " in text and "Traceback" not in text


async def test_before_any_areas_nothing_can_be_located_activated_or_rolled_back(
    machine: Machine, tmp_path: Path
) -> None:
    points = tmp_path / "points.csv"
    points.write_text("lon,lat\n120,36\n")
    refused = [
        await machine.run(*words)
        for words in (
            ("locate", "--csv", str(points), "--lon", "lon", "--lat", "lat"),
            ("areas", "activate"),
            ("areas", "rollback"),
        )
    ]
    assert [1] * 3 == [said.status for said in refused]
    assert [""] * 3 == [said.out for said in refused]
    assert [] == [said.err for said in refused if not is_in_both_languages(said.err)]


@needs_chicago
async def test_real_areas_are_checked_activated_listed_and_rolled_back(chicago: Machine) -> None:
    imported = await chicago.run(*IMPORT_AREAS, "--datum", "wgs84")
    assert (0, True) == (imported.status, "77" in imported.out)
    checked = await chicago.run("areas", "check")
    assert (0, True) == (checked.status, "错误 / errors 0" in checked.out)
    assert 0 == (await chicago.run("areas", "activate")).status
    assert ["2 active", "1 retired"] == await _listed(chicago)
    assert 0 == (await chicago.run("areas", "rollback")).status
    assert ["2 retired", "1 active"] == await _listed(chicago)


async def _listed(machine: Machine) -> list[str]:
    said = await machine.run("areas", "list")
    assert 0 == said.status
    assert all("社区 77" in line for line in said.out.splitlines())
    return [" ".join(line.split()[:2]) for line in said.out.splitlines()]


@needs_chicago
async def test_nearly_every_real_report_is_located_where_the_city_had_it(chicago: Machine) -> None:
    said = await chicago.run(*LOCATE_REPORTS)
    assert 0 == said.status
    with REPORTS.open(newline="") as source:
        before = list(csv.reader(source))
    after = list(csv.reader(StringIO(said.out)))
    assert before == [row[: len(before[0])] for row in after]
    assert ADDED == after[0][len(before[0]) :]
    rows = list(csv.DictReader(StringIO(said.out)))
    agreed = [row for row in rows if row["community_area"] == row["area_code"]]
    assert len(agreed) >= 0.98 * len(rows)


@needs_chicago
async def test_a_wrong_column_is_named_beside_those_there_are(chicago: Machine) -> None:
    said = await chicago.run("locate", "--csv", str(REPORTS), "--lon", "lng", "--lat", "latitude")
    assert (1, "", True) == (said.status, said.out, is_in_both_languages(said.err))
    assert "lng" in said.err
    assert "longitude" in said.err


@needs_chicago
async def test_a_csv_file_that_is_not_there_is_said_without_a_trace(chicago: Machine) -> None:
    said = await chicago.run("locate", "--csv", "/no/such/file.csv", "--lon", "lon", "--lat", "lat")
    assert (1, True) == (said.status, is_in_both_languages(said.err)), said.err


@needs_stations
async def test_a_dry_run_of_real_stations_reports_and_stores_nothing(machine: Machine, pool: Pool) -> None:
    said = await machine.run("stations", "import", str(STATIONS), "--datum", "gcj02", "--dry-run")
    assert 0 == said.status
    assert "共 / rows 30, 新增 / created 30" in said.out
    assert "未保存任何内容 / nothing was stored" in said.out
    assert 0 == await pool.fetchval("select count(*) from station")


@pytest.mark.parametrize(
    "words",
    [
        ("holidays", "/no/such/file.csv"),
        ("stations", "import", "/no/such/file.csv"),
        (
            "areas",
            "import",
            "/no/such.geojson",
            "--level",
            "a",
            "--name-field",
            "b",
            "--code-field",
            "c",
            "--datum",
            "wgs84",
        ),
    ],
    ids=" ".join,
)
async def test_a_file_that_is_not_there_is_said_without_a_trace(machine: Machine, words: tuple[str, ...]) -> None:
    said = await machine.run(*words)
    assert (1, True) == (said.status, is_in_both_languages(said.err)), said.err


async def test_a_staff_account_signs_in_with_the_password_from_the_environment(machine: Machine, pool: Pool) -> None:
    password = {PASSWORD_VARIABLE: "four plain words here"}
    said = await machine.run("staff", "add", "wang", "王主任", "district_admin", **password)
    assert (0, "wang（王主任）: district_admin @ 全区 / whole district\n") == (said.status, said.out)
    assert "four plain words" not in said.out + said.err
    now = await pool.fetchval("select now()")
    assert await sign_in(
        pool, district_id=DISTRICT, username="wang", password="four plain words here", code="", ring=RING, now=now
    )
    again = await machine.run("staff", "add", "wang", "王主任", "auditor", **password)
    assert (1, True) == (again.status, is_in_both_languages(again.err))
    assert "/username: 此用户名已被使用。" in again.err


async def test_a_short_password_is_refused(machine: Machine) -> None:
    said = await machine.run("staff", "add", "li", "李", "auditor", **{PASSWORD_VARIABLE: "short"})
    assert (1, True) == (said.status, is_in_both_languages(said.err))
    assert "密码至少" in said.err


async def test_a_secretary_of_no_area_is_refused(machine: Machine) -> None:
    said = await machine.run("staff", "add", "li", "李", "secretary")
    assert (1, True) == (said.status, is_in_both_languages(said.err))
    assert "/area: 角色 secretary 须指定区域。" in said.err


async def test_a_code_in_use_is_refused_in_words(machine: Machine) -> None:
    assert 0 == (await machine.run("departments", "add", "water", "排水中心")).status
    said = await machine.run("departments", "add", "water", "水务")
    assert (1, True) == (said.status, is_in_both_languages(said.err))
    assert "/code: 此部门代码已被使用。" in said.err


async def test_holidays_are_taken_whole_or_not_at_all(machine: Machine, pool: Pool, tmp_path: Path) -> None:
    file = tmp_path / "holidays.csv"
    header, good = "day,is_workday,name,source,version\n", "2031-01-01,false,元旦,公告,1\n"
    file.write_text(header + good + "2031-13-01,maybe,x,y,z\n")
    refused = await machine.run("holidays", str(file))
    assert (1, True) == (refused.status, "/3: 第 3 行有误" in refused.err)
    assert 0 == await pool.fetchval("select count(*) from holiday where name = '元旦' and source = '公告'")
    file.write_text(header + good)
    assert 0 == (await machine.run("holidays", str(file))).status
    assert 1 == await pool.fetchval("select count(*) from holiday where name = '元旦' and source = '公告'")


async def test_with_no_event_given_up_there_is_none_to_show(machine: Machine) -> None:
    said = await machine.run("events")
    assert (0, "放弃的事件 / events given up: 0\n") == (said.status, said.out)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("fly",),
        ("areas",),
        ("locate", "--csv", "x.csv"),
        ("locate", "--csv", "x.csv", "--lon", "a", "--lat", "b", "--datum", "mars"),
        ("staff", "add", "wang", "王", "emperor"),
        ("staff", "add", " ", "王", "auditor"),
        ("district", ""),
        ("rules", "add", "0"),
        ("rules", "add", "first"),
        ("areas", "import", "x.geojson", "--level", "a", "--name-field", "b", "--code-field", "c"),
    ],
    ids=" ".join,
)
def test_wrong_words_are_not_understood(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser(Settings()).parse_args(words)
    assert (2, True) == (ended.value.code, capsys.readouterr().err.startswith("usage: "))


async def test_wrong_words_end_with_2_and_say_how(machine: Machine) -> None:
    said = await machine.run("areas", "burn")
    assert (2, True) == (said.status, said.err.startswith("usage: "))


@pytest.mark.parametrize(
    ("variable", "value"),
    [("STATION_X", "1"), ("DATABASE_URL", "postgresql://127.0.0.1:1/x")],
)
async def test_a_setting_that_cannot_be_used_stops_every_command(machine: Machine, variable: str, value: str) -> None:
    said = await machine.run("migrate", **{variable: value})
    assert (1, True) == (said.status, is_in_both_languages(said.err)), said.err
    assert variable in said.err


async def test_a_taken_port_is_said_without_a_trace(machine: Machine) -> None:
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with taken:
        port = str(taken.sockets[0].getsockname()[1])
        said = await machine.run("serve", STATION_PORT=port)
    assert (1, True) == (said.status, is_in_both_languages(said.err)), said.err
    assert port in said.err


async def test_help_names_every_command(machine: Machine) -> None:
    said = await machine.run("--help")
    commands = "serve demo demo-code docs migrate district staff events holidays locate areas departments stations"
    assert (0, []) == (said.status, [command for command in commands.split() if f"    {command}" not in said.out])
