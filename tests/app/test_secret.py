"""The key of an installation: made once, whole or not at all, for our eyes alone."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.secret import read_or_make_secret
from core.sealing.files import KeysRefused


def test_a_key_is_made_once(tmp_path: Path) -> None:
    made = read_or_make_secret(tmp_path / "new", "codes")
    assert (32, made) == (len(made), read_or_make_secret(tmp_path / "new", "codes"))


def test_all_who_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(lambda _: read_or_make_secret(tmp_path, "codes"), range(64)))
    assert 1 == len(keys)
    assert ["codes.key"] == [path.name for path in tmp_path.iterdir()]


def test_only_its_owner_can_read_a_key(tmp_path: Path) -> None:
    read_or_make_secret(tmp_path, "codes")
    assert 0o600 == stat.S_IMODE((tmp_path / "codes.key").stat().st_mode)


@pytest.mark.parametrize("left", [b"", b"half"])
def test_a_key_cut_short_is_refused(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "codes.key").write_bytes(left)
    (tmp_path / "codes.key").chmod(0o600)
    with pytest.raises(KeysRefused, match="damaged"):
        read_or_make_secret(tmp_path, "codes")


@pytest.mark.parametrize("sample", [b"change-me-to-something-random-32", bytes(32), b"\xff\x01" * 16])
def test_a_sample_key_is_refused(tmp_path: Path, sample: bytes) -> None:
    (tmp_path / "codes.key").write_bytes(sample)
    (tmp_path / "codes.key").chmod(0o600)
    with pytest.raises(KeysRefused, match="sample"):
        read_or_make_secret(tmp_path, "codes")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_key_that_others_reach_is_refused(tmp_path: Path, mode: int) -> None:
    made = read_or_make_secret(tmp_path, "codes")
    (tmp_path / "codes.key").chmod(mode)
    with pytest.raises(KeysRefused, match="chmod 600"):
        read_or_make_secret(tmp_path, "codes")
    (tmp_path / "codes.key").chmod(0o600)
    assert made == read_or_make_secret(tmp_path, "codes")
