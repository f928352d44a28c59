"""What this part refuses to do."""

from core.errors import Conflict, Text


class AppealEnded(Conflict):
    """Nobody works on the appeal any more, so nothing can be added and nothing taken back."""

    slug = "appeal-ended"
    title = Text("诉求已办结", "The appeal has ended")
    detail = Text(
        "案件 {number} 现为“{state}”，不能再补充或撤回；对结果不满意，请用回访链接评价。",
        "Case {number} is now “{state}”: nothing can be added or taken back. If the result is not good, say so by the "
        "follow-up link.",
    )


class TooManyWords(Conflict):
    """The resident has added to his appeal as often as he can."""

    slug = "too-many-words"
    title = Text("补充次数已满", "Added too often")
    detail = Text("一件诉求最多补充 {most} 次。", "Words can be added to an appeal {most} times at most.")


class ContactErased(Conflict):
    """The resident has had his contact erased; a new one would not outlive a restore of the database."""

    slug = "contact-erased"
    title = Text("联系方式已删除", "The contact was erased")
    detail = Text(
        "这件诉求的联系方式已按您的要求删除，不能再填写；需要联系请重新提交诉求。",
        "The contact of this appeal was erased as you asked and cannot be left anew; to be reached, appeal again.",
    )
