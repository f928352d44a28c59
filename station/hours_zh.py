"""Reads opening hours as Chinese doors and lists spell them, and gives OSM `opening_hours` syntax.

Understands days (周一至周五, 周六、周日, 周末, 工作日, 每天, 节假日), clock times (8:00, 8点半, 上午8时,
下午2点半至6点, 次日6点) and round-the-clock wordings. What it does not understand it refuses, saying which words: a
guess would send a rider to a locked door. 工作日 is the State's working day: Monday to Friday, not on public holidays,
and on make-up days.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from core.errors import Text
from station.errors import UnreadableHours

_WEEKDAYS = {"一": "Mo", "二": "Tu", "三": "We", "四": "Th", "五": "Fr", "六": "Sa", "日": "Su", "天": "Su"}
_DIGITS = {"两": 2} | {character: digit for digit, character in enumerate("一二三四五六七八九", 1)}
_HALVES = {"半": 30, "一刻": 15, "三刻": 45}
_ALL_DAY = "00:00-24:00"
_AFTERNOON = ("下午", "傍晚", "晚上", "夜间", "晚")

_WEEKDAY = r"(?:周|星期|礼拜)?[一二三四五六日天]"
_CLOCK = r"""(?:次日|第二天|翌日)?
    (?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜间|早|晚)?
    \d{1,2}(?::\d{2}|[点时](?:半|一刻|三刻|\d{1,2}分?)?)"""
_TOKEN = re.compile(
    rf"""
    (?P<always>(?:全天候?|(?<!\d)24小时|(?<!\d)24h|24/7|全时段)(?:不间断)?)
  | (?P<weekday_range>(?:周|星期|礼拜)[一二三四五六日天]-{_WEEKDAY})
  | (?P<weekday>(?:周|星期|礼拜)[一二三四五六日天])
  | (?P<weekend>周末|双休日)
  | (?P<holiday>(?:法定)?(?:公共)?节?假日)
  | (?P<workday>(?:法定)?工作日)
  | (?P<daily>每天|每日|天天|全年(?:无休)?|无休)
  | (?P<times>{_CLOCK}-{_CLOCK})
  | (?P<off>休息|不开放|不开|关闭|闭馆|除外|停止开放)
  | (?P<door>(?:非值守时段|非工作时间|下班后|夜间)?(?:人脸识别|刷脸|扫码|刷卡|凭身份证|密码)(?:进入|开门|进门)?)
  | (?P<noise>(?:开放|营业|服务|值守)?时间|对外|开放|营业|服务|不间断|从|为|的|及|和|[,;.:()])
    """,
    re.VERBOSE,
)
_MOMENT = re.compile(
    r"(?P<next>次日|第二天|翌日)?(?P<part>\D+)?(?P<hour>\d{1,2})(?::(?P<minute>\d{2})|[点时](?P<spoken>半|一刻|三刻|\d{1,2})?分?)"
)


@dataclass(slots=True)
class _Rule:
    """One OSM rule in the making: days, then times or `off`."""

    days: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    off: bool = False

    @property
    def is_complete(self) -> bool:
        return bool(self.times) or self.off

    def add(self, times: str) -> None:
        """Take one span more; round the clock may be said twice, but not beside other times."""
        if times not in self.times:
            self.times.append(times)
        if _ALL_DAY in self.times and len(self.times) > 1:
            raise UnreadableHours(Text("既写全天又写钟点", "it says both round the clock and clock times"))

    def spell(self) -> str:
        """Write the rule in OSM syntax."""
        return " ".join(part for part in (",".join(self.days), "off" if self.off else ",".join(self.times)) if part)


def to_osm(typed: str) -> str:
    """Turn a Chinese spelling into an OSM expression; raises `UnreadableHours` naming what could not be read."""
    tokens = _split(_tidy(typed))
    rules = _assemble(tokens)
    if not any(rule.times for rule in rules):
        raise UnreadableHours(
            Text("写明了哪些天，但没有钟点", "it names days but no clock times")
            if rules
            else Text("没有找到钟点", "no clock times were found")
        )
    if any(kind == "workday" for kind, _ in tokens) and not any("PH" in rule.days for rule in rules):
        rules.append(_Rule(days=["PH"], off=True))
    spelled = "; ".join(rule.spell() for rule in rules)
    return "24/7" if spelled == _ALL_DAY else spelled


def _tidy(typed: str) -> str:
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", typed))
    text = re.sub(r"[—–―‐‑−~～〜]+|至|到", "-", text)
    text = re.sub(r"-{2,}", "-", text)
    text = re.sub(r"[、，。；]", ",", text)
    return re.sub(r"[一二两三四五六七八九十]+(?=[点时])", lambda found: str(_read_numeral(found.group())), text)


def _read_numeral(numeral: str) -> int:
    """Read a Chinese number below a hundred: 九, 十七, 二十."""
    tens, ten, ones = numeral.rpartition("十")
    if not all(part in _DIGITS for part in (tens, ones) if part):
        raise UnreadableHours(Text(f"看不懂“{numeral}”", f"the number “{numeral}” is not understood"))
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0)


def _split(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            rest = re.split(r"[,;]", text[at:])[0][:20]
            raise UnreadableHours(Text(f"看不懂“{rest}”", f"the words “{rest}” are not understood"))
        if found.lastgroup not in ("noise", "door", None):
            tokens.append((found.lastgroup, found.group()))
        at = found.end()
    return tokens


def _assemble(tokens: list[tuple[str, str]]) -> list[_Rule]:
    rules: list[_Rule] = []
    for kind, text in tokens:
        if kind in ("times", "always"):
            if not rules or rules[-1].off:
                rules.append(_Rule())
            rules[-1].add(_read_range(text) if kind == "times" else _ALL_DAY)
        elif kind == "off":
            if not rules or rules[-1].is_complete:
                raise UnreadableHours(Text("“休息”前没有写明日期", "it says closed without naming the days"))
            rules[-1].off = True
        else:
            if not rules or rules[-1].is_complete:
                rules.append(_Rule())
            rules[-1].days += _read_days(kind, text)
    if any(rule.is_complete for rule in rules) and not rules[-1].is_complete:
        raise UnreadableHours(Text("最后写明的日期没有钟点", "the days named last have no clock times"))
    return rules


def _read_days(kind: str, text: str) -> list[str]:
    match kind:
        case "weekday_range":
            first, last = (_WEEKDAYS[part[-1]] for part in text.split("-"))
            return [] if (first, last) == ("Mo", "Su") else [f"{first}-{last}"]
        case "weekday":
            return [_WEEKDAYS[text[-1]]]
        case "weekend":
            return ["Sa-Su"]
        case "workday":
            return ["Mo-Fr"]
        case "holiday":
            return ["PH"]
        case _:
            return []


def _read_range(text: str) -> str:
    moments = [_MOMENT.fullmatch(part) for part in text.split("-")]
    start, end = (moment for moment in moments if moment is not None)
    begins, begins_marked = _minutes(start)
    ends, ends_marked = _minutes(end)
    if ends <= begins and not ends_marked:
        if start["part"] in (*_AFTERNOON, "中午") and ends + 720 > begins and ends < 720:
            ends += 720
        elif not begins_marked and end["minute"] is None and begins <= 720:
            raise UnreadableHours(Text(f"“{text}”分不清上午下午", f"“{text}” does not say morning or afternoon"))
    return f"{begins // 60:02}:{begins % 60:02}-{ends // 60:02}:{ends % 60:02}"


def _minutes(moment: re.Match[str]) -> tuple[int, bool]:
    """Give minutes since midnight, and whether the spelling says which half of the day (or the next day)."""
    hour, part = int(moment["hour"]), moment["part"]
    spoken = moment["spoken"]
    minute = int(moment["minute"] or 0) if spoken is None else _HALVES.get(spoken) or int(spoken)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise UnreadableHours(Text(f"没有“{moment.group()}”这个钟点", f"there is no clock time “{moment.group()}”"))
    if (part in _AFTERNOON and hour <= 12) or (part == "中午" and hour <= 2):
        hour += 12
    elif part == "凌晨" and hour == 12:
        hour = 0
    return hour * 60 + minute, part is not None or moment["next"] is not None
