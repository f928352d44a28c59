"""Nearby and locate over HTTP against a bare handler that answers JSON of the same size on the same server.

The server has core 0 and this process core 1, where the machine lets us choose. Both are asked in turn, several times
over, and the medians are compared, because a shared machine drifts.
"""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.postgres import Server, running
from bench.load import Load, run_load
from bench.worlds import fill_grids, fill_stations, grid_points, station_points
from core.database import connected
from core.migration import migrate

ROUNDS = 3
PATHS = 2_000


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report."""

    what: str
    asked: Load
    bare: Load

    @property
    def ratio(self) -> float:
        """Give the share of the bare handler's rate."""
        return self.asked.per_second / self.bare.per_second


async def compare(port: int, what: str, paths: Sequence[str]) -> Result:
    """Ask `paths` and the bare handler in turn; give the medians by rate."""
    first = await run_load("127.0.0.1", port, paths, seconds=1.0)
    # The same query strings, so that both sides read addresses of the same length that no cache has seen.
    bare_paths = [f"/bare/{int(first.answer_bytes)}?{path.partition('?')[2]}" for path in paths]
    asked, bare = [], []
    for _ in range(ROUNDS):
        bare.append(await run_load("127.0.0.1", port, bare_paths, seconds=3.0))
        asked.append(await run_load("127.0.0.1", port, paths, seconds=3.0))
    return Result(what, _median(asked), _median(bare))


def _median(loads: list[Load]) -> Load:
    middle = statistics.median_low(load.per_second for load in loads)
    return next(load for load in loads if load.per_second == middle)


@asynccontextmanager
async def serving(database: Server, data_dir: Path, *options: str) -> AsyncIterator[int]:
    """Run the server in a process of its own and give its port once it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    dsns = [database.app_dsn, database.sweeper_dsn]
    command = [sys.executable, "-m", "bench.server", *dsns, str(port), str(data_dir), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 — starting takes no time
    pin(process.pid, 0)
    try:
        await _wait_until_ready(port)
        yield port
    finally:
        process.terminate()
        process.wait()


async def _wait_until_ready(port: int) -> None:
    for _ in range(600):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.2)
            continue
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        if b'"warnings":[]' in answer:
            return
        await asyncio.sleep(0.2)
    raise RuntimeError("the server did not become ready")


def pin(pid: int, core: int) -> None:
    """Let a process run on one core, where the machine lets us choose."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(pid, {core})


async def measure(station_counts: Sequence[int], grid_counts: Sequence[int]) -> list[Result]:
    """Measure every size on a database of its own."""
    results = []
    pin(0, 1)
    for stations, grids in zip(station_counts, grid_counts, strict=True):
        with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
            async with running(Path(folder)) as server:
                async with connected(server.owner_dsn) as conn:
                    await migrate(conn)
                async with connected(server.superuser_dsn) as conn:  # COPY passes no row-level security
                    await fill_stations(conn, stations)
                    await fill_grids(conn, grids)
                async with serving(server, Path(folder)) as port:
                    nearby = [
                        f"/api/v1/stations/nearby?lat={lat:.6f}&lon={lon:.6f}&open_now=true&amenity=drinking_water&limit=10"
                        for lon, lat in station_points(stations, PATHS)
                    ]
                    results.append(await compare(port, f"nearby, {stations:,} stations", nearby))
                    locate = [
                        f"/api/v1/areas/locate?lat={lat:.6f}&lon={lon:.6f}" for lon, lat in grid_points(grids, PATHS)
                    ]
                    results.append(await compare(port, f"locate, {grids:,} grids", locate))
    return results


def report(results: Sequence[Result]) -> None:
    """Print one line a result."""
    print(f"{'':28} {'req/s':>8} {'p50 ms':>7} {'p99 ms':>7} {'bytes':>6} {'bare/s':>8} {'ratio':>6}")
    for result in results:
        asked = result.asked
        print(
            f"{result.what:28} {asked.per_second:8.0f} {asked.p50_ms:7.2f} {asked.p99_ms:7.2f} "
            f"{asked.answer_bytes:6.0f} {result.bare.per_second:8.0f} {result.ratio:6.2f}"
        )


if __name__ == "__main__":
    report(asyncio.run(measure((2_000, 200_000), (3_000, 100_000))))
