"""Points, their rules, objections to them and honours over HTTP."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self

from aiohttp import web
from pydantic import ConfigDict, Field, StringConstraints, model_validator

from core.errors import Text
from core.http.endpoint import Created, Input
from core.http.fields import SHOWN
from core.http.wiring import RING, actor, district_id, now, transaction
from riders.api import PageQuery
from riders.pages import cut
from riders.points import corrections, statement
from riders.points.honours import award as honours
from riders.points.honours.models import HonourLine, HonourRecord
from riders.points.models import MOST_BY_HAND, Ground, PointEntry, PointRule, RuleTerms
from riders.points.objections import contest, decide
from riders.points.objections.models import Objection, ObjectionStatus
from riders.points.rules import setting
from riders.points.rules.queries import list_rules
from riders.points.statement import AreaStatement, OwnStatement

Id = Annotated[int, Field(ge=1, lt=2**63)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80), SHOWN]
ByHand = Annotated[int, Field(ge=1, le=MOST_BY_HAND)]


class PointRuleBody(Input):
    """What a rule says from now on; without `category` it holds for all that have none of their own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ground": "filed",
                    "category": "missing_cover",
                    "points": 5,
                    "daily_cap": 10,
                    "zh": "上报井盖缺失已立案",
                    "en": "Your report of a missing cover was filed",
                }
            ]
        }
    )

    ground: Literal[Ground.FILED, Ground.CLOSED, Ground.VERIFIED, Ground.HELPFUL]
    category: str | None = Field(None, min_length=1, max_length=40)
    points: int = Field(ge=0, le=100)
    daily_cap: int = Field(ge=1, le=1000)
    zh: Name
    en: Name


class ReversalBody(Input):
    """Why the entry is taken back, or the reversal undone; the rider reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "照片与现场不符"}]})

    reason: Words


class AwardBody(Input):
    """How many points and why; the rider reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"points": 5, "reason": "暴雨夜里守住缺盖的井口"}]})

    points: ByHand
    reason: Words


class ObjectionBody(Input):
    """What is contested: an entry, or a report that brought none; exactly one of them. And why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"entry_id": 57, "words": "问题确实存在，照片有水印时间"}]}
    )

    entry_id: Id | None = None
    report_id: Id | None = None
    words: Words

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.entry_id is None) == (self.report_id is None):
            raise ValueError(Text("entry_id 与 report_id 二选一。", "Give either entry_id or report_id."))
        return self


class GrantBody(Input):
    """The answer. `points` are added, except where granting restores points that were taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"answer": "已复核，情况属实", "points": 2}]})

    answer: Words
    points: ByHand | None = None


class DeclineBody(Input):
    """The answer; the rider reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"answer": "该处前一日已由他人上报"}]})

    answer: Words


class ObjectionQuery(PageQuery):
    """Which objections."""

    status: ObjectionStatus | None = None


class HonourQuery(Input):
    """Which honours: a local month such as 2026-03, and the path of an area in which reporters are appointed."""

    month: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
    area: str = Field(max_length=400)

    def first_day(self) -> date:
        """Give the first day of the month."""
        return date.fromisoformat(f"{self.month}-01")


@dataclass(frozen=True, slots=True)
class PointRules:
    """The rules in force."""

    rules: list[PointRule]


@dataclass(frozen=True, slots=True)
class ObjectionPage:
    """Objections, newest first."""

    objections: list[Objection]
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class Honours:
    """The honours of an area's month, by place."""

    honours: list[HonourLine]


@dataclass(frozen=True, slots=True)
class HonourRecords:
    """The honours of an area's month with their figures, revoked ones too."""

    honours: list[HonourRecord]


@dataclass(frozen=True, slots=True)
class OwnHonourPage:
    """A rider's honours, newest first."""

    honours: list[HonourRecord]
    next_cursor: int | None


async def get_own_points(request: web.Request, query: PageQuery) -> OwnStatement:
    """Show the rider his balance and his entries, each with its reason."""
    async with transaction(request) as conn:
        return await statement.get_own_statement(conn, actor=actor(request), before=query.cursor, limit=query.limit)


async def get_points_of_rider(request: web.Request, rider_id: int, query: PageQuery) -> AreaStatement:
    """Show staff what a rider has earned in their areas."""
    async with transaction(request) as conn:
        return await statement.get_area_statement(
            conn, actor=actor(request), rider_id=rider_id, before=query.cursor, limit=query.limit, now=now(request)
        )


