"""Files named by what they hold."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import Unavailable
from core.files import FolderStore, place_of


async def test_a_file_is_found_under_its_sha256(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    sha256 = await store.put(b"photo")
    assert hashlib.sha256(b"photo").hexdigest() == sha256
    assert b"photo" == place_of(tmp_path, sha256).read_bytes() == await store.get(sha256)


async def test_storing_the_same_twice_leaves_one_file(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.put(b"photo")
    await store.put(b"photo")
    assert 1 == len([path for path in tmp_path.rglob("*") if path.is_file()])


async def test_a_disk_that_refuses_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(Unavailable):
        await FolderStore(tmp_path).put(b"photo")
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_what_is_deleted_is_gone_and_deleting_it_again_is_harmless(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    sha256 = await store.put(b"photo")
    for _ in range(2):
        await store.delete(sha256)
    with pytest.raises(FileNotFoundError):
        await store.get(sha256)


async def test_everything_kept_is_listed_with_its_age_and_nothing_unfinished(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    kept = {await store.put(data) for data in (b"one", b"two")}
    (place_of(tmp_path, kept.copy().pop()).parent / ".incoming-x").write_bytes(b"killed")
    found = [each async for each in store.list()]
    assert kept == {each.sha256 for each in found}
    assert all(abs(each.at - datetime.now(UTC)) < timedelta(minutes=1) for each in found)


async def test_nobody_else_can_look_into_the_folder(tmp_path: Path) -> None:
    FolderStore(tmp_path / "photos")
    assert 0o700 == (tmp_path / "photos").stat().st_mode & 0o777
