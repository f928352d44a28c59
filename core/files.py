"""Files named by what they hold (SHA-256), on the local disk.

A file is there whole or not at all, also after a power cut: written beside its place, flushed, renamed, and the
folder flushed, before anyone is told. Nothing here knows what a file is for or who may read it.
"""

import hashlib
import os
import tempfile
from pathlib import Path


def place_of(root: Path, sha256: str) -> Path:
    """Give the path of the file with this lower-case hexadecimal SHA-256; two levels keep folders small."""
    return root / sha256[:2] / sha256


def put(root: Path, data: bytes) -> str:
    """Store `data` durably and give its SHA-256 in lower-case hexadecimal; storing it again changes nothing.

    Blocks on the disk: call it in a thread. Raises `OSError` when the disk refuses.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    place = place_of(root, sha256)
    if place.exists():
        return sha256
    place.parent.mkdir(parents=True, exist_ok=True)
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


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
