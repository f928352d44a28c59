"""Files of JSON lines beside the database, only ever added to: what must outlive it, or show that it was tampered with.

A line is on the disk before anyone is told. Nothing here knows what a line means.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import orjson

_log = logging.getLogger(__name__)

#: No line is longer; so the last one is found without reading the file.
_LONGEST_LINE = 64 * 1024


def append_line(place: Path, line: dict[str, object]) -> None:
    """Add one line and flush it, and the folder of a new file, to the disk.

    Several processes may add at once. What a power cut left of a line keeps to itself. Blocks: call it in a thread.
    """
    data = orjson.dumps(line, option=orjson.OPT_UTC_Z) + b"\n"
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            data = b"\n" + data
        if os.write(handle, data) != len(data):
            raise OSError(f"{place}: 未写完 / not written in full")
        os.fsync(handle)
    finally:
        os.close(handle)
    if not size:
        _flush_folder(place.parent)
        _flush_folder(place.parent.parent)


def read_lines(place: Path) -> Iterator[dict[str, object]]:
    """Give the lines in the order in which they were added, one at a time; none where there is no file.

    A line that was cut short is left out, and the log says so: nobody was told that it was written.
    """
    if not place.exists():
        return
    with place.open("rb") as file:
        for number, raw in enumerate(file, 1):
            line = _read(raw)
            if line is not None:
                yield line
            elif raw.strip():
                _log.warning("%s, line %s: cut short, left out", place, number)


def last_line(place: Path) -> dict[str, object] | None:
    """Give the last whole line; None where there is none."""
    if not place.exists():
        return None
    with place.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - _LONGEST_LINE))
        whole = [line for raw in file.read().splitlines() if (line := _read(raw)) is not None]
    return whole[-1] if whole else None


def _read(raw: bytes) -> dict[str, object] | None:
    try:
        line = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return line if isinstance(line, dict) else None


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
