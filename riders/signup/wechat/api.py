"""Signing in by WeChat over HTTP."""

from aiohttp import web
from pydantic import ConfigDict, Field

from core.access.api import hand_over
from core.access.device import describe_device
from core.access.sessions import require_recent_sign_in
from core.access.wall import Work, transaction_of
from core.http.endpoint import Created, Input
from core.http.wiring import POOL, RING, actor, district_id, now, transaction
from core.security_log import note
from riders.signup.api import RiderSignedIn
from riders.signup.wechat.bind import Account, Exchange, account_of, bind, sign_in, unbind
from riders.signup.wechat.errors import WechatOff

#: Filled when the service starts; None where the district has no mini-program.
WECHAT: web.AppKey[Exchange | None] = web.AppKey("wechat")


class WechatBody(Input):
    """The code that `wx.login` gave, to be used once and within five minutes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "0a3XYZ"}]})

    code: str = Field(pattern=r"^[!-~]{1,128}$")


async def sign_in_by_wechat(request: web.Request, body: WechatBody) -> Created[RiderSignedIn]:
    """Sign in as the rider who bound this WeChat account."""
    account = await _account(request, body.code)
    device = describe_device(request.headers.get("User-Agent", ""))
    async with transaction_of(request.app[POOL], Work.SIGN_IN, district_id=district_id(request)) as conn:
        entered = await sign_in(
            conn, district_id=district_id(request), account=account, device=device, now=now(request)
        )
    note("signed in", caller="rider", caller_id=entered.rider_id)
    # A mini-program has no cookies.
    session = await hand_over(request, entered.tokens, by_cookie=False)
    return Created(RiderSignedIn(entered.rider_id, entered.is_new, session), location="/api/v1/session")


async def put_wechat(request: web.Request, body: WechatBody) -> None:
    """Bind a WeChat account to the rider, in place of the one before, to sign in with from now on.

    Needs a sign-in within the last ten minutes.
    """
    require_recent_sign_in(actor(request), now(request))
    account = await _account(request, body.code)
    async with transaction(request) as conn:
        await bind(conn, actor=actor(request), account=account, now=now(request))


async def delete_wechat(request: web.Request) -> None:
    """Forget the rider's WeChat account."""
    async with transaction(request) as conn:
        await unbind(conn, actor=actor(request), now=now(request))


async def _account(request: web.Request, code: str) -> Account:
    exchange = request.app[WECHAT]
    if exchange is None:
        raise WechatOff()
    return account_of(request.app[RING], district_id(request), await exchange(code))
