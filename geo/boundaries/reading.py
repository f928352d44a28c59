"""Has an uploaded boundary file read by a process of its own, which is ended when it takes too long."""

import logging
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson
import shapely

from core.errors import Text, Unavailable
from geo.boundaries import child
from geo.boundary_file import Feature, FieldNote, FileNote
from geo.errors import BoundaryFileUnreadable

#: On a machine that is busy with other things; the process itself may use `child.CPU_S` of the processor.
WALL_S = 120.0

_ROOT = Path(__file__).resolve().parent.parent.parent
_log = logging.getLogger(__name__)


def describe_uploaded(file: Path, *, layer: str | None, encoding: str | None) -> FileNote:
    """Say what a file holds; blocks, so call it in a thread. Raises `BoundaryFileUnreadable`, `Unavailable`."""
    told = _run("describe", file, layer, encoding)
    return FileNote(told["layers"], told["rows"], tuple(FieldNote(**field) for field in told["fields"]))


def read_uploaded(file: Path, *, layer: str | None, encoding: str | None) -> list[Feature]:
    """Read every feature of a file; blocks, so call it in a thread. Raises `BoundaryFileUnreadable`, `Unavailable`."""
    rows = _run("read", file, layer, encoding)
    return [
        Feature(row, fields, None if shape is None else shapely.from_wkb(shape), None if flaw is None else Text(*flaw))
        for row, fields, shape, flaw in rows
    ]


def _run(what: str, file: Path, layer: str | None, encoding: str | None) -> Any:
    with tempfile.TemporaryFile(dir=file.parent) as result, tempfile.TemporaryFile(dir=file.parent) as complaint:
        try:
            done = subprocess.run(  # noqa: S603 — our own program and arguments, no shell
                [sys.executable, "-m", child.__name__, what, str(file), layer or "", encoding or ""],
                stdin=subprocess.DEVNULL,
                stdout=result,
                stderr=complaint,
                cwd=_ROOT,
                env={"MALLOC_ARENA_MAX": "1"},  # no password nor key
                start_new_session=True,
                timeout=WALL_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(retry_after_s=60) from None
        result.seek(0)
        if done.returncode == 0:
            return orjson.loads(result.read())
        if done.returncode == child.UNREADABLE:
            raise BoundaryFileUnreadable(reason=Text(*orjson.loads(result.read())))
        complaint.seek(0)
        said = complaint.read(2000).decode(errors="replace")
    _log.warning("边界文件未能读取 / a boundary file was not read: status %s, %r", done.returncode, said)
    raise BoundaryFileUnreadable(
        reason=Text("读取程序未能读完，文件可能已损坏或过大", "the reader gave up: it may be damaged or too large")
    )
