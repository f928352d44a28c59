"""Key files: one key a file, readable by its owner alone, in a folder that no database and no backup of it holds.

`seal-0001.aes-256-gcm.key` says its purpose, number and algorithm; it holds the bare bytes of the key. A retired key is
moved to `retired/` and never deleted here: backups made before may need it.
"""

import os
import re
import secrets
import stat
import tempfile
from pathlib import Path

from core.sealing.algorithms import INDEXINGS, NEW_INDEXING, NEW_SEALING, SEALINGS
from core.sealing.models import LAST_NUMBER, Key, Purpose

_NAME = re.compile(r"(?P<purpose>seal|index|codes|links)-(?P<number>[0-9]{4,5})\.(?P<algorithm>[a-z0-9-]+)\.key")
RETIRED = "retired"
#: Of 32 random bytes about 30 differ, and hardly ever are all of them printable.
_FEWEST_DISTINCT = 0.375
_PRINTABLE = range(0x20, 0x7F)


class KeysRefused(Exception):
    """A key cannot be trusted or is not there; the message says which, why and what to do."""


def read_keys(folder: Path) -> tuple[Key, ...]:
    """Read every key in the folder, in order. Raises `KeysRefused` for one that is unsafe, damaged or of no use."""
    found = []
    for place in sorted(folder.glob("*.key")) if folder.is_dir() else ():
        match = _NAME.fullmatch(place.name)
        if match is not None:
            found.append(_read(place, Purpose(match["purpose"]), int(match["number"]), match["algorithm"]))
    found.sort(key=lambda key: (key.purpose, key.number))
    if len({key.name for key in found}) < len(found):
        raise KeysRefused(f"{folder}: 有两个同号密钥 / two keys have the same number")
    return tuple(found)


def make_key(folder: Path, purpose: Purpose, number: int) -> None:
    """Make a key unless this number has one already: of two processes the first wins."""
    if not 0 < number <= LAST_NUMBER:
        raise KeysRefused(f"{purpose}-{number}: 密钥编号已用尽 / there are no more numbers for keys")
    algorithm = NEW_SEALING if purpose is Purpose.SEAL else NEW_INDEXING
    make_key_file(folder / f"{purpose}-{number:04}.{algorithm}.key", _length(purpose, algorithm))


def number_key(folder: Path, purpose: Purpose) -> None:
    """Give a key that bears no number, as `codes.key` and `links.key` once did, the first number and its full name."""
    place = folder / f"{purpose}.key"
    if place.exists():
        place.rename(folder / f"{purpose}-0001.{NEW_INDEXING}.key")
        _flush_folder(folder)


def make_key_file(place: Path, length: int) -> None:
    """Put `length` random bytes in their place whole and at once, unless something is there already."""
    if place.exists():
        return
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}-")  # made with mode 0600
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(length))
            file.flush()
            os.fsync(file.fileno())
        place.hardlink_to(unfinished)
        _flush_folder(place.parent)  # a key must not be lost after something was sealed with it
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()


def move_to_retired(folder: Path, key: Key) -> Path:
    """Move a key out of use and give where it lies now."""
    place = folder / f"{key.name}.{key.algorithm}.key"
    retired = folder / RETIRED
    retired.mkdir(mode=0o700, exist_ok=True)
    _flush_folder(folder)
    moved = place.rename(retired / place.name)
    _flush_folder(retired)
    return moved


def read_key_file(place: Path, length: int) -> bytes:
    """Read the bytes of a key. Raises `KeysRefused` for one cut short, typed by hand, or in reach of others."""
    secret = place.read_bytes()
    remedy = "请从备份恢复；从未使用过则删除 / restore it from the backup, or remove it if it was never in use"
    if len(secret) != length:  # an empty key would seal everything alike
        raise KeysRefused(f"{place} 已损坏：应为 {length} 字节 / is damaged: it must hold {length} bytes. {remedy}")
    if len(set(secret)) < length * _FEWEST_DISTINCT or all(byte in _PRINTABLE for byte in secret):
        raise KeysRefused(f"{place} 不是随机密钥 / is no random key but a sample or typed text. {remedy}")
    check_private(place)
    return secret


def check_private(place: Path) -> None:
    """Refuse a file that others on this machine can read or change. Raises `KeysRefused`."""
    mode = stat.S_IMODE(place.stat().st_mode)
    if mode & 0o077:
        raise KeysRefused(f"{place}（{mode:04o}）: 他人可读 / others can read it. 请执行 / do: chmod 600 {place}")


def _read(place: Path, purpose: Purpose, number: int, algorithm: str) -> Key:
    if algorithm not in (SEALINGS if purpose is Purpose.SEAL else INDEXINGS) or not 0 < number <= LAST_NUMBER:
        raise KeysRefused(f"{place}: 本版本不认识该算法或编号 / this release does not know such an algorithm or number")
    return Key(purpose, number, algorithm, read_key_file(place, _length(purpose, algorithm)))


def _length(purpose: Purpose, algorithm: str) -> int:
    return (SEALINGS[algorithm] if purpose is Purpose.SEAL else INDEXINGS[algorithm]).key_length


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
