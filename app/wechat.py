"""WeChat's `code2Session` over HTTP: turns the code of a mini-program's `wx.login` into an openid.

The answer's session_key is read and dropped here; the address asked for holds the secret of the mini-program, so no
error of the HTTP client is logged or passed on.
"""

import logging
from collections.abc import AsyncIterator, Callable

import aiohttp
import orjson
from aiohttp import web

from app.settings import SettingRefused, Settings
from core.errors import Refusal
from core.sealing.files import check_private
from riders.signup.wechat.api import WECHAT
from riders.signup.wechat.errors import (
    WechatBlocked,
    WechatCodeNotValid,
    WechatQuotaUsedUp,
    WechatTooOften,
    WechatUnavailable,
)

WECHAT_URL = "https://api.weixin.qq.com"
TIMEOUT = aiohttp.ClientTimeout(total=5, connect=3)

_PATH = "/sns/jscode2session"
_LONGEST_ANSWER = 16 * 1024
#: WeChat's error code → what it means to the caller. 40163, a code used before, is not in its list but is given.
_REFUSALS: dict[int, Callable[[], Refusal]] = {
    40029: lambda: WechatCodeNotValid(pointer="/code"),
    40163: lambda: WechatCodeNotValid(pointer="/code"),
    45011: lambda: WechatTooOften(retry_after_s=60),
    40226: WechatBlocked,
    45009: lambda: WechatQuotaUsedUp(retry_after_s=3600),
}

_log = logging.getLogger(__name__)


class Code2Session:
    """Asks WeChat who made a code."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        *,
        base_url: str,
        appid: str,
        secret: str,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        self._http, self._address, self._timeout = http, base_url + _PATH, timeout
        self._asked = {"appid": appid, "secret": secret, "grant_type": "authorization_code"}

    async def __call__(self, code: str) -> str:
        """Give the openid. Raises the refusals of `riders.signup.wechat.errors`."""
        answer = await self._ask(code)
        number = answer.get("errcode", 0)
        if isinstance(number, int) and number in _REFUSALS:
            if number == 45009:
                _log.error("WeChat's quota of sign-ins for the day is spent")
            raise _REFUSALS[number]()
        openid = answer.get("openid")
        if number != 0 or not isinstance(openid, str) or not 0 < len(openid) <= 128:
            _log.warning("WeChat gave no openid: errcode %.20r", number)
            raise WechatUnavailable(retry_after_s=5)
        return openid

    async def _ask(self, code: str) -> dict[str, object]:
        raw = b""
        try:
            async with self._http.get(
                self._address, params=self._asked | {"js_code": code}, timeout=self._timeout, allow_redirects=False
            ) as response:
                async for part in response.content.iter_any():
                    raw += part
                    if len(raw) > _LONGEST_ANSWER:
                        raise WechatUnavailable(retry_after_s=5)
            answer = orjson.loads(raw) if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            _log.warning("WeChat cannot be asked: %s", type(error).__name__)
            answer = None
        if not isinstance(answer, dict):
            raise WechatUnavailable(retry_after_s=5)
        return answer


def read_wechat_secret(settings: Settings) -> str:
    """Read the mini-program's secret beside the data. Raises `SettingRefused`, `KeysRefused`."""
    place = settings.keys_folder / "wechat.secret"
    if not place.is_file():
        raise SettingRefused(
            f"STATION_WECHAT_APPID: 缺少小程序密钥文件 {place} / put the mini-program's secret into this file"
        )
    check_private(place)
    secret = place.read_text().strip()
    if len(secret) < 16:
        raise SettingRefused(f"{place}: 不是小程序密钥 / this is no secret of a mini-program")
    return secret


def wechat(settings: Settings, *, base_url: str) -> Callable[[web.Application], AsyncIterator[None]]:
    """Make the `app.cleanup_ctx` step that lets riders sign in by WeChat, where the district has a mini-program."""
    secret = read_wechat_secret(settings) if settings.wechat_appid else ""

    async def connect(app: web.Application) -> AsyncIterator[None]:
        app[WECHAT] = None
        if not settings.wechat_appid:
            yield
            return
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            app[WECHAT] = Code2Session(http, base_url=base_url, appid=settings.wechat_appid, secret=secret)
            yield

    return connect
