"""A report that was acknowledged is never lost or doubled: not by a cut connection, not by kill -9 of what runs.

The oracle is this process: the keys it sent, and which of them were acknowledged with which number.
"""

import asyncio
import random
import socket
import struct
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio

from tests.acceptance.program import Caller, Program, sign_in_staff
from tests.community.stream.listening import Reader, Told

KILLS = 3  # of each kind
CUTS = 12
AT_ONCE = 25  # one rider may send 30 at once, and then one a second
SEED = 9


@pytest_asyncio.fixture(scope="module")
async def admin(program: Program) -> Caller:
    return await sign_in_staff(program, "demo-admin")


def _body(words: str) -> dict[str, object]:
    point = {"lon": 120.18, "lat": 35.96, "datum": "wgs84", "accuracy_m": 6}
    return {"category": "litter", "description": words, "point": point}


async def _submit(rider: Caller, key: str, words: str) -> dict[str, Any] | None:
    """Give the answer that acknowledges the report; None when there was none."""
    try:
        status, report = await rider.ask("POST", "/api/v1/reports", _body(words), key=key)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
    return dict(report) if status == 201 else None


async def _insist(rider: Caller, key: str, words: str) -> dict[str, Any]:
    """Repeat the request until it is acknowledged, as the rider's phone does."""
    for _ in range(100):
        answer = await _submit(rider, key, words)
        if answer is not None:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError("never acknowledged")


async def _expect_each_once(rider: Caller, admin: Caller, since: datetime, reports: list[dict[str, Any]]) -> None:
    """Compare what is stored with what this process was told: each report once, each with one case of its own."""
    _, page = await rider.ask("GET", "/api/v1/reports", limit="200")
    stored = {row["id"] for row in page["reports"] if datetime.fromisoformat(row["submitted_at"]) >= since}
    assert {report["id"] for report in reports} == stored
    _, cases = await admin.ask(
        "GET", "/api/v1/cases", origin="report", opened_from=since.isoformat(), order="newest", limit="200"
    )
    assert sorted(report["case_id"] for report in reports) == sorted(row["id"] for row in cases["cases"])


async def test_a_report_sent_twice_with_the_same_key_is_one_case(rider: Caller, admin: Caller) -> None:
    since, key = datetime.now(UTC), str(uuid.uuid4())
    first = await _submit(rider, key, "同一件事")
    assert first is not None
    assert first == await _submit(rider, key, "同一件事")
    await _expect_each_once(rider, admin, since, [first])


async def test_a_key_used_for_something_else_is_refused(rider: Caller) -> None:
    key = str(uuid.uuid4())
    await _insist(rider, key, "一件事")
    assert 409 == (await rider.ask("POST", "/api/v1/reports", _body("另一件事"), key=key))[0]


async def test_a_report_whose_answer_was_cut_off_is_one_case(program: Program, rider: Caller, admin: Caller) -> None:
    since, chance, reports = datetime.now(UTC), random.Random(SEED), []
    for number in range(CUTS):
        key, words = str(uuid.uuid4()), f"断线 {number}"
        await asyncio.to_thread(_send_and_cut, program, rider, key, words, chance.uniform(0, 0.02))
        reports.append(await _insist(rider, key, words))
    await _expect_each_once(rider, admin, since, reports)


def _send_and_cut(program: Program, rider: Caller, key: str, words: str, after_s: float) -> None:
    """Send the whole request, then reset the connection without reading the answer."""
    host, port = program.url.removeprefix("http://").split(":")
    body = orjson.dumps(_body(words))
    head = (
        f"POST /api/v1/reports HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {rider.token}\r\n"
        f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + body)
        connection.settimeout(after_s or 0.001)
        with suppress(TimeoutError):
            connection.recv(1, socket.MSG_PEEK)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "victims", [("program",), ("postgres",), ("program", "postgres"), ("postgres", "program")], ids=" ".join
)
async def test_reports_survive_kill_9_of(
    program: Program, rider: Caller, admin: Caller, victims: tuple[str, ...]
) -> None:
    since, chance, reports, unanswered = datetime.now(UTC), random.Random("".join(victims)), [], 0
    for number in range(KILLS):
        key, words = str(uuid.uuid4()), f"断电 {number}"
        under_way = asyncio.create_task(_submit(rider, key, words))
        await asyncio.sleep(0.001 + 0.008 * number + chance.uniform(0, 0.004))  # from before it arrives to after it
        for victim in victims:
            program.kill() if victim == "program" else program.kill_postgres()
        acknowledged = await under_way
        await (program.start if "program" in victims else program.until_ready)()
        report = await _insist(rider, key, words)
        assert acknowledged in (None, report)
        unanswered += acknowledged is None
        reports.append(report)
    assert unanswered > 0  # else no kill came in between, and this test proved nothing
    await _expect_each_once(rider, admin, since, reports)


async def test_a_listener_hears_of_each_case_once_through_kill_9_of_everything(
    program: Program, rider: Caller, admin: Caller
) -> None:
    async with aiohttp.ClientSession(program.url) as http:
        listener, told = Reader(http, {"Authorization": f"Bearer {admin.token}"}), []
        await listener.connect()
        listening, case_ids = asyncio.create_task(_listen(listener, told)), []
        for victim in ("postgres", "program", "postgres", "program"):
            sent = [_submit(rider, str(uuid.uuid4()), f"直播 {number}") for number in range(5)]
            under_way = asyncio.gather(*sent)
            await asyncio.sleep(0.02)
            program.kill() if victim == "program" else program.kill_postgres()
            case_ids += [answer["case_id"] for answer in await under_way if answer is not None]
            await (program.start if victim == "program" else program.until_ready)()
            case_ids.append((await _insist(rider, str(uuid.uuid4()), "恢复之后"))["case_id"])
        await asyncio.sleep(6)  # a browser waits up to five seconds before it comes back
        listening.cancel()
        listener.close()
    assert "reset" not in {event.name for event in told}
    opened = [event.data["case_id"] for event in told if event.data.get("kind") == "case.opened"]
    assert len(set(opened)) == len(opened)
    assert set(case_ids) <= set(opened)


async def _listen(listener: Reader, told: list[Told]) -> None:
    """Listen for ever, and come back from the last id whenever the connection breaks."""
    while True:
        try:
            told.append(await listener.next(within_s=60))
        except EOFError:
            listener.close()
            await asyncio.sleep(0.2)
            with suppress(aiohttp.ClientError, AssertionError, EOFError):
                await listener.connect()


async def test_every_acknowledged_report_is_there_after_kill_9_of_both(
    program: Program, rider: Caller, admin: Caller
) -> None:
    since = datetime.now(UTC)
    sent = [_insist(rider, str(uuid.uuid4()), f"第 {number} 件") for number in range(AT_ONCE)]
    reports = await asyncio.gather(*sent)
    program.kill_postgres()
    program.kill()
    await program.start()
    await _expect_each_once(rider, admin, since, reports)
