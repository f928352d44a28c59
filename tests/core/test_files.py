"""Files named by what they hold."""

import hashlib
from pathlib import Path

import pytest

from core.files import place_of, put


def test_a_file_is_found_under_its_sha256(tmp_path: Path) -> None:
    sha256 = put(tmp_path, b"photo")
    assert hashlib.sha256(b"photo").hexdigest() == sha256
    assert b"photo" == place_of(tmp_path, sha256).read_bytes()


def test_storing_the_same_twice_leaves_one_file(tmp_path: Path) -> None:
    put(tmp_path, b"photo")
    put(tmp_path, b"photo")
    assert 1 == len([path for path in tmp_path.rglob("*") if path.is_file()])


def test_a_disk_that_refuses_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        put(tmp_path, b"photo")
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]