async def award_points(request: web.Request, rider_id: int, body: AwardBody) -> PointEntry:
    """Give a reporter of one's own area points by hand, within a monthly limit for each rider."""
    async with transaction(request) as conn:
        return await corrections.award(
            conn,
            actor=actor(request),
            rider_id=rider_id,
            points=body.points,
            reason=body.reason,
            now=now(request),
        )


async def reverse_points(request: web.Request, entry_id: int, body: ReversalBody) -> PointEntry:
    """Take an entry back by another that names it; reversing a reversal undoes it."""
    async with transaction(request) as conn:
        return await corrections.reverse(
            conn, actor=actor(request), entry_id=entry_id, reason=body.reason, now=now(request)
        )


async def list_point_rules(request: web.Request) -> PointRules:
    """List what gives points, and how many."""
    async with transaction(request) as conn:
        return PointRules(await list_rules(conn, district_id=district_id(request)))


async def put_point_rule(request: web.Request, body: PointRuleBody) -> PointRule:
    """Put a rule in force from now on; what was given before keeps its own."""
    terms = RuleTerms(body.ground, body.category, body.points, body.daily_cap, body.zh, body.en)
    async with transaction(request) as conn:
        return await setting.set_rule(conn, actor=actor(request), terms=terms, now=now(request))


async def retire_point_rule(request: web.Request, rule_id: int) -> None:
    """End a rule in force without another in its place."""
    async with transaction(request) as conn:
        await setting.retire_rule(conn, actor=actor(request), rule_id=rule_id, now=now(request))


async def object_to_points(request: web.Request, body: ObjectionBody) -> Created[Objection]:
    """Contest an entry of one's own, or that a report brought none, within 30 days."""
    async with transaction(request) as conn:
        objection = await contest.contest(
            conn,
            actor=actor(request),
            entry_id=body.entry_id,
            report_id=body.report_id,
            words=body.words,
            now=now(request),
        )
    return Created(objection, location="/api/v1/points/objections")


async def list_objections(request: web.Request, query: ObjectionQuery) -> ObjectionPage:
    """List a rider's own objections, or those that a staff member's areas answer for."""
    async with transaction(request) as conn:
        found = await contest.list_objections(
            conn, actor=actor(request), status=query.status, before=query.cursor, limit=query.limit + 1
        )
    return ObjectionPage(*cut(found, query.limit))


async def grant_objection(request: web.Request, objection_id: int, body: GrantBody) -> Objection:
    """Grant an objection in words: what was taken back is restored, anything else made good by `points`."""
    async with transaction(request) as conn:
        return await decide.grant(
            conn,
            actor=actor(request),
            objection_id=objection_id,
            answer=body.answer,
            points=body.points,
            now=now(request),
        )


async def decline_objection(request: web.Request, objection_id: int, body: DeclineBody) -> Objection:
    """Decline an objection, saying why."""
    async with transaction(request) as conn:
        return await decide.decline(
            conn, actor=actor(request), objection_id=objection_id, answer=body.answer, now=now(request)
        )


async def list_honours(request: web.Request, query: HonourQuery) -> Honours:
    """List the honours of a month and area; of a name only its first sign is shown.

    Of an area with fewer than five reporters that month, only staff over it are shown any: one could tell who it is.
    """
    async with transaction(request) as conn:
        found = await honours.list_honours(
            conn, ring=request.app[RING], actor=actor(request), month=query.first_day(), area_path=query.area
        )
    return Honours(found)


async def list_honour_records(request: web.Request, query: HonourQuery) -> HonourRecords:
    """List the honours of a month and area of one's own with their figures, revoked ones too."""
    async with transaction(request) as conn:
        found = await honours.list_records(conn, actor=actor(request), month=query.first_day(), area_path=query.area)
    return HonourRecords(found)


async def list_own_honours(request: web.Request, query: PageQuery) -> OwnHonourPage:
    """List the rider's own honours with their figures."""
    async with transaction(request) as conn:
        found = await honours.list_own_records(conn, actor=actor(request), before=query.cursor, limit=query.limit + 1)
    return OwnHonourPage(*cut(found, query.limit))
