"""Every act that is written into the audit trail, in words; a test holds the code to this list."""

from core.errors import Text

ACTS: dict[str, Text] = {
    # what is kept how long
    "retention.set": Text("修改保存期限", "set how long something is kept"),
    # riders and residents, and their data
    "rider.exported": Text("骑手导出本人数据", "a rider exported his own data"),
    "rider.phone_changed": Text("骑手更换手机号", "a rider changed his phone number"),
    "rider.erased": Text("注销骑手个人信息", "erased a rider's personal data"),
    "rider.erased_again": Text("恢复备份后重新注销骑手", "erased a rider again after a restore"),
    "appeal.exported": Text("居民导出诉求数据", "a resident exported the data of an appeal"),
    "appeal.contact_changed": Text("居民更正联系方式", "a resident corrected his contact"),
    "appeal.contact_erased": Text("删除诉求联系方式", "erased the contact of an appeal"),
    "appeal.contact_erased_again": Text(
        "恢复备份后重新删除诉求联系方式", "erased the contact of an appeal again after a restore"
    ),
    # points given or taken by hand
    "points.awarded": Text("手工奖励积分", "awarded points by hand"),
    "points.reversed": Text("撤销或恢复积分", "reversed points by hand"),
    "objection.granted": Text("支持积分申诉", "granted an objection to points"),
    "objection.declined": Text("驳回积分申诉", "declined an objection to points"),
    # who may report with trust
    "appointment.made": Text("聘任兼职网格员", "appointed a reporter"),
    "appointment.renewed": Text("续聘兼职网格员", "renewed the term of a reporter"),
    "appointment.revoked": Text("撤销聘任", "revoked the appointment of a reporter"),
    # what holds for the district
    "district.named": Text("设置辖区名称", "named the district"),
    "calendar.set": Text("修改工作日历", "edited the working calendar"),
    "category.set": Text("修改案件类别", "set a category"),
    "clock_rule.set": Text("修改时限规则", "set a rule of a clock"),
    "clock_rule.retired": Text("停用时限规则", "retired a rule of a clock"),
    "point_rule.set": Text("修改积分规则", "set a rule of points"),
    "point_rule.retired": Text("停用积分规则", "retired a rule of points"),
    "routing_rule.changed": Text("修改分拨规则", "changed the routing rules"),
    "duplicate_rules.set": Text("修改查重规则", "set where duplicates are looked for"),
    "look_rule.set": Text("修改核实规则", "set which categories are looked at on site"),
    "department.added": Text("新增处置部门", "added a department"),
    "stations.imported": Text("导入驿站名录", "imported a list of stations"),
    "generation.activated": Text("启用区域版次", "made a generation of areas active"),
    "generation.rolled_back": Text("恢复上一区域版次", "went back to the generation of areas before"),
}


def text_of(act: str) -> Text:
    """Give an act in words; one of a later release is given as its name."""
    return ACTS.get(act, Text(act, act))
