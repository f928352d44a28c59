"""What signing in by WeChat refuses. Each error code that WeChat documents has a refusal of its own."""

from core.errors import Conflict, NotAllowed, NotFound, Refusal, Text, Unavailable


class WechatOff(NotFound):
    """This district has no mini-program."""

    slug = "wechat-off"
    title = Text("未开通微信登录", "No sign-in by WeChat")
    detail = Text("本服务未开通微信登录，请用手机号登录。", "This service has no WeChat sign-in; sign in by phone.")


class WechatNotBound(NotAllowed):
    """Nobody has bound this WeChat account."""

    slug = "wechat-not-bound"
    title = Text("微信尚未绑定", "WeChat is not bound")
    detail = Text(
        "此微信尚未绑定骑手。请先用手机号登录，再绑定微信（PUT /api/v1/riders/me/wechat）。",
        "No rider has bound this WeChat account. Sign in by phone first, then bind it (PUT /api/v1/riders/me/wechat).",
    )


class WechatBoundElsewhere(Conflict):
    """Another rider has bound this WeChat account."""

    slug = "wechat-bound-elsewhere"
    title = Text("微信已绑定其他骑手", "WeChat is bound to another rider")
    detail = Text(
        "此微信已绑定另一个手机号，请先用那个手机号登录并解绑。",
        "This WeChat account is bound to another phone; sign in there and unbind it first.",
    )


class WechatCodeNotValid(Refusal):
    """40029: the code is no code, has been used, or is older than five minutes."""

    status = 422
    slug = "wechat-code-not-valid"
    is_failed_proof = True
    title = Text("微信登录凭证无效", "The WeChat code is not valid")
    detail = Text(
        "微信登录凭证无效、已使用或已过期（5 分钟），请重新进入小程序再试。",
        "The WeChat code is wrong, used or older than 5 minutes; open the mini-program again.",
    )


class WechatTooOften(Refusal):
    """45011: this user signs in too often within a minute."""

    status = 429
    slug = "wechat-too-often"
    title = Text("微信登录过于频繁", "WeChat sign-in too often")
    detail = Text("微信登录过于频繁，请一分钟后再试。", "WeChat was asked too often; try again in a minute.")


class WechatBlocked(NotAllowed):
    """40226: WeChat holds this user for a risk and does not say who he is."""

    slug = "wechat-blocked"
    title = Text("微信拦截了此次登录", "WeChat blocks this sign-in")
    detail = Text("微信拦截了此次登录，请改用手机号登录。", "WeChat blocks this account; sign in by phone instead.")


class WechatQuotaUsedUp(Unavailable):
    """45009: the district's quota of calls for the day is spent."""

    slug = "wechat-quota-used-up"
    title = Text("今日微信登录次数已满", "No more WeChat sign-ins today")
    detail = Text("今日微信登录次数已满，请改用手机号登录。", "WeChat takes no more sign-ins today; sign in by phone.")


class WechatUnavailable(Unavailable):
    """WeChat does not answer, or not as documented."""

    slug = "wechat-unavailable"
    title = Text("微信暂时无法登录", "WeChat cannot be reached")
    detail = Text(
        "暂时无法连接微信，请稍后再试，或用手机号登录。", "WeChat cannot be reached; try again, or sign in by phone."
    )
