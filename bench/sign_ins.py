"""What others notice of a flood of staff sign-ins: their latency with and without it, in turn, in the same run.

The flood keeps `FLOOD` sign-ins with names that do not exist under way all the time; each costs an argon2id hash or is
turned away. `python -m bench.sign_ins`.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import orjson

from app.postgres import running
from bench.http import ROUNDS, pin, serving
from bench.load import Load, run_load
from bench.worlds import fill_stations, station_points
from core.database import connected
from core.migration import migrate

FLOOD = 64
SECONDS = 4.0


async def flood(port: int, stop: asyncio.Event) -> dict[bytes, int]:
    """Sign in with made-up names until told to stop; give how often each status was answered."""
    told: dict[bytes, int] = {}

    async def insist(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = orjson.dumps({"username": f"nobody{number}", "password": "four plain words here", "code": "123456"})
        head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        while not stop.is_set():
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            status = answer.split(b" ", 2)[1]
            told[status] = told.get(status, 0) + 1
            length = answer.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
            await reader.readexactly(int(length))
            if status == b"503":
                await asyncio.sleep(0.25)  # refusals themselves are what rate limits are for
        writer.close()

    await asyncio.gather(*(insist(number) for number in range(FLOOD)))
    return told


async def measure() -> None:
    """Print the medians of both, and their ratios."""
    pin(0, 1)
    with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
        async with running(Path(folder)) as server:
            async with connected(server.owner_dsn) as conn:
                await migrate(conn)
            async with connected(server.superuser_dsn) as conn:
                await fill_stations(conn, 2_000)
            async with serving(server, Path(folder)) as port:
                await _compare(port)


async def _compare(port: int) -> None:
    paths = [f"/api/v1/stations/nearby?lat={lat:.6f}&lon={lon:.6f}&limit=10" for lon, lat in station_points(2_000, 500)]
    quiet: list[Load] = []
    flooded: list[Load] = []
    told: dict[bytes, int] = {}
    for _ in range(ROUNDS):
        quiet.append(await run_load("127.0.0.1", port, paths, connections=4, seconds=SECONDS))
        stop, begun = asyncio.Event(), time.perf_counter()
        flooding = asyncio.create_task(flood(port, stop))
        await asyncio.sleep(0.5)
        flooded.append(await run_load("127.0.0.1", port, paths, connections=4, seconds=SECONDS))
        stop.set()
        for status, count in (await flooding).items():
            told[status] = told.get(status, 0) + round(count / (time.perf_counter() - begun))
    for what, loads in (("quiet", quiet), ("flooded", flooded)):
        p50, p99 = (statistics.median(getattr(each, name) for each in loads) for name in ("p50_ms", "p99_ms"))
        rate = statistics.median(each.per_second for each in loads)
        print(f"{what:8} {rate:7.0f} req/s  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms")
    for name in ("p50_ms", "p99_ms"):
        ratio = statistics.median(getattr(a, name) / getattr(b, name) for a, b in zip(flooded, quiet, strict=True))
        print(f"{name} with the flood / without: {ratio:.2f}")
    print("sign-ins a second by status:", {status.decode(): count // ROUNDS for status, count in told.items()})


if __name__ == "__main__":
    asyncio.run(measure())
