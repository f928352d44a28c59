"""The rules of looks on site over HTTP. The tasks themselves are the riders' room's."""

from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field

from community.verification import queries, rules
from community.verification.models import LookRule, Looks
from core.http.endpoint import Input
from core.http.wiring import actor, district_id, now, transaction

Minutes = Annotated[int, Field(ge=1, le=43_200)]


class LookRuleBody(Input):
    """When a category's cases need a look, for how long reporters are offered it, and when it is given up."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"looks": "before_filing", "offer_minutes": 30, "expire_minutes": 1440}]}
    )

    looks: Looks
    offer_minutes: Minutes = 30
    expire_minutes: Minutes = 1440


@dataclass(frozen=True, slots=True)
class LookRules:
    """The rule of every active category."""

    rules: tuple[LookRule, ...]


async def get_look_rules(request: web.Request) -> LookRules:
    """List which categories need a look on site, before filing or before closing."""
    async with transaction(request) as conn:
        return LookRules(tuple(await queries.list_look_rules(conn, district_id=district_id(request))))


async def put_look_rule(request: web.Request, code: str, body: LookRuleBody) -> LookRule:
    """Say when cases of a category need a look; what is under way keeps its times."""
    rule = LookRule(code, body.looks, body.offer_minutes, body.expire_minutes)
    async with transaction(request) as conn:
        return await rules.set_look_rule(conn, rule=rule, actor=actor(request), now=now(request))
