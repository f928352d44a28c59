"""Rules of the house about the ASVS table: every requirement has its row, every row its words and tests that exist."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs/security/asvs.md"
APPLIES = {"yes", "partly", "proxy", "no"}
#: ASVS 5.0.0: how many requirements of levels 1 and 2 each section of a chapter has; they are numbered from 1.
SECTIONS = {
    1: {1: 2, 2: 9, 3: 11, 4: 3, 5: 2},
    2: {1: 3, 2: 3, 3: 4, 4: 1},
    3: {2: 2, 3: 4, 4: 6, 5: 5, 7: 2},
    4: {1: 3, 2: 1, 3: 2, 4: 4},
    5: {1: 1, 2: 3, 3: 2, 4: 3},
    6: {1: 3, 2: 12, 3: 4, 4: 4, 5: 5, 6: 3, 8: 4},
    7: {1: 3, 2: 4, 3: 2, 4: 5, 5: 2, 6: 2},
    8: {1: 2, 2: 3, 3: 1, 4: 1},
    9: {1: 3, 2: 4},
    10: {1: 2, 2: 2, 3: 4, 4: 11, 5: 5, 6: 2, 7: 3},
    11: {1: 2, 2: 3, 3: 3, 4: 4, 5: 1, 6: 1},
    12: {1: 3, 2: 2, 3: 4},
    13: {1: 1, 2: 5, 3: 2, 4: 5},
    14: {1: 2, 2: 4, 3: 3},
    15: {1: 3, 2: 3, 3: 7},
    16: {1: 1, 2: 5, 3: 4, 4: 3, 5: 3},
    17: {1: 1, 2: 4, 3: 2},
}
CHAPTERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
    17: 7,
}  # fmt: skip
EXPECTED = [
    f"{chapter}.{section}.{number}"
    for chapter, sections in SECTIONS.items()
    for section, count in sections.items()
    for number in range(1, count + 1)
]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows_of(page: str) -> list[list[str]]:
    """Read the rows of the table that begin with the number of a requirement."""
    lines = [line for line in page.splitlines() if re.match(r"\| *[0-9]+\.[0-9]+\.[0-9]+\b", line)]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]


@cache
def functions_of(name: str) -> frozenset[str]:
    """Give the names of the test functions of a file; none where there is no such file."""
    place = ROOT / name
    tree = ast.parse(place.read_text()) if place.is_file() else ast.Module(body=[], type_ignores=[])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def fault_of(row: list[str]) -> str | None:
    """Say what is wrong with a row; None where nothing is."""
    if len(row) != 4 or not all(row):
        return "not four cells with something in each"
    _, applies, _, test = row
    if applies not in APPLIES:
        return f"unknown: {applies}"
    if test.startswith("— "):
        return "says yes and names no test" if applies == "yes" else None
    if _TEST.sub("", test).strip(", "):
        return f"neither tests nor a reason: {test}"
    missing = [f"{file}::{name}" for file, name in _TEST.findall(test) if name not in functions_of(file)]
    return f"no such test: {', '.join(missing)}" if missing else None


ROWS = rows_of(PAGE.read_text())


def test_the_sections_add_up_to_the_chapters() -> None:
    assert CHAPTERS == {chapter: sum(sections.values()) for chapter, sections in SECTIONS.items()}
    assert 253 == len(EXPECTED)


def test_each_requirement_has_one_row_in_its_place() -> None:
    found = [row[0] for row in ROWS]
    assert CHAPTERS == Counter(int(number.partition(".")[0]) for number in found)
    assert EXPECTED == found


def test_every_row_is_whole_and_names_tests_that_exist() -> None:
    assert [] == [f"{row[0]}: {fault}" for row in ROWS if (fault := fault_of(row))]


@pytest.mark.parametrize(
    "line",
    [
        "| 1.1.1 | yes | something |  |",
        "| 1.1.1 | yes | something |",
        "| 1.1.1 | perhaps | something | — no such thing here |",
        "| 1.1.1 | yes | something | — nobody looked |",
        "| 1.1.1 | no | something | nobody looked |",
        "| 1.1.1 | yes | something | `tests/rules/test_asvs.py::test_that_is_not_there` |",
        "| 1.1.1 | yes | something | `tests/rules/test_nowhere.py::test_every_row_is_whole` |",
    ],
)
def test_the_rule_sees_a_row_that_breaks_it(line: str) -> None:
    assert [fault for row in rows_of(line) if (fault := fault_of(row))]
