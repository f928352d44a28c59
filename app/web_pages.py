"""The pages for phone and console: files that `web/` is built into, handed out as they are.

Each app has one page, which is given at every address beneath its name that is no file; what it shows there it works
out itself. Files whose names hold their own hash are kept by browsers for ever, all others are asked for each time.
"""

from collections.abc import Mapping
from pathlib import Path

from aiohttp import hdrs, web

from app.base_map import BASE_MAP
from core.access.policy import ANYONE
from core.errors import NotFound, Text
from core.http.endpoint import Route
from core.http.security_headers import page_policy

APPS = ("rider", "console")
#: Where `make pages` puts them; part of the wheel.
BUILT = Path(__file__).parent / "pages"
#: Address beneath `/` → file.
FILES: web.AppKey[Mapping[str, Path]] = web.AppKey("page_files")

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


class PagesNotBuilt(NotFound):
    """The pages are not there: somebody runs the service out of its source without having built them."""

    slug = "pages-not-built"
    title = Text("页面尚未构建", "The pages are not built")
    detail = Text("请先运行 make pages，再刷新。", "Run `make pages`, then load this again.")


def find_files(built: Path = BUILT) -> dict[str, Path]:
    """Find what there is to hand out, once: what a caller asks for is looked up here and nowhere else."""
    return {str(place.relative_to(built)): place for place in built.rglob("*") if place.suffix in _TYPES}


async def get_page(request: web.Request) -> web.StreamResponse:
    """Give a file of an app, or the app's page, which shows what belongs at this address."""
    files, address = request.app[FILES], request.path.strip("/")
    name = address if address in files else f"{address.split('/')[0]}/index.html"
    place = files.get(name)
    if place is None:
        raise PagesNotBuilt()
    keep = "public, max-age=31536000, immutable" if "/assets/" in name else "no-cache"
    headers = {
        hdrs.CONTENT_TYPE: _TYPES[place.suffix],
        hdrs.CACHE_CONTROL: keep,
        "Content-Security-Policy": page_policy(request.app[BASE_MAP].hosts),
    }
    return web.FileResponse(place, headers=headers)


PAGE_ROUTES: tuple[Route, ...] = tuple(
    Route("GET", path, get_page, ANYONE, answer=str, media_type="text/html")
    for name in APPS
    for path in (f"/{name}", f"/{name}/{{place:.*}}")
)
