"""A rule said in words, so that who reads it need not know its fields. Pure."""

from collections.abc import Mapping, Sequence

from community.routing.models import RuleTerms
from core.errors import Text

_DAYS = ("一二三四五六日", ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))


def in_words(rule: RuleTerms, departments: Mapping[int, str], posts: Mapping[int, str]) -> Text:
    """Say which cases go where. `departments` and `posts` are names by id."""
    area = Text(rule.area_path or "全区", rule.area_path or "the whole district")
    category = Text(rule.category_code or "所有类别", rule.category_code or "every category")
    when = _when(rule)
    desk = _desk(rule.desk_depth)
    suggested = _suggested(rule.department_ids, departments)
    duty = Text("", "")
    if rule.post_id is not None:
        name = posts.get(rule.post_id, f"#{rule.post_id}")
        duty = Text(f"，由{name}当班人负责", f", led by who is on duty at {name}")
    return Text(
        f"{area.zh}，{category.zh}{when.zh}：由{desk.zh}受理，建议{suggested.zh}{duty.zh}",
        f"{category.en} in {area.en}{when.en}: to {desk.en}, suggesting {suggested.en}{duty.en}",
    )


def _when(rule: RuleTerms) -> Text:
    zh, en = "", ""
    if rule.weekdays:
        zh += "，周" + "、".join(_DAYS[0][day - 1] for day in rule.weekdays)
        en += " on " + ", ".join(_DAYS[1][day - 1] for day in rule.weekdays)
    if rule.on_workdays is not None:
        zh += "，工作日" if rule.on_workdays else "，非工作日"
        en += " on working days" if rule.on_workdays else " on days off"
    if rule.from_time is not None and rule.to_time is not None:
        night = rule.to_time < rule.from_time
        zh += f"，{rule.from_time:%H:%M}—{'次日' if night else ''}{rule.to_time:%H:%M}"
        en += f" from {rule.from_time:%H:%M} to {rule.to_time:%H:%M}{' of the next day' if night else ''}"
    return Text(zh, en)


def _desk(depth: int | None) -> Text:
    if depth is None:
        return Text("所在区域", "the area where it lies")
    return Text(f"其第 {depth} 级区域", f"the area above it at level {depth}")


def _suggested(department_ids: Sequence[int], names: Mapping[int, str]) -> Text:
    if not department_ids:
        return Text("类别的默认部门", "the department of its category")
    lead, *others = (names.get(department_id, f"#{department_id}") for department_id in department_ids)
    if not others:
        return Text(lead, lead)
    return Text(f"{lead}牵头、{'、'.join(others)}协办", f"{lead} as lead with {', '.join(others)}")
