"""People are named nowhere at rest: not in a dump, not in any file of the data, not in a log, not in a restored backup.

One resident, one rider and his application are brought through the real program under names found nowhere else; then
everything that is left on disk is searched for them, in every spelling, and what was restored is searched again.
"""

import asyncio
import base64
import hashlib
import json
import re
import shutil
import socket
import struct
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio

from app.postgres import running
from core.database import connected
from tests.acceptance.backups import back_up, dump, restore
from tests.acceptance.program import Caller, Program, sign_in_rider, sign_in_staff

RIDER_PHONE, RIDER_NAME = "13987654321", "麦穗金鸟骑"
RESIDENT_PHONE, RESIDENT_NAME = "15176543219", "谷雨银雀民"
ID_NUMBER = "11010519491231002X"
COMMUNITY = "370299003001"
POSITIONS = 1_000


def spellings(value: str) -> dict[str, bytes]:
    """Give every way in which a value could stand somewhere and still be read, or be found by trying all numbers."""
    spelt = {value, f"+86{value}"} if value.isdigit() else {value}
    found: dict[str, bytes] = {}
    for text in spelt:
        raw = text.encode()
        found |= {
            text: raw,
            f"{text} in UTF-16": text.encode("utf-16-le"),
            f"{text} in hexadecimal": raw.hex().encode(),
            f"{text} in base 64": base64.b64encode(raw).rstrip(b"=")[:-1],
            f"{text} percent-encoded": quote(text).encode(),
            f"{text} escaped": json.dumps(text).strip('"').encode(),
            f"SHA-256 of {text}": hashlib.sha256(raw).digest(),
            f"SHA-256 of {text} in hexadecimal": hashlib.sha256(raw).hexdigest().encode(),
            f"MD5 of {text} in hexadecimal": hashlib.md5(raw, usedforsecurity=False).hexdigest().encode(),
        }
    return found


CANARIES = {
    spelling: raw
    for value in (RIDER_PHONE, RIDER_NAME, RESIDENT_PHONE, RESIDENT_NAME, ID_NUMBER)
    for spelling, raw in spellings(value).items()
}


def hits(content: bytes) -> list[str]:
    """Name the canaries that stand in some bytes."""
    return [spelling for spelling, raw in CANARIES.items() if raw in content]


def files(folder: Path) -> Iterator[Path]:
    """List every file of a data folder but the keys, which are kept elsewhere, and sockets."""
    folders = (folder.resolve(), (folder / "postgres").resolve())  # which may be a link
    places = (place for each in folders for place in each.rglob("*"))
    return (place for place in places if place.is_file() and "keys" not in place.parts)


def hits_in_files(*folders: Path) -> list[str]:
    """Name the files, and what stands in them."""
    return [f"{place}: {hit}" for folder in folders for place in files(folder) for hit in hits(place.read_bytes())]


@dataclass(frozen=True)
class Scene:
    """The program after everything has happened, and a folder beside it."""

    program: Program
    rider: Caller
    token: str
    asked: list[tuple[str, str]]
    folder: Path


@pytest_asyncio.fixture(scope="module")
async def scene() -> AsyncIterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="station-at-rest-") as folder:
        program = Program(Path(folder) / "first")
        Path(folder).chmod(0o711)  # the account that runs PostgreSQL for root has to get in
        program.data_dir.mkdir()
        try:
            await program.start()
            rider, token = await live(program), await appeal(program)
            await misbehave(program, rider)
            asked = await wander(program)
            await checkpoint(program)
            yield Scene(program, rider, token, asked, Path(folder))
        finally:
            program.stop()


