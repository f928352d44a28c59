"""Follow-up over HTTP: the reporter's link, which needs no sign-in, and the visits that staff owe."""

from aiohttp import web
from pydantic import ConfigDict, Field

from community.followup.answer import answer_follow_up, get_follow_up
from community.followup.models import Answer, FollowUp, VisitPage
from community.followup.visits import list_visits
from community.models import Satisfaction
from core.http.endpoint import Input
from core.http.wiring import RING, actor, district_id, now, transaction


class AnswerBody(Input):
    """What the reporter says of the result; dissatisfaction asks for the case to be reopened."""

    model_config = ConfigDict(
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [
                {"satisfaction": "satisfied", "words": "谢谢，已经办好了"},
                {"satisfaction": "dissatisfied", "words": "路面又积水了"},
            ]
        },
    )

    satisfaction: Satisfaction
    words: str | None = Field(None, min_length=1, max_length=1000)


class VisitsQuery(Input):
    """Which page: `cursor` is the `next_cursor` of the page before; `limit` is at most 200."""

    cursor: str | None = Field(None, max_length=200)
    limit: int = 50


async def read_follow_up(request: web.Request, token: str) -> FollowUp:
    """Show what a link asks about: the case, its result, until when, and the answer once there is one."""
    async with transaction(request) as conn:
        return await get_follow_up(
            conn,
            district_id=district_id(request),
            token=token,
            ring=request.app[RING],
            now=now(request),
        )


async def post_follow_up(request: web.Request, token: str, body: AnswerBody) -> FollowUp:
    """Say whether the result is good; no sign-in is needed, and each closing can be answered once.

    The same answer again gives the same. Dissatisfaction asks for reopening, which a person grants or declines.
    """
    async with transaction(request) as conn:
        return await answer_follow_up(
            conn,
            district_id=district_id(request),
            token=token,
            answer=Answer(body.satisfaction, body.words),
            ring=request.app[RING],
            now=now(request),
        )


async def get_visits(request: web.Request, query: VisitsQuery) -> VisitPage:
    """List the return visits owed within the caller's area, the one due next first."""
    async with transaction(request) as conn:
        return await list_visits(
            conn, ring=request.app[RING], actor=actor(request), cursor=query.cursor, limit=query.limit
        )
