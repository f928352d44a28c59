"""Posts and their rota over HTTP."""

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Annotated, Self

from aiohttp import web
from pydantic import ConfigDict, Field, StringConstraints, model_validator

from community.api import Moment
from community.routing.rota.hand_over import hand_over_shift
from community.routing.rota.models import FitPerson, HandedOver, Planned, Post, PostLine, Rota, Shift, Span
from community.routing.rota.posts import (
    cancel_shift,
    close_post,
    get_rota,
    list_fit,
    list_seen_posts,
    open_post,
    plan_shifts,
)
from core.errors import Text
from core.http.endpoint import Created, Input
from core.http.fields import SHOWN
from core.http.wiring import actor, district_id, now, transaction

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=120), SHOWN]
Path = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)]

#: How far ahead a rota is shown if nothing else is asked.
SHOWN_DAYS = 14
LONGEST_SHIFT = timedelta(days=31)


class PostBody(Input):
    """A post and the area whose cases it answers for; `is_default`: also those that no rule sends to another post."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "社区值班岗", "area_path": "370211/001/002", "is_default": True}]}
    )

    name: Line
    area_path: Path = ""
    is_default: bool = True


class ShiftBody(Input):
    """Who is on duty from when until just before when; at most 31 days."""

    staff_id: Id
    starts_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if not timedelta(0) < self.ends_at - self.starts_at <= LONGEST_SHIFT:
            raise ValueError(
                Text("结束须晚于开始，且不超过 31 天。", "It must end later than it starts, within 31 days.")
            )
        return self


class ShiftsBody(Input):
    """Shifts to be put on the rota, all or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "shifts": [
                        {
                            "staff_id": 5,
                            "starts_at": "2026-03-10T08:00:00+08:00",
                            "ends_at": "2026-03-10T20:00:00+08:00",
                        }
                    ]
                }
            ]
        }
    )

    shifts: Annotated[list[ShiftBody], Field(min_length=1, max_length=200)]


class ShiftHandOverBody(Input):
    """To whom and why; `with_cases` gives him the open cases that the one before leads by this post."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"staff_id": 6, "reason": "临时外出", "with_cases": True}]}
    )

    staff_id: Id
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    with_cases: bool = False


class RotaQuery(Input):
    """Which time: from `since` (now) until `before` (two weeks later), at most 92 days."""

    since: Moment | None = None
    before: Moment | None = None


@dataclass(frozen=True, slots=True)
class Posts:
    """The open posts of one's areas and above them."""

    posts: tuple[PostLine, ...]


@dataclass(frozen=True, slots=True)
class Shifts:
    """Shifts that were put on the rota."""

    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class FitPeople:
    """Who may be on duty at a post, those of the nearest area first."""

    people: tuple[FitPerson, ...]


async def list_posts(request: web.Request) -> Posts:
    """List the posts of the caller's areas and above them, each with who is on duty now."""
    async with transaction(request) as conn:
        return Posts(tuple(await list_seen_posts(conn, actor=actor(request), now=now(request))))


async def add_post(request: web.Request, body: PostBody) -> Created[Post]:
    """Open a post for an area of the caller's."""
    async with transaction(request) as conn:
        post = await open_post(
            conn,
            district_id=district_id(request),
            name=body.name,
            area_path=body.area_path,
            is_default=body.is_default,
            actor=actor(request),
            now=now(request),
        )
    return Created(post, location=f"/api/v1/posts/{post.id}/rota")


async def remove_post(request: web.Request, post_id: int) -> None:
    """Close a post; what was on its rota stays on record."""
    async with transaction(request) as conn:
        await close_post(conn, post_id=post_id, actor=actor(request), now=now(request))


async def show_rota(request: web.Request, post_id: int, query: RotaQuery) -> Rota:
    """Show who is on duty at a post and when nobody will be."""
    since = (query.since or now(request)).astimezone(UTC)
    period = Span(since, (query.before or since + timedelta(days=SHOWN_DAYS)).astimezone(UTC))
    async with transaction(request) as conn:
        return await get_rota(conn, post_id=post_id, period=period, actor=actor(request), now=now(request))


async def list_fit_people(request: web.Request, post_id: int) -> FitPeople:
    """List the people who may be put on duty at a post."""
    async with transaction(request) as conn:
        return FitPeople(tuple(await list_fit(conn, post_id=post_id, actor=actor(request))))


async def add_shifts(request: web.Request, post_id: int, body: ShiftsBody) -> Shifts:
    """Put shifts on the rota of a post, all or none."""
    planned = [Planned(shift.staff_id, shift.starts_at, shift.ends_at) for shift in body.shifts]
    async with transaction(request) as conn:
        shifts = await plan_shifts(
            conn,
            district_id=district_id(request),
            post_id=post_id,
            planned=planned,
            actor=actor(request),
            now=now(request),
        )
    return Shifts(tuple(shifts))


async def remove_shift(request: web.Request, post_id: int, shift_id: int) -> None:
    """Take a shift that has not begun off the rota."""
    async with transaction(request) as conn:
        await cancel_shift(conn, post_id=post_id, shift_id=shift_id, actor=actor(request), now=now(request))


async def hand_over_post(request: web.Request, post_id: int, body: ShiftHandOverBody) -> HandedOver:
    """Hand the shift that holds now over to another person, with its open cases if asked.

    The person on duty may do it, and who keeps the post.
    """
    async with transaction(request) as conn:
        return await hand_over_shift(
            conn,
            post_id=post_id,
            to_id=body.staff_id,
            reason=body.reason,
            with_cases=body.with_cases,
            actor=actor(request),
            now=now(request),
        )