async def live(program: Program) -> Caller:
    """Let a rider and a resident do all that leaves their names somewhere, and staff look at them in the clear."""
    rider = await sign_in_rider(program, RIDER_PHONE)
    assert 200 == (await rider.ask("PATCH", "/api/v1/riders/me", {"name": RIDER_NAME}))[0]
    for purpose in ("identity", "report_location", "photo"):
        await rider.ask("POST", "/api/v1/riders/me/consents", {"purpose": purpose, "version": 1, "is_given": True})
    wish = {"area_code": COMMUNITY, "motivation": "常来", "id_number": ID_NUMBER}
    status, application = await rider.ask("POST", "/api/v1/riders/me/applications", wish)
    assert (201, "**************002X") == (status, application["id_number"])
    secretary = await sign_in_staff(program, "demo-secretary7")
    address = f"/api/v1/applications/{application['id']}"
    status, person = await secretary.ask("POST", f"{address}/unmask", {"reason": "核对证件"})
    assert (200, ID_NUMBER, RIDER_NAME) == (status, person["id_number"], person["name"])
    assert 201 == (await secretary.ask("POST", f"{address}/approve", {"term_months": 6, "trust_level": 1}))[0]
    report = {"category": "litter", "description": "垃圾"}
    status, report = await rider.ask("POST", "/api/v1/reports", report, key=str(uuid.uuid4()))
    assert 201 == status
    entered = {"category": "help", "text": "入学", "contact_name": RESIDENT_NAME, "contact_phone": RESIDENT_PHONE}
    intake = entered | {"channel": "phone", "area_code": COMMUNITY}
    key = str(uuid.uuid4())
    for _ in range(2):
        status, case = await secretary.ask("POST", "/api/v1/appeals/on-behalf", intake, key=key)
        assert 201 == status
    status, person = await secretary.ask("POST", f"/api/v1/cases/{case['case_id']}/unmask", {"reason": "回电"})
    assert (200, RESIDENT_PHONE, RESIDENT_NAME) == (status, person["phone"], person["name"])
    status, detail = await secretary.ask("GET", f"/api/v1/cases/{case['case_id']}")
    assert {"name": "谷*", "phone": "151****3219"} == detail["contact"]
    return rider


async def appeal(program: Program) -> str:
    """Let the resident send in an appeal himself, and give its token."""
    said = {"category": "help", "text": "入学", "contact_name": RESIDENT_NAME, "contact_phone": RESIDENT_PHONE}
    status, received = await Caller(program).ask("POST", "/api/v1/appeals", said, key=str(uuid.uuid4()))
    assert 201 == status
    token: str = received["token"]
    status, _ = await Caller(program).ask("GET", f"/api/v1/appeals/{token}")
    assert 200 == status
    return token


async def misbehave(program: Program, rider: Caller) -> None:
    """Put names where none belong, so that whoever logs what is wrong logs them."""
    anyone = Caller(program)
    for body in ({"phone": f"{RIDER_PHONE}x"}, {"phone": RIDER_PHONE, RIDER_NAME: ID_NUMBER}, [RIDER_NAME]):
        await anyone.ask("POST", "/api/v1/riders/codes", body)
    await anyone.ask("POST", "/api/v1/riders/sessions", {"phone": RIDER_PHONE, "code": "000000"})
    await rider.ask("PATCH", "/api/v1/riders/me", {"name": RIDER_NAME * 20})
    await anyone.ask("GET", f"/api/v1/{quote(RIDER_NAME)}/{RIDER_PHONE}", None, phone=RESIDENT_PHONE)
    await Caller(program, RIDER_PHONE).ask("GET", "/api/v1/riders/me")
    await asyncio.to_thread(send_forgeries, program)


FORGED = '{"level": "ERROR", "message": "forged"}'
HEADERS = ("User-Agent", "Referer", "X-Forwarded-For", "Accept-Language", "Authorization", "Idempotency-Key", "Origin",
           "Cookie", "X-Request-Id", "Content-Type", "Content-Length", "Host", "Forged")  # fmt: skip


