"""Says in Chinese and English what pydantic found wrong with a field."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.errors import FieldError, Text

# pydantic's own message is the English one; `{…}` places are filled from the error's context.
_ZH = {
    "missing": "必填。",
    "extra_forbidden": "没有这个字段，请检查拼写。",
    "string_too_short": "至少 {min_length} 个字符。",
    "string_too_long": "最多 {max_length} 个字符。",
    "string_type": "应为文字。",
    "string_pattern_mismatch": "格式不对，应符合 {pattern}。",
    "int_parsing": "应为整数。",
    "int_type": "应为整数。",
    "int_from_float": "应为整数。",
    "float_parsing": "应为数字。",
    "float_type": "应为数字。",
    "finite_number": "应为有限数字。",
    "bool_parsing": "应为 true 或 false。",
    "bool_type": "应为 true 或 false。",
    "greater_than": "应大于 {gt}。",
    "greater_than_equal": "应不小于 {ge}。",
    "less_than": "应小于 {lt}。",
    "less_than_equal": "应不大于 {le}。",
    "enum": "只能是 {expected} 之一。",
    "literal_error": "只能是 {expected} 之一。",
    "list_type": "应为列表。",
    "tuple_type": "应为列表。",
    "too_long": "最多 {max_length} 项。",
    "too_short": "至少 {min_length} 项。",
    "dict_type": "应为对象。",
    "model_type": "应为对象。",
    "model_attributes_type": "应为对象。",
    "datetime_parsing": "应为 ISO 8601 时间，如 2026-03-01T08:00:00+08:00。",
    "datetime_from_date_parsing": "应为 ISO 8601 时间，如 2026-03-01T08:00:00+08:00。",
    "timezone_aware": "时间须带时区，如 +08:00。",
    "date_parsing": "应为日期，如 2026-03-01。",
    "date_from_datetime_parsing": "应为日期，如 2026-03-01。",
    "uuid_parsing": "应为 UUID。",
}


def explain_errors(error: ValidationError, *, prefix: str) -> list[FieldError]:
    """Name every wrong field under `prefix` (a JSON pointer) with its reason in both languages."""
    return [_explain(detail, prefix) for detail in error.errors(include_url=False, include_input=False)]


def _explain(detail: ErrorDetails, prefix: str) -> FieldError:
    pointer = prefix + "".join(f"/{_escape(part)}" for part in detail["loc"])
    context = detail.get("ctx", {})
    if isinstance(cause := context.get("error"), ValueError):
        return FieldError(pointer, _words_of(cause))
    template = _ZH.get(detail["type"], "填写有误：" + detail["msg"].replace("{", "{{").replace("}", "}}"))
    return FieldError(pointer, Text(template.format_map(context), detail["msg"]))


def _escape(part: int | str) -> str:
    """Write a name as a step of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


def _words_of(cause: ValueError) -> Text:
    """Give what a validator of ours said: `ValueError(Text(zh, en))`, or plain words for both readers."""
    said = cause.args[0] if cause.args else ""
    return said if isinstance(said, Text) else Text(str(cause), str(cause))
