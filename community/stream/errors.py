"""What the stream refuses."""

from core.errors import Refusal, Text, Unavailable


class TooManyStreams(Refusal):
    """This person listens on as many connections as one may."""

    status = 429
    slug = "too-many-streams"
    title = Text("实时连接过多", "Too many streams")
    detail = Text(
        "您已打开 {limit} 个实时连接，请关闭不用的页面后再试。",
        "You already listen on {limit} connections; close pages you do not need and try again.",
    )


class StreamsFull(Unavailable):
    """This process serves as many streams as it can."""

    slug = "streams-full"
    title = Text("实时连接已满", "No stream is free")
    detail = Text(
        "实时连接数已满，请稍后再试；列表和办理不受影响。",
        "Every stream is taken; try again shortly. Lists and actions work as usual.",
    )
