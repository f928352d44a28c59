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


class CaseTakesNoPhotos(Conflict):
    """Nothing can come of a photo any more: the matter is over and its visit done."""

    slug = "case-takes-no-photos"
    title = Text("案件不再接收照片", "The case takes no more photos")
    detail = Text(
        "案件 {number} 现为“{state}”，不再接收照片；确需补充，请先重开。",
        "Case {number} is “{state}” and takes no more photos; reopen it if something must be added.",
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
        "没有类别“{code}”，或它已停用，请另选一类。", "There is no category {code}, or it is retired; choose another."
    )


class UnknownDepartment(Refusal):
    """No active department has this id."""

    status = 422
    slug = "unknown-department"
    title = Text("部门不存在", "Unknown department")
    detail = Text("没有部门 {department_id}。", "There is no department {department_id}.")


class DepartmentServesElsewhere(Refusal):
    """The department does not serve the whole area in which it is to work."""

    status = 422
    slug = "department-serves-elsewhere"
    title = Text("部门不服务该区域", "Department serves elsewhere")
    detail = Text(
        "部门“{name}”只服务区域 {serves}，不覆盖 {area}。",
        "Department “{name}” serves {serves} only, and that does not hold {area}.",
    )


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


class ContactOwed(Conflict):
    """The resident left a way to be reached and has not been contacted yet."""

    slug = "contact-owed"
    title = Text("尚未联系诉求人", "The resident has not been contacted")
    detail = Text(
        "案件 {number} 的诉求人留有联系方式，请先联系并记录方式与内容。",
        "The resident of case {number} left a way to be reached: contact him first and say how and what.",
    )


class ClosingPhotosMissing(Conflict):
    """The category asks for photos that are not there."""

    slug = "closing-photos-missing"
    title = Text("缺少结案照片", "Photos are missing")
    detail = Text(
        "案件 {number} 的类别要求{stages}照片，请上传后再结案。",
        "The category of case {number} needs photos ({stages}) before it can be closed.",
    )


class PhotoNotStored(Refusal):
    """An act names a photo that has not been stored for this case."""

    status = 422
    slug = "photo-not-stored"
    title = Text("照片尚未上传", "Photo not stored")
    detail = Text(
        "本案没有照片 {sha256}，请先上传到 /api/v1/cases/{case_id}/photos/{sha256}。",
        "This case has no photo {sha256}: first send it to /api/v1/cases/{case_id}/photos/{sha256}.",
    )


class TooManyCasePhotos(Conflict):
    """The case has as many photos as one may have."""

    slug = "too-many-case-photos"
    title = Text("照片已达上限", "Too many photos")
    detail = Text("一个案件最多 {most} 张照片。", "A case may have {most} photos at most.")


class PromiseNotValid(Refusal):
    """A promised date is needed, not needed, in the past or too far away."""

    status = 422
    slug = "promise-not-valid"
    title = Text("承诺时限无效", "The promised date is not valid")
    detail = Text(
        "承诺件须写明 {days} 天内的将来时间，其他件不写。",
        "A promised case needs a date in the future, within {days} days; other cases have none.",
    )


class HoldTooLong(Refusal):
    """A hold must end in the future and within what the clock's rule allows."""

    status = 422
    slug = "hold-too-long"
    title = Text("挂起期限无效", "The hold is too long")
    detail = Text(
        "挂起须到将来某时为止，本轮累计不超过 {days} 天。",
        "A hold must end in the future; all holds of a round together last {days} days at most.",
    )


class ExtensionNotAllowed(Refusal):
    """The handling clock cannot be extended any more, or not by so much."""

    status = 422
    slug = "extension-not-allowed"
    title = Text("不能延期", "Cannot be extended")
    detail = Text(
        "只能在处置时限到期前延期，每次不超过原时限，次数以规则为准。",
        "Only a handling clock that has not run out can be extended, each time by its own limit at most, and as often "
        "as its rule says.",
    )


class UnknownAssignee(Refusal):
    """The person named cannot sign in, or does not see the case."""

    status = 422
    slug = "unknown-assignee"
    title = Text("不能指派给此人", "Cannot be assigned to this person")
    detail = Text(
        "{staff_id} 号工作人员已停用，或看不到本案。", "Staff member {staff_id} is disabled or does not see this case."
    )


class NothingAbove(Conflict):
    """The case lies with the district already, or was never transferred up."""

    slug = "nothing-above"
    title = Text("不能转办", "Cannot be transferred")
    detail = Text("案件 {number} 已在最上级，或没有可转回的单位。", "Case {number} has nowhere to be transferred to.")


class NoReopeningAsked(Conflict):
    """Nobody asks for this case to be reopened."""

    slug = "no-reopening-asked"
    title = Text("没有重开申请", "Nobody asks to reopen")
    detail = Text("案件 {number} 没有待答复的重开申请。", "There is no request to reopen case {number}.")


class NoWorkOrder(Conflict):
    """The caller's department has no open work order on the case."""

    slug = "no-work-order"
    title = Text("没有待办工单", "No open work order")
    detail = Text("您的部门在案件 {number} 上没有未办结的工单。", "Your department has no open order on case {number}.")


class PartnersStillAtWork(Conflict):
    """The lead answers for all, and others have not reported back yet."""

    slug = "partners-still-at-work"
    title = Text("协办部门尚未办结", "Others are still at work")
    detail = Text(
        "案件 {number} 的协办部门尚未反馈：{departments}。",
        "On case {number} these departments have not reported back: {departments}.",
    )


class NoSuchRule(NotFound):
    """No rule in force has this id."""

    slug = "clock-rule-not-found"
    title = Text("未找到时限规则", "Clock rule not found")


class LastRule(Conflict):
    """The general rule of a clock can be replaced and not removed: without it cases would run without a limit."""

    slug = "last-clock-rule"
    title = Text("不能删除通用规则", "The general rule stays")
    detail = Text("通用规则只能修改，不能删除。", "The general rule of a clock can be replaced, not removed.")


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
