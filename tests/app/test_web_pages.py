"""How the built pages are handed out: which file at which address, kept for how long, under which policy."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from app.base_map import base_map
from app.main import create_app
from app.settings import Settings
from app.web_pages import FILES, find_files
from tests.conftest import Client, Database, put_keys


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Lay out a build of the rider's app, and of no console."""
    folder = tmp_path / "pages"
    for name in (
        "rider/index.html",
        "rider/sw.js",
        "rider/assets/index-1a2b.js",
        "rider/assets/index-1a2b.js.gz",
        "x.py",
    ):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(name)
    return folder


@pytest_asyncio.fixture
async def pages(database: Database, built: Path, tmp_path: Path) -> AsyncIterator[Client]:
    put_keys(tmp_path / "keys")
    settings = Settings(data_dir=tmp_path, base_map="https://tiles.example.org/{z}/{x}/{y}.png")
    app = create_app(settings, dsn=database.app_dsn, sweeper_dsn=database.sweeper_dsn)
    app[FILES] = find_files(built)
    async with TestClient(TestServer(app)) as client:
        yield client


async def text_at(pages: Client, path: str) -> str:
    async with pages.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == 200
        return await answer.text()


@pytest.mark.parametrize("path", ["/rider", "/rider/", "/rider/stations/7", "/rider/me/reports"])
async def test_the_app_is_given_at_every_address_of_its_own(pages: Client, path: str) -> None:
    assert "rider/index.html" == await text_at(pages, path)


async def test_a_file_is_given_at_its_name_and_kept_for_ever_if_that_holds_its_hash(pages: Client) -> None:
    assert "rider/assets/index-1a2b.js" == await text_at(pages, "/rider/assets/index-1a2b.js")
    kept = [
        (await pages.get(path)).headers["Cache-Control"]
        for path in ("/rider/assets/index-1a2b.js", "/rider/", "/rider/sw.js")
    ]
    assert ["public, max-age=31536000, immutable", "no-cache", "no-cache"] == kept


async def test_a_file_is_sent_packed_to_who_can_unpack_it(pages: Client) -> None:
    answer = await pages.get("/rider/assets/index-1a2b.js", headers={"Accept-Encoding": "gzip"}, auto_decompress=False)
    assert ("gzip", b"rider/assets/index-1a2b.js.gz") == (answer.headers["Content-Encoding"], await answer.read())


@pytest.mark.parametrize("path", ["/rider/../x.py", "/rider/%2e%2e/x.py", "/rider/..%2fx.py", "/x.py"])
async def test_nothing_outside_the_apps_is_given(pages: Client, path: str) -> None:
    answer = await pages.get(path)
    assert "x.py" != await answer.text()


async def test_an_app_that_was_not_built_says_what_to_do(pages: Client) -> None:
    answer = await pages.get("/console/queue")
    assert (404, "/docs/problems#pages-not-built") == (answer.status, (await answer.json())["type"])
    assert "make pages" in (await answer.json())["detail"]


async def test_the_policy_of_pages_lets_in_the_base_map_and_nothing_inline(pages: Client) -> None:
    policy = (await pages.get("/rider/")).headers["Content-Security-Policy"]
    assert "connect-src 'self' https://tiles.example.org;" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "tiles" not in (await pages.get("/docs")).headers["Content-Security-Policy"]


async def test_the_district_tells_on_what_to_draw(pages: Client) -> None:
    card = await (await pages.get("/api/v1/district")).json()
    assert {
        "kind": "raster",
        "urls": ["https://tiles.example.org/{z}/{x}/{y}.png"],
        "datum": "wgs84",
        "attribution": "",
    } == card["base_map"]


def test_a_base_map_is_told_by_its_address() -> None:
    kinds = {
        "": "none",
        "/maps/district.pmtiles": "pmtiles",
        "https://a.example/{z}/{x}/{y} https://b.example/{z}/{x}/{y}": "raster",
    }
    assert list(kinds.values()) == [base_map(Settings(base_map=text)).kind for text in kinds]
    assert ("https://a.example", "https://b.example") == base_map(Settings(base_map=list(kinds)[2])).hosts
    assert () == base_map(Settings(base_map=list(kinds)[1])).hosts
