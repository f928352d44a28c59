"""What this part refuses to do."""

from core.errors import Conflict, Refusal, Text


class PhoneTaken(Conflict):
    """The new number is another rider's; told only to who has proved that he holds it."""

    slug = "phone-taken"
    title = Text("手机号已被使用", "Phone number in use")
    detail = Text(
        "该手机号已有骑手账号；请先用该号码登录并注销那个账号。",
        "There is a rider with this number already: sign in with it and erase that account first.",
    )


class ExportRunning(Refusal):
    """One copy at a time."""

    status = 429
    slug = "export-running"
    title = Text("导出正在进行", "An export is running")
    detail = Text("您的上一次导出还未结束，请稍后再试。", "Your last export has not ended yet; try again in a moment.")
