"""The rider's first visit on a slow 4G, in a real browser: seconds and bytes beside what is promised.

`python -m bench.first_load [visits]`; needs the pages built and a Chromium.
"""

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from tests.acceptance.program import Program
from tests.web.browser import launch
from tests.web.first_load import MOST_BYTES, MOST_S, measure


async def run(visits: int) -> None:
    """Visit as for the first time, again and again, and print the median."""
    with tempfile.TemporaryDirectory(prefix="station-first-load-") as folder:
        program = Program(Path(folder))
        try:
            await program.start()
            async with async_playwright() as playwright:
                browser = await launch(playwright)
                assert browser is not None, "no Chromium"
                loads = [await measure(browser, program.url) for _ in range(visits)]
                await browser.close()
        finally:
            program.stop()
    seconds, size = statistics.median(load.seconds for load in loads), max(load.bytes for load in loads)
    print(f"list usable after {seconds:.2f} s (median of {visits}), {seconds / MOST_S:.2f} of {MOST_S:.0f} s")
    print(f"{size / 1000:.0f} kB before the map, {size / MOST_BYTES:.2f} of {MOST_BYTES / 1000:.0f} kB")


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
