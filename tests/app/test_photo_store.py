"""Where photos lie: what an operator may set, the whole way over a bucket, and the command that compares."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from app.main import create_app
from app.photo_commands import check_photos
from app.photo_store import open_photo_store
from app.settings import SettingRefused, Settings
from community.photos.attach import attach_photo
from community.photos.models import PhotoStage
from core.access.models import Actor, Role
from core.database import Connection, Pool
from core.errors import Unavailable
from core.files import FolderStore, place_of
from core.photos import StoredPhoto
from core.shell import Shell
from station.photos.keep import record_photo
from station.registry import draft_of, overwrite
from tests.acceptance.test_photo_uploads import lend_phone
from tests.community.district import COMMUNITY, hire, located, open_report
from tests.conftest import DISTRICT, START, Database, FakeClock
from tests.object_store import BUCKET, KEY, KEY_ID, REGION, object_store
from tests.pictures import jpeg, sha256
from tests.station.district import ADMIN, enter, locate_in, open_generation

STORE = "https://store.example.org/photos"


def key_file(folder: Path, text: str = f"{KEY_ID}\n{KEY}\n", mode: int = 0o600) -> str:
    place = folder / "bucket.key"
    place.write_text(text)
    place.chmod(mode)
    return str(place)


@pytest.mark.parametrize(
    ("bucket", "text", "mode", "said"),
    [
        ("ftp://store.example.org/photos", "a\nb\n", 0o600, "https"),
        ("http://store.example.org/photos", "a\nb\n", 0o600, "https"),
        ("https://store.example.org/a/b", "a\nb\n", 0o600, "BUCKET"),
        ("https://id:key@store.example.org/a", "a\nb\n", 0o600, "BUCKET"),
        (STORE, "a\nb\n", 0o640, "0600"),
        (STORE, "a\nb\n", 0o604, "0600"),
        (STORE, "", 0o600, "two lines"),
        (STORE, "id\n", 0o600, "two lines"),
    ],
)
def test_a_bucket_that_cannot_be_opened_safely_is_refused_at_start(
    tmp_path: Path, bucket: str, text: str, mode: int, said: str
) -> None:
    settings = Settings(data_dir=tmp_path, photo_bucket=bucket, photo_bucket_key_file=key_file(tmp_path, text, mode))
    with pytest.raises(SettingRefused, match=said):
        create_app(settings, dsn="postgresql://nowhere", sweeper_dsn="postgresql://nowhere")


@pytest.mark.parametrize("name", ["", "/nowhere/bucket.key"])
def test_a_bucket_without_its_key_is_refused_at_start(tmp_path: Path, name: str) -> None:
    settings = Settings(data_dir=tmp_path, photo_bucket=STORE, photo_bucket_key_file=name)
    with pytest.raises(SettingRefused, match="KEY_FILE"):
        create_app(settings, dsn="postgresql://nowhere", sweeper_dsn="postgresql://nowhere")


@pytest.mark.parametrize("bucket", [STORE, "https://photos.store.example.org", "https://photos.store.example.org/"])
def test_a_bucket_is_named_by_its_path_or_its_host(tmp_path: Path, bucket: str) -> None:
    settings = Settings(data_dir=tmp_path, photo_bucket=bucket, photo_bucket_key_file=key_file(tmp_path))
    open_photo_store(settings)
    assert not (tmp_path / "photos").exists()


async def test_photos_go_to_the_bucket_and_come_from_it_through_the_service(
    database: Database, pool: Pool, clock: FakeClock, tmp_path: Path
) -> None:
    async with object_store() as outside:
        settings = Settings(
            data_dir=tmp_path,
            photo_bucket=outside.url,
            photo_bucket_region=REGION,
            photo_bucket_key_file=key_file(tmp_path),
        )
        app = create_app(settings, dsn=database.app_dsn, sweeper_dsn=database.sweeper_dsn, clock=clock)
        async with TestClient(TestServer(app)) as client:
            phone, photo = await lend_phone(client, pool, 1), jpeg()
            outside.is_away = True
            assert (503, len(photo)) == ((await phone.send(photo))[0], await phone.received(photo))
            outside.is_away = False
            status, answer = await phone.send(photo, offset=len(photo))
            stored = answer["stored_sha256"]
            assert (200, [f"photos/{DISTRICT}/{stored[:2]}/{stored}"]) == (status, list(outside.objects))
            assert stored == sha256(await phone.served(sha256(photo)))
            assert f"GET /{BUCKET}/photos/{DISTRICT}/{stored[:2]}/{stored}" in outside.calls
        assert not (tmp_path / "photos").exists()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "photos")


async def attach(conn: Connection, store: FolderStore, number: int, *, case_id: int, actor: Actor) -> str:
    """Put a file and its row where they belong and give its hash."""
    stored = await store.put(jpeg(number))
    photo = StoredPhoto(f"{number:064x}", stored, "image/jpeg", len(jpeg(number)))
    await attach_photo(conn, case_id=case_id, photo=photo, stage=PhotoStage.AFTER, actor=actor, now=START)
    return stored


async def test_the_check_names_what_is_missing_damaged_and_left_behind(
    conn: Connection, store: FolderStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    whole, missing, damaged = [await attach(conn, store, n, case_id=case.id, actor=secretary) for n in range(3)]
    place_of(tmp_path / "photos", missing).unlink()
    place_of(tmp_path / "photos", damaged).write_bytes(b"rotten")
    old, young = await store.put(b"old"), await store.put(b"young")
    shell = Shell(conn=conn, district_id=DISTRICT, now=datetime.now(UTC), data_dir=tmp_path)
    ages = {old: 25.0, young: 1.0, whole: 99.0}
    for name, hours in ages.items():
        moment = (shell.now - timedelta(hours=hours)).timestamp()
        os.utime(place_of(tmp_path / "photos", name), (moment, moment))
    assert 1 == await check_photos(shell, store, removing=False)
    said = capsys.readouterr().out.splitlines()
    assert [f"缺失 / missing\t{missing}", f"损坏 / damaged\t{damaged}"] == sorted(said[:2], reverse=True)
    assert [f"无记录 / named by nobody\t{old}"] == said[2:3]
    assert "photos: 3" in said[3]
    await check_photos(shell, store, removing=True)
    assert {whole, damaged, young} == {each.sha256 async for each in store.list()}


async def test_the_photo_of_a_station_is_named_until_another_is_announced(
    conn: Connection, store: FolderStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locate = locate_in(await open_generation(conn))
    station = await enter(conn, locate)
    stored = await store.put(b"door")
    os.utime(place_of(tmp_path / "photos", stored), (0, 0))
    photo = StoredPhoto("ab" * 32, stored, "image/jpeg", 4)
    station = await record_photo(conn, actor=ADMIN, station_id=station.id, photo=photo, now=START)
    shell = Shell(conn=conn, district_id=DISTRICT, now=datetime.now(UTC), data_dir=tmp_path)
    assert 0 == await check_photos(shell, store, removing=True)
    assert [stored] == [each.sha256 async for each in store.list()]
    other = replace(draft_of(station), photo_sha256="cd" * 32)
    await overwrite(conn, actor=ADMIN, station=station, draft=other, locate=locate, now=START)
    await check_photos(shell, store, removing=True)
    assert [] == [each.sha256 async for each in store.list()]
    assert "photos: 0" in capsys.readouterr().out.splitlines()[-1]


async def test_a_file_that_is_put_again_counts_as_young(store: FolderStore, tmp_path: Path) -> None:
    sha256_ = await store.put(b"photo")
    os.utime(place_of(tmp_path / "photos", sha256_), (0, 0))
    await store.put(b"photo")
    (kept,) = [each async for each in store.list()]
    assert datetime.now(UTC) - kept.at < timedelta(minutes=1)


async def test_the_check_stops_where_the_store_is_away_and_removes_nothing(conn: Connection, tmp_path: Path) -> None:
    async with object_store() as outside:
        settings = Settings(data_dir=tmp_path, photo_bucket=outside.url, photo_bucket_key_file=key_file(tmp_path))
        away = open_photo_store(replace(settings, photo_bucket_region=REGION))
        await away.put(b"photo")
        outside.is_away = True
        shell = Shell(conn=conn, district_id=DISTRICT, now=datetime.now(UTC), data_dir=tmp_path)
        with pytest.raises(Unavailable):
            await check_photos(shell, away, removing=True)
        assert 1 == len(outside.objects)
