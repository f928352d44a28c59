"""Photos over bad networks and from villains, on the real application and real sockets, reconciled by SHA-256."""

import asyncio
import os
import random
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from core.database import Pool, pool_transaction
from core.http import photos as http_photos
from core.partials import KEPT, forget_old
from core.photos import LARGEST_PHOTO
from riders.signup.consents import PHOTO
from riders.signup.queries import insert_rider
from tests.conftest import DISTRICT, RING, START, Client, FakeClock
from tests.pictures import encode, flat_png, jpeg, png, sha256
from tests.sessions import open_long_session

SEED = 20261127
Header = dict[str, str]


@dataclass(frozen=True)
class Phone:
    """A rider's phone that may lose the network at any byte."""

    client: Client
    header: Header
    photos: str

    async def send(self, data: bytes, *, offset: int = 0, name: str = "", kind: str = "image/jpeg") -> tuple[int, Any]:
        """Send what is left of a photo from `offset` on; give status and answer."""
        async with self.client.put(
            f"{self.photos}/{name or sha256(data)}",
            params={"offset": str(offset)},
            data=BytesIO(data[offset:]),
            headers=self.header | {"Content-Type": kind},
        ) as answer:
            return answer.status, await answer.json()

    async def send_and_lose_network(self, data: bytes, *, offset: int, after: int) -> None:
        """Send so many bytes of the rest, and break the connection without a word once some have arrived."""
        server = self.client.server
        _, writer = await asyncio.open_connection(server.host, server.port)
        head = (
            f"PUT {self.photos}/{sha256(data)}?offset={offset} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
            f"Authorization: {self.header['Authorization']}\r\nContent-Length: {len(data) - offset}\r\n\r\n"
        )
        writer.write(head.encode() + data[offset : offset + after])
        await writer.drain()
        for _ in range(1000 if after else 0):
            if await self.received(data) > offset:
                break
            await asyncio.sleep(0.02)
        writer.transport.abort()

    async def received(self, data: bytes) -> int:
        """Ask how much of a photo has arrived."""
        async with self.client.get(f"/api/v1/photo-uploads/{sha256(data)}", headers=self.header) as answer:
            assert 200 == answer.status
            count: int = (await answer.json())["received"]
            return count

    async def served(self, name: str) -> bytes:
        async with self.client.get(f"{self.photos}/{name}", headers=self.header) as answer:
            assert (200, "image/jpeg") == (answer.status, answer.headers["Content-Type"])
            return await answer.read()


async def lend_phone(client: Client, pool: Pool, number: int) -> Phone:
    """Sign a rider up who agrees to photos and has reported something."""
    async with pool_transaction(pool) as conn:
        rider_id = await insert_rider(conn, ring=RING, district_id=DISTRICT, phone=f"+861380000{number:04}", now=START)
        token = await open_long_session(conn, district_id=DISTRICT, kind="rider", subject_id=rider_id, now=START)
    header = {"Authorization": f"Bearer {token}"}
    consent = {"purpose": PHOTO, "version": 1, "is_given": True}
    assert 200 == (await client.post("/api/v1/riders/me/consents", json=consent, headers=header)).status
    key = {"Idempotency-Key": f"upload-test-{number}"}
    posted = await client.post("/api/v1/reports", json={"category": "litter"}, headers=header | key)
    assert 201 == posted.status
    return Phone(client, header, posted.headers["Location"] + "/photos")


@pytest_asyncio.fixture
async def phone(client: Client, pool: Pool) -> Phone:
    return await lend_phone(client, pool, 1)


@pytest.fixture(scope="module")
def photo() -> bytes:
    """Give a photo of two megabytes that does not compress."""
    rng = random.Random(SEED)
    return encode(Image.frombytes("RGB", (1000, 1000), rng.randbytes(3_000_000)), quality=95)


