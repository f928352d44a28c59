"""Staff sign-in, and everyone's sessions, over HTTP."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from pydantic import ConfigDict, Field

from core.access import sessions
from core.access.accounts import prove_again, sign_in
from core.access.device import describe_device
from core.access.models import Grant, Owed, Session, Tokens
from core.access.tokens.token import Token
from core.access.wall import Work, acting
from core.errors import FieldError, InvalidInput, NotFound, Text
from core.http.endpoint import Created, Input
from core.http.identity import REFRESH_COOKIE, csrf_token, forget_answers, give_cookies, leave, require_own_page
from core.http.wiring import POOL, RING, actor, district_id, now, transaction

_Code = Field(default="", max_length=40)
_REFRESH_NEEDED = Text(
    "以 Authorization 头登录时必填：两个令牌随之更换。",
    "Needed by whoever came with an Authorization header: both tokens are renewed with it.",
)


class SignInBody(Input):
    """A staff member's name and password, and a code of his authenticator or a recovery code once he has set it up.

    `cookies` asks for the tokens as cookies, which no script can read.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"username": "demo-secretary5", "password": "…", "code": "123456"}]}
    )

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)
    code: str = _Code
    cookies: bool = False


class RefreshBody(Input):
    """The refresh token of the last answer, good for one renewal; left out, the one that came as a cookie."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh": "…"}, {}]})

    refresh: str | None = Field(default=None, min_length=1, max_length=256)


class ProofBody(Input):
    """The password once more, a new code, and the refresh token; left out, the one that came as a cookie."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "…", "code": "123456", "refresh": "…"}]})

    password: str = Field(min_length=1, max_length=256)
    code: str = _Code
    refresh: str | None = Field(default=None, min_length=1, max_length=256)


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """`access` goes into `Authorization: Bearer …`; before it expires, `refresh` gives new ones of both.

    Where the tokens went as cookies, `csrf_token` stands in their place, for the header `X-CSRF-Token`. A session that
    is not used (staff 30 minutes, riders 30 days) ends before its refresh token expires.
    """

    access: str | None
    refresh: str | None
    access_expires_at: datetime
    refresh_expires_at: datetime
    csrf_token: str | None


@dataclass(frozen=True, slots=True)
class Me:
    """Who the caller is, the roles he holds, and when he last proved in this session who he is.

    What he `owes` he must do before he may do anything else.
    `csrf_token` is for the header `X-CSRF-Token` of whoever is signed in by cookie.
    """

    kind: str
    id: int | None
    name: str
    grants: tuple[Grant, ...]
    owes: tuple[Owed, ...]
    session_id: int | None
    proved_at: datetime | None
    csrf_token: str | None


async def sign_in_staff(request: web.Request, body: SignInBody) -> Created[SessionOpened]:
    """Sign in as staff.

    Wrong name, wrong password, wrong code, locked and disabled accounts are answered alike. A session of an account
    that has no authenticator yet, or a password given by someone else, only serves to change that.
    """
    admit_sign_in(request, by_cookie=body.cookies)
    tokens = await sign_in(
        request.app[POOL],
        district_id=district_id(request),
        username=body.username,
        password=body.password,
        code=body.code,
        ring=request.app[RING],
        device=describe_device(request.headers.get("User-Agent", "")),
        now=now(request),
    )
    return Created(await hand_over(request, tokens, by_cookie=body.cookies), location="/api/v1/session")


def admit_sign_in(request: web.Request, *, by_cookie: bool) -> None:
    """Let no foreign page sign a browser in. Raises `ForeignOrigin`."""
    if by_cookie:
        require_own_page(request)


async def hand_over(request: web.Request, tokens: Tokens, *, by_cookie: bool) -> SessionOpened:
    """Give the tokens of a fresh session to whom they belong; one that his cookies held before ends."""
    if not by_cookie:
        return _in_body(tokens)
    async with transaction(request) as conn, acting(conn, Work.AUTHENTICATE):
        before = request.cookies.get(REFRESH_COOKIE, "")
        await sessions.close_session(conn, district_id=district_id(request), token=before, now=now(request))
    return _as_cookies(request, tokens)


