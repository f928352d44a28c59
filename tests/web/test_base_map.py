"""On a base map of the operator's: what is drawn lies where that map has it, and what is tapped is told in WGS-84."""

import io
import math
import struct
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest_asyncio
from aiohttp import web
from PIL import Image
from playwright.async_api import Browser, Page, expect

from geo.datum import wgs84_to_gcj02
from tests.acceptance.program import Program, free_port
from tests.web.browser import opened, phone_options, shoot
from tests.web.reporting import begin, finish, photo

#: Like no colour of ours.
COLOUR = (208, 176, 232)
#: MapLibre asks for tiles of 256 pixels at one zoom more than it shows.
TILE_ZOOM = 18
TILES_IN_ALL = (4**16 - 1) // 3


class Tiles:
    """A server of tiles, all of one colour, beside an archive of the same, and what it was asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: set[tuple[int, int, int]] = set()
        self.ranges: list[str] = []

    async def tile(self, request: web.Request) -> web.Response:
        z, x, y = (int(request.match_info[name]) for name in ("z", "x", "y"))
        self.asked.add((z, x, y))
        return web.Response(body=_tile(), content_type="image/png", headers={"Access-Control-Allow-Origin": "*"})

    async def archive(self, request: web.Request) -> web.Response:
        start, end = request.headers["Range"].removeprefix("bytes=").split("-")
        self.ranges.append(request.headers["Range"])
        whole = archive(_tile())
        part = whole[int(start) : int(end) + 1]
        told = f"bytes {start}-{int(start) + len(part) - 1}/{len(whole)}"
        headers = {"Access-Control-Allow-Origin": "*", "Content-Range": told}
        return web.Response(status=206, body=part, headers=headers)


def _tile() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (256, 256), COLOUR).save(file, "PNG")
    return file.getvalue()


def archive(tile: bytes) -> bytes:
    """Make a PMTiles archive (version 3) in which one tile stands for every place at zooms 0 to 15."""
    directory = b"".join(_varint(number) for number in (1, 0, TILES_IN_ALL, len(tile), 1))
    metadata = b"{}"
    starts = (127, 127 + len(directory), 127 + len(directory) + len(metadata))
    sections = (starts[0], len(directory), starts[1], len(metadata), starts[2], 0, starts[2], len(tile))
    header = b"PMTiles\x03" + struct.pack("<11Q", *sections, TILES_IN_ALL, 1, 1)
    world = (-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
    header += struct.pack("<6B", 1, 1, 1, 2, 0, 15) + struct.pack("<4iB2i", *world, 0, 0, 0)
    return header + directory + metadata + tile


def _varint(number: int) -> bytes:
    said = bytearray()
    while number > 127:
        said.append(number % 128 + 128)
        number //= 128
    return bytes([*said, number])


def tile_of(lon: float, lat: float) -> tuple[int, int, int]:
    """Give the tile of the Web Mercator grid in which a point lies."""
    across = 2**TILE_ZOOM
    north = math.asinh(math.tan(math.radians(lat)))
    return TILE_ZOOM, int((lon + 180) / 360 * across), int((1 - north / math.pi) / 2 * across)


@pytest_asyncio.fixture
async def tiles() -> AsyncIterator[Tiles]:
    port = free_port()
    served = Tiles(f"http://127.0.0.1:{port}")
    app = web.Application()
    app.router.add_get("/{z}/{x}/{y}.png", served.tile)
    app.router.add_get("/district.pmtiles", served.archive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield served
    await runner.cleanup()


@pytest_asyncio.fixture
async def own_site() -> AsyncIterator[Program]:
    with tempfile.TemporaryDirectory(prefix="station-base-map-") as folder:
        program = Program(Path(folder), is_demo=False)
        try:
            yield program
        finally:
            program.stop()


async def test_what_is_drawn_and_tapped_is_shifted_to_the_base_map(
    own_site: Program, browser: Browser, tiles: Tiles
) -> None:
    own_site.settings = {"STATION_BASE_MAP": f"{tiles.url}/{{z}}/{{x}}/{{y}}.png", "STATION_BASE_MAP_DATUM": "gcj02"}
    await own_site.start()
    options = phone_options()
    async with opened(browser, own_site.url, has_maps=True, **options) as phone:
        page = await phone.new_page()
        await begin(page, photo(1))
        await _expect_colour(page)
        lon, lat = options["geolocation"]["longitude"], options["geolocation"]["latitude"]
        assert tile_of(*wgs84_to_gcj02(lon, lat)) in tiles.asked
        assert tile_of(lon, lat) not in tiles.asked
        await shoot(page, "report-place-on-a-base-map")
        box = await page.locator("canvas").bounding_box()
        assert box is not None
        await page.locator("canvas").click(position={"x": box["width"] / 2 + 60, "y": box["height"] / 2})  # by the pin
        await finish(page)
        await expect(page.get_by_text("登录后马上发出")).to_be_visible()
        kept = await page.evaluate(_DRAFT_PLACE)
        assert 1e-4 < math.dist((kept["lon"], kept["lat"]), (lon, lat)) < 6e-4  # some 30 m; unshifted it is 500 m

    own_site.stop()
    own_site.settings = {"STATION_BASE_MAP": f"{tiles.url}/district.pmtiles"}
    await own_site.start()
    async with opened(browser, own_site.url, has_maps=True, **options) as phone:
        page = await phone.new_page()
        await begin(page, photo(2))
        await _expect_colour(page)
        assert tiles.ranges


_DRAFT_PLACE = """() => new Promise((told) => {
    indexedDB.open('outbox').onsuccess = ({ target }) => {
        const asked = target.result.transaction('items').objectStore('items').getAll()
        asked.onsuccess = () => told(asked.result[0].place)
    }
})"""


async def _expect_colour(page: Page) -> None:
    """Wait until most of the map has the colour of the tiles, tinted a little where an area is drawn over it."""
    canvas = page.locator("canvas")
    for _ in range(60):
        if await canvas.count():
            pixels = np.asarray(Image.open(io.BytesIO(await canvas.screenshot())).convert("RGB"), dtype=int)
            if (np.abs(pixels - COLOUR).max(axis=2) < 20).mean() > 0.5:
                return
        await page.wait_for_timeout(250)
    raise AssertionError("the tiles are not on the map")
