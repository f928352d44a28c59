"""Random keys of this installation besides those that seal: made once, readable by us alone."""

from pathlib import Path

from core.sealing.files import make_key_file, read_key_file

_LENGTH = 32


def read_or_make_secret(folder: Path, name: str) -> bytes:
    """Give 32 random bytes that stay the same for this folder of keys.

    Raises `KeysRefused` where the file was cut short, was written by hand, or can be read by others.
    """
    place = secret_place(folder, name)
    make_key_file(place, _LENGTH)
    return read_key_file(place, _LENGTH)


def secret_place(folder: Path, name: str) -> Path:
    """Give the file of a key."""
    return folder / f"{name}.key"
