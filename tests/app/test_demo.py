"""The demonstration as it is loaded: nothing empty, nothing twice, nothing readable by others."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from app.demo.load import load_demo
from app.demo.sign_ins import FILE_NAME, DemoSignIns, read_sign_ins, write_sign_ins
from app.postgres import Server
from community.models import Origin, State
from core.access.models import Role
from core.database import Connection, connected
from core.files import FolderStore, place_of
from tests.conftest import DISTRICT, RING, START, clone


@dataclass(frozen=True)
class Loaded:
    """A database with the demonstration in it, and the data folder beside it."""

    conn: Connection
    data_dir: Path
    sign_ins: DemoSignIns


@pytest_asyncio.fixture(scope="module")
async def loaded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Loaded]:
    data_dir = tmp_path_factory.mktemp("demo")
    async with connected((await clone(server)).sweeper_dsn) as conn:
        sign_ins = await _load(conn, data_dir)
        assert sign_ins is not None
        yield Loaded(conn, data_dir, sign_ins)


async def _load(conn: Connection, data_dir: Path) -> DemoSignIns | None:
    return await load_demo(
        conn,
        ring=RING,
        district_id=DISTRICT,
        data_dir=data_dir,
        photos=FolderStore(data_dir / "photos"),
        now=START,
        say=[].append,
    )


async def _count(loaded: Loaded, what: str) -> int:
    count: int = await loaded.conn.fetchval(f"select count(*) from {what}")  # noqa: S608
    return count


async def test_no_screen_is_empty(loaded: Loaded) -> None:
    assert 200 == await _count(loaded, "community_case")
    assert 24 == await _count(loaded, "station where is_demo and area_path <> ''")
    assert set(State) == {row["state"] for row in await loaded.conn.fetch("select distinct state from community_case")}
    assert set(Origin) == {
        row["origin"] for row in await loaded.conn.fetch("select distinct origin from community_case")
    }
    for some in (
        "community_case where needs_confirmation and closed_at is null",
        "community_case where area_path is null",
        "community_case where duplicate_of is not null",
        "deadline where breached_at is not null and met_at is not null",
        "deadline where breached_at is not null and met_at is null",
        "deadline where breached_at is null and met_at is null and cancelled_at is null",
        "notice where recipient_kind = 'rider'",
        "notice where recipient_kind = 'staff'",
        "appointment where revoked_at is null",
        "application where status = 'waiting'",
        "routing_rule",
        "station where hours is null",
        "station_amenity where not is_confirmed",
        "report_photo where stored_at is not null",
    ):
        assert 0 < await _count(loaded, some), some


async def test_the_district_is_marked_as_demonstration(loaded: Loaded) -> None:
    district = await loaded.conn.fetchrow("select name, is_demo from district where id = $1", DISTRICT)
    assert district is not None
    assert district["is_demo"]
    assert "演示数据" in district["name"]


async def test_what_happened_is_told_in_order_and_nothing_waits(loaded: Loaded) -> None:
    assert 0 == await _count(loaded, "event where pending")
    events = await loaded.conn.fetch("select occurred_at from event where subject = 'case' order by id")
    times = [row["occurred_at"] for row in events]
    assert sorted(times) == times


async def test_every_photo_named_is_on_the_disk(loaded: Loaded) -> None:
    named = [row["stored_sha256"] for row in await loaded.conn.fetch("select stored_sha256 from report_photo")]
    assert all(place_of(loaded.data_dir / "photos", sha256).exists() for sha256 in named)


async def test_every_demo_account_can_sign_in_with_a_long_password(loaded: Loaded) -> None:
    assert set(Role) == {entry.staff.role for entry in loaded.sign_ins.staff}
    passwords = [entry.password for entry in loaded.sign_ins.staff]
    assert 12 <= min(map(len, passwords))
    assert 1 == max(Counter(passwords).values())


async def test_a_database_that_is_not_empty_is_left_alone(loaded: Loaded) -> None:
    page = read_sign_ins(loaded.data_dir)
    assert await _load(loaded.conn, loaded.data_dir) is None
    assert 200 == await _count(loaded, "community_case")
    assert page == read_sign_ins(loaded.data_dir)


async def test_the_sign_ins_can_be_read_by_their_owner_only(loaded: Loaded) -> None:
    assert 0o600 == (loaded.data_dir / FILE_NAME).stat().st_mode & 0o777
    page = read_sign_ins(loaded.data_dir) or ""
    assert all(entry.password in page and entry.staff.username in page for entry in loaded.sign_ins.staff)


def test_written_again_the_sign_ins_replace_those_before(tmp_path: Path) -> None:
    write_sign_ins(tmp_path, DemoSignIns((), "A" * 32))
    write_sign_ins(tmp_path, DemoSignIns((), "A" * 32))
    assert [FILE_NAME] == [place.name for place in tmp_path.iterdir()]


def test_without_a_demonstration_there_are_no_sign_ins(tmp_path: Path) -> None:
    assert read_sign_ins(tmp_path) is None
