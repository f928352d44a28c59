"""Staff sign-in, and everyone's sessions, over HTTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from aiohttp import web
from pydantic import ConfigDict, Field

from core.access import sessions
from core.access.accounts import prove_again, sign_in
from core.access.device import describe_device
from core.access.models import Grant, Session, Tokens
from core.errors import NotFound
from core.http.endpoint import Created, Input
from core.http.wiring import POOL, actor, district_id, now, transaction

_Token = Field(min_length=1, max_length=256)


class SignInBody(Input):
    """A staff member's name and password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"username": "demo-secretary5", "password": "…"}]})

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class RefreshBody(Input):
    """The refresh token of the last answer; each is good for one renewal."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh": "…"}]})

    refresh: str = _Token


class ProofBody(Input):
    """The password once more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "…"}]})

    password: str = Field(min_length=1, max_length=256)


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """`access` goes into `Authorization: Bearer …`; before it expires, `refresh` gives new ones of both."""

    access: str
    refresh: str
    access_expires_at: datetime
    refresh_expires_at: datetime

    @classmethod
    def of(cls, tokens: Tokens) -> Self:
        """Show the tokens to whom they belong."""
        return cls(tokens.access, tokens.refresh, tokens.access_expires_at, tokens.refresh_expires_at)


@dataclass(frozen=True, slots=True)
class Me:
    """Who the caller is, the roles he holds, and when he last proved in this session who he is."""

    kind: str
    id: int | None
    name: str
    grants: tuple[Grant, ...]
    session_id: int | None
    proved_at: datetime | None


async def sign_in_staff(request: web.Request, body: SignInBody) -> Created[SessionOpened]:
    """Sign in as staff.

    Wrong name, wrong password, locked and disabled accounts are answered alike.
    """
    tokens = await sign_in(
        request.app[POOL],
        district_id=district_id(request),
        username=body.username,
        password=body.password,
        device=describe_device(request.headers.get("User-Agent", "")),
        now=now(request),
    )
    return Created(SessionOpened.of(tokens), location="/api/v1/session")


async def refresh_session(request: web.Request, body: RefreshBody) -> SessionOpened:
    """Renew both tokens of a session.

    A refresh token that has been used before, and whose successor is in use, ends the session: it is in two hands.
    """
    async with transaction(request) as conn:
        tokens = await sessions.refresh_session(
            conn, district_id=district_id(request), token=body.refresh, now=now(request)
        )
    if tokens is None:  # after the commit, for what ends a session must be stored
        raise sessions.SessionEnded()
    return SessionOpened.of(tokens)


async def get_session(request: web.Request) -> Me:
    """Tell who the caller is."""
    caller = actor(request)
    return Me(
        kind=caller.kind,
        id=caller.id,
        name=caller.name,
        grants=caller.grants,
        session_id=caller.session_id,
        proved_at=caller.proved_at,
    )


async def prove_session(request: web.Request, body: ProofBody) -> None:
    """Prove again who one is, for what asks for a recent proof: exports, grants, seeing personal data whole."""
    await prove_again(request.app[POOL], actor=actor(request), password=body.password, now=now(request))


async def sign_out(request: web.Request) -> None:
    """End the session that makes this call."""
    async with transaction(request) as conn:
        await sessions.end_session(
            conn, actor=actor(request), session_id=actor(request).session_id or 0, now=now(request)
        )


async def list_sessions(request: web.Request) -> list[Session]:
    """List one's own sessions: with what device each was opened, when, and when it was last used."""
    async with transaction(request) as conn:
        return await sessions.list_sessions(conn, actor=actor(request), now=now(request))


async def end_session(request: web.Request, session_id: int) -> None:
    """End one of one's own sessions, as of a device that was lost."""
    async with transaction(request) as conn:
        await sessions.end_session(conn, actor=actor(request), session_id=session_id, now=now(request))


async def end_other_sessions(request: web.Request) -> None:
    """End all of one's own sessions but the one that makes this call."""
    caller = actor(request)
    async with transaction(request) as conn:
        if caller.kind == "anonymous" or caller.id is None:
            raise NotFound()
        await sessions.end_sessions(
            conn,
            district_id=caller.district_id,
            kind=caller.kind,
            subject_id=caller.id,
            but=caller.session_id,
            now=now(request),
        )
