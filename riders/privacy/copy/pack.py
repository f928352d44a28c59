"""Packs files into a ZIP as they come: what is packed is handed on at once, so no copy is ever whole in memory."""

import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import IO, cast

import orjson

from core.errors import Text

#: What waits is handed on when it has grown to this, in bytes.
CHUNK = 64 * 1024


class _Pipe:
    """Takes what the archive writes, until it is sent."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing lies anywhere else."""

    def take(self, least: int = 1) -> Iterator[bytes]:
        """Give what waits, if it is as much as `least`."""
        if len(self._waiting) >= least:
            yield bytes(self._waiting)
            self._waiting.clear()


class Packer:
    """An archive in the making. Each method gives the bytes that are to be sent next."""

    def __init__(self, now: datetime) -> None:
        self._pipe = _Pipe()
        self._archive = zipfile.ZipFile(cast("IO[bytes]", self._pipe), "w", zipfile.ZIP_DEFLATED)
        self._moment = now.timetuple()[:6]

    def add(self, name: str, data: bytes, *, is_packed: bool = False) -> Iterator[bytes]:
        """Add a whole file; `is_packed` says that packing it would not make it smaller."""
        entry = zipfile.ZipInfo(name, self._moment)
        self._archive.writestr(entry, data, zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED)
        yield from self._pipe.take()

    async def add_json(self, name: str, rows: AsyncIterator[object]) -> AsyncIterator[bytes]:
        """Add a JSON array of whatever comes."""
        entry = zipfile.ZipInfo(name, self._moment)
        entry.compress_type = zipfile.ZIP_DEFLATED
        separator = b"[\n"
        with self._archive.open(entry, "w") as file:
            async for row in rows:
                file.write(separator + _to_json(row))
                separator = b",\n"
                for data in self._pipe.take(CHUNK):
                    yield data
            file.write(b"[]" if separator == b"[\n" else b"\n]")
        for data in self._pipe.take():
            yield data

    def close(self) -> Iterator[bytes]:
        """Write the list of the files, which ends the archive."""
        self._archive.close()
        yield from self._pipe.take()


def _to_json(value: object) -> bytes:
    return orjson.dumps(value, default=_other, option=orjson.OPT_UTC_Z)


def _other(value: object) -> object:
    if isinstance(value, Text):
        return {"zh": value.zh, "en": value.en}
    raise TypeError(f"cannot serialise {type(value).__name__}")
