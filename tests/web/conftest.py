"""The real program with its demonstration, and real browsers on it."""

import os
import tempfile
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from tests.acceptance.program import Program
from tests.web.browser import desk_options, launch, opened, phone_options
from tests.web.people import SignIns

# Two cores draw the map, run the service and its database: what is right may take its time.
expect.set_options(timeout=15_000)


@pytest_asyncio.fixture(scope="session")
async def site() -> AsyncIterator[Program]:
    """Run the program once for all browser tests: each leaves the others' things alone."""
    with tempfile.TemporaryDirectory(prefix="station-web-") as folder:
        started = Program(Path(folder))
        try:
            await started.start()
            yield started
        finally:
            started.stop()


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Start a Chromium. Without one these tests are left out, loudly; in CI that is a failure."""
    async with async_playwright() as playwright:
        started = await launch(playwright)
        if started is None:
            words = "没有找到 Chromium，浏览器测试未运行 / no Chromium found, the browser tests were NOT run"
            assert not os.environ.get("CI"), words
            assert "must" != os.environ.get("BROWSER_TESTS"), words
            warnings.warn(pytest.PytestWarning(words), stacklevel=1)
            pytest.skip(words)
        yield started
        await started.close()


def _needs_maps(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("maps") is not None


@pytest_asyncio.fixture
async def phone(request: pytest.FixtureRequest, browser: Browser, site: Program) -> AsyncIterator[BrowserContext]:
    """Hold a rider's phone: 390 px wide, in Chinese, that knows where it is."""
    async with opened(browser, site.url, has_maps=_needs_maps(request), **phone_options()) as context:
        yield context


@pytest_asyncio.fixture
async def desk(request: pytest.FixtureRequest, browser: Browser, site: Program) -> AsyncIterator[BrowserContext]:
    """Sit at a secretary's screen: 1440 px wide, in Chinese."""
    async with opened(browser, site.url, has_maps=_needs_maps(request), **desk_options()) as context:
        yield context


@pytest.fixture(scope="session")
def sign_ins(site: Program) -> SignIns:
    return SignIns(site)
