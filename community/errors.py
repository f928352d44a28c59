"""What this room refuses to do."""

from core.errors import Conflict, NotAllowed, NotFound, Refusal, Text


class CaseNotFound(NotFound):
    """There is no such case, or it lies outside what the caller may see."""

    slug = "case-not-found"
    title = Text("未找到案件", "Case not found")
    detail = Text("没有这个案件，或不在您的管辖范围内。", "There is no such case, or it lies outside your area.")


class TransitionNotAllowed(Conflict):
    """The verb does not fit the state the case is in now; someone else may have been first."""

    slug = "transition-not-allowed"
    title = Text("当前状态不能这样办理", "Not possible in this state")
    detail = Text(
        "案件 {number} 现为“{state}”（{code}），不能“{verb}”，请刷新后再办理。",
        "Case {number} is now “{state}” ({code}); “{verb}” is not possible. Reload and look again.",
    )


class CaseChanged(Conflict):
    """The case was changed since the caller read it."""

    slug = "case-changed"
    title = Text("案件已被他人更新", "The case has changed")
    detail = Text(
        "案件 {number} 已更新到第 {version} 版，现为“{state}”，请刷新后再办理。",
        "Case {number} is now at version {version}, “{state}”. Reload and look again.",
    )


class VerbNotYours(NotAllowed):
    """The caller sees the case, and his role on it does not include this verb."""

    slug = "verb-not-yours"
    detail = Text("您在案件 {number} 上的角色不能“{verb}”。", "Your role on case {number} does not include “{verb}”.")


class UnknownCategory(Refusal):
    """No active category has this code."""

    status = 422
    slug = "unknown-category"
    title = Text("类别不存在", "Unknown category")
    detail = Text(
        "没有类别 {code}，请从 /api/v1/categories 中选择。", "There is no category {code}; see /api/v1/categories."
    )


class UnknownDepartment(Refusal):
    """No active department has this id."""

    status = 422
    slug = "unknown-department"
    title = Text("部门不存在", "Unknown department")
    detail = Text("没有部门 {department_id}。", "There is no department {department_id}.")


class UnknownArea(Refusal):
    """No area of the active generation has this code."""

    status = 422
    slug = "unknown-area"
    title = Text("区域不存在", "Unknown area")
    detail = Text("现行区域中没有 {code}。", "The active areas do not include {code}.")


class AreaNotCandidate(Refusal):
    """A community may hand a case over only to an area the place might belong to."""

    status = 422
    slug = "area-not-candidate"
    title = Text("不在候选区域内", "Not a candidate area")
    detail = Text(
        "{code} 不在候选区域（{candidates}）内；其他区域请由街道或区级移交。",
        "{code} is none of the candidates ({candidates}); the subdistrict or district can hand over elsewhere.",
    )


class NotADuplicate(Refusal):
    """The case named as the original cannot be one."""

    status = 422
    slug = "not-a-duplicate"
    title = Text("不能并入该案件", "Cannot merge into that case")
    detail = Text(
        "案件 {other} 不存在、不在您的管辖范围内、就是本案，或本身已经并案、不予立案。",
        "Case {other} does not exist, is not yours to see, is this case itself, or is itself a duplicate or rejected.",
    )


class AppealNotFound(NotFound):
    """No appeal has this token."""

    slug = "appeal-not-found"
    title = Text("未找到诉求", "Appeal not found")


class UnknownCursor(Refusal):
    """The page cursor is not one that this service gave for this order."""

    status = 422
    slug = "unknown-cursor"
    title = Text("翻页标记无效", "Unknown cursor")
    detail = Text(
        "翻页标记无效，请从第一页重新开始。", "The cursor is not valid here; start again from the first page."
    )
