"""What the desk refuses to do."""

from core.errors import Conflict, NotAllowed, NotFound, Refusal, Text


class TemplateNotFound(NotFound):
    """There is no such template, or it serves neither this person nor this case."""

    slug = "template-not-found"
    title = Text("未找到常用语", "Template not found")
    detail = Text(
        "没有这条常用语，或它不适用于您或此案件。", "There is no such template, or it does not serve you or this case."
    )


class UnknownPlaceholder(Refusal):
    """A template holds a place that nothing can fill."""

    status = 422
    slug = "unknown-placeholder"
    title = Text("占位符不存在", "Unknown placeholder")
    detail = Text("没有占位符 {names}；可用的有 {known}。", "There is no placeholder {names}; there are {known}.")


class SharingNotYours(NotAllowed):
    """What an area shares is kept by its secretary, and by the subdistrict and district above it."""

    slug = "sharing-not-yours"
    detail = Text(
        "只有该区域的社区书记、街道或区级人员可以在“{area}”共享或修改。",
        "Only the secretary of “{area}” and the subdistrict and district above may share or change things there.",
    )


class SavedFilterNotFound(NotFound):
    """There is no such saved filter, or it is not the caller's own to change."""

    slug = "saved-filter-not-found"
    title = Text("未找到筛选", "Saved filter not found")
    detail = Text(
        "没有这个筛选，或它不是您的；共享给您的筛选只能使用。",
        "There is no such filter, or it is not yours; one that is shared with you can only be used.",
    )


class DeskFull(Conflict):
    """One more would be more than anyone finds his way in."""

    slug = "desk-full"
    title = Text("数量已达上限", "No room for another")
    detail = Text("最多保存 {limit} 个，请先删除不用的。", "There is room for {limit}; delete one that is not used.")


class NoteNotFound(NotFound):
    """There is no such note on this case."""

    slug = "note-not-found"
    title = Text("未找到备注", "Note not found")


class CaseTakesNoNotes(Conflict):
    """What is written here would be read by nobody who works on the matter."""

    slug = "case-takes-no-notes"
    title = Text("案件不再写备注", "The case takes no more notes")
    detail = Text(
        "案件 {number} 现为“{state}”，不再写备注；并案的请写在原案件上，其他的请先重开。",
        "Case {number} is “{state}” and takes no more notes: write on the case it was merged with, or reopen it.",
    )


class NoteNotYours(NotAllowed):
    """A note is withdrawn by the one who wrote it, and written by those who may act on the case."""

    slug = "note-not-yours"
    detail = Text(
        "备注只能由写的人撤回；只读角色不能写备注。",
        "A note is withdrawn only by its author, and a role that only reads writes none.",
    )
