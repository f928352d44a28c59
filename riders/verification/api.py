"""Looks on site over HTTP: what is on offer, taking, answering, and what staff see of it."""

from dataclasses import dataclass
from datetime import time
from typing import Annotated, Self

from aiohttp import web
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from community import queries as case_queries
from community.errors import CaseNotFound
from community.photos.models import CasePhoto
from community.sight import roles_on
from community.verification.models import Answer
from core.access.wall import Work, acting
from core.errors import Text
from core.http.endpoint import Input
from core.http.photos import UploadQuery, forget_upload, taken_photo
from core.http.wiring import actor, now, transaction
from geo.api import PositionBody
from geo.datum import point_from
from geo.models import Datum, Received
from riders.api import PageQuery
from riders.models import rider_id_of
from riders.pages import cut
from riders.verification import answer as answers
from riders.verification import photos, queries, take
from riders.verification.models import Offer, OwnTask, Receipt, Said, Task, Willingness
from riders.verification.offers import offering, willingness
from riders.verification.offers.nearness import Way, coarse

Degrees = Annotated[float, Field(allow_inf_nan=False)]
Lat = Annotated[Degrees, Field(ge=-90, le=90)]
Lon = Annotated[Degrees, Field(ge=-180, le=180)]


def _without_zone(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError(Text("请填写当地时间，不带时区。", "Give the local time, without a zone."))
    return value


LocalTime = Annotated[time, AfterValidator(_without_zone)]


class OffersQuery(Input):
    """Where the rider is (`lat`, `lon`, `datum`), and where he goes (`to_lat`, `to_lon`), if he says so; never kept.

    With a position, only what lies within `within_m` of it or of the way is listed.
    """

    lat: Lat | None = None
    lon: Lon | None = None
    datum: Datum = Datum.WGS84
    to_lat: Lat | None = None
    to_lon: Lon | None = None
    within_m: float = Field(2_000.0, gt=0, le=20_000)
    limit: int = Field(20, ge=1, le=100)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.lat is None) != (self.lon is None) or (self.to_lat is None) != (self.to_lon is None):
            raise ValueError(Text("经纬度须成对填写。", "Give latitude and longitude together."))
        if self.lat is None and self.to_lat is not None:
            raise ValueError(Text("请同时填写出发地。", "Say where you are as well."))
        return self

    def way(self) -> Way | None:
        """Give the way to some 100 m, which is all that anything behind this ever sees of it."""
        if self.lat is None or self.lon is None:
            return None
        start = coarse(point_from(Received(self.lon, self.lat, self.datum)))
        if self.to_lat is None or self.to_lon is None:
            return Way(start)
        return Way(start, coarse(point_from(Received(self.to_lon, self.to_lat, self.datum))))


class AnswerBody(Input):
    """What was found. `position` only tells the distance, which is kept in tens of metres; the position is not."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"answer": "present"},
                {
                    "answer": "gone",
                    "note": "已清运，地面干净",
                    "position": {"lon": 120.18, "lat": 35.96, "datum": "wgs84"},
                },
            ]
        }
    )

    answer: Answer
    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] | None = None
    position: PositionBody | None = None

    def said(self) -> Said:
        """Give it as the room takes it."""
        stands_at = None if self.position is None else point_from(self.position.received())
        return Said(self.answer, self.note, stands_at)


class WillingnessBody(Input):
    """Whether the rider wants to be asked, and the local hours in which he is not told of anything."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"may_be_asked": True, "quiet_from": "22:00", "quiet_until": "07:00"}]}
    )

    may_be_asked: bool
    quiet_from: LocalTime | None = None
    quiet_until: LocalTime | None = None


@dataclass(frozen=True, slots=True)
class OfferList:
    """What a rider may take: the nearest first where he said where he is, else the oldest first."""

    tasks: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class OwnTaskPage:
    """What a rider holds or held, newest first."""

    tasks: list[OwnTask]
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class TasksOfCase:
    """Every look at a case, oldest first."""

    tasks: tuple[Task, ...]


