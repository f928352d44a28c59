"""The base map that the pages draw on: what the operator set, told to the pages and to the browser's policy."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import web

from app.settings import Settings
from geo.models import Datum


@dataclass(frozen=True, slots=True)
class BaseMap:
    """`raster`: templates of tiles with `{x}`, `{y}`, `{z}`, one over the other; `pmtiles`: one file of raster tiles.

    `none` is a plain ground, which needs no network. What is drawn over it is shifted to `datum`.
    """

    kind: Literal["none", "raster", "pmtiles"]
    urls: tuple[str, ...]
    datum: Datum
    attribution: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """The origins, other than ours, that pages must be allowed to read."""
        parts = [urlsplit(url) for url in self.urls]
        return tuple(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts if part.netloc))


def base_map(settings: Settings) -> BaseMap:
    """Take the base map from the settings."""
    urls = tuple(settings.base_map.split())
    datum, credit = Datum(settings.base_map_datum), settings.base_map_credit
    if not urls:
        return BaseMap("none", (), Datum.WGS84, "")
    is_file = urlsplit(urls[0]).path.endswith(".pmtiles")
    return BaseMap("pmtiles" if is_file else "raster", urls, datum, credit)


BASE_MAP = web.AppKey("base_map", BaseMap)
