"""What limits refuse."""

from core.errors import Refusal, Text, Unavailable


class TooManyRequests(Refusal):
    """This person or this address asks for more of this kind than it may."""

    status = 429
    slug = "too-many-requests"
    title = Text("请求过于频繁", "Too many requests")
    detail = Text(
        "请求过于频繁，请在 {seconds} 秒后再试。", "Too many requests of this kind; try again in {seconds} s."
    )


class AreaFlooded(Refusal):
    """Strangers send more for this area than its community could read."""

    status = 429
    slug = "area-flooded"
    title = Text("该区域提交过多", "Too much for this area")
    detail = Text(
        "该区域短时间内提交过多，请在 {seconds} 秒后用同一请求重试；急事请拨打 12345。",
        "Too much arrives for this area; repeat the same request in {seconds} s. If it is urgent, call 12345.",
    )


class Overloaded(Unavailable):
    """More arrives than can be answered in time; what matters less is sent away first."""

    slug = "overloaded"
    title = Text("访问量过大", "Too busy")
    detail = Text(
        "当前访问量过大，请稍后用同一请求重试，已提交的内容不会重复。",
        "Too much at once; repeat the same request in a moment, nothing will be doubled.",
    )
