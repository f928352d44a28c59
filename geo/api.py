"""Places over HTTP: locating one point or many, the area tree, typed places, generations."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import orjson
import shapely
from aiohttp import StreamReader, web
from pydantic import Field, StringConstraints

from core.access.models import Role
from core.database import Connection
from core.http.endpoint import BODY_TIMEOUT_S, Input, to_json
from core.http.problems import TooSlow
from core.http.wiring import BACKGROUND, actor, district_id, language, transaction
from geo import queries
from geo.answers import LocateAnswer, answer_of
from geo.datum import from_wgs84, point_from, to_wgs84
from geo.errors import AreaNotFound, GenerationNotFound, MalformedLine
from geo.live import Areas
from geo.locate import AreaIndex
from geo.models import Area, Datum, Generation, Locate, Place, Received
from geo.outlines import Outlines, draw
from geo.queries import ShapedArea

AREAS = web.AppKey("areas", Areas)
#: How handlers of the rooms above locate a point.
LOCATE: web.AppKey[Locate] = web.AppKey("locate")
#: Typed place → places, best first; put together by the program, which knows areas and stations alike.
SearchPlaces = Callable[[str, int], Awaitable[list[Place]]]
SEARCH_PLACES: web.AppKey[SearchPlaces] = web.AppKey("search_places")

#: Outlines drawn on one map.
MOST_OUTLINES = 2_000

_NUMBER = r"-?\d{1,3}(\.\d{1,12})?"
#: Bytes; far more than any point needs.
_LONGEST_LINE = 1_000


class PositionBody(Input):
    """A position in the datum it was measured in."""

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    datum: Datum

    def received(self) -> Received:
        """Give it as the rooms take it."""
        return Received(self.lon, self.lat, self.datum)


class MeasuredPositionBody(PositionBody):
    """A position as a phone measured it, with the radius it believes to be in."""

    accuracy_m: float | None = Field(None, ge=0, le=1e6, allow_inf_nan=False)


class LocateQuery(Input):
    """A position with its datum; `generation` asks in a past set of boundaries instead of the present one."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    datum: Datum = Datum.WGS84
    generation: int | None = Field(None, ge=1, lt=2**63)


class BulkQuery(Input):
    """The datum of every point in the body, and the generation to locate in."""

    datum: Datum = Datum.WGS84
    generation: int | None = Field(None, ge=1, lt=2**63)


class AreasQuery(Input):
    """Which areas: those directly beneath `parent`, or the roots; `after` is the last code of the page before."""

    parent: str | None = Field(None, max_length=40)
    after: str = Field("", max_length=40)
    limit: int = Field(100, ge=1, le=500)


class AreaQuery(Input):
    """Whether to give the outline as GeoJSON, and in which datum (public maps in China are drawn in gcj02)."""

    geometry: bool = False
    datum: Datum = Datum.WGS84


class OutlinesQuery(Input):
    """Which outlines: of the areas directly beneath `parent` (none: the roots), or with `leaves` of all lowest areas.

    `box` is west,south,east,north in WGS-84: only what touches it. `generation` is the active one where it is not said.
    """

    parent: str | None = Field(None, max_length=40)
    leaves: bool = False
    box: Annotated[str, StringConstraints(pattern=rf"^{_NUMBER}(,{_NUMBER}){{3}}$")] = "-180,-90,180,90"
    generation: int | None = Field(None, ge=1, lt=2**63)

    def bounds(self) -> tuple[float, float, float, float]:
        """Give the box in numbers."""
        west, south, east, north = map(float, self.box.split(","))
        return west, south, east, north


class PlacesQuery(Input):
    """What was typed."""

    q: str = Field(min_length=1, max_length=100)
    limit: int = Field(5, ge=1, le=20)


@dataclass(frozen=True, slots=True)
class AreaList:
    """A page of areas of a generation by code; `next_after` asks for the page behind it."""

    generation: int
    areas: list[Area]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class AreaDetail:
    """An area of the active generation; `geometry` is GeoJSON in the datum asked for."""

    area: Area
    geometry: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class PlaceList:
    """Places, best first, in WGS-84."""

    places: list[Place]


@dataclass(frozen=True, slots=True)
class GenerationList:
    """Sets of boundaries, newest first."""

    generations: list[Generation]


async def locate_point(request: web.Request, query: LocateQuery) -> LocateAnswer:
    """Tell which area a point belongs to."""
    index = await _index(request, query.generation)
    return answer_of(index.locate(point_from(Received(query.lon, query.lat, query.datum))))


async def locate_points(request: web.Request, query: BulkQuery) -> web.StreamResponse:
    """Locate many points: JSON lines in, JSON lines out in the same order.

    A line is `{"lon": …, "lat": …}`. One that cannot be taken is answered by `{"line": number, "error": …}`, and the
    others are answered all the same.
    """
    index = await _index(request, query.generation)
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    first, reader = 1, language(request)
    try:
        async for lines in _batches(request.content):
            await response.write(_locate_lines(lines, first, index, query.datum, reader))
            first += len(lines)
    except TimeoutError:
        await response.write(to_json({"line": first, "error": TooSlow().explain(reader)}) + b"\n")
    await response.write_eof()
    return response


