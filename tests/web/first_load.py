"""How long a rider waits on a slow network, and what he pays for: measured in the browser on a first visit."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser

from tests.web.browser import opened, phone_options

#: What the first visit may cost before the map, in bytes over the wire, and until the list can be used.
MOST_BYTES = 250_000
MOST_S = 2.0
#: A slow 4G: 150 ms there and back, 1.6 Mbit/s down, 0.75 up.
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}

#: Notes when the first station of the list is there to be tapped, as drawn.
_WATCH = """
addEventListener('DOMContentLoaded', () => {
  const look = () => {
    if (window.usableAt || !document.querySelector('a[href*="/rider/stations/"]')) return
    requestAnimationFrame(() => setTimeout(() => (window.usableAt ??= performance.now())))
  }
  new MutationObserver(look).observe(document, { childList: true, subtree: true })
  look()
})
"""


@dataclass(frozen=True, slots=True)
class FirstLoad:
    """Seconds until the list can be used; bytes until the map is asked for, and by what."""

    seconds: float
    bytes: int
    sizes: dict[str, int]


async def measure(browser: Browser, url: str) -> FirstLoad:
    """Visit the rider's page as for the first time, with a slow network; the phone knows where it is."""
    async with opened(browser, url, has_maps=True, **phone_options() | {"device_scale_factor": 2}) as context:
        page = await context.new_page()
        wire = await context.new_cdp_session(page)
        await wire.send("Network.enable")
        await wire.send("Network.emulateNetworkConditions", SLOW_4G)
        asked: dict[str, str] = {}
        sizes: dict[str, int] = {}
        is_map_asked = False

        def ask(event: dict[str, Any]) -> None:
            nonlocal is_map_asked
            is_map_asked |= "NearbyMap" in event["request"]["url"]
            if not is_map_asked and not event["request"]["url"].startswith("data:"):
                asked[event["requestId"]] = event["request"]["url"]

        def finish(event: dict[str, Any]) -> None:
            if event["requestId"] in asked:
                sizes[asked[event["requestId"]]] = int(event["encodedDataLength"])

        wire.on("Network.requestWillBeSent", ask)
        wire.on("Network.loadingFinished", finish)
        await page.add_init_script(_WATCH)
        await page.goto("/rider/", wait_until="commit")
        async with page.expect_request(lambda request: "NearbyMap" in request.url):
            await page.get_by_role("list").get_by_role("link").first.wait_for()
        seconds = float(await page.evaluate("window.usableAt")) / 1000
        return FirstLoad(seconds, sum(sizes.values()), sizes)
