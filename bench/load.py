"""A closed-loop load generator on raw sockets: cheap enough that the server is the bottleneck."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What one run gave: requests a second, latencies in milliseconds, and the mean size of an answer in bytes."""

    per_second: float
    p50_ms: float
    p99_ms: float
    answer_bytes: float


class _Caller(asyncio.Protocol):
    """One keep-alive connection that asks again as soon as it is answered."""

    def __init__(self, requests: Sequence[bytes], first: int, stop_at: float, done: asyncio.Future[None]) -> None:
        self._requests, self._next = requests, first
        self._stop_at, self._done = stop_at, done
        self._buffer = b""
        self._sent_at = 0.0
        self.latencies: list[float] = []
        self.bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._requests[self._next % len(self._requests)])
        self._next += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self._buffer) < head_end + 4 + length:
            return
        assert head.startswith(b"http/1.1 200"), self._buffer[:300]
        now = time.perf_counter()
        self.latencies.append(now - self._sent_at)
        self.bytes += length
        self._buffer = b""
        if now < self._stop_at:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


async def run_load(host: str, port: int, paths: Sequence[str], *, connections: int = 32, seconds: float = 4.0) -> Load:
    """Ask `paths` in turn over `connections` connections for `seconds`; every answer must be 200."""
    requests = [f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() for path in paths]
    loop = asyncio.get_running_loop()
    begin = time.perf_counter()
    callers, waiting = [], []
    for number in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        first = number * len(requests) // connections
        caller = _Caller(requests, first, begin + seconds, done)
        await loop.create_connection(lambda caller=caller: caller, host, port)  # type: ignore[misc]
        callers.append(caller)
        waiting.append(done)
    await asyncio.gather(*waiting)
    took = time.perf_counter() - begin
    latencies = sorted(latency for caller in callers for latency in caller.latencies)
    count = len(latencies)
    return Load(
        per_second=count / took,
        p50_ms=latencies[count // 2] * 1000,
        p99_ms=latencies[count * 99 // 100] * 1000,
        answer_bytes=sum(caller.bytes for caller in callers) / count,
    )
