"""What this part refuses to do."""

from core.errors import Conflict, NotFound, Refusal, Text


class FollowUpNotFound(NotFound):
    """The token opens no link; nothing tells a wrong one from one that never was."""

    slug = "follow-up-not-found"
    title = Text("未找到回访", "Follow-up not found")


class FollowUpReplaced(Refusal):
    """The case was opened again after this link was given; another closing brings another link."""

    status = 410
    slug = "follow-up-replaced"
    title = Text("回访链接已失效", "The link has been replaced")
    detail = Text(
        "案件 {number} 已重新办理，此链接不再有效；再次结案后会有新的链接。",
        "Case {number} was opened again, so this link is void; when it is closed again there is a new one.",
    )


class FollowUpExpired(Refusal):
    """The link was not answered in time."""

    status = 410
    slug = "follow-up-expired"
    title = Text("回访链接已过期", "The link has expired")
    detail = Text(
        "案件 {number} 的回访链接在结案 {days} 天后失效；如仍有问题，请重新提交。",
        "The link of case {number} ended {days} days after closing; if something is still wrong, send it in anew.",
    )


class FollowUpAnswered(Conflict):
    """The link was answered already, and otherwise."""

    slug = "follow-up-answered"
    title = Text("已经评价过", "Already answered")
    detail = Text(
        "案件 {number} 已评价为“{satisfaction}”，每次结案只能评价一次。",
        "Case {number} was answered already: “{satisfaction}”. Each closing can be answered once.",
    )
