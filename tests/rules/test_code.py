"""Rules of the house about where code may stand."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("app", "station", "riders", "community", "geo", "core")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
_SQL = re.compile(
    r"\b(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|create\s+table\s)", re.I | re.S
)
_FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "base"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _strings(path: Path) -> list[str]:
    """Give every string of a module that is not a docstring."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]


@pytest.mark.parametrize("path", [p for p in MODULES if p.name != "queries.py"], ids=_name)
def test_sql_stands_only_in_queries(path: Path) -> None:
    if path.name == "postgres.py":  # makes the cluster and its roles before there is any table
        return
    assert not [text for text in _strings(path) if _SQL.search(text)]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_module_is_named_for_nothing(path: Path) -> None:
    assert path.stem not in _FORBIDDEN_NAMES


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_file_has_begun_to_do_a_second_thing(path: Path) -> None:
    assert path.read_text().count("\n") <= 400


def test_the_sql_rule_sees_sql(tmp_path: Path) -> None:
    guilty = tmp_path / "guilty.py"
    guilty.write_text('"""Doc."""\nQ = "select a from b where c"\n')
    assert [text for text in _strings(guilty) if _SQL.search(text)]
