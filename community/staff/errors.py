"""What is refused about the accounts of staff."""

from core.errors import Refusal, Text


class RoleNotYours(Refusal):
    """The administrator may not give or take this role in this area."""

    status = 403
    slug = "role-not-yours"
    title = Text("无权授予此角色", "Not yours to give")
    detail = Text(
        "您不能在“{area}”授予或收回角色 {role}：只能管理自己区域内、低于自己的角色。",
        "You may not give or take the role {role} in “{area}”: only roles below your own, within your area.",
    )


class AccountNotYours(Refusal):
    """The account holds a role that the administrator may not take, so he may not lock its owner out either."""

    status = 403
    slug = "account-not-yours"
    title = Text("无权管理此账号", "Not yours to administer")
    detail = Text(
        "此账号还持有您无权管理的角色，请上级管理员操作。",
        "This account holds roles that are not yours to administer; ask an administrator above.",
    )


class OwnAccountRefused(Refusal):
    """Nobody changes his own powers, nor locks himself out."""

    status = 403
    slug = "own-account"
    title = Text("不能管理自己的账号", "Not your own account")
    detail = Text(
        "不能更改自己的角色或停用自己；请另一位管理员操作。自己的密码和验证器在“我的账号”中更改。",
        "You cannot change your own roles or disable yourself: ask another administrator. "
        "Your own password and authenticator are changed under /api/v1/account.",
    )


class LastAdministrator(Refusal):
    """Without this account nobody would administer the whole district."""

    status = 409
    slug = "last-administrator"
    title = Text("最后一位全区管理员", "The last administrator")
    detail = Text(
        "这是最后一位可用的全区管理员，请先设立另一位。",
        "This is the last administrator of the whole district who can sign in; make another one first.",
    )


class DepartmentElsewhere(Refusal):
    """The department does not work in the area of the grant."""

    status = 422
    slug = "department-elsewhere"
    title = Text("部门不在此区域", "The department works elsewhere")
    detail = Text(
        "部门 {code} 只在区域“{area}”工作，请在该区域或其下级授予。",
        "The department {code} works in the area “{area}” alone: give the role there or beneath it.",
    )


class GrantNotHeld(Refusal):
    """The account does not hold the role that is to be taken."""

    status = 404
    slug = "grant-not-held"
    title = Text("没有此角色", "The role is not held")
    detail = Text("此账号没有这个角色。", "The account does not hold this role.")
