"""How soon reports are taken again after kill -9 of the service, of its PostgreSQL, and of both.

`python -m bench.comes_back [kills of each]`. They follow so closely that the growing pauses of a crash loop count too.
Ends with 1 where the promise is missed.
"""

import asyncio
import sys
import tempfile
import time
import uuid
from pathlib import Path

import aiohttp

from tests.acceptance.program import Caller, Program, sign_in_rider

#: The promise.
MOST_S = 10.0
REPORT = {
    "category": "litter",
    "description": "断电之后",
    "point": {"lon": 120.18, "lat": 35.96, "datum": "wgs84", "accuracy_m": 6},
}


async def run(kills: int) -> bool:
    """Print the longest and the mean time from each kill to the next acknowledged report; tell whether all kept it."""
    longest = 0.0
    with tempfile.TemporaryDirectory(prefix="station-comes-back-") as folder:
        program = Program(Path(folder))
        try:
            await program.start()
            rider = await sign_in_rider(program, "19900000001")
            for victims in (("program",), ("postgres",), ("postgres", "program")):
                took = [await _kill(program, rider, victims) for _ in range(kills)]
                longest = max(longest, *took)
                print(
                    f"{' and '.join(victims)}: taken again after {max(took):.1f} s at most, "
                    f"{sum(took) / kills:.1f} s on average; {max(took) / MOST_S:.2f} of {MOST_S:.0f} s"
                )
        finally:
            program.stop()
    return longest <= MOST_S


async def _kill(program: Program, rider: Caller, victims: tuple[str, ...]) -> float:
    """Kill, start again what nobody else does, and insist on a report; give the seconds from kill to answer."""
    begun, key = time.monotonic(), str(uuid.uuid4())
    if "postgres" in victims:
        program.kill_postgres()
    if "program" in victims:
        program.kill()
        await program.start()
    while not await _is_taken(rider, key):  # noqa: ASYNC110 — another process answers: nothing here sets an event
        await asyncio.sleep(0.05)
    return time.monotonic() - begun


async def _is_taken(rider: Caller, key: str) -> bool:
    try:
        status, _ = await rider.ask("POST", "/api/v1/reports", REPORT, key=key)
    except (aiohttp.ClientError, TimeoutError):
        return False
    return bool(status == 201)


if __name__ == "__main__":
    sys.exit(not asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 5)))
