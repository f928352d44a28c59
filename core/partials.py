"""What has arrived of an upload that was cut: kept for a day, so that it is continued and not begun anew.

Bytes are written at their own position, and a name is the hash of the whole: two who send the same at once write the
same bytes to the same places, and nobody waits for a connection that is dead already. What lies here is as it was
sent, and is nobody's photo yet: never served, gone with the last byte.
"""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from core.errors import Conflict, Text, Unavailable

_log = logging.getLogger(__name__)

KEPT = timedelta(days=1)
#: Of one person; for one more the oldest gives way.
MOST = 8


class UploadOffsetBeyond(Conflict):
    """The upload is to go on behind bytes that have not arrived."""

    slug = "upload-offset-beyond"
    title = Text("续传位置有误", "Nothing to go on behind")
    detail = Text("已收到 {received} 字节，请从该位置继续发送。", "{received} bytes have arrived; go on from there.")


def folder_of(partials: Path, kind: str, person_id: int | None) -> Path:
    """Give where one person's uploads wait: what others send under the same hash is not for him to go on with."""
    return partials / f"{kind}-{person_id}"


def forget_all_of(folder: Path) -> None:
    """Forget whatever has arrived from one person; what is just being written goes when it is closed."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def count_received(place: Path) -> int:
    """Give how many bytes have arrived."""
    try:
        return place.stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def continue_at(place: Path, *, offset: int) -> Iterator[BinaryIO]:
    """Open what has arrived, at `offset` or with nothing. Raises `UploadOffsetBeyond`."""
    if offset > (received := count_received(place)):
        raise UploadOffsetBeyond(pointer="/query/offset", received=received)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make_room(place)
    with os.fdopen(os.open(place, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
        file.seek(offset)
        yield file


def write_all(file: BinaryIO, chunk: bytes) -> None:
    """Write `chunk` where the file stands; raises `Unavailable` when the disk refuses."""
    rest = memoryview(chunk)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        _log.exception("上传未能写入磁盘 / the disk does not take an upload")
        raise Unavailable(retry_after_s=30) from error


def read_from_start(file: BinaryIO) -> bytes:
    """Read all up to where the file stands; what an earlier, longer sending left behind it does not count."""
    return os.pread(file.fileno(), file.tell(), 0)


def forget(place: Path) -> None:
    """Remove what has arrived."""
    place.unlink(missing_ok=True)


def forget_old(root: Path, *, now: datetime) -> int:
    """Remove what nobody has gone on with for a day, and tell how many that were."""
    count = 0
    for place in root.glob("*/*"):
        with suppress(FileNotFoundError):  # it has just been completed
            if place.stat().st_mtime < (now - KEPT).timestamp():
                place.unlink()
                count += 1
    return count


def _make_room(place: Path) -> None:
    others = [(each.stat().st_mtime, each) for each in place.parent.iterdir() if each != place]
    for _, oldest in sorted(others)[: max(0, len(others) - MOST + 1)]:
        forget(oldest)
