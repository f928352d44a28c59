"""Staff sign-in and sign-out over HTTP."""

from dataclasses import dataclass

from aiohttp import web
from pydantic import ConfigDict, Field

from core.access.accounts import sign_in
from core.access.models import Grant
from core.access.sessions import close_session
from core.errors import SignInRequired
from core.http.endpoint import Created, Input
from core.http.wiring import POOL, actor, bearer_token, district_id, now, transaction


class SignInBody(Input):
    """A staff member's name and password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"username": "demo-secretary5", "password": "…"}]})

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The token to send as `Authorization: Bearer …` from now on."""

    token: str


@dataclass(frozen=True, slots=True)
class Me:
    """Who the caller is, and the roles he holds."""

    kind: str
    id: int | None
    name: str
    grants: tuple[Grant, ...]


async def sign_in_staff(request: web.Request, body: SignInBody) -> Created[SessionOpened]:
    """Sign in as staff.

    Wrong name, wrong password, locked and disabled accounts are answered alike.
    """
    token = await sign_in(
        request.app[POOL],
        district_id=district_id(request),
        username=body.username,
        password=body.password,
        now=now(request),
    )
    return Created(SessionOpened(token), location="/api/v1/session")


async def get_session(request: web.Request) -> Me:
    """Tell who the caller is."""
    caller = actor(request)
    return Me(kind=caller.kind, id=caller.id, name=caller.name, grants=caller.grants)


async def sign_out(request: web.Request) -> None:
    """End the session of the token that makes this call."""
    token = bearer_token(request)
    if token is None:
        raise SignInRequired()
    async with transaction(request) as conn:
        await close_session(conn, district_id=district_id(request), token=token, now=now(request))
