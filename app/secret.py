"""A random key of this installation, made once and kept beside the data, readable by us alone."""

import os
import secrets
import tempfile
from pathlib import Path

_LENGTH = 32


def read_or_make_secret(data_dir: Path, name: str) -> bytes:
    """Give 32 random bytes that stay the same for this data folder. Raises `OSError` where the file was cut short."""
    place = data_dir / f"{name}.key"
    if not place.exists():
        _make(place)
    secret = place.read_bytes()
    if len(secret) != _LENGTH:  # an empty key would sign everything alike
        raise OSError(f"{place} 已损坏，请从备份恢复 / is damaged: restore it from the backup")
    return secret


def _make(place: Path) -> None:
    """Put a whole key in its place at once: of two processes the first wins, and one that is killed leaves none."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}-")  # made with mode 0600
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
            file.flush()
            os.fsync(file.fileno())
        place.hardlink_to(unfinished)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
