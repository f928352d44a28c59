"""What is kept how long, over HTTP."""

from dataclasses import dataclass

from aiohttp import web
from pydantic import ConfigDict, Field

from core.http.endpoint import Input
from core.http.wiring import actor, district_id, now, transaction
from core.privacy import retention
from core.privacy.models import RetentionRule


class DaysBody(Input):
    """For how many days it is kept from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"days": 90}]})

    days: int = Field(ge=1, le=36_500)


@dataclass(frozen=True, slots=True)
class Retention:
    """What the service keeps, for how long, and after what, in words."""

    rules: list[RetentionRule]


async def get_retention(request: web.Request) -> Retention:
    """Show what is kept how long, and what becomes of it then."""
    async with transaction(request) as conn:
        return Retention(await retention.list_rules(conn, district_id=district_id(request)))


async def put_retention(request: web.Request, purpose: str, body: DaysBody) -> RetentionRule:
    """Set how long something is kept, within its bounds."""
    async with transaction(request) as conn:
        return await retention.set_days(conn, actor=actor(request), purpose=purpose, days=body.days, now=now(request))
