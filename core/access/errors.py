"""What is refused about accounts, passwords and second factors."""

from core.errors import Refusal, Text


class WrongSignIn(Refusal):
    """Name, password or code is wrong, or the account is locked or disabled: all are answered alike."""

    status = 401
    slug = "wrong-sign-in"
    is_failed_proof = True
    title = Text("登录失败", "Sign-in failed")
    detail = Text(
        "用户名、密码或验证码不正确，或账号已锁定、停用；连续输错 {max_failures} 次将锁定 {minutes} 分钟。"
        "尚未绑定验证器的账号不填验证码。",
        "The name, the password or the code is wrong, or the account is locked or disabled; {max_failures} wrong tries "
        "lock it for {minutes} minutes. An account without an authenticator yet leaves the code out.",
    )


class WrongOldPassword(Refusal):
    """The password that is to be replaced is not the one that was sent; counts as a wrong sign-in."""

    status = 403
    slug = "wrong-old-password"
    is_failed_proof = True
    title = Text("原密码不正确", "The old password is wrong")
    detail = Text("原密码不正确；多次输错会锁定账号。", "The old password is wrong; many wrong tries lock the account.")


class PasswordTooShort(Refusal):
    """A new password is shorter than the house allows."""

    status = 422
    slug = "password-too-short"
    title = Text("密码太短", "Password too short")
    detail = Text("密码至少 {length} 个字符。", "A password needs at least {length} characters.")


class PasswordTooLong(Refusal):
    """A new password is longer than the house allows."""

    status = 422
    slug = "password-too-long"
    title = Text("密码太长", "Password too long")
    detail = Text("密码最多 {length} 个字符。", "A password has at most {length} characters.")


class PasswordTooCommon(Refusal):
    """A new password is among those that are tried first, or little more than the names of the house and a year."""

    status = 422
    slug = "password-too-common"
    title = Text("密码太常见", "Password too easily guessed")
    detail = Text(
        "这个密码很容易被猜到：常用密码、键盘顺序、姓名、辖区、“骑士驿站”和年份都不算数。可用几个互不相关的词。",
        "This password is easily guessed: common passwords, rows of keys, names, the district, “rider station” and "
        "years do not count. Several words that have nothing to do with each other will do.",
    )


class PasswordNotNew(Refusal):
    """The new password is the old one."""

    status = 422
    slug = "password-not-new"
    title = Text("新旧密码相同", "The password is the same")
    detail = Text("新密码不能与原密码相同。", "The new password must differ from the old one.")


class AccountNotReady(Refusal):
    """The account has no password of its own or no second factor yet; nothing else is done before that."""

    status = 403
    slug = "account-not-ready"
    title = Text("账号尚未启用完成", "The account is not ready yet")
    detail = Text(
        "请先完成：{owes}（/api/v1/account）。在此之前不能进行其他操作。",
        "First do: {owes} (/api/v1/account). Nothing else is possible before that.",
    )


class WrongCode(Refusal):
    """The code does not prove that the authenticator holds the offered secret."""

    status = 422
    slug = "wrong-code"
    is_failed_proof = True
    title = Text("验证码不正确", "The code is wrong")
    detail = Text(
        "验证码不正确。请核对手机时间，并使用刚刚添加的条目。",
        "The code is wrong. Check the time of the phone, and use the entry just added.",
    )


class NothingOffered(Refusal):
    """There is no secret waiting to be confirmed."""

    status = 409
    slug = "no-second-factor-offered"
    title = Text("没有待确认的验证器", "No authenticator to confirm")
    detail = Text("请先申请绑定验证器。", "Ask for a new authenticator secret first.")


class NoSecondFactor(Refusal):
    """Recovery codes stand in for a second factor, which this account does not have yet."""

    status = 409
    slug = "no-second-factor"
    title = Text("尚未绑定验证器", "No authenticator yet")
    detail = Text("请先绑定验证器。", "Set up the authenticator first.")


class FirstRunRefused(Refusal):
    """The token is wrong, too old or used, or the district has staff already: all are answered alike."""

    status = 403
    slug = "first-run-refused"
    is_failed_proof = True
    title = Text("不能创建首位管理员", "The first administrator cannot be made")
    detail = Text(
        "令牌不正确、已过期或已使用，或已有工作人员账号。令牌在服务启动时打印，24 小时内有效，重启后换新。",
        "The token is wrong, too old or used, or there is staff already. The service prints it when it starts; "
        "it is good for 24 hours, and a new start makes a new one.",
    )
