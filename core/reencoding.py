"""Has a photo decoded and written anew by a process of its own, which is killed when it takes too long.

A process a photo: what one photo does to its decoder ends with it. That costs a tenth of a second (docs/adr/0019).
"""

import importlib.util
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

from core import photo_child
from core.errors import Unavailable
from core.photos import PhotoMoves, PhotoUnreadable, TooManyPixels

#: On a machine that is busy with other things; the process itself may use `photo_child.CPU_S` of the processor.
WALL_S = 30.0

_KINDS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}
_REFUSALS = {
    photo_child.TOO_MANY_PIXELS: TooManyPixels,
    photo_child.SEVERAL_PICTURES: PhotoMoves,
    photo_child.UNREADABLE: PhotoUnreadable,
}

_log = logging.getLogger(__name__)


def reencode(data: bytes, *, media_type: str) -> bytes:
    """Give the photo as an upright sRGB JPEG that holds nothing but pixels; `media_type` is what its bytes show.

    Blocks for up to `WALL_S`: call it in a thread. Raises `TooManyPixels`, `PhotoMoves`, `PhotoUnreadable` for what
    is wrong with the photo, `Unavailable` when there was no time for it.
    """
    with tempfile.TemporaryFile() as result, tempfile.TemporaryFile() as complaint:
        try:
            done = subprocess.run(  # noqa: S603 — our own program and arguments, no shell
                [sys.executable, "-I", "-S", photo_child.__file__, _folder_of_libraries(), _KINDS[media_type]],
                input=data,
                stdout=result,
                stderr=complaint,
                env={"MALLOC_ARENA_MAX": "1"},  # no password nor key; arenas are counted as memory
                start_new_session=True,  # Ctrl-C lets it finish
                timeout=WALL_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(retry_after_s=5) from None
        complaint.seek(0)
        said = complaint.read(2000).decode(errors="replace")
        if done.returncode == 0:
            result.seek(0)
            return result.read()
    _log.warning("照片未能解码 / a photo was not decoded: status %s, %r", done.returncode, said)
    if done.returncode < 0:  # it crashed, or ran into a limit
        raise PhotoUnreadable()
    if done.returncode not in _REFUSALS:
        raise RuntimeError(f"the decoder does not run: {said}")
    raise _REFUSALS[done.returncode]()


def _folder_of_libraries() -> str:
    """Find where Pillow is installed without loading it into this process."""
    found = importlib.util.find_spec("PIL")
    if found is None or found.origin is None:
        raise RuntimeError("Pillow is not installed")
    return str(Path(found.origin).parent.parent)
