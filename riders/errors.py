"""What the riders' room refuses, in the words a rider or a secretary reads."""

from core.errors import Conflict, NotAllowed, Refusal, Text, Unavailable


class PhoneNotValid(Refusal):
    """Not a mainland mobile number."""

    status = 422
    slug = "phone-not-valid"
    title = Text("手机号不正确", "Not a valid phone number")
    detail = Text(
        "请填写 11 位中国大陆手机号，可带 +86。",
        "Give an 11-digit mainland China mobile number, with or without +86.",
    )


class CodeAskedTooSoon(Refusal):
    """A code was sent to this number a moment ago, or too many were today; known and unknown numbers alike."""

    status = 429
    slug = "code-asked-too-soon"
    title = Text("获取验证码过于频繁", "Code asked for too soon")
    detail = Text(
        "请在 {seconds} 秒后再获取验证码；每个号码每天最多 {a_day} 条。",
        "Ask again in {seconds} seconds; one number gets at most {a_day} codes a day.",
    )


class CodeNotSent(Unavailable):
    """The message gateway failed; nothing counts against the number."""

    slug = "code-not-sent"
    title = Text("验证码未发出", "The code was not sent")
    detail = Text(
        "短信通道暂时不可用，验证码未发出，请稍后重新获取。",
        "The message could not be sent; please ask for a new code in a moment.",
    )


class CodeNotAccepted(Refusal):
    """Wrong, used, run out, tried too often, or never asked for: all are answered alike."""

    status = 422
    slug = "code-not-accepted"
    title = Text("验证码无效", "Code not accepted")
    detail = Text(
        "验证码错误、已使用或已过期；同一验证码最多试 {tries} 次，请重新获取。",
        "The code is wrong, used or has run out; each code may be tried {tries} times. Ask for a new one.",
    )


class ConsentNeeded(NotAllowed):
    """A field was sent that needs a consent which is not in force."""

    slug = "consent-needed"
    title = Text("需要您的同意", "Your consent is needed")
    detail = Text(
        "提交此内容前，请先同意“{purpose}”（POST /api/v1/riders/me/consents，最新版本），或去掉此项后重试。",
        "Agree to “{purpose}” first (POST /api/v1/riders/me/consents, newest version), or leave this field out.",
    )


class ConsentTextChanged(Conflict):
    """The consent names a purpose or version that is not the one in force."""

    slug = "consent-text-changed"
    title = Text("同意书版本不符", "The text of the consent has changed")
    detail = Text(
        "没有用途“{purpose}”的第 {version} 版，或已有新版本；请重新阅读后再同意。",
        "Version {version} of “{purpose}” is not the one in force; read the newest text and decide again.",
    )


class AlreadyApplied(Conflict):
    """This rider's application for this area still waits."""

    slug = "already-applied"
    title = Text("已提交过申请", "Already applied")
    detail = Text(
        "您在该区域的申请正在等待社区审核。",
        "Your application for this area is already waiting for the community's review.",
    )


class AlreadyDecided(Conflict):
    """Somebody decided on this application first."""

    slug = "application-already-decided"
    title = Text("申请已处理", "Already decided")
    detail = Text(
        "该申请已处理，当前状态：{status}。", "This application has been decided already; it is now: {status}."
    )


class AppointmentRevoked(Conflict):
    """A revoked appointment can be neither renewed nor revoked again."""

    slug = "appointment-revoked"
    title = Text("聘任已撤销", "Appointment revoked")
    detail = Text("该聘任已撤销，请骑手重新申请。", "This appointment was revoked; the rider may apply anew.")


class TermNotValid(Refusal):
    """The term ends before it begins, or is longer than the house allows."""

    status = 422
    slug = "term-not-valid"
    title = Text("聘期不正确", "Not a valid term")
    detail = Text(
        "聘期截止时间必须晚于现在，且不超过 {months} 个月。", "The term must end after now and within {months} months."
    )


class TooManyPhotos(Conflict):
    """The report already has as many photos as it may have."""

    slug = "too-many-photos"
    title = Text("照片过多", "Too many photos")
    detail = Text("每条上报最多 {most} 张照片。", "A report takes at most {most} photos.")
