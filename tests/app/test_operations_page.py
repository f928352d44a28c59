"""What docs/operations.md tells to type is understood by the program as it is."""

import re
import shlex
from pathlib import Path

import pytest

from app.settings import read_settings
from app.shell import build_parser
from station.transfer.columns import ALIASES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()
COMMANDS = re.findall(r"^\.venv/bin/python -m app (.+)$", PAGE, re.MULTILINE)
AREA_COMMANDS = re.findall(r"^\| `(areas .+?)` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("words", [*COMMANDS, *AREA_COMMANDS])
def test_a_command_on_the_page_is_known(words: str) -> None:
    arguments = build_parser(read_settings({})).parse_args(shlex.split(words, comments=True))
    assert "run" in arguments or "plain" in arguments


def test_the_page_names_every_column_of_a_station_list_and_its_other_headers() -> None:
    rows = [f"| `{column}` | {'、'.join(others)} |" for column, others in ALIASES.items()]
    assert [] == [row for row in rows if row.replace("|  |", "| |") not in PAGE]
