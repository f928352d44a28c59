"""The first visit on a slow network: what it costs, and how soon it is of use."""

import os

from playwright.async_api import Browser

from tests.acceptance.program import Program
from tests.web.first_load import MOST_BYTES, MOST_S, measure

TRIES = 4


async def test_the_list_is_of_use_within_two_seconds_and_costs_little(browser: Browser, site: Program) -> None:
    """Where more wants to run than there are cores, all takes as much longer; `bench.first_load` measures alone."""
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    loads = []
    while len(loads) < TRIES and not (loads and loads[-1].seconds <= MOST_S):
        loads.append(await measure(browser, site.url))
    best = min(loads, key=lambda load: load.seconds)
    print(f"{best.bytes / 1000:.0f} kB before the map, list usable after {best.seconds:.2f} s, busy {busy:.1f} times")
    assert best.bytes <= MOST_BYTES, best.sizes
    assert best.seconds <= MOST_S * busy, [load.seconds for load in loads]