def files_beneath(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def kept_of_photos(data_dir: Path) -> list[Path]:
    """Give every file, finished or not, that photos have left behind."""
    return files_beneath(data_dir / "photos") + files_beneath(data_dir / "uploads")


@pytest.mark.parametrize("round_", range(3))
async def test_a_photo_cut_at_random_bytes_arrives_whole(
    phone: Phone, tmp_path: Path, photo: bytes, round_: int
) -> None:
    dice = random.Random(SEED + round_)
    sent, cuts = 0, 0
    while (offset := await phone.received(photo)) < len(photo):
        left = len(photo) - offset
        if cuts == 8:
            break
        after = dice.randrange(left)
        await phone.send_and_lose_network(photo, offset=offset, after=after)
        cuts, sent = cuts + 1, sent + after
    assert 0 < await phone.received(photo) <= sent
    offset = await phone.received(photo)
    status, answer = await phone.send(photo, offset=offset)
    assert (200, sha256(photo)) == (status, answer["sha256"])
    whole = jpeg(round_ + 100)
    _, compared = await phone.send(photo)  # the same answer, whole and at once
    assert answer == compared
    assert answer["stored_sha256"] == sha256(await phone.served(sha256(photo)))
    assert [] == files_beneath(tmp_path / "uploads")
    assert (200, 0) == ((await phone.send(whole))[0], await phone.received(whole))


async def test_what_was_cut_comes_out_as_what_was_sent_at_once(client: Client, pool: Pool, photo: bytes) -> None:
    cut, whole = await lend_phone(client, pool, 1), await lend_phone(client, pool, 2)
    await cut.send_and_lose_network(photo, offset=0, after=len(photo) // 3)
    offset = await cut.received(photo)
    assert 0 < offset < len(photo)
    assert 0 == await whole.received(photo)  # what one has sent is not for another to go on with
    (_, one), (_, other) = await cut.send(photo, offset=offset), await whole.send(photo)
    assert one["stored_sha256"] == other["stored_sha256"]


async def test_a_photo_is_not_decoded_twice(phone: Phone, photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await phone.send(photo)

    def must_not_run(_data: bytes, *, media_type: str) -> bytes:
        raise AssertionError(media_type)

    monkeypatch.setattr(http_photos, "reencode", must_not_run)
    assert first == await phone.send(photo)


async def test_two_who_send_the_same_at_once_both_get_it_through(phone: Phone, tmp_path: Path, photo: bytes) -> None:
    await phone.send_and_lose_network(photo, offset=0, after=len(photo) // 2)
    offset = await phone.received(photo)
    answers = await asyncio.gather(
        phone.send(photo), phone.send(photo, offset=offset), phone.send(photo, offset=offset // 2), phone.send(photo)
    )
    assert [200] * 4 == [status for status, _ in answers]
    assert 1 == len({str(answer) for _, answer in answers})
    assert 1 == len(files_beneath(tmp_path / "photos"))
    assert [] == files_beneath(tmp_path / "uploads")


async def test_going_on_behind_what_has_arrived_is_refused_and_says_where(phone: Phone, photo: bytes) -> None:
    status, problem = await phone.send(photo, offset=5)
    assert (409, True) == (status, problem["type"].endswith("upload-offset-beyond"))
    assert "0" in problem["detail"]
    assert 422 == (await phone.send(photo, offset=LARGEST_PHOTO + 1))[0]


async def test_a_rest_that_does_not_fit_is_refused_and_all_of_it_forgotten(
    phone: Phone, tmp_path: Path, photo: bytes
) -> None:
    await phone.send_and_lose_network(photo, offset=0, after=100_000)
    offset = await phone.received(photo)
    status, problem = await phone.send(photo[:offset] + bytes(500), offset=offset, name=sha256(photo))
    assert (422, True) == (status, problem["type"].endswith("photo-hash-mismatch"))
    assert [] == kept_of_photos(tmp_path)
    assert 200 == (await phone.send(photo))[0]


async def test_more_than_ten_megabytes_in_pieces_are_refused(phone: Phone, tmp_path: Path) -> None:
    most = jpeg() + bytes(LARGEST_PHOTO - len(jpeg()))
    await phone.send_and_lose_network(most, offset=0, after=200_000)
    offset = await phone.received(most)
    assert 413 == (await phone.send(most + b"!", offset=offset, name=sha256(most)))[0]
    assert [] == kept_of_photos(tmp_path)


async def test_unfinished_uploads_of_one_person_make_room_for_newer_ones(phone: Phone, tmp_path: Path) -> None:
    for number in range(12):
        await phone.send_and_lose_network(jpeg(number), offset=0, after=200)
        (place,) = (tmp_path / "uploads").glob(f"*/{sha256(jpeg(number))}")
        os.utime(place, (number, number))
    left = {path.name for path in files_beneath(tmp_path / "uploads")}
    assert {sha256(jpeg(number)) for number in range(4, 12)} == left
    assert {0o600} == {path.stat().st_mode & 0o777 for path in files_beneath(tmp_path / "uploads")}


async def test_a_phone_that_must_wait_too_long_for_a_decoder_need_not_send_again(
    phone: Phone, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_photos, "QUEUE_S", 0.1)
    decoders = phone.client.app[http_photos.DECODERS]
    async with decoders, decoders:
        assert decoders.locked()  # two at most
        status, _ = await phone.send(photo)
    assert (503, len(photo)) == (status, await phone.received(photo))
    assert 200 == (await phone.send(photo, offset=len(photo)))[0]


async def test_a_full_disk_says_come_again_and_the_photo_goes_on_once_there_is_room(
    phone: Phone, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("os.fsync", no_space)
        status, _ = await phone.send(photo)
    assert (503, len(photo)) == (status, await phone.received(photo))
    assert 200 == (await phone.send(photo, offset=len(photo)))[0]


HOSTILE = {
    "a bomb": (flat_png(20_000, 20_000, rows=50), "image/png", 413, "too-many-pixels"),
    "an animation": (
        encode(Image.new("RGB", (9, 9)), "PNG", save_all=True, append_images=[Image.new("RGB", (9, 9), "red")]),
        "image/png",
        422,
        "photo-moves",
    ),
    "half a photo": (jpeg()[:400], "image/jpeg", 422, "photo-unreadable"),
    "a page that says it is a photo": (b"<html><script>alert(1)</script>", "image/jpeg", 415, "photo-format-not-taken"),
    "a drawing with a script": (b"<svg onload='alert(1)'/>", "image/svg+xml", 415, "photo-format-not-taken"),
    "a GIF with a script": (b"GIF89a/*\0*/=alert(1)", "image/gif", 415, "photo-format-not-taken"),
    "a PNG that says it is a JPEG": (png(), "image/jpeg", 415, "photo-format-not-taken"),
}


@pytest.mark.parametrize("name", list(HOSTILE))
async def test_what_is_no_photo_is_refused_in_both_languages_and_leaves_nothing(
    phone: Phone, tmp_path: Path, name: str
) -> None:
    data, kind, wanted, slug = HOSTILE[name]
    told = []
    for language in ("zh-CN", "en"):
        other = Phone(phone.client, phone.header | {"Accept-Language": language}, phone.photos)
        status, problem = await other.send(data, kind=kind)
        assert (wanted, True) == (status, problem["type"].endswith(slug))
        told.append(problem["title"])
    assert told[0] != told[1]
    assert [] == kept_of_photos(tmp_path)


async def test_a_heic_is_taken_under_either_of_its_names(phone: Phone) -> None:
    for number, kind in enumerate(("image/heic", "image/heif")):
        data = encode(Image.new("RGB", (64, 48), (number * 90, 0, 0)), "HEIF")
        assert 200 == (await phone.send(data, kind=kind))[0]


@pytest.mark.parametrize("name", ["../" * 5 + "etc/passwd", "..%2f..%2fcodes.key", "a" * 63 + "/", "%00" * 64])
async def test_no_name_leads_out_of_the_folder(phone: Phone, tmp_path: Path, name: str) -> None:
    for address in (f"{phone.photos}/{name}", f"/api/v1/photo-uploads/{name}"):
        async with phone.client.get(address, headers=phone.header) as answer:
            assert answer.status in (404, 422)
    assert not (tmp_path / "uploads").exists()


async def test_uploads_that_nobody_went_on_with_are_swept_away_after_a_day(
    phone: Phone, clock: FakeClock, tmp_path: Path, photo: bytes
) -> None:
    await phone.send_and_lose_network(photo, offset=0, after=1000)
    (place,) = files_beneath(tmp_path / "uploads")
    os.utime(place, (clock.now.timestamp(),) * 2)
    assert (0, 1) == (forget_old(tmp_path / "uploads", now=clock.now + KEPT), len(files_beneath(tmp_path / "uploads")))
    late = clock.now + KEPT * 1.001
    assert (1, 0) == (forget_old(tmp_path / "uploads", now=late), await phone.received(photo))