async def list_offered_tasks(request: web.Request, query: OffersQuery) -> OfferList:
    """List the looks on site that a rider may take, near where he is or goes, or in all his areas.

    The exact place is told to whoever takes the task.
    """
    async with transaction(request) as conn, acting(conn, Work.LOOK):
        found = await offering.list_offers(
            conn,
            actor=actor(request),
            way=query.way(),
            within_m=query.within_m,
            limit=query.limit,
            now=now(request),
        )
    return OfferList(tuple(found))


async def list_own_tasks(request: web.Request, query: PageQuery) -> OwnTaskPage:
    """List the looks that a rider holds, and those he answered or was too late for."""
    caller = actor(request)
    async with transaction(request) as conn, acting(conn, Work.LOOK):
        found = await queries.list_own_tasks(
            conn,
            district_id=caller.district_id,
            rider_id=rider_id_of(caller),
            before=query.cursor,
            limit=query.limit + 1,
        )
    return OwnTaskPage(*cut(found, query.limit))


async def accept_task(request: web.Request, task_id: int) -> OwnTask:
    """Take a look on site: whoever is first holds it for half an hour, and learns the exact place."""
    async with transaction(request) as conn:
        return await take.accept(conn, actor=actor(request), task_id=task_id, now=now(request))


async def give_task_back(request: web.Request, task_id: int) -> None:
    """Give a look back, so that others can take it."""
    async with transaction(request) as conn:
        await take.give_back(conn, actor=actor(request), task_id=task_id, now=now(request))


async def put_look_photo(request: web.Request, task_id: int, sha256: str, query: UploadQuery) -> CasePhoto:
    """Send one photo as the raw body; its address names its SHA-256, so sending it again is harmless.

    What is kept and served is a JPEG made of its pixels, without place, time and whatever else the camera wrote.
    """
    async with transaction(request) as conn:
        known = await photos.expect_photo(conn, actor=actor(request), task_id=task_id, sha256=sha256, now=now(request))
    if known is not None:
        forget_upload(request, sha256)
        return known
    async with taken_photo(request, sha256, offset=query.offset) as photo, transaction(request) as conn:
        return await photos.record_photo(conn, actor=actor(request), task_id=task_id, photo=photo, now=now(request))


async def answer_task(request: web.Request, task_id: int, body: AnswerBody) -> Receipt:
    """Say whether the matter is there, with the photos sent so far; the same answer again gives the same receipt.

    For the rider who holds the task, and for staff of its area while no rider does.
    """
    async with transaction(request) as conn:
        return await answers.answer(conn, actor=actor(request), task_id=task_id, said=body.said(), now=now(request))


async def list_tasks_of_case(request: web.Request, case_id: int) -> TasksOfCase:
    """List every look at a case to staff who see it."""
    caller = actor(request)
    async with transaction(request) as conn:
        case = await case_queries.find_case(conn, district_id=caller.district_id, case_id=case_id)
        if case is None or not roles_on(caller, case):
            raise CaseNotFound()
        found = await queries.list_tasks_of_case(conn, district_id=caller.district_id, case_id=case_id)
    return TasksOfCase(tuple(found))


async def get_willingness(request: web.Request) -> Willingness:
    """Show whether the rider wants to be asked for looks on site."""
    async with transaction(request) as conn:
        return await willingness.get_willingness(conn, actor=actor(request))


async def put_willingness(request: web.Request, body: WillingnessBody) -> Willingness:
    """Say whether the rider wants to be asked for looks on site, and when he is not to be disturbed."""
    said = Willingness(body.may_be_asked, body.quiet_from, body.quiet_until)
    async with transaction(request) as conn:
        return await willingness.set_willingness(conn, actor=actor(request), willingness=said, now=now(request))