def _in_body(tokens: Tokens) -> SessionOpened:
    return SessionOpened(tokens.access, tokens.refresh, tokens.access_expires_at, tokens.refresh_expires_at, None)


def _as_cookies(request: web.Request, tokens: Tokens) -> SessionOpened:
    give_cookies(request, tokens)
    token = Token.parse(tokens.access)
    csrf = None if token is None else token.csrf_token()
    return SessionOpened(None, None, tokens.access_expires_at, tokens.refresh_expires_at, csrf)


async def refresh_session(request: web.Request, body: RefreshBody) -> SessionOpened:
    """Renew both tokens of a session.

    A refresh token that has been used before, and whose successor is in use, ends the session: it is in two hands.
    What came as a cookie is never answered in the body, where a script could read it.
    """
    token = _refresh_token(request, body.refresh)
    async with transaction(request) as conn, acting(conn, Work.AUTHENTICATE):
        tokens = await sessions.refresh_session(conn, district_id=district_id(request), token=token, now=now(request))
    return _renewed(request, tokens, by_cookie=body.refresh is None)


def _refresh_token(request: web.Request, told: str | None) -> str:
    """Give the refresh token that stands in the body, else in the cookie. Raises `ForeignOrigin`."""
    if told is not None:
        return told
    require_own_page(request)
    return request.cookies.get(REFRESH_COOKIE, "")


def _renewed(request: web.Request, tokens: Tokens | None, *, by_cookie: bool) -> SessionOpened:
    """Answer with the new pair the way the old one came; after the commit, for what ends a session must be stored."""
    if tokens is None:
        forget_answers(request)
        raise sessions.SessionEnded()
    return _as_cookies(request, tokens) if by_cookie else _in_body(tokens)


async def get_session(request: web.Request) -> Me:
    """Tell who the caller is."""
    caller = actor(request)
    return Me(
        kind=caller.kind,
        id=caller.id,
        name=caller.name,
        grants=caller.grants,
        owes=caller.owes,
        session_id=caller.session_id,
        proved_at=caller.proved_at,
        csrf_token=csrf_token(request),
    )


async def prove_session(request: web.Request, body: ProofBody) -> SessionOpened:
    """Prove again who one is, for what asks for a recent proof: exports, grants, seeing personal data whole.

    Both tokens are renewed, so whoever has copied them meanwhile has nothing of the proof.
    """
    if body.refresh is None and csrf_token(request) is None:
        raise InvalidInput([FieldError("/refresh", _REFRESH_NEEDED)])
    tokens = await prove_again(
        request.app[POOL],
        actor=actor(request),
        password=body.password,
        code=body.code,
        refresh=_refresh_token(request, body.refresh),
        ring=request.app[RING],
        now=now(request),
    )
    return _renewed(request, tokens, by_cookie=body.refresh is None)


async def sign_out(request: web.Request) -> None:
    """End the session that makes this call."""
    async with transaction(request) as conn:
        await sessions.end_session(
            conn, actor=actor(request), session_id=actor(request).session_id or 0, now=now(request)
        )
    # What a rider has not sent yet lies in the browser's storage, whoever else signs out there, and waits for him.
    leave(request, with_storage=False)


async def list_sessions(request: web.Request) -> list[Session]:
    """List one's own sessions: with what device each was opened, when, and when it was last used."""
    async with transaction(request) as conn:
        return await sessions.list_sessions(conn, actor=actor(request), now=now(request))


async def end_session(request: web.Request, session_id: int) -> None:
    """End one of one's own sessions, as of a device that was lost.

    For another than the one that makes this call it needs a sign-in proved within the last minutes, or a thief could
    turn out whom he robbed.
    """
    is_this = session_id == actor(request).session_id
    if not is_this:
        sessions.require_recent_sign_in(actor(request), now(request))
    async with transaction(request) as conn:
        await sessions.end_session(conn, actor=actor(request), session_id=session_id, now=now(request))
    if is_this:
        leave(request, with_storage=False)


async def end_other_sessions(request: web.Request) -> None:
    """End all of one's own sessions but the one that makes this call.

    Needs a sign-in proved within the last minutes.
    """
    caller = actor(request)
    sessions.require_recent_sign_in(caller, now(request))
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
