"""Five times too much: what is answered in time with shedding and without, side by side on the same machine.

Run: `python -m bench.overload [SECONDS]`. Reading is the flood, open loop: it is sent when it is due whether or not the
server keeps up, and only what is answered within a second counts. It comes over as many connections as the proxy of
docs/operations.md lets through; what finds none free, the proxy sends away. Beside it residents send appeals. The
server has core 0; the generator shares core 1 with PostgreSQL, and the table says how much it could send.
"""

import asyncio
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import orjson

from app.postgres import running
from bench.http import pin, serving
from bench.load import run_load
from bench.worlds import fill_stations, station_points
from core.database import connected
from core.migration import migrate

STATIONS = 20_000
IN_TIME_S = 1.0
ROUNDS = 5
MOST_CONNECTIONS = 64
APPEALS_A_SECOND = 5
FLOODS = (0.8, 2.0, 5.0)
_APPEAL = orjson.dumps({"category": "help", "text": "想咨询孩子入学的手续"})


@dataclass(slots=True)
class Count:
    """What became of requests: seconds of those answered and refused, by when each was due."""

    due: int = 0
    unsent: int = 0
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def add(self, more: "Count") -> None:
        """Put what another run gave to it."""
        self.due += more.due
        self.unsent += more.unsent
        self.answered += more.answered
        self.refused += more.refused

    def in_time(self) -> int:
        """Give how many were answered within the time that counts."""
        return sum(seconds <= IN_TIME_S for seconds in self.answered)


class _Line(asyncio.Protocol):
    """One connection that carries one request at a time."""

    def __init__(self, free: list["_Line"]) -> None:
        self._free, self._rest = free, b""
        self._count: Count | None = None
        self._due_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes, count: Count, due_at: float) -> None:
        self._count, self._due_at = count, due_at
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        end = self._rest.find(b"\r\n\r\n")
        if end < 0 or self._count is None:
            return
        head = self._rest[:end].lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self._rest) < end + 4 + length:
            return
        took = asyncio.get_running_loop().time() - self._due_at
        (self._count.answered if head[9:10] == b"2" else self._count.refused).append(took)
        self._rest, self._count = b"", None
        self._free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._free:
            self._free.remove(self)


async def pour(port: int, requests: Iterator[bytes], *, a_second: float, seconds: float) -> Count:
    """Send requests when they are due; one that finds no free connection is not sent."""
    loop, count, free, lines = asyncio.get_running_loop(), Count(), [], []
    begun = loop.time()
    while (elapsed := loop.time() - begun) < seconds:
        while count.due < elapsed * a_second:
            due_at, request = begun + count.due / a_second, next(requests)
            count.due += 1
            if free:
                free.pop().ask(request, count, due_at)
            elif len(lines) < MOST_CONNECTIONS:
                make: Callable[[], _Line] = lambda: _Line(free)  # noqa: E731
                _, line = await loop.create_connection(make, "127.0.0.1", port)
                lines.append(line)
                line.ask(request, count, due_at)
            else:
                count.unsent += 1
        await asyncio.sleep(0.002)
    await asyncio.sleep(IN_TIME_S)
    for line in lines:
        line.transport.abort()
    return count


def appeals() -> Iterator[bytes]:
    """Make appeals, each of another key."""
    while True:
        yield (
            b"POST /api/v1/appeals HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: %s\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (str(uuid.uuid4()).encode(), len(_APPEAL), _APPEAL)
        )


def reads(paths: list[str]) -> Iterator[bytes]:
    """Make reads, half of them answered from memory and half by the database."""
    both = [path for nearby in paths for path in (nearby, "/api/v1/categories")]
    return cycle([f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in both])


def percentile(values: list[float], share: float) -> str:
    """Write a percentile in milliseconds."""
    return f"{sorted(values)[int(len(values) * share)] * 1000:,.0f}" if values else "–"


async def flood(port: int, a_second: float, seconds: float, paths: list[str]) -> tuple[Count, Count]:
    """Send reads and appeals side by side."""
    return await asyncio.gather(
        pour(port, reads(paths), a_second=a_second, seconds=seconds),
        pour(port, appeals(), a_second=APPEALS_A_SECOND, seconds=seconds),
    )


def say(what: str, times: float, capacity: float, seconds: float, read: Count, appealed: Count) -> float:
    """Print a line; give the reads answered in time, a second."""
    good = read.in_time() / seconds
    print(
        f"{what:14} {times:4.1f} {(read.due - read.unsent) / seconds:8,.0f} {good:8,.0f} {good / capacity:6.2f} "
        f"{percentile(read.answered, 0.99):>8} {percentile(read.refused, 0.99):>8} "
        f"{appealed.in_time() / appealed.due:8.1%} {percentile(appealed.answered, 0.99):>8}",
        flush=True,
    )
    return good


async def measure(seconds: float) -> None:
    """Find the capacity and go beyond it, with lanes and without."""
    pin(0, 1)
    with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
        async with running(Path(folder)) as server:
            async with connected(server.owner_dsn) as conn:
                await migrate(conn)
            async with connected(server.superuser_dsn) as conn:  # COPY passes no row-level security
                await fill_stations(conn, STATIONS)
            paths = [
                f"/api/v1/stations/nearby?lat={lat:.6f}&lon={lon:.6f}&limit=10"
                for lon, lat in station_points(STATIONS, 500)
            ]
            async with (
                serving(server, Path(folder), "nothing-shed") as open_port,
                serving(server, Path(folder)) as port,
            ):
                both = [path for nearby in paths for path in (nearby, "/api/v1/categories")]
                # Few at once: the capacity is what is answered quickly, and no lane is full.
                rates = [
                    (await run_load("127.0.0.1", port, both, connections=4, seconds=2.0)).per_second for _ in range(3)
                ]
                capacity = sorted(rates)[1]
                print(f"capacity {capacity:,.0f} reads a second")
                print(
                    f"{'':14} {'×C':>4} {'sent/s':>8} {'good/s':>8} {'of C':>6} {'p99 ms':>8} {'refused':>8} "
                    f"{'appeals':>8} {'p99 ms':>8}"
                )
                good: dict[str, float] = {}
                for times in FLOODS:
                    counts = {what: (Count(), Count()) for what in ("nothing shed", "with lanes")}
                    for _ in range(ROUNDS):  # in turn, because a shared machine drifts
                        for what, to in zip(counts, (open_port, port), strict=True):
                            for count, more in zip(
                                counts[what], await flood(to, capacity * times, seconds, paths), strict=True
                            ):
                                count.add(more)
                    for what, (read, appealed) in counts.items():
                        good[what] = say(what, times, capacity, seconds * ROUNDS, read, appealed)
            ratio = good["with lanes"] / max(1.0, good["nothing shed"])
            print(f"good answers at {FLOODS[-1]:.0f} times the capacity, with lanes to without: {ratio:.1f}")


if __name__ == "__main__":
    asyncio.run(measure(float(sys.argv[1]) if sys.argv[1:] else 3.0))
