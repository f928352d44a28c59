"""The live stream on a server process of its own: memory of idle listeners, what stays of vanished ones, and delay.

Run: `python -m bench.stream [LISTENERS …]` (1,000 and 2,000 by default, the most of one process). The delay is from the
return of COMMIT to the arrival of the whole frame, at 200 who see every case; the others see none.
"""

import asyncio
import random
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from app.postgres import running
from bench.http import serving
from community.cases import NOWHERE, open_case
from community.models import Origin
from community.stream.models import Limits
from core.access import queries as access
from core.access.models import Grant, Role
from core.access.sessions import open_session
from core.database import Connection, connected
from core.events import record_event
from core.migration import migrate

DISTRICT = 1
SEEING, EVENTS = 200, 60
GONE_S = 30.0
_CASE = re.compile(rb"event: case\nid: [0-9a-f]+-\d+-(\d+)\ndata: [^\n]+\n\n")


class _Listener(asyncio.Protocol):
    """One connection that only listens, and notes when which event arrived."""

    def __init__(self, head: bytes) -> None:
        self.greeted = asyncio.Event()
        self.arrived: list[tuple[int, float]] = []
        self._head = head
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._head)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._rest += data
        if not self.greeted.is_set() and b"event: hello" in self._rest:
            self.greeted.set()
        end = 0
        for found in _CASE.finditer(self._rest):
            self.arrived.append((int(found[1]), now))
            end = found.end()
        self._rest = self._rest[end:][-1_000:]


async def fill(conn: Connection, count: int) -> tuple[list[str], int]:
    """Hire as many as `count` listeners need, the first of them to see everything; give tokens and the id of a case."""
    now, tokens, each = datetime.now(UTC), [], Limits().per_person
    for number in range(-(-count // each)):
        person = await access.insert_staff(
            conn, district_id=DISTRICT, username=f"s{number}", name="示例", password_hash="-",  # noqa: S106
            one_time_until=None, now=now,
        )  # fmt: skip
        await conn.execute("update staff set totp_secret = 'set' where id = $1", person.id)  # it owes nothing
        sees_all = number * each < SEEING
        grant = Grant(Role.DISTRICT_ADMIN, "") if sees_all else Grant(Role.SECRETARY, f"37/01/{number}")
        await access.insert_grant(conn, district_id=DISTRICT, staff_id=person.id, grant=grant, now=now)
        opened = await open_session(conn, district_id=DISTRICT, kind="staff", subject_id=person.id, now=now)
        tokens += [opened.access] * each
    case = await open_case(
        conn, district_id=DISTRICT, origin=Origin.REPORT, origin_ref="1", category_code="litter", description="示例",
        located=NOWHERE, place=None, trusted=False, actor=None, now=now,
    )  # fmt: skip
    return tokens, case.id


async def listen(port: int, tokens: Sequence[str]) -> list[_Listener]:
    """Open one connection a token and wait until each has been greeted."""
    loop, opened = asyncio.get_running_loop(), []
    for start in range(0, len(tokens), 20):
        some = []
        for token in tokens[start : start + 20]:
            head = f"GET /api/v1/cases/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
            listener = _Listener(head.encode())
            await loop.create_connection(lambda listener=listener: listener, "127.0.0.1", port)  # type: ignore[misc]
            some.append(listener)
        for listener in some:
            await listener.greeted.wait()
        opened += some
    return opened


async def tasks_of(port: int) -> int:
    """Ask the server how many tasks it has."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /tasks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return int(answer.rsplit(b"\r\n\r\n", 1)[1])


async def hear(dsn: str, case_id: int, listeners: Sequence[_Listener]) -> list[float]:
    """Commit events at random moments; give every delay in milliseconds, in order."""
    committed = {}
    for listener in listeners:
        listener.arrived.clear()
    async with connected(dsn) as conn:
        for _ in range(EVENTS):
            await asyncio.sleep(random.uniform(0, 0.2))
            async with conn.transaction():
                event_id = await record_event(
                    conn, district_id=DISTRICT, kind="bench.happened", subject="case", subject_id=case_id, actor=None,
                    now=datetime.now(UTC), data={},
                )  # fmt: skip
            committed[event_id] = time.perf_counter()
    await asyncio.sleep(1.5)
    arrived = [one for listener in listeners for one in listener.arrived]
    assert len(arrived) == EVENTS * SEEING, "each event once, to each who sees it"
    return sorted((at - committed[event_id]) * 1000 for event_id, at in arrived)


async def leave(port: int, listeners: Sequence[_Listener], tasks_before: int) -> str:
    """Vanish without a word; tell what became of the server's tasks."""
    for listener in listeners:
        listener.transport.abort()
    begun, tasks = time.perf_counter(), await tasks_of(port)
    while tasks > tasks_before + 2 and time.perf_counter() - begun < GONE_S:
        await asyncio.sleep(0.1)
        tasks = await tasks_of(port)
    return f"{tasks} tasks after {time.perf_counter() - begun:.1f} s"


async def measure(counts: Sequence[int]) -> None:
    """Open ever more listeners, let them hear, and let them vanish."""
    with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
        async with running(Path(folder)) as postgres:
            async with connected(postgres.owner_dsn) as conn:
                await migrate(conn)
            async with connected(postgres.sweeper_dsn) as conn:
                tokens, case_id = await fill(conn, max(counts))
            async with serving(postgres, Path(folder)) as port:
                await _measure_on(port, postgres.sweeper_dsn, counts, tokens, case_id)


async def _measure_on(port: int, dsn: str, counts: Sequence[int], tokens: Sequence[str], case_id: int) -> None:
    (server,) = [child for child in psutil.Process().children() if "bench.server" in child.cmdline()]
    empty, tasks = server.memory_info().rss, await tasks_of(port)
    print(f"nobody listens: {empty / 1e6:.0f} MB, {tasks} tasks", flush=True)
    listeners: list[_Listener] = []
    for count in sorted({SEEING, *counts}):
        begun = time.perf_counter()
        listeners += await listen(port, tokens[len(listeners) : count])
        took, memory = time.perf_counter() - begun, server.memory_info().rss - empty
        delays = await hear(dsn, case_id, listeners)
        p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
        print(
            f"{count:,} listen: opened in {took:.1f} s, {memory / count / 1024:.1f} KB each, "
            f"{await tasks_of(port)} tasks; delay p50 {p50:.0f} ms, p99 {p99:.0f} ms, worst {delays[-1]:.0f} ms",
            flush=True,
        )
    print(f"all gone: {await leave(port, listeners, tasks)}")


if __name__ == "__main__":
    asyncio.run(measure([int(count) for count in sys.argv[1:]] or [1_000, 2_000]))