async def list_areas(request: web.Request, query: AreasQuery) -> AreaList:
    """List the areas beneath one, or the roots, in the active generation."""
    generation_id = request.app[AREAS].generation_id
    async with transaction(request) as conn:
        areas = await queries.list_children(
            conn,
            district_id=district_id(request),
            generation_id=generation_id,
            parent_code=query.parent,
            after=query.after,
            limit=query.limit,
        )
    return AreaList(generation_id, areas, areas[-1].code if len(areas) == query.limit else None)


async def get_area(request: web.Request, code: str, query: AreaQuery) -> AreaDetail:
    """Give one area of the active generation."""
    district, generation = district_id(request), request.app[AREAS].generation_id
    geometry: bytes | None = None
    async with transaction(request) as conn:
        area = await queries.find_area(conn, district_id=district, generation_id=generation, code=code)
        if area is None:
            raise AreaNotFound(code=code)
        if query.geometry:
            geometry = await queries.find_geometry(conn, district_id=district, generation_id=generation, code=code)
    return AreaDetail(area, None if geometry is None else _as_geojson(geometry, query.datum))


async def list_outlines(request: web.Request, query: OutlinesQuery) -> Outlines:
    """Give outlines of areas for a map as GeoJSON in WGS-84, simplified so that they stay below a megabyte.

    At most 2,000; where there are more, `is_cut` says so. A draft is shown to administrators of the whole district.
    """
    district = district_id(request)
    async with transaction(request) as conn:
        total, areas = await queries.list_shapes_in(
            conn,
            district_id=district,
            generation_id=await _shown_generation(request, conn, query.generation),
            parent_code=query.parent,
            is_leaf=query.leaves,
            box=query.bounds(),
            limit=MOST_OUTLINES,
        )
    return await asyncio.to_thread(_draw, areas, total)


async def search_places(request: web.Request, query: PlacesQuery) -> PlaceList:
    """Find places by a typed name or address."""
    return PlaceList(await request.app[SEARCH_PLACES](query.q, query.limit))


async def list_generations(request: web.Request) -> GenerationList:
    """List the sets of boundaries."""
    async with transaction(request) as conn:
        return GenerationList(await queries.list_generations(conn, district_id=district_id(request)))


async def keep_areas_live(app: web.Application) -> AsyncIterator[None]:
    """Load the active generation before the first request (an `app.cleanup_ctx` step, after the pool is open)."""
    await app[AREAS].load(app[BACKGROUND])
    yield


async def follow_areas(app: web.Application) -> None:
    """Take in another generation (a sweep of `app.schedule`)."""
    await app[AREAS].follow(app[BACKGROUND])


async def _index(request: web.Request, generation_id: int | None) -> AreaIndex:
    areas = request.app[AREAS]
    return areas.current if generation_id is None else await areas.generation(request.app[BACKGROUND], generation_id)


async def _shown_generation(request: web.Request, conn: Connection, generation_id: int | None) -> int:
    """Give the generation to be drawn. Raises `GenerationNotFound`, also for a draft that is not his to see."""
    if generation_id is None:
        return request.app[AREAS].generation_id
    known = await queries.find_generation(conn, district_id=district_id(request), generation_id=generation_id)
    is_admin = "" in actor(request).scopes(Role.DISTRICT_ADMIN)
    if known is None or (known.activated_at is None and not is_admin):
        raise GenerationNotFound(pointer="/query/generation", generation=generation_id)
    return known.id


def _draw(areas: list[ShapedArea], total: int) -> Outlines:
    properties: list[dict[str, Any]] = [
        {"code": area.code, "name": area.name, "level": area.level, "is_leaf": area.is_leaf} for area in areas
    ]
    shapes = np.empty(len(areas), dtype=object)
    shapes[:] = [shapely.from_wkb(area.geometry) for area in areas]
    return draw(shapes, properties, total=total)


async def _batches(content: StreamReader) -> AsyncIterator[list[bytes]]:
    """Give the body's lines as they arrive, some at a time, so that neither many lines nor a long one cost memory."""
    rest = b""
    while True:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            arrived = await content.readany()
        *lines, rest = (rest + arrived).split(b"\n")
        if not arrived and rest:
            lines = [rest]
        if lines:
            yield lines
        if not arrived:
            return
        rest = rest[: _LONGEST_LINE + 1]  # what is cut off could not make it a point any more


def _locate_lines(lines: list[bytes], first: int, index: AreaIndex, datum: Datum, reader: str) -> bytes:
    positions = [_position(line) for line in lines]
    good = [position for position in positions if position is not None]
    lons, lats = np.array(good, dtype=np.float64).reshape(-1, 2).T
    located = iter(index.locate_many(*to_wgs84(lons, lats, datum)) if good else ())
    error = MalformedLine().explain(reader)
    answers = [
        {"line": number, "error": error} if position is None else answer_of(next(located))
        for number, position in enumerate(positions, start=first)
    ]
    return b"".join(to_json(answer) + b"\n" for answer in answers)


def _position(line: bytes) -> tuple[float, float] | None:
    if len(line) > _LONGEST_LINE:
        return None
    try:
        value = orjson.loads(line)
        lon, lat = value["lon"], value["lat"]
        if isinstance(lon, bool) or isinstance(lat, bool):
            return None
        return (float(lon), float(lat)) if abs(lon) <= 180 and abs(lat) <= 90 else None
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None


def _as_geojson(wkb: bytes, datum: Datum) -> dict[str, Any]:
    geometry = shapely.from_wkb(wkb)
    shifted = shapely.transform(geometry, lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], datum)))
    described: dict[str, Any] = orjson.loads(shapely.to_geojson(shifted))
    return described
