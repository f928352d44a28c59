"""Takes the pictures of the README anew: `make screenshots`. On a demonstration of its own, gone afterwards."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import BrowserContext, async_playwright, expect

from tests.acceptance.program import Program
from tests.web.browser import ROOT, desk_options, launch, opened, phone_options
from tests.web.people import SignIns

PICTURES = ROOT / "docs/pictures"


async def take() -> None:
    """Take one picture of each app, as its people meet it first."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="station-pictures-") as folder:
        site = Program(Path(folder))
        try:
            await site.start()
            async with async_playwright() as playwright:
                browser = await launch(playwright)
                assert browser is not None, "没有找到 Chromium / no Chromium found"
                async with opened(
                    browser, site.url, has_maps=True, **phone_options() | {"device_scale_factor": 2}
                ) as phone:
                    await _take_rider(phone)
                async with opened(browser, site.url, has_maps=True, **desk_options()) as desk:
                    await SignIns(site).as_staff(desk, "demo-street1")
                    await _take_console(desk)
                await browser.close()
        finally:
            site.stop()


async def _take_rider(phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.goto("/rider/")
    await expect(page.get_by_role("listitem").first).to_be_visible()
    await page.wait_for_timeout(_MAP_MS)
    await page.screenshot(path=PICTURES / "rider.png")


async def _take_console(desk: BrowserContext) -> None:
    page = await desk.new_page()
    await page.goto("/console/queue")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.wait_for_timeout(_MAP_MS)
    await page.screenshot(path=PICTURES / "console.png")


#: A map draws when it is ready and tells nobody.
_MAP_MS = 8_000

if __name__ == "__main__":
    asyncio.run(take())