def send_forgeries(program: Program) -> None:
    """Send line breaks and terminal codes in every header, the path, the query and a body, over bare sockets."""
    host, port = program.url.removeprefix("http://").split(":")
    breaks = [b"\r" + FORGED.encode(), b"\x1b[2K" + FORGED.encode(), "\u2028".encode() + FORGED.encode(), b"\x85\xff"]
    requests = [
        f"GET /livez HTTP/1.1\r\nHost: x\r\n{name}: ".encode() + sign + RIDER_PHONE.encode() + b"\r\n\r\n"
        for name in HEADERS
        for sign in breaks
    ]
    escaped = quote("\r\n" + FORGED + "\u2028\x1b[2K")
    requests += [
        f"GET /{escaped}?{escaped}={escaped} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"{FORGED} / HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        b"\n" + FORGED.encode() + b"\r\n\r\n",
    ]
    body = json.dumps({"phone": f"\r\n{FORGED}\u2028\x1b[2K{RIDER_PHONE}", f"\n{FORGED}": 1}).encode()
    head = "POST /api/v1/riders/codes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    requests.append(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    for request in requests:
        with socket.create_connection((host, int(port)), timeout=5) as wire:
            wire.sendall(request)
            wire.shutdown(socket.SHUT_WR)
            while wire.recv(65_536):
                pass


def positions() -> list[tuple[str, str]]:
    """Give unique positions near the demonstration's stations, to six decimals."""
    return [
        (f"35.9{number:03}{number * 7 % 1000:03}", f"120.1{number:03}{number * 13 % 1000:03}")
        for number in range(POSITIONS)
    ]


def doubles_in(content: bytes) -> Iterator[bytes]:
    """Give whatever in some bytes could be a number as PostgreSQL keeps it, of 35.9… or 120.1…"""
    return (
        content[end.end() - 8 : end.end()] for end in re.finditer(rb"[\xf3-\xff]\x41\x40|[\x06-\x0c]\x5e\x40", content)
    )


async def wander(program: Program) -> list[tuple[str, str]]:
    """Ask for stations nearby from a thousand places, a few of them in ways that are wrong, fifty from an address.

    Gives the places that could not be read before: some may be the demonstration's own, which are kept.
    """
    before = await dump(program.data_dir)
    places = list(enumerate(positions()))
    for first in range(0, POSITIONS, 50):
        connector = aiohttp.TCPConnector(local_addr=(f"127.0.1.{first // 50 + 1}", 0))
        async with aiohttp.ClientSession(connector=connector) as http:
            for number, (lat, lon) in places[first : first + 50]:
                asked = {"lat": lat, "lon": lon, "datum": "gcj02" if number % 2 else "wgs84"}
                asked |= {"limit": "no"} if number == first else {}
                async with http.get(f"{program.url}/api/v1/stations/nearby", params=asked) as answer:
                    assert (422 if number == first else 200) == answer.status
                    await answer.read()
    return [pair for _, pair in places if not any(place.encode() in before for place in pair)]


async def checkpoint(program: Program) -> None:
    """Let PostgreSQL write everything to its files."""
    async with running(program.data_dir) as server, connected(server.superuser_dsn) as conn:
        await conn.execute("checkpoint")


async def test_nobody_is_named_in_a_dump_a_file_or_a_log(scene: Scene) -> None:
    assert [] == hits(await dump(scene.program.data_dir))
    assert [] == hits_in_files(scene.program.data_dir)
    assert b"SMS ****4321" in scene.program.log.read_bytes()  # the terminal of the demonstration was searched, too


