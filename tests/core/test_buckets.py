"""Photos in a bucket: the same promises as of a folder, and what becomes of a request when the store is away."""

import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from core.buckets import Bucket, BucketStore
from core.errors import Unavailable
from core.files import FileStore, FolderStore
from tests.object_store import KEY, KEY_ID, REGION, ObjectStore, object_store


@pytest_asyncio.fixture
async def outside() -> AsyncIterator[ObjectStore]:
    async with object_store() as started:
        yield started


def bucket_of(outside: ObjectStore) -> Bucket:
    return Bucket(outside.url, REGION, KEY_ID, KEY)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, outside: ObjectStore) -> FileStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "photos")
    return BucketStore(bucket_of(outside), folder="photos/1")


async def test_what_is_put_is_given_back_under_its_hash(store: FileStore) -> None:
    for data in (b"photo", bytes(range(256)) * 8000):
        sha256 = await store.put(data)
        assert (hashlib.sha256(data).hexdigest(), data) == (sha256, await store.get(sha256))
        assert sha256 == await store.put(data)


async def test_what_is_not_there_is_missing_and_deleting_it_is_harmless(store: FileStore) -> None:
    sha256 = await store.put(b"photo")
    await store.delete(sha256)
    await store.delete(sha256)
    with pytest.raises(FileNotFoundError):
        await store.get(sha256)


async def test_everything_kept_is_listed_page_by_page(store: FileStore) -> None:
    kept = {await store.put(bytes([number])) for number in range(7)}
    assert kept == {each.sha256 async for each in store.list()}


async def test_a_bucket_holds_each_district_beneath_a_folder_of_its_own(outside: ObjectStore) -> None:
    one, two = (BucketStore(bucket_of(outside), folder=f"photos/{number}") for number in (1, 2))
    sha256 = await one.put(b"photo")
    assert [f"photos/1/{sha256[:2]}/{sha256}"] == list(outside.objects)
    assert [] == [each async for each in two.list()]
    assert [datetime(2026, 3, 10, 2, tzinfo=UTC)] == [each.at async for each in one.list()]


async def test_a_store_that_is_away_is_asked_again_briefly_and_then_the_phone(outside: ObjectStore) -> None:
    store = BucketStore(bucket_of(outside), folder="photos/1")
    sha256 = await store.put(b"photo")
    outside.is_away, begun = True, time.monotonic()
    for ask in (store.put(b"photo"), store.get(sha256), store.delete(sha256), anext(aiter(store.list()))):
        with pytest.raises(Unavailable):
            await ask
    assert time.monotonic() - begun < 20
    outside.is_away = False
    assert b"photo" == await store.get(sha256)


@pytest.mark.parametrize("wrong", [{"key": "another"}, {"key_id": "another"}, {"region": "elsewhere"}])
async def test_a_wrong_key_or_region_stores_nothing(outside: ObjectStore, wrong: dict[str, str]) -> None:
    store = BucketStore(replace(bucket_of(outside), **wrong), folder="photos/1")
    with pytest.raises(Unavailable):
        await store.put(b"photo")
    assert {} == outside.objects


async def test_nobody_listens_is_the_same_as_away() -> None:
    nobody = Bucket("http://127.0.0.1:9/bucket", REGION, KEY_ID, KEY)
    with pytest.raises(Unavailable):
        await BucketStore(nobody, folder="photos/1").put(b"photo")
