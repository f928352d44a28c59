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


class IdNumberNotValid(Refusal):
    """The text is no number of a mainland identity card."""

    status = 422
    slug = "id-number-not-valid"
    title = Text("身份证号不正确", "Not a valid identity number")
    detail = Text(
        "请核对 18 位身份证号；也可以不填，届时当面核对证件。",
        "Check the 18 digits of the identity card; or leave them out and show the card instead.",
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


class TooManyCodesFromHere(Refusal):
    """This device or network has had as many codes sent as it may."""

    status = 429
    slug = "too-many-codes-from-here"
    title = Text("此设备或网络获取验证码过多", "Too many codes asked for from here")
    detail = Text(
        "您的设备或所在网络获取验证码次数过多，请稍后再试，或换一个网络。",
        "Too many codes were sent for this device or network; try again later or from another network.",
    )


class ProofNeeded(Refusal):
    """A proof of work is asked for before this code, and there was none, or one that is wrong, old or used."""

    status = 428
    slug = "proof-needed"
    title = Text("需要完成验证", "A proof of work is needed")
    detail = Text(
        "请先取得并完成一次计算验证（GET /api/v1/riders/challenge），再以 proof 字段重新提交。",
        "Solve a challenge (GET /api/v1/riders/challenge) and send this again with the solution as `proof`.",
    )


class CodesUsedUp(Unavailable):
    """All messages that the district pays for in a day are sent."""

    slug = "codes-used-up"
    title = Text("今日验证码已用完", "No more codes today")
    detail = Text(
        "今天的验证码短信已全部发出，请稍后再试；已登录的设备不受影响。",
        "All messages of the day are sent; try again later. Devices that are signed in stay so.",
    )


class PhoneLocked(Refusal):
    """Too many wrong codes were tried for this number; known and unknown numbers alike."""

    status = 429
    slug = "phone-locked"
    title = Text("登录已暂停", "Signing in is paused")
    detail = Text(
        "该号码输错验证码次数过多（一小时 {hour} 次或一天 {day} 次），登录已暂停，请稍后再试。",
        "Too many wrong codes for this number ({hour} in an hour or {day} in a day): signing in is paused for a while.",
    )


class TooManyTries(Refusal):
    """As many codes were tried from this address as may be in an hour."""

    status = 429
    slug = "too-many-tries"
    title = Text("尝试次数过多", "Too many tries")
    detail = Text(
        "此网络一小时内尝试登录的次数过多，请稍后再试。",
        "Too many sign-ins were tried from this network within an hour; try again later.",
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
    is_failed_proof = True
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
