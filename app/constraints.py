"""What a broken database constraint means to a person, by constraint name; each room lists its own."""

from community.routing.errors import PostTaken, ShiftsOverlap
from core.errors import Conflict, FieldError, InvalidInput, Text
from core.http.problems import ConstraintMeanings
from riders.privacy.errors import PhoneTaken
from riders.signup.wechat.errors import WechatBoundElsewhere
from station.errors import StationCodeTaken

CONSTRAINTS: ConstraintMeanings = {
    "staff_username_unique": lambda: InvalidInput(
        [FieldError("/username", Text("此用户名已被使用。", "This name is taken."))]
    ),
    "department_code_unique": lambda: InvalidInput(
        [FieldError("/code", Text("此部门代码已被使用。", "This department code is taken."))]
    ),
    "routing_rule_position_unique": lambda: InvalidInput(
        [FieldError("/position", Text("此位置已有规则。", "There is a rule at this position already."))]
    ),
    "post_default_unique": lambda: PostTaken(pointer="/is_default"),
    "post_name_unique": lambda: PostTaken(pointer="/name"),
    "shift_no_overlap": ShiftsOverlap,
    "point_rule_current_unique": Conflict,  # two administrators at once
    "template_title_unique": lambda: InvalidInput(
        [FieldError("/title", Text("已有同名的常用语。", "There is a template of this title already."))]
    ),
    "saved_filter_name_unique": lambda: InvalidInput(
        [FieldError("/name", Text("您已有同名的筛选。", "You have a filter of this name already."))]
    ),
    "rider_wechat_openid_unique": WechatBoundElsewhere,
    "rider_phone_odd_unique": lambda: PhoneTaken(pointer="/phone"),  # two at once
    "rider_phone_even_unique": lambda: PhoneTaken(pointer="/phone"),
    "station_code_unique": lambda: StationCodeTaken(pointer="/code"),
}