async def test_the_token_of_an_appeal_stands_in_no_dump_file_or_log(scene: Scene) -> None:
    raw = scene.token.encode()
    spelt = (raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")[:-1])
    dumped = await dump(scene.program.data_dir)
    assert [] == [spelling for spelling in spelt if spelling in dumped]
    assert hashlib.sha256(raw).hexdigest().encode() in dumped  # what it is found by is there
    assert [] == [place for place in files(scene.program.data_dir) if any(each in place.read_bytes() for each in spelt)]


async def test_a_restored_backup_names_nobody_and_serves_only_with_its_keys(scene: Scene) -> None:
    first, second = scene.program.data_dir, Program(scene.folder / "second")
    await back_up(first, scene.folder / "backup")
    assert [] == hits_in_files(scene.folder / "backup")
    await restore(scene.folder / "backup", second.data_dir, of=first)
    try:
        with pytest.raises(AssertionError, match="key codes-0001 is missing"):
            await second.start()
        shutil.copytree(first / "keys", second.data_dir / "keys")
        await second.start()
        status, rider = await Caller(second, scene.rider.token).ask("GET", "/api/v1/riders/me")
        assert (200, RIDER_NAME, "139****4321") == (status, rider["name"], rider["phone"])
        await checkpoint(second)
        assert [] == hits(await dump(second.data_dir)) + hits_in_files(second.data_dir)
    finally:
        second.stop()


def test_every_line_of_the_log_is_whole_and_none_is_forged(scene: Scene) -> None:
    lines = [line for line in scene.program.log.read_bytes().splitlines() if line.startswith(b"{")]
    records = [json.loads(line) for line in lines]
    assert len(records) > len(HEADERS)
    assert not [record for record in records if record["message"] == "forged" or not record["at"].endswith("Z")]
    assert not [line for line in lines if b"\x1b" in line or "\u2028".encode() in line]


async def test_no_position_of_an_asker_is_kept_beyond_three_decimals(scene: Scene) -> None:
    logs = [scene.program.log, *(scene.program.data_dir / "postgres").resolve().glob("log/*")]
    assert not [
        line for log in logs for line in log.read_bytes().splitlines() if re.search(rb"(35|120)\.[0-9]{4}", line)
    ]
    dumped = await dump(scene.program.data_dir)
    assert len(scene.asked) > 0.9 * POSITIONS
    assert not [place for pair in scene.asked for place in pair if place.encode() in dumped]
    doubles = {struct.pack("<d", float(place)) for pair in scene.asked for place in pair}
    assert doubles & set(doubles_in(b"..." + struct.pack("<2d", *map(float, scene.asked[7]))))
    assert not [place for place in files(scene.program.data_dir) if doubles & set(doubles_in(place.read_bytes()))]


@pytest.mark.parametrize("option", [(), ("--index",)], ids=["seals", "indexes"])
async def test_a_key_made_by_command_is_used_by_the_running_program_within_seconds(
    scene: Scene, option: tuple[str, ...]
) -> None:
    status, said = await scene.program.run("keys", "rotate", *option)
    assert 0 == status, said
    what = "indexed_with" if option else "sealed_with"
    tables = ["rider"] if option else ["rider", "appeal", "application", "staff"]
    async with running(scene.program.data_dir) as server, connected(server.superuser_dsn) as conn:
        for _ in range(100):
            left = [await conn.fetchval(f"select count(*) from {table} where {what} < 2") for table in tables]  # noqa: S608
            if not any(left):
                break
            await asyncio.sleep(0.2)
    assert [0] * len(tables) == left
    status, rider = await scene.rider.ask("GET", "/api/v1/riders/me")
    assert (200, RIDER_NAME) == (status, rider["name"])


async def test_a_single_plain_column_would_be_found_everywhere(scene: Scene) -> None:
    """The control: what the searches above say where one column is plain. Last, for it stays in the WAL."""
    async with running(scene.program.data_dir) as server, connected(server.owner_dsn) as conn:
        await conn.execute("create table forgotten (phone text, name text)")
        await conn.execute("insert into forgotten values ($1, $2)", RIDER_PHONE, RIDER_NAME)
        await checkpoint(scene.program)
        try:
            assert {RIDER_PHONE, RIDER_NAME} <= set(hits(await dump(scene.program.data_dir)))
            found = {hit.split(": ")[0] for hit in hits_in_files(scene.program.data_dir)}
            assert {"base", "pg_wal"} <= {part for place in found for part in Path(place).parts}
        finally:
            await conn.execute("drop table forgotten")
