"""What this part refuses to do."""

from core.errors import Conflict, Refusal, Text


class NobodyToReach(Conflict):
    """Nobody stands behind the case who left a name or a number."""

    slug = "nobody-to-reach"
    title = Text("没有可联系的人", "Nobody to reach")
    detail = Text("此案件没有留下姓名或电话。", "Nobody left a name or a number with this case.")


class UnmaskedTooOften(Refusal):
    """This staff member has seen as many people in the clear as he may within an hour."""

    status = 429
    slug = "unmasked-too-often"
    title = Text("查看次数过多", "Seen too often")
    detail = Text(
        "一小时内最多查看 {most} 人的联系方式，请稍后再试；如工作确需，请联系管理员。",
        "At most {most} people can be seen within an hour; try again later, or tell the administrator what work needs.",
    )
