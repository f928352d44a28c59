"""A real Chromium, and what every page shown in it must hold to."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Playwright, ViewportSize

ROOT = Path(__file__).resolve().parent.parent.parent
#: What a run leaves for people to look at.
SHOTS = ROOT / "build/screenshots"
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
#: In the demonstration's district, WGS-84.
HERE = {"latitude": 35.976, "longitude": 120.213, "accuracy": 12}

_QUIET = (
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
#: How the browser itself tells of an answer that is no success, and of a service worker it could not look up anew.
_OF_THE_NETWORK = ("Failed to load resource", "An unknown error occurred when fetching the script")
#: Maps are drawn by the processor here: only tests that look at one pay for it. As scripts to begin each page with:
#: the queue as somebody uses it who has hidden its map, and a page in a browser that draws none.
HIDDEN_QUEUE_MAP = """
    if (location.pathname.startsWith('/console/') && localStorage.getItem('queue-map') === null)
        localStorage.setItem('queue-map', 'off')
"""
_WITHOUT_WEBGL = """
    const take = HTMLCanvasElement.prototype.getContext
    HTMLCanvasElement.prototype.getContext = function (kind, ...how) {
        return kind.startsWith('webgl') ? null : take.call(this, kind, ...how)
    }
"""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


async def launch(playwright: Playwright) -> Browser | None:
    """Start the system's Chromium, else Playwright's own, fetched if need be; None where neither is to be had."""
    found = _find_program()
    if found is not None:
        return await _start(playwright, found)
    try:
        return await _start(playwright, None)
    except Error:
        fetch = await asyncio.create_subprocess_exec(sys.executable, "-m", "playwright", "install", "chromium")
        return await _start(playwright, None) if await fetch.wait() == 0 else None


def _find_program() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


async def _start(playwright: Playwright, path: str | None) -> Browser:
    return await playwright.chromium.launch(executable_path=path, **_how())


def _how() -> dict[str, Any]:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return {"args": list(_QUIET), "chromium_sandbox": not is_root}


class Watched:
    """A page and everything it complained of: errors of scripts, what the content security policy stopped."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        # That an answer was 4xx or never came the browser says by itself; what the page does then is tested.
        if message.type == "error" and not message.text.startswith(_OF_THE_NETWORK):
            self.complaints.append(message.text)


@asynccontextmanager
async def opened(
    browser: Browser, base_url: str, *, has_maps: bool = False, **options: Any
) -> AsyncIterator[BrowserContext]:
    """Open a browser of its own for one person; when it closes, no page of it may have complained.

    Without `has_maps` it has no WebGL, as on old machines: here maps are drawn by the processor, which takes longer
    than all else.
    """
    context = await browser.new_context(base_url=base_url, **options)
    if not has_maps:
        await context.add_init_script(_WITHOUT_WEBGL)
    async with _watched(context):
        yield context


@asynccontextmanager
async def reopened(browser: Browser, folder: Path, base_url: str, **options: Any) -> AsyncIterator[BrowserContext]:
    """Start a browser that keeps what it knows in a folder, as a phone does; started again, it still knows it."""
    kept = browser.browser_type.launch_persistent_context
    started = await kept(folder, executable_path=_find_program(), base_url=base_url, **_how(), **options)
    async with _watched(started) as context:
        yield context


@asynccontextmanager
async def _watched(context: BrowserContext) -> AsyncIterator[BrowserContext]:
    watched: list[Watched] = []
    context.on("page", lambda page: watched.append(Watched(page)))
    try:
        yield context
    finally:
        await context.close()
    complaints = [complaint for each in watched for complaint in each.complaints]
    assert not complaints, complaints


def phone_options(*, language: str = "zh-CN", is_dark: bool = False, knows_place: bool = True) -> dict[str, Any]:
    """Describe a rider's phone."""
    return {
        "viewport": PHONE,
        "device_scale_factor": 1,  # finer costs four times the work of drawing and shows no more of what is wrong
        "is_mobile": True,
        "has_touch": True,
        "locale": language,
        "timezone_id": "Asia/Shanghai",
        "color_scheme": "dark" if is_dark else "light",
        "reduced_motion": "reduce",  # what moves is neither to be clicked at nor looked at
        "geolocation": HERE if knows_place else None,
        "permissions": ["geolocation"] if knows_place else [],
    }


def desk_options(*, language: str = "zh-CN", is_dark: bool = False) -> dict[str, Any]:
    """Describe a secretary's screen."""
    return {
        "viewport": DESK,
        "locale": language,
        "timezone_id": "Asia/Shanghai",
        "color_scheme": "dark" if is_dark else "light",
        "reduced_motion": "reduce",  # what moves is neither to be clicked at nor looked at
    }


async def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page as it is, named with its width."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size or PHONE
    await page.screenshot(path=SHOTS / f"{name}-{size['width']}.png", full_page=True)


async def expect_accessible(page: Page) -> None:
    """Let axe look at the page as it is; it may find nothing."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    told = [f"{each['id']}: {each['help']} — {each['nodes'][0]['html'][:160]}" for each in found["violations"]]
    assert not told, told


async def expect_touchable(page: Page) -> None:
    """Every button, link and field that shows must be as large as a thumb: 44 CSS pixels, or stand in a text."""
    small = await page.evaluate(
        """() => [...document.querySelectorAll('button, a[href], input, select, textarea, [role=button], [role=tab]')]
          .filter((one) => one.checkVisibility() && !one.closest('p, .maplibregl-ctrl-attrib, [hidden]'))
          .map((one) => [one.closest('label, .van-cell, .van-field') ?? one, one])
          .map(([box, one]) => [box.getBoundingClientRect(), one])
          .filter(([box]) => box.width > 0 && (box.height < 44 || box.width < 44))
          .map(([box, one]) => `${Math.round(box.width)}×${Math.round(box.height)} ${one.outerHTML.slice(0, 120)}`)"""
    )
    assert not small, small


async def expect_fits(page: Page) -> None:
    """Nothing of a page may stick out to the right but what scrolls sideways by itself, such as a row of chips."""
    wide = await page.evaluate(
        """() => {
          const scrolls = (one) =>
            one && (getComputedStyle(one).overflowX !== 'visible' || scrolls(one.parentElement?.closest('main *')))
          return [...document.querySelectorAll('main *')]
            .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
            .filter((one) => !scrolls(one.parentElement?.closest('main *')))
            .map((one) => one.outerHTML.slice(0, 120))
        }"""
    )
    assert not wide, wide
