"""`python -m app areas …`: what is printed and how it ends."""

import argparse
from pathlib import Path

import pytest

from core.database import Connection
from core.shell import Shell
from geo import queries
from geo.cli import add_commands
from tests.conftest import DISTRICT, START
from tests.geo.boundaries import feature, square, write_geojson


async def run(conn: Connection, folder: Path, words: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    arguments = parser.parse_args(["areas", *words.split()])
    status: int = await arguments.run(Shell(conn, DISTRICT, START, folder), arguments)
    return status


def importing(file: Path, more: str = "") -> str:
    return f"import {file} --level 社区 --name-field name --code-field code --datum wgs84 {more}"


async def test_a_file_goes_all_the_way(conn: Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_geojson(tmp_path, feature(square(0, 0), code="1", name="听涛社区", outer="8", inner="9"))
    words = importing(file, "--parent-field outer --parent-field inner --scheme stats --year 2023")
    steps = [words, "grids --metres 500 --level 网格", "check", "activate", "list"]
    assert [0] * len(steps) == [await run(conn, tmp_path, step) for step in steps]
    assert "outer 1, inner 1, 社区 1, 网格 " in capsys.readouterr().out
    active = await queries.find_active_generation(conn, district_id=DISTRICT)
    assert active is not None
    found = await queries.find_area(conn, district_id=DISTRICT, generation_id=active.id, code="1")
    assert found is not None
    assert ("8/8-9/1", "stats", 2023) == (found.path, found.code_scheme, found.code_year)


async def test_a_refused_file_ends_with_1_and_names_the_row(
    conn: Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_geojson(tmp_path, feature(square(0, 0), code="1", name="a"), feature(None, code="2", name="b"))
    assert 1 == await run(conn, tmp_path, importing(file))
    printed = capsys.readouterr().out
    assert "第 2 行 / row 2 b: 没有图形 / no geometry" in printed
    assert "nothing was stored" in printed


async def test_rows_left_out_are_listed_and_do_not_fail_the_command(
    conn: Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_geojson(tmp_path, feature(square(0, 0), code="1", name="a"), feature(square(0, 0), name="全区"))
    assert 0 == await run(conn, tmp_path, importing(file, "--where name=a"))
    assert 1 == await run(conn, tmp_path, importing(file))  # the code is in the draft by now
    assert "未导入 / left out: 第 2 行 / row 2 全区" in capsys.readouterr().out


async def test_a_check_that_finds_errors_ends_with_1(conn: Connection, tmp_path: Path) -> None:
    big = write_geojson(tmp_path, feature(square(0, 0), code="9", name="a"))
    await run(conn, tmp_path, importing(big))
    far = write_geojson(tmp_path, feature(square(5, 5), code="91", name="b", parent="9"))
    await run(conn, tmp_path, importing(far, "--parent-field parent"))
    assert 1 == await run(conn, tmp_path, "check")


async def test_streets_imported_beside_their_district_are_put_right_by_naming_it(
    conn: Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    district, street = feature(square(0, 0), code="9", name="区"), feature(square(0, 0), code="91", name="街道")
    for more, ends in (("", 1), ("--parent 9", 0)):
        assert 0 == await run(conn, tmp_path, importing(write_geojson(tmp_path, district)))
        assert 0 == await run(conn, tmp_path, importing(write_geojson(tmp_path, street), more))
        assert ends == await run(conn, tmp_path, "check")
        assert 0 == await run(conn, tmp_path, "discard")
    assert "套在另一个末级区域" in capsys.readouterr().out


async def test_a_draft_is_dropped_and_a_generation_brought_back(conn: Connection, tmp_path: Path) -> None:
    file = write_geojson(tmp_path, feature(square(0, 0), code="1", name="a"))
    steps = [importing(file), "activate", importing(file), "activate", importing(file), "discard", "rollback"]
    assert [0] * len(steps) == [await run(conn, tmp_path, step) for step in steps]
    statuses = [one.status for one in await queries.list_generations(conn, district_id=DISTRICT)]
    assert ["discarded", "retired", "active"] == statuses


@pytest.mark.parametrize(
    "words",
    [
        "import x.geojson --level a --name-field b --code-field c",
        "import x.geojson --level a --name-field b --code-field c --datum wgs84 --parent 1 --parent-field d",
        "grids --metres 1 --level 网格",
    ],
)
async def test_wrong_words_end_with_2(conn: Connection, tmp_path: Path, words: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        await run(conn, tmp_path, words)
