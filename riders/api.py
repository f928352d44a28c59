"""Reports and their photos over HTTP. Who riders are stands in `signup.api`, reporters in `reporters.api`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from core.http.endpoint import Created, Input
from core.http.photos import UploadQuery, forget_upload, give_photo, taken_photo
from core.http.wiring import RING, actor, now, transaction
from geo.api import LOCATE, MeasuredPositionBody
from riders import photos, progress
from riders.models import Photo, Report, ReportLine, ReportProgress, Submission
from riders.pages import cut
from riders.submit import submit

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# A phone's clock may be wrong by decades; only what PostgreSQL could not store in UTC is refused.
PhoneTime = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9999, 1, 1, tzinfo=UTC))]


class ReportBody(Input):
    """A report. Without `point` the duty desk finds out the place. `photos` announces what will be sent, by SHA-256."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "category": "litter",
                    "point": {"lon": 120.185, "lat": 35.962, "datum": "gcj02", "accuracy_m": 8},
                    "description": "路口有垃圾堆积",
                }
            ]
        }
    )

    category: str = Field(min_length=1, max_length=40)
    point: MeasuredPositionBody | None = None
    description: Words = ""
    answers: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=500)]] = Field(
        default={}, max_length=50
    )
    observed_at: PhoneTime | None = None
    photos: tuple[Sha256, ...] = Field(default=(), max_length=photos.MOST_PHOTOS)


class PageQuery(Input):
    """Which page: `cursor` is the `next_cursor` of the page before."""

    cursor: int | None = Field(default=None, ge=1, lt=2**63)
    limit: int = Field(default=50, ge=1, le=200)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A rider's reports, newest first."""

    reports: list[ReportLine]
    next_cursor: int | None


async def submit_report(request: web.Request, body: ReportBody) -> Created[Report]:
    """Submit a report; the header `Idempotency-Key` makes it safe to repeat until an answer comes.

    The same key with the same body gives the same answer, with another body 409.
    """
    async with transaction(request) as conn:
        report = await submit(
            conn,
            actor=actor(request),
            submission=to_submission(body),
            key=request.headers.get("Idempotency-Key", ""),
            locate=request.app[LOCATE],
            now=now(request),
        )
    return Created(report, location=f"/api/v1/reports/{report.id}")


async def list_reports(request: web.Request, query: PageQuery) -> ReportPage:
    """List the rider's own reports."""
    async with transaction(request) as conn:
        found = await progress.list_own_reports(conn, actor=actor(request), before=query.cursor, limit=query.limit + 1)
    return ReportPage(*cut(found, query.limit))


async def get_report(request: web.Request, report_id: int) -> ReportProgress:
    """Show a report, where it stands and every step so far, to its rider and to staff who see its case."""
    async with transaction(request) as conn:
        return await progress.get_report_progress(
            conn, actor=actor(request), report_id=report_id, ring=request.app[RING]
        )


async def put_photo(request: web.Request, report_id: int, sha256: str, query: UploadQuery) -> Photo:
    """Send one photo as the raw body; its address names its SHA-256, so sending it again is harmless.

    What is kept and served is a JPEG made of its pixels, without place, time and whatever else the camera wrote.
    """
    async with transaction(request) as conn:
        known = await photos.expect_photo(conn, actor=actor(request), report_id=report_id, sha256=sha256)
    if known is not None:
        forget_upload(request, sha256)
        return known
    async with taken_photo(request, sha256, offset=query.offset) as photo, transaction(request) as conn:
        return await photos.record_photo(conn, actor=actor(request), report_id=report_id, photo=photo, now=now(request))


async def get_photo(request: web.Request, report_id: int, sha256: str) -> web.Response:
    """Give a photo to the rider who sent it and to staff who see its case."""
    async with transaction(request) as conn:
        photo = await progress.get_stored_photo(conn, actor=actor(request), report_id=report_id, sha256=sha256)
    return await give_photo(request, photo.stored_sha256 or "", photo.media_type or "")


def to_submission(body: ReportBody) -> Submission:
    """Turn a body into what the room works with; a photo announced twice counts once."""
    point = body.point
    return Submission(
        category=body.category,
        description=body.description,
        received=None if point is None else point.received(),
        accuracy_m=None if point is None else point.accuracy_m,
        answers=dict(body.answers),
        observed_at=body.observed_at,
        photos=tuple(dict.fromkeys(body.photos)),
    )
