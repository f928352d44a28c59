"""A random key of this installation, made once and kept beside the data, readable by us alone."""

import os
import secrets
from pathlib import Path


def read_or_make_secret(data_dir: Path, name: str) -> bytes:
    """Give 32 random bytes that stay the same for this data folder."""
    place = data_dir / f"{name}.key"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return place.read_bytes()
    with os.fdopen(handle, "wb") as file:
        secret = secrets.token_bytes(32)
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return secret
