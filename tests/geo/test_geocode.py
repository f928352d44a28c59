"""Typed places through outside services, asked of a server of our own that answers as they do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from geo import geocode
from geo.datum import from_wgs84
from geo.errors import GeocoderFailed
from geo.geocode import AMap, Baidu, OutsideGeocoder, choose_geocoder
from geo.models import Datum, Place, PlaceKind, Point

HERE = Point(120.18, 35.96)
CENTIMETRE = 1e-7  # degrees


@dataclass
class Service:
    """A place service: what it will answer next, and what it was asked last."""

    host: str = ""
    answer: Any = None
    status: int = 200
    delay_s: float = 0.0
    asked: dict[str, str] = field(default_factory=dict)
    path: str = ""
    elsewhere: str = ""
    redirects_seen: int = 0

    async def reply(self, request: web.Request) -> web.Response:
        self.path, self.asked = request.path, dict(request.query)
        if self.elsewhere:
            self.redirects_seen += request.path == "/inside"
            headers = {} if request.path == "/inside" else {"Location": self.elsewhere}
            return web.json_response(self.answer, status=self.status if headers else 200, headers=headers)
        await asyncio.sleep(self.delay_s)
        if isinstance(self.answer, bytes):
            return web.Response(body=self.answer, status=self.status)
        return web.json_response(self.answer, status=self.status)


@pytest_asyncio.fixture
async def service() -> AsyncIterator[Service]:
    known = Service()
    app = web.Application()
    app.router.add_get("/{any:.*}", known.reply)
    async with TestServer(app) as server:
        known.host = f"{server.host}:{server.port}"
        yield known


def nominatim(service: Service) -> OutsideGeocoder:
    found = choose_geocoder(nominatim_url=f"http://{service.host}/maps/", amap_key="", baidu_key="")
    assert found is not None
    return found


def amap(service: Service) -> OutsideGeocoder:
    return OutsideGeocoder(AMap("our-key", domain=service.host, scheme="http").geocode, Datum.GCJ02)


def baidu(service: Service) -> OutsideGeocoder:
    return OutsideGeocoder(Baidu("our-key", domain=service.host, scheme="http").geocode, Datum.BD09)


def of_nominatim(lon: float, lat: float, name: str) -> Any:
    return [{"lat": str(lat), "lon": str(lon), "display_name": name, "place_id": 1}]


def of_amap(lon: float, lat: float, name: str) -> Any:
    place = {"formatted_address": name, "location": f"{lon:.9f},{lat:.9f}", "level": "兴趣点"}
    return {"status": "1", "info": "OK", "infocode": "10000", "count": "1", "geocodes": [place]}


def of_baidu(lon: float, lat: float, _name: str) -> Any:
    place = {"location": {"lng": lon, "lat": lat}, "precise": 1, "confidence": 80, "level": "商务大厦"}
    return {"status": 0, "result": place}


SERVICES = [
    pytest.param(nominatim, of_nominatim, id="nominatim"),
    pytest.param(amap, of_amap, id="amap"),
    pytest.param(baidu, of_baidu, id="baidu"),
]
Ask = Callable[[Service], OutsideGeocoder]
Write = Callable[[float, float, str], Any]


def is_here(place: Place) -> bool:
    return abs(place.point.lon - HERE.lon) < CENTIMETRE and abs(place.point.lat - HERE.lat) < CENTIMETRE


@pytest.mark.parametrize(("ask", "write"), SERVICES)
async def test_a_place_comes_out_in_wgs84(service: Service, ask: Ask, write: Write) -> None:
    geocoder = ask(service)
    service.answer = write(*from_wgs84(HERE.lon, HERE.lat, geocoder.datum), "唐岛湾公园")
    (place,) = await geocoder.search("唐岛湾公园", limit=5)
    assert ("唐岛湾公园", PlaceKind.ADDRESS, True) == (place.name, place.kind, is_here(place))


async def test_the_datums_of_the_services_lie_far_apart() -> None:
    lons = {from_wgs84(HERE.lon, HERE.lat, datum)[0] for datum in Datum}
    assert min(abs(one - other) for one in lons for other in lons if one != other) > 1000 * CENTIMETRE


async def test_a_nominatim_under_a_path_is_asked_in_chinese(service: Service) -> None:
    service.answer = []
    await nominatim(service).search("珠江路 1 号", limit=5)
    assert ("/maps/search", "珠江路 1 号", "zh-CN") == (
        service.path,
        service.asked["q"],
        service.asked["accept-language"],
    )


async def test_amap_is_asked_with_the_key(service: Service) -> None:
    service.answer = {"status": "1", "geocodes": []}
    await amap(service).search("珠江路 & 1 号", limit=5)
    assert ("/v3/geocode/geo", "珠江路 & 1 号", "our-key") == (
        service.path,
        service.asked["address"],
        service.asked["key"],
    )


async def test_baidu_is_asked_with_the_key(service: Service) -> None:
    service.answer = {"status": 0, "result": []}
    await baidu(service).search("珠江路 & 1 号", limit=5)
    assert ("/geocoding/v3/", "珠江路 & 1 号", "our-key") == (
        service.path,
        service.asked["address"],
        service.asked["ak"],
    )


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (nominatim, []),
        (amap, {"status": "1", "info": "OK", "count": "0", "geocodes": []}),
        (amap, {"status": "1", "info": "OK"}),
        (baidu, {"status": 0, "result": []}),
    ],
)
async def test_a_place_nobody_knows_is_none_found(service: Service, ask: Ask, answer: Any) -> None:
    service.answer = answer
    assert [] == await ask(service).search("没有这个地方", limit=5)


@pytest.mark.parametrize(("ask", "write"), [SERVICES[0], SERVICES[1]])
async def test_no_more_places_than_wanted_are_given(service: Service, ask: Ask, write: Write) -> None:
    answer = write(HERE.lon, HERE.lat, "甲")
    places = answer if isinstance(answer, list) else answer["geocodes"]
    places *= 4
    service.answer = answer
    assert 2 == len(await ask(service).search("甲", limit=2))


async def test_a_place_without_a_name_is_called_what_was_typed(service: Service) -> None:
    service.answer = of_amap(HERE.lon, HERE.lat, "") | {}
    service.answer["geocodes"][0]["formatted_address"] = []  # how AMap writes nothing
    assert ["唐岛湾"] == [place.name for place in await amap(service).search("唐岛湾", limit=5)]


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (nominatim, {"error": {"code": 400, "message": "no"}}),
        (amap, {"status": "0", "info": "INVALID_USER_KEY", "infocode": "10001"}),
        (baidu, {"status": 240, "message": "APP 服务被禁用"}),
        (baidu, {"status": 1, "msg": "Internal Service Error"}),
    ],
)
async def test_a_refusal_is_a_failure_that_may_pass(service: Service, ask: Ask, answer: Any) -> None:
    service.answer = answer
    with pytest.raises(GeocoderFailed) as failed:
        await ask(service).search("唐岛湾", limit=5)
    assert (503, 5) == (failed.value.status, failed.value.retry_after_s)


@pytest.mark.parametrize(("ask", "write"), SERVICES)
@pytest.mark.parametrize(
    "answer",
    [
        b"<html>busy</html>",
        b"\xff\xfe",
        b"",
        b"7",
        b'"text"',
        b"[7]",
        b'{"status": "1", "geocodes": [{"location": []}]}',
        b'{"status": "1", "geocodes": [{"location": "1000,35.9"}]}',
        b'{"status": "1", "geocodes": [{"location": "nan,nan"}]}',
        b'{"status": 0, "result": {"location": {"lng": null, "lat": null}}}',
        b'{"status": 0, "result": {"location": {"lng": 120.0, "lat": 99.0}}}',
        b'[{"lat": "north", "lon": "east", "display_name": "x"}]',
    ],
)
async def test_a_strange_answer_is_a_failure_and_never_a_place(
    service: Service, ask: Ask, write: Write, answer: bytes
) -> None:
    service.answer = answer
    with pytest.raises(GeocoderFailed):
        await ask(service).search("唐岛湾", limit=5)


@pytest.mark.parametrize(("ask", "write"), SERVICES)
@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
async def test_an_error_status_is_a_failure(service: Service, ask: Ask, write: Write, status: int) -> None:
    service.answer, service.status = write(HERE.lon, HERE.lat, "甲"), status
    with pytest.raises(GeocoderFailed):
        await ask(service).search("甲", limit=5)


@pytest.mark.parametrize(("ask", "write"), SERVICES)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_and_nobody_goes_there(
    service: Service, ask: Ask, write: Write, status: int
) -> None:
    service.answer, service.status = write(HERE.lon, HERE.lat, "甲"), status
    service.elsewhere = f"http://{service.host}/inside"
    with pytest.raises(GeocoderFailed):
        await ask(service).search("甲", limit=5)
    assert 0 == service.redirects_seen


@pytest.mark.parametrize(("ask", "write"), SERVICES)
async def test_a_service_that_does_not_answer_in_time_has_failed(
    service: Service, ask: Ask, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geocode, "TIMEOUT_S", 0.05)
    service.answer, service.delay_s = write(HERE.lon, HERE.lat, "甲"), 1.0
    with pytest.raises(GeocoderFailed):
        await ask(service).search("甲", limit=5)


async def test_a_service_that_is_not_there_has_failed(service: Service) -> None:
    gone = Service(host="127.0.0.1:1")
    with pytest.raises(GeocoderFailed):
        await amap(gone).search("甲", limit=5)


@pytest.mark.parametrize(
    ("nominatim_url", "amap_key", "baidu_key", "expected"),
    [
        ("http://127.0.0.1:1", "a", "b", Datum.WGS84),
        ("", "a", "b", Datum.GCJ02),
        ("", "", "b", Datum.BD09),
    ],
)
def test_our_own_nominatim_goes_before_amap_before_baidu(
    nominatim_url: str, amap_key: str, baidu_key: str, expected: Datum
) -> None:
    chosen = choose_geocoder(nominatim_url=nominatim_url, amap_key=amap_key, baidu_key=baidu_key)
    assert chosen is not None
    assert expected is chosen.datum


def test_without_settings_nobody_outside_is_asked() -> None:
    assert choose_geocoder(nominatim_url="", amap_key="", baidu_key="") is None
