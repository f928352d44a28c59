"""Keys of an installation: made at the first start, missed and told apart at every other, changed and retired."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from stat import S_IMODE

import pytest

from core.database import Connection
from core.sealing.files import KeysRefused, make_key, read_keys
from core.sealing.models import Purpose
from core.sealing.register import KNOWN_EVERYWHERE_AFTER, add_key, open_keys, retire_keys
from core.sealing.ring import KeyRing
from core.sealing.sweep import reseal
from riders.models import RIDER
from riders.signup.queries import find_rider_id, insert_rider
from tests.conftest import DISTRICT, START

PHONE = "+8613800000001"
LIVES = {Purpose.LINKS: timedelta(days=14), Purpose.CODES: timedelta(days=365)}
LATER = START + KNOWN_EVERYWHERE_AFTER


async def start(conn: Connection, folder: Path) -> KeyRing:
    return await open_keys(conn, folder=folder, district_id=DISTRICT, now=START)


async def rotate(conn: Connection, folder: Path, purpose: Purpose = Purpose.SEAL) -> str:
    return await add_key(conn, folder=folder, purpose=purpose, district_id=DISTRICT, now=START)


async def retire(
    conn: Connection, folder: Path, *, after: timedelta = KNOWN_EVERYWHERE_AFTER, leaked: Purpose | None = None
) -> list[str]:
    return await retire_keys(
        conn, folder=folder, tables=[RIDER], lives=LIVES, leaked=leaked, district_id=DISTRICT, now=START + after
    )


async def test_the_first_start_makes_keys_that_only_their_owner_can_read(conn: Connection, tmp_path: Path) -> None:
    ring = await start(conn, tmp_path / "keys")
    assert ["codes-0001", "index-0001", "links-0001", "seal-0001"] == [key.name for key in ring.keys]
    assert {0o600} == {S_IMODE(place.stat().st_mode) for place in (tmp_path / "keys").iterdir()}
    assert 0o700 == S_IMODE((tmp_path / "keys").stat().st_mode)
    assert ring.keys == (await start(conn, tmp_path / "keys")).keys
    assert not {key.secret for key in ring.keys} & {row["fingerprint"] for row in await conn.fetch("table sealing_key")}


async def test_keys_put_there_before_the_first_start_are_used(conn: Connection, tmp_path: Path) -> None:
    make_key(tmp_path, Purpose.SEAL, 7)
    ring = await start(conn, tmp_path)
    assert ["codes-0001", "index-0001", "links-0001", "seal-0007"] == [key.name for key in ring.keys]


async def test_a_start_without_the_keys_of_the_data_is_refused_and_makes_none(conn: Connection, tmp_path: Path) -> None:
    await start(conn, tmp_path / "keys")
    with pytest.raises(KeysRefused, match="restore its file"):
        await start(conn, tmp_path / "lost")
    assert () == read_keys(tmp_path / "lost")


async def test_keys_of_another_installation_are_refused(conn: Connection, tmp_path: Path) -> None:
    await start(conn, tmp_path / "keys")
    for purpose in Purpose:
        make_key(tmp_path / "other", purpose, 1)
    with pytest.raises(KeysRefused, match="not the one this database"):
        await start(conn, tmp_path / "other")


@pytest.mark.parametrize(
    ("name", "content", "mode", "reason"),
    [
        ("seal-0001.aes-256-gcm.key", b"short", 0o600, "32 bytes"),
        ("seal-0001.aes-256-gcm.key", bytes(range(32)), 0o644, "chmod 600"),
        ("seal-0001.aes-256-gcm.key", b"s" * 32, 0o600, "sample"),
        ("links-0001.hmac-sha-256.key", b"\xff\x01" * 16, 0o600, "sample"),
        ("codes-0001.hmac-sha-256.key", b"", 0o600, "32 bytes"),
        ("codes.key", b"half", 0o600, "32 bytes"),
        ("seal-0001.rot13.key", b"s" * 32, 0o600, "does not know"),
        ("seal-0000.aes-256-gcm.key", b"s" * 32, 0o600, "does not know"),
        ("index-70000.hmac-sha-256.key", b"s" * 32, 0o600, "does not know"),
    ],
)
async def test_a_key_that_is_damaged_open_or_unknown_is_refused(
    conn: Connection, tmp_path: Path, name: str, content: bytes, mode: int, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / name).chmod(mode)
    with pytest.raises(KeysRefused, match=reason):
        await start(conn, tmp_path)


async def test_all_who_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: make_key(tmp_path, Purpose.CODES, 1), range(64)))
    assert ["codes-0001.hmac-sha-256.key"] == [place.name for place in tmp_path.iterdir()]


async def test_keys_without_a_number_become_the_first_of_theirs(conn: Connection, tmp_path: Path) -> None:
    """An installation of before has them, and a database that knows only the other two."""
    await start(conn, tmp_path)
    await conn.execute("delete from sealing_key where purpose in ('codes', 'links')")
    secrets = {}
    for name in ("codes", "links"):
        numbered = tmp_path / f"{name}-0001.hmac-sha-256.key"
        secrets[name] = numbered.rename(tmp_path / f"{name}.key").read_bytes()
    ring = await start(conn, tmp_path)
    assert secrets == {key.purpose: key.secret for key in ring.keys if key.purpose in secrets}
    assert 4 == len(list(tmp_path.iterdir()))


@pytest.mark.parametrize("purpose", [Purpose.CODES, Purpose.LINKS])
async def test_a_replaced_key_is_good_until_what_it_made_has_ended(
    conn: Connection, tmp_path: Path, purpose: Purpose
) -> None:
    ring = await start(conn, tmp_path)
    before = ring.digest(purpose, "a text")
    assert f"{purpose}-0002" == await rotate(conn, tmp_path, purpose)
    ring.follow()
    assert (2, 2, before) == (
        ring.newest(purpose),
        len(ring.digests(purpose, "a text")),
        ring.digests(purpose, "a text")[1],
    )
    assert ring.digest(purpose, "a text") != before
    assert [] == await retire(conn, tmp_path, after=LIVES[purpose] - timedelta(seconds=1))
    assert [f"{purpose}-0001"] == await retire(conn, tmp_path, after=LIVES[purpose])
    ring.follow()
    assert before not in ring.digests(purpose, "a text")


async def test_a_key_that_leaked_is_retired_at_once_and_no_other_with_it(conn: Connection, tmp_path: Path) -> None:
    await start(conn, tmp_path)
    await rotate(conn, tmp_path, Purpose.CODES)
    await rotate(conn, tmp_path, Purpose.LINKS)
    with pytest.raises(KeysRefused, match="not a minute old"):
        await retire(conn, tmp_path, after=timedelta(seconds=1), leaked=Purpose.LINKS)
    assert ["links-0001"] == await retire(conn, tmp_path, leaked=Purpose.LINKS)


async def test_two_keys_of_one_number_are_refused(conn: Connection, tmp_path: Path) -> None:
    make_key(tmp_path, Purpose.SEAL, 1)
    (tmp_path / "seal-00001.aes-256-gcm.key").hardlink_to(tmp_path / "seal-0001.aes-256-gcm.key")
    with pytest.raises(KeysRefused, match="same number"):
        await start(conn, tmp_path)


async def test_numbers_of_keys_end(tmp_path: Path) -> None:
    with pytest.raises(KeysRefused, match="no more numbers"):
        make_key(tmp_path, Purpose.SEAL, 65_536)


async def test_a_process_that_runs_takes_up_a_new_key(conn: Connection, tmp_path: Path) -> None:
    ring = await start(conn, tmp_path)
    assert "seal-0002" == await rotate(conn, tmp_path)
    assert (True, 2, False) == (ring.follow(), ring.newest_seal, ring.follow())


async def test_a_key_is_retired_only_when_no_row_needs_it(conn: Connection, tmp_path: Path) -> None:
    ring = await start(conn, tmp_path)
    await insert_rider(conn, ring=ring, district_id=DISTRICT, phone=PHONE, now=START)
    await rotate(conn, tmp_path)
    ring.follow()
    with pytest.raises(KeysRefused, match="rows still use"):
        await retire(conn, tmp_path)
    assert 1 == await reseal(conn, ring=ring, tables=[RIDER], district_id=DISTRICT)
    with pytest.raises(KeysRefused, match="not a minute old"):
        await retire(conn, tmp_path, after=KNOWN_EVERYWHERE_AFTER - timedelta(seconds=1))
    assert ["seal-0001"] == await retire(conn, tmp_path)
    assert [] == await retire(conn, tmp_path)
    assert (tmp_path / "retired/seal-0001.aes-256-gcm.key").exists()
    ring.follow()
    assert ["codes-0001", "index-0001", "links-0001", "seal-0002"] == [key.name for key in ring.keys]
    assert ring.keys == (await start(conn, tmp_path)).keys


async def test_an_older_database_asks_for_the_key_that_was_retired_since(conn: Connection, tmp_path: Path) -> None:
    await start(conn, tmp_path)
    await rotate(conn, tmp_path)
    await retire(conn, tmp_path)
    await conn.execute("update sealing_key set retired_at = null")  # as a restored backup has it
    with pytest.raises(KeysRefused, match="retired/"):
        await start(conn, tmp_path)
    (tmp_path / "retired/seal-0001.aes-256-gcm.key").rename(tmp_path / "seal-0001.aes-256-gcm.key")
    assert 2 == (await start(conn, tmp_path)).newest_seal


async def test_the_index_key_is_changed_one_at_a_time(conn: Connection, tmp_path: Path) -> None:
    ring = await start(conn, tmp_path)
    rider_id = await insert_rider(conn, ring=ring, district_id=DISTRICT, phone=PHONE, now=START)
    assert "index-0002" == await rotate(conn, tmp_path, Purpose.INDEX)
    with pytest.raises(KeysRefused, match="retire the old one first"):
        await rotate(conn, tmp_path, Purpose.INDEX)
    with pytest.raises(KeysRefused, match="rows still use"):
        await retire(conn, tmp_path)
    ring.follow()
    await reseal(conn, ring=ring, tables=[RIDER], district_id=DISTRICT)
    assert ["index-0001"] == await retire(conn, tmp_path)
    ring.follow()
    assert rider_id == await find_rider_id(conn, ring=ring, district_id=DISTRICT, phone=PHONE)


async def test_making_and_retiring_keys_leaves_a_trail(conn: Connection, tmp_path: Path) -> None:
    await start(conn, tmp_path)
    await rotate(conn, tmp_path)
    await retire(conn, tmp_path)
    trail = await conn.fetch("select act, subject_id from audit_entry order by id")
    assert [("key.added", "seal-0002"), ("key.retired", "seal-0001")] == [tuple(row) for row in trail]
