"""What a shell command gets to work with; each room adds its own commands to `python -m app`."""

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
