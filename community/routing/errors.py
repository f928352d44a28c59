"""What routing and the rota refuse to do."""

from core.errors import Conflict, NotAllowed, NotFound, Refusal, Text


class RuleNotFound(NotFound):
    """No routing rule has this id."""

    slug = "rule-not-found"
    title = Text("未找到分拨规则", "Routing rule not found")


class RuleRetired(Conflict):
    """The rule holds no longer; perhaps another has taken its place."""

    slug = "rule-retired"
    title = Text("规则已停用", "The rule holds no longer")
    detail = Text(
        "规则 {rule_id} 已停用或已被修改（现行规则：{replaced_by}），请刷新后再操作。",
        "Rule {rule_id} is retired or was edited (the rule that holds now: {replaced_by}); reload and try again.",
    )


class RuleNotYours(NotAllowed):
    """A rule may be made or changed only by who administers the whole of its area."""

    slug = "rule-not-yours"
    detail = Text(
        "规则涉及的区域“{area_path}”不在您的管理范围内。",
        "You do not administer the whole area “{area_path}” of the rule.",
    )


class PostNotFound(NotFound):
    """There is no such post, or it lies outside what the caller may see."""

    slug = "post-not-found"
    title = Text("未找到值班岗", "Post not found")
    detail = Text("没有这个值班岗，或不在您的管辖范围内。", "There is no such post, or it lies outside your area.")


class PostNotYours(NotAllowed):
    """The caller sees the post and does not keep its rota."""

    slug = "post-not-yours"
    detail = Text(
        "只有该岗区域的管理人员（交班时还有当班人）可以这样做。",
        "Only who manages the post's area may do this, and for a hand-over also the person on duty.",
    )


class UnknownPost(Refusal):
    """No open post has this id."""

    status = 422
    slug = "unknown-post"
    title = Text("值班岗不存在", "Unknown post")
    detail = Text("没有开放的值班岗 {post_id}。", "There is no open post {post_id}.")


class PostTooNarrow(Refusal):
    """A rule would send cases to a post whose people do not see them."""

    status = 422
    slug = "post-too-narrow"
    title = Text("值班岗区域过小", "The post's area is too narrow")
    detail = Text(
        "值班岗的区域“{post_path}”不包含规则的区域“{area_path}”，当班人看不到这些案件。",
        "The post's area “{post_path}” does not hold the rule's area “{area_path}”: its people do not see the cases.",
    )


class PostTaken(Conflict):
    """The area has such a post already."""

    slug = "post-taken"
    title = Text("该区域已有此值班岗", "The area has this post already")
    detail = Text(
        "同一区域不能有两个同名的值班岗，也只能有一个默认值班岗。",
        "An area cannot have two posts of one name, nor two default posts.",
    )


class PostInUse(Conflict):
    """A post cannot be closed while rules send cases to it."""

    slug = "post-in-use"
    title = Text("仍有规则指向该岗", "Rules still name the post")
    detail = Text("请先修改规则 {rule_ids}，再关闭该岗。", "Edit the rules {rule_ids} first, then close the post.")


class NotFitForPost(Refusal):
    """Who would be on duty could not act on the cases of the post."""

    status = 422
    slug = "not-fit-for-post"
    title = Text("不能在该岗值班", "Cannot be on duty here")
    detail = Text(
        "人员 {staff_id} 不存在、已停用，或在该岗的区域没有办理案件的角色。",
        "Staff member {staff_id} does not exist, is disabled, or holds no role that handles cases in the post's area.",
    )


class ShiftsOverlap(Conflict):
    """Two people would be on duty at one post."""

    slug = "shifts-overlap"
    title = Text("班次重叠", "Shifts overlap")
    detail = Text("该岗在此时段已有人值班。", "Somebody is on duty at this post during that time already.")


class ShiftNotFound(NotFound):
    """The post has no such shift."""

    slug = "shift-not-found"
    title = Text("未找到班次", "Shift not found")


class ShiftBegun(Conflict):
    """A shift that has begun stays on record; it can only be handed over."""

    slug = "shift-begun"
    title = Text("班次已开始", "The shift has begun")
    detail = Text("班次已开始，不能取消，只能交班。", "The shift has begun; it cannot be cancelled, only handed over.")


class NobodyOnDuty(Conflict):
    """There is no shift to hand over."""

    slug = "nobody-on-duty"
    title = Text("当前无人值班", "Nobody is on duty")
    detail = Text("该岗现在无人值班，请直接排班。", "Nobody is on duty at this post now; plan a shift instead.")


class AlreadyOnDuty(Conflict):
    """A shift cannot be handed over to the one who has it."""

    slug = "already-on-duty"
    title = Text("该人员正在值班", "Already on duty")
    detail = Text("{name} 正在该岗值班。", "{name} is the one on duty at this post.")


class PeriodTooLong(Refusal):
    """A period that ends before it begins, or is longer than is read at once."""

    status = 422
    slug = "period-too-long"
    title = Text("时段有误", "The period cannot be taken")
    detail = Text(
        "结束须晚于开始，且不超过 {days} 天。", "It must end later than it begins and span at most {days} days."
    )
