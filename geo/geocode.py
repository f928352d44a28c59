"""Typed places to points through outside services: the only file that knows geopy.

Each service answers in its own datum; it is converted here, so nothing but WGS-84 leaves. geopy speaks HTTP and blocks,
so it is asked in a thread. The offline gazetteer of areas and stations needs none of this and is asked first
(`app.places`).
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, build_opener

from geopy.adapters import URLLibAdapter
from geopy.exc import GeocoderServiceError
from geopy.geocoders import BaiduV3, Nominatim
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location

from geo.datum import to_wgs84
from geo.errors import GeocoderFailed
from geo.models import Datum, Place, PlaceKind, Point

TIMEOUT_S = 3.0
_AGENT = "rider-station"

_log = logging.getLogger(__name__)


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow none: the answer is then a failure like any other status."""


class Straight(URLLibAdapter):  # type: ignore[misc]
    """Asks the address it is given and no other: what answers there may not send us into the operator's own network.

    geopy's own choice hangs on whether `requests` happens to be installed, and either follows redirects.
    """

    def __init__(self, *, proxies: Any, ssl_context: Any) -> None:
        super().__init__(proxies=proxies, ssl_context=ssl_context)
        handlers = (HTTPSHandler(context=ssl_context), ProxyHandler(proxies), _NoRedirects())
        self.urlopen = build_opener(*handlers).open


class AMap(Geocoder):  # type: ignore[misc]
    """The geocoding service of AMap (v3 `geocode/geo`), which geopy lacks; answers in GCJ-02."""

    def __init__(self, api_key: str, *, domain: str = "restapi.amap.com", scheme: str = "https") -> None:
        super().__init__(scheme=scheme, timeout=TIMEOUT_S, user_agent=_AGENT, adapter_factory=Straight)
        self._api_key = api_key
        self._address = f"{scheme}://{domain}/v3/geocode/geo?"

    def geocode(self, query: str, *, exactly_one: bool = True, timeout: Any = DEFAULT_SENTINEL) -> Any:
        """Ask for an address; None when nothing is known of it."""
        url = self._address + urlencode({"key": self._api_key, "address": query, "output": "JSON"})
        return self._call_geocoder(url, partial(self._read, exactly_one=exactly_one), timeout=timeout)

    def _read(self, answer: dict[str, Any], *, exactly_one: bool) -> Any:
        if answer.get("status") != "1":
            raise GeocoderServiceError(str(answer.get("info", "refused")))
        found = []
        for place in answer.get("geocodes") or []:
            lon, lat = place["location"].split(",")
            found.append(_location(place.get("formatted_address"), lon, lat, place))
        return (found[0] if exactly_one else found) if found else None


class Baidu(BaiduV3):  # type: ignore[misc]
    """The geocoding service of Baidu (v3), which knows one place where geopy expects a list; answers in BD-09."""

    def __init__(self, api_key: str, *, domain: str = "api.map.baidu.com", scheme: str = "https") -> None:
        super().__init__(api_key, scheme=scheme, timeout=TIMEOUT_S, user_agent=_AGENT, adapter_factory=Straight)
        self.api = f"{scheme}://{domain}{self.api_path}"

    def _parse_json(self, page: dict[str, Any], exactly_one: bool = True) -> Any:
        place = page.get("result")
        if not place:
            self._check_status(page["status"])
            return None
        location = _location(None, place["location"]["lng"], place["location"]["lat"], place)
        return location if exactly_one else [location]


def _location(name: str | None, lon: Any, lat: Any, raw: dict[str, Any]) -> Location:
    """Make a place as geopy gives it, which by itself would turn 1000° into −80° and nothing into 0°."""
    point = Point(float(lon), float(lat))
    return Location(name or "", (point.lat, point.lon), raw)


@dataclass(frozen=True, slots=True)
class OutsideGeocoder:
    """A service that turns addresses into points, and the datum it answers in."""

    geocode: Callable[..., Any]
    datum: Datum

    async def search(self, text: str, *, limit: int) -> list[Place]:
        """Ask for `text`; gives at most `limit` places in WGS-84. Raises `GeocoderFailed`."""
        try:
            found = await asyncio.to_thread(self.geocode, text, exactly_one=False, timeout=TIMEOUT_S)
            return [self._place(location, text) for location in (found or [])[:limit]]
        except Exception as error:  # geopy lets through whatever a strange answer breaks in it
            _log.warning("the place service failed: %s: %.100s", type(error).__name__, error)
            raise GeocoderFailed(retry_after_s=5) from error

    def _place(self, location: Any, text: str) -> Place:
        # geopy gives latitude first; this is the one border where that is turned round.
        lon, lat = to_wgs84(location.longitude, location.latitude, self.datum)
        return Place(name=location.address or text, kind=PlaceKind.ADDRESS, point=Point(lon, lat))


def choose_geocoder(*, nominatim_url: str, amap_key: str, baidu_key: str) -> OutsideGeocoder | None:
    """Give the first service that is configured: our own Nominatim, AMap, Baidu; None when there is none."""
    if nominatim_url:
        parts = urlsplit(nominatim_url)
        service = Nominatim(
            domain=parts.netloc + parts.path.rstrip("/"),
            scheme=parts.scheme,
            user_agent=_AGENT,
            timeout=TIMEOUT_S,
            adapter_factory=Straight,
        )
        return OutsideGeocoder(partial(service.geocode, language="zh-CN"), Datum.WGS84)
    if amap_key:
        return OutsideGeocoder(AMap(amap_key).geocode, Datum.GCJ02)
    if baidu_key:
        return OutsideGeocoder(Baidu(baidu_key).geocode, Datum.BD09)
    return None
