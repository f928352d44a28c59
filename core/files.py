"""Where files are kept, each named by what it holds (SHA-256): a folder on the disk here, a bucket in `core.buckets`.

A file is there whole or not at all, also after a power cut, and before anyone is told. Nothing here knows what a file
is for or who may read it.
"""

import asyncio
import hashlib
import logging
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from core.errors import Unavailable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in a store, and when it was last put there."""

    sha256: str
    at: datetime


class FileStore(Protocol):
    """What a store does. Hashes are in lower-case hexadecimal; a store that is away raises `Unavailable`."""

    async def put(self, data: bytes) -> str:
        """Keep `data` durably and give its SHA-256; keeping it again changes nothing."""

    async def get(self, sha256: str) -> bytes:
        """Give what is kept under this hash; raises `FileNotFoundError`."""

    async def delete(self, sha256: str) -> None:
        """Remove it for good; nothing happens where there is none."""

    def list(self) -> AsyncIterator[Kept]:
        """Give everything kept, in any order."""


class FolderStore:
    """Files beneath one folder of the local disk."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)  # faces and plates are other people's data

    async def put(self, data: bytes) -> str:
        """Keep `data` durably and give its SHA-256; raises `Unavailable` when the disk refuses."""
        try:
            return await asyncio.to_thread(_put, self._root, data)
        except OSError as error:
            _log.exception("照片未能写入磁盘 / the disk does not take a photo")
            raise Unavailable(retry_after_s=30) from error

    async def get(self, sha256: str) -> bytes:
        """Give what is kept under this hash; raises `FileNotFoundError`."""
        return await asyncio.to_thread(place_of(self._root, sha256).read_bytes)

    async def delete(self, sha256: str) -> None:
        """Remove it for good; nothing happens where there is none."""
        await asyncio.to_thread(_delete, self._root, sha256)

    async def list(self) -> AsyncIterator[Kept]:
        """Give everything kept."""
        for folder in await asyncio.to_thread(os.listdir, self._root):
            for name in await asyncio.to_thread(os.listdir, self._root / folder):
                if not name.startswith("."):  # on its way in, or left by a process that was killed
                    at = (self._root / folder / name).stat().st_mtime
                    yield Kept(name, datetime.fromtimestamp(at, UTC))


def place_of(root: Path, sha256: str) -> Path:
    """Give the path of the file with this hash; two levels keep folders small."""
    return root / sha256[:2] / sha256


def _put(root: Path, data: bytes) -> str:
    """Write it beside its place, flush it, rename it, and flush the folders."""
    sha256 = hashlib.sha256(data).hexdigest()
    place = place_of(root, sha256)
    if place.exists():
        os.utime(place)
        return sha256
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(place)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _flush_folder(place.parent)
    _flush_folder(root)
    return sha256


def _delete(root: Path, sha256: str) -> None:
    place = place_of(root, sha256)
    if place.exists():
        place.unlink(missing_ok=True)
        _flush_folder(place.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
