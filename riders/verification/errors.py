"""What riders and staff are refused around a look on site."""

from core.errors import Conflict, Refusal, Text


class VerificationTaken(Conflict):
    """Somebody else took the task first."""

    slug = "verification-taken"
    title = Text("已有人接下", "Already taken")
    detail = Text("这项核实已有人先接下，谢谢您。", "Somebody else has already taken this one; thank you.")


class VerificationOver(Conflict):
    """The task can no longer be taken or answered."""

    slug = "verification-over"
    title = Text("核实任务已结束", "No longer needed")
    detail = Text("这项核实现为“{state}”，不必再办理。", "This look is now “{state}”; nothing is left to do.")


class VerificationNotHeld(Conflict):
    """The rider does not hold the task: he has not taken it, or his time for it was over."""

    slug = "verification-not-held"
    title = Text("尚未接下此项核实", "Not taken by you")
    detail = Text(
        "您没有接下这项核实，或已超过保留时间，请先接下再办理。",
        "You have not taken this one, or held it too long; take it first.",
    )


class VerificationAnswered(Conflict):
    """The task has another answer already."""

    slug = "verification-answered"
    title = Text("已有答复", "Already answered")
    detail = Text("这项核实已有答复，不能再改。", "This look has been answered and cannot be answered otherwise.")


class TooManyLookPhotos(Conflict):
    """A look has as many photos as one may have."""

    slug = "too-many-look-photos"
    title = Text("照片过多", "Too many photos")
    detail = Text("一次核实最多 {most} 张照片。", "A look takes at most {most} photos.")


class QuietHoursNotValid(Refusal):
    """Quiet hours need a beginning and another end, or neither."""

    status = 422
    slug = "quiet-hours-not-valid"
    title = Text("免打扰时段不正确", "Not valid quiet hours")
    detail = Text(
        "免打扰的开始和结束须同时填写且不相同，或都不填。",
        "Give both ends of the quiet hours, not the same, or neither.",
    )
