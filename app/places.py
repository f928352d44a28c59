"""Typed places: first our own areas and stations, which needs no network; then the outside service, if there is one."""

from aiohttp import web

from core.access.wall import Work, transaction_of
from core.http.wiring import DISTRICT_ID, POOL
from geo.api import SearchPlaces
from geo.geocode import OutsideGeocoder
from geo.models import Place, PlaceKind
from geo.queries import find_places
from station.queries import find_stations_by_name


def place_search(app: web.Application, outside: OutsideGeocoder | None) -> SearchPlaces:
    """Give the search of this application: at most `limit` places, stations before areas before addresses.

    The search raises `GeocoderFailed` when only the outside service could have known and it does not answer.
    """

    async def search(text: str, limit: int) -> list[Place]:
        district_id = app[DISTRICT_ID]
        async with transaction_of(app[POOL], Work.PUBLIC, district_id=district_id) as conn:
            stations = await find_stations_by_name(conn, district_id=district_id, text=text, limit=limit)
            places = [Place(name, PlaceKind.STATION, point) for name, point in stations]
            places += await find_places(conn, district_id=district_id, text=text, limit=limit - len(places))
        if not places and outside is not None:
            return await outside.search(text, limit=limit)
        return places

    return search
