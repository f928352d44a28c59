"""Every act that is written into the audit trail, in words; a test holds the code to this list."""

from core.errors import Text

ACTS: dict[str, Text] = {
    # accounts of staff, and sessions
    "staff.first_run": Text("首次设置辖区管理员", "set up the first administrator"),
    "staff.signed_in": Text("工作人员登录", "a member of staff signed in"),
    "staff.locked": Text("账号因多次失败被锁定", "an account was locked after failed sign-ins"),
    "staff.added": Text("新增工作人员", "added a member of staff"),
    "staff.disabled": Text("停用账号", "disabled an account"),
    "staff.enabled": Text("恢复账号", "enabled an account"),
    "staff.role_given": Text("授予角色", "gave a role"),
    "staff.role_taken": Text("收回角色", "took a role"),
    "staff.password_changed": Text("修改密码", "changed a password"),
    "staff.password_reset": Text("重置密码", "reset a password"),
    "staff.second_factor_set": Text("绑定第二因素", "set up a second factor"),
    "staff.second_factor_reset": Text("重置第二因素", "reset a second factor"),
    "staff.recovery_codes_renewed": Text("更换恢复码", "renewed recovery codes"),
    "session.reuse_found": Text("发现令牌被重复使用", "found a token used again"),
    # keys of personal data
    "key.added": Text("启用新密钥", "brought in a key"),
    "key.retired": Text("停用旧密钥", "retired a key"),
    # what is kept how long
    "retention.set": Text("修改保存期限", "set how long something is kept"),
    # riders and residents, and their data
    "rider.exported": Text("骑手导出本人数据", "a rider exported his own data"),
    "rider.signed_out": Text("结束骑手的全部登录", "ended all sessions of a rider"),
    "rider.phone_changed": Text("骑手更换手机号", "a rider changed his phone number"),
    "rider.erased": Text("注销骑手个人信息", "erased a rider's personal data"),
    "rider.erased_again": Text("恢复备份后重新注销骑手", "erased a rider again after a restore"),
    "person.unmasked": Text("查看个人信息明文", "saw who somebody is, in the clear"),
    "rider.wechat_bound": Text("绑定微信", "bound a WeChat account"),
    "rider.wechat_unbound": Text("解绑微信", "unbound a WeChat account"),
    "appeal.exported": Text("居民导出诉求数据", "a resident exported the data of an appeal"),
    "appeal.contact_changed": Text("居民更正联系方式", "a resident corrected his contact"),
    "appeal.contact_erased": Text("删除诉求联系方式", "erased the contact of an appeal"),
    "appeal.contact_erased_again": Text(
        "恢复备份后重新删除诉求联系方式", "erased the contact of an appeal again after a restore"
    ),
    # a rider's standing
    "points.awarded": Text("手工奖励积分", "awarded points by hand"),
    "points.reversed": Text("撤销或恢复积分", "reversed points by hand"),
    "points.objection_decided": Text("答复积分申诉", "decided an objection to points"),
    "application.approved": Text("聘任兼职网格员", "appointed a reporter"),
    "application.declined": Text("不予聘任", "declined an application as reporter"),
    "appointment.renewed": Text("续聘兼职网格员", "renewed the term of a reporter"),
    "appointment.revoked": Text("撤销聘任", "revoked the appointment of a reporter"),
    # what holds for everybody
    "district.named": Text("设置辖区名称", "named the district"),
    "department.added": Text("新增处置部门", "added a department"),
    "calendar.days_set": Text("修改节假日", "entered days that differ from the week"),
    "calendar.day_cleared": Text("恢复某日为普通日", "let a day follow the week again"),
    "calendar.week_set": Text("修改办公时间", "set the office hours of the week"),
    "category.set": Text("修改案件类别", "set a category"),
    "category.looks_set": Text("修改现场核实规则", "set whether a category is looked at on site"),
    "clock_rule.set": Text("修改时限规则", "set a rule of a clock"),
    "clock_rule.retired": Text("停用时限规则", "retired a rule of a clock"),
    "point_rule.set": Text("修改积分规则", "set a rule of points"),
    "point_rule.retired": Text("停用积分规则", "retired a rule of points"),
    "rule.added": Text("新增分拨规则", "added a routing rule"),
    "rule.changed": Text("替换分拨规则", "replaced a routing rule"),
    "rule.moved": Text("调整分拨规则顺序", "moved a routing rule"),
    "rule.retired": Text("停用分拨规则", "retired a routing rule"),
    "duplicate_rules.replaced": Text("修改查重规则", "set where duplicates are looked for"),
    "stations.exported": Text("导出驿站名录", "exported a list of stations"),
    "stations.imported": Text("导入驿站名录", "imported a list of stations"),
    "generation.filled": Text("导入边界到草稿", "took boundaries into a draft"),
    "generation.discarded": Text("放弃区域草稿", "discarded a draft of areas"),
    "generation.activated": Text("启用区域版次", "made a generation of areas active"),
    "generation.rolled_back": Text("恢复上一区域版次", "went back to the generation of areas before"),
}


def text_of(act: str) -> Text:
    """Give an act in words; one of a later release is given as its name."""
    return ACTS.get(act, Text(act, act))
