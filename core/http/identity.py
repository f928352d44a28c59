"""Who is calling: by a token in the Authorization header, or by a session cookie that came from a page of ours.

A browser sends a cookie whoever made it ask. So one counts only for a request from our own origin, and for one that
changes anything only with the session's CSRF token beside it; a bearer token is sent by nobody's mistake and needs
neither. Where a route takes anyone, a cookie that does not count is not there.
"""

import hmac
from datetime import datetime

from aiohttp import web

from core.access.models import Actor, Tokens
from core.access.policy import Policy
from core.access.sessions import anonymous, find_actor
from core.access.tokens.token import Token
from core.access.wall import Work, transaction_of
from core.errors import Refusal, Text
from core.http.wiring import FORGOTTEN, POOL, PUBLIC_URL, bearer_token, district_id, now

#: The prefix binds each to this host, to TLS and to the path `/`; no script can read them.
ACCESS_COOKIE, REFRESH_COOKIE = "__Host-access", "__Host-refresh"
CSRF_HEADER = "X-CSRF-Token"

_SAFE = frozenset(["GET", "HEAD", "OPTIONS"])
_COOKIE = web.RequestKey("session_cookie", Token)
_NEW_COOKIES: web.RequestKey[Tokens | None] = web.RequestKey("new_session_cookies")


class ForeignOrigin(Refusal):
    """A browser sent our cookie at the behest of a page that is not ours."""

    status = 403
    slug = "foreign-origin"
    title = Text("来源不符", "Not from our own page")
    detail = Text(
        "以 Cookie 登录的请求只能由本站页面发出；程序请使用 Authorization 头。",
        "A request signed in by cookie must come from a page of this site; programs use the Authorization header.",
    )


class CsrfTokenNeeded(Refusal):
    """What a cookie alone may not do."""

    status = 403
    slug = "csrf-token-needed"
    title = Text("缺少防伪令牌", "CSRF token needed")
    detail = Text(
        "以 Cookie 登录时，修改类请求须在 X-CSRF-Token 头中带上 GET /api/v1/session 给出的 csrf_token。",
        "Signed in by cookie, a request that changes anything carries the csrf_token that GET /api/v1/session gives, "
        "in the header X-CSRF-Token.",
    )


async def find_caller(request: web.Request, policy: Policy) -> Actor:
    """Give who makes this request; anonymous without a token that is worth anything. Raises what a cookie lacks."""
    token = bearer_token(request)
    if token is None:
        cookie = Token.parse(request.cookies.get(ACCESS_COOKIE, ""))
        lacking = None if cookie is None else _what_is_lacking(request, cookie)
        if cookie is None or (lacking is not None and "anonymous" in policy.kinds):
            return anonymous(district_id(request))
        if lacking is not None:
            raise lacking
        request[_COOKIE], token = cookie, str(cookie)
    async with transaction_of(request.app[POOL], Work.AUTHENTICATE, district_id=district_id(request)) as conn:
        found = await find_actor(conn, district_id=district_id(request), token=token, now=now(request))
    return found or anonymous(district_id(request))


def _what_is_lacking(request: web.Request, cookie: Token) -> Refusal | None:
    if not is_from_own_page(request):
        return ForeignOrigin()
    said = request.headers.get(CSRF_HEADER, "").encode(errors="surrogateescape")
    if request.method not in _SAFE and not hmac.compare_digest(said, cookie.csrf_token().encode()):
        return CsrfTokenNeeded()
    return None


def is_from_own_page(request: web.Request) -> bool:
    """Tell whether a browser says that a page of ours makes this request; for reading, that it does not deny it."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin", "none") or origin not in (None, own_origin(request)):
        return False
    return site is not None or origin is not None or request.method in _SAFE


def own_origin(request: web.Request) -> str:
    """Give the origin of our own pages."""
    return request.app.get(PUBLIC_URL) or f"{request.scheme}://{request.host}"


def require_own_page(request: web.Request) -> None:
    """Let pass only what a page of ours asks: what gives out cookies. Raises `ForeignOrigin`."""
    if not is_from_own_page(request):
        raise ForeignOrigin()


def csrf_token(request: web.Request) -> str | None:
    """Give the word to send with changes; None for a caller who did not come by cookie."""
    cookie = request.get(_COOKIE)
    return None if cookie is None else cookie.csrf_token()


def give_cookies(request: web.Request, tokens: Tokens) -> None:
    """Let the answer to this request carry the tokens as cookies."""
    request[_NEW_COOKIES] = tokens


def leave(request: web.Request, *, with_storage: bool) -> None:
    """Let the answer take away what the browser holds of the session that has ended: cookies and kept answers.

    `with_storage` takes what pages have stored as well, a rider's drafts among it. Not by Clear-Site-Data go the
    cookies: that would take those of all hosts of the domain, which are not ours.
    """
    request[FORGOTTEN] = '"cache", "storage"' if with_storage else '"cache"'
    if _COOKIE in request:
        request[_NEW_COOKIES] = None


def forget_answers(request: web.Request) -> None:
    """Let the browser forget the answers it has kept, as one does that finds its session ended by somebody else.

    The cookies stay, for they may be those of a session that was opened meanwhile.
    """
    request[FORGOTTEN] = '"cache"'


def put_cookies(request: web.Request, response: web.StreamResponse) -> None:
    """Put on the answer what `give_cookies` and `leave` asked for."""
    if _NEW_COOKIES not in request:
        return
    tokens, moment = request[_NEW_COOKIES], now(request)
    if tokens is None:
        _put(response, ACCESS_COOKIE, "", moment, moment)
        _put(response, REFRESH_COOKIE, "", moment, moment)
    else:
        _put(response, ACCESS_COOKIE, tokens.access, tokens.access_expires_at, moment)
        _put(response, REFRESH_COOKIE, tokens.refresh, tokens.refresh_expires_at, moment)


def _put(response: web.StreamResponse, name: str, value: str, until: datetime, moment: datetime) -> None:
    max_age = max(0, int((until - moment).total_seconds()))
    response.set_cookie(name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="Strict")
