"""What a shell command gets to work with; each room adds its own commands to `python -m app`."""

import argparse
from argparse import Namespace
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.database import Connection


@dataclass(frozen=True, slots=True)
class Shell:
    """One open connection outside any transaction, the district, the moment the command began, the data folder."""

    conn: Connection
    district_id: int
    now: datetime
    data_dir: Path


#: Set as `run` in a subparser's defaults; gives the exit status.
Command = Callable[[Shell, Namespace], Awaitable[int]]


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Command, help_text: str
) -> argparse.ArgumentParser:
    """Describe one command; its arguments are added to the parser given back."""
    parser = commands.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(run=run)
    return parser


def filled(text: str) -> str:
    """Take an argument that may not be blank: the `type` of names and codes."""
    if not (stripped := text.strip()):
        raise argparse.ArgumentTypeError("不能为空 / must not be blank")
    return stripped
