"""A random key of this installation, made once and kept beside the data, readable by us alone."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

#: Opens what is sealed in the database; without it the second factors of staff are lost.
SEAL_KEY_NAME = "seal"

_LENGTH = 32
#: Of 32 random bytes about 30 differ, and hardly ever are all of them printable.
_FEWEST_DISTINCT = 12
_PRINTABLE = range(0x20, 0x7F)


class SecretRefused(Exception):
    """A key cannot be trusted; the message says which, why and what to do."""


def read_or_make_secret(data_dir: Path, name: str) -> bytes:
    """Give 32 random bytes that stay the same for this data folder.

    Raises `SecretRefused` where the file was cut short, was written by hand, or can be read by others.
    """
    place = secret_place(data_dir, name)
    if not place.exists():
        _make(place)
    secret = place.read_bytes()
    remedy = "请从备份恢复；从未使用过则删除 / restore it from the backup, or remove it if it was never in use"
    if len(secret) != _LENGTH:  # an empty key would sign everything alike
        raise SecretRefused(f"{place} 已损坏：应为 {_LENGTH} 字节 / is damaged: it must hold {_LENGTH} bytes. {remedy}")
    if len(set(secret)) < _FEWEST_DISTINCT or all(byte in _PRINTABLE for byte in secret):
        raise SecretRefused(f"{place} 不是随机密钥 / is no random key but a sample or typed text. {remedy}")
    check_private(place)
    return secret


def secret_place(data_dir: Path, name: str) -> Path:
    """Give the file of a key."""
    return data_dir / f"{name}.key"


def check_private(place: Path) -> None:
    """Refuse a file that others on this machine can read or change. Raises `SecretRefused`."""
    mode = stat.S_IMODE(place.stat().st_mode)
    if mode & 0o077:
        raise SecretRefused(f"{place}（{mode:04o}）: 他人可读 / others can read it. 请执行 / do: chmod 600 {place}")


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
