"""What each figure says, word for word: the interface serves these words and `docs/figures.md` is made of them.

The counting itself stands in `tally`; a change of one is a change of the other.
"""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import Text

#: A count from 1 to one less than this is not shown to anyone outside the area.
SMALL = 5


class Rate(StrEnum):
    """A share of the cases of a period."""

    RESPONSE = "response"
    SOLUTION = "solution"
    SATISFACTION = "satisfaction"
    FULL_SATISFACTION = "full_satisfaction"
    DISSATISFACTION = "dissatisfaction"
    FILING = "filing"
    PUNCTUALITY = "punctuality"
    CLOSING = "closing"
    REWORK = "rework"


class Span(StrEnum):
    """The time from the opening of a case to the first time that something was reached."""

    ANSWERED = "answered"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    HANDLED = "handled"
    VERIFIED = "verified"
    CLOSED = "closed"
    FOLLOWED_UP = "followed_up"


@dataclass(frozen=True, slots=True)
class RateDefinition:
    """A rate in words; every case of the period is in the denominator or is excluded for exactly one reason."""

    code: Rate
    name: Text
    numerator: Text
    denominator: Text
    not_yet_due: Text
    not_applicable: Text


@dataclass(frozen=True, slots=True)
class SpanDefinition:
    """A span in words."""

    code: Span
    name: Text
    ends: Text


_NOBODY = Text("无", "none")

RATES: tuple[RateDefinition, ...] = (
    RateDefinition(
        Rate.RESPONSE,
        Text("响应率", "Response rate"),
        Text(
            "按期作出首次响应的案件：每一轮响应时限均未超时",
            "cases first answered in time: no round of the clock was late",
        ),
        Text(
            "已首次响应的案件，加上响应时限已过的案件",
            "cases that have been answered, or whose time to answer has run out",
        ),
        Text("尚未响应且时限未到，或时限暂停", "not answered yet, and the limit has not run out or stands still"),
        Text("没有响应时限，或时限已取消", "no such clock, or it was cancelled"),
    ),
    RateDefinition(
        Rate.SOLUTION,
        Text("解决率", "Solution rate"),
        Text(
            "现已结案（含已回访）、且结案后从未重开的案件",
            "cases that stand closed (or followed up) and were never reopened",
        ),
        Text(
            "应解决的案件：现已结案，或立案、处置、核查任一时限曾超时",
            "cases that should be solved: they stand closed, or their limit to file, to handle or to verify was missed",
        ),
        Text("尚未结案，且上述时限均未超时", "not closed, and none of these limits was missed"),
        _NOBODY,
    ),
    RateDefinition(
        Rate.SATISFACTION,
        Text("满意率", "Satisfaction rate"),
        Text("回访答复“满意”或“基本满意”的案件", "cases whose resident answered “satisfied” or “fairly satisfied”"),
        Text("回访得到答复的案件", "cases whose resident answered when visited"),
        _NOBODY,
        Text("未回访，或回访未得到答复", "not visited, or no answer was given"),
    ),
    RateDefinition(
        Rate.FULL_SATISFACTION,
        Text("其中“满意”", "Of these, “satisfied”"),
        Text("回访答复“满意”的案件", "cases whose resident answered “satisfied”"),
        Text("回访得到答复的案件", "cases whose resident answered when visited"),
        _NOBODY,
        Text("未回访，或回访未得到答复", "not visited, or no answer was given"),
    ),
    RateDefinition(
        Rate.DISSATISFACTION,
        Text("不满意率", "Dissatisfaction rate"),
        Text("回访答复“不满意”的案件", "cases whose resident answered “dissatisfied”"),
        Text("回访得到答复的案件", "cases whose resident answered when visited"),
        _NOBODY,
        Text("未回访，或回访未得到答复", "not visited, or no answer was given"),
    ),
    RateDefinition(
        Rate.FILING,
        Text("立案率", "Filing rate"),
        Text("曾立案、且现在不是“不予立案”的案件", "cases that were filed and do not stand rejected"),
        Text(
            "应决定是否立案的案件：已立案、不予立案，或立案时限已过；不予立案在此计入分母",
            "cases due for the decision: filed, rejected, or past the limit to file; the rejected count here",
        ),
        Text("尚未决定，且立案时限未到", "not decided yet, and the limit to file has not run out"),
        _NOBODY,
    ),
    RateDefinition(
        Rate.PUNCTUALITY,
        Text("按期处置率", "Punctuality rate"),
        Text("每一轮处置均在时限内完成的案件", "cases of which every round of handling was done within its limit"),
        Text(
            "应处置的案件：处置已完成，或任一轮处置时限已过",
            "cases due for handling: handled, or past the limit in any round",
        ),
        Text("正在处置且时限未到，或时限暂停", "being handled, and the limit has not run out or stands still"),
        Text("未立案，或处置时限已取消", "never filed, or the clock was cancelled"),
    ),
    RateDefinition(
        Rate.CLOSING,
        Text("结案率", "Closing rate"),
        Text("现已结案（含已回访）的案件", "cases that stand closed (or followed up)"),
        Text(
            "应结案的案件：曾立案，且现已结案，或处置、核查任一时限曾超时",
            "filed cases that should be closed: they stand closed, or their limit to handle or to verify was missed",
        ),
        Text("曾立案，尚未结案，且上述时限均未超时", "filed, not closed, and none of these limits was missed"),
        Text("从未立案", "never filed"),
    ),
    RateDefinition(
        Rate.REWORK,
        Text("返工率", "Rework rate"),
        Text(
            "处置超过一轮的案件（核查退回或重开；已取消的轮次不计）",
            "cases handled in more than one round that was not cancelled",
        ),
        Text("至少处置完成过一次的案件", "cases that were handled at least once"),
        Text("尚未处置完成过", "not handled yet"),
        _NOBODY,
    ),
)

SPANS: tuple[SpanDefinition, ...] = (
    SpanDefinition(
        Span.ANSWERED,
        Text("至首次响应", "To the first answer"),
        Text("首轮响应时限的办结时刻", "when the first round of the clock to respond was met"),
    ),
    SpanDefinition(
        Span.FILED,
        Text("至立案", "To filing"),
        Text(
            "首次进入“已立案”；可信上报随收随立，为 0",
            "first filed; 0 for a trusted report, which is filed as it comes",
        ),
    ),
    SpanDefinition(Span.DISPATCHED, Text("至派遣", "To dispatch"), Text("首次进入“已派遣”", "first dispatched")),
    SpanDefinition(
        Span.HANDLING, Text("至接收", "To acceptance"), Text("部门首次接收", "first accepted by a department")
    ),
    SpanDefinition(Span.HANDLED, Text("至处置完成", "To handled"), Text("首次进入“待核查”", "first handled")),
    SpanDefinition(Span.VERIFIED, Text("至核查通过", "To verified"), Text("首次进入“待结案”", "first verified")),
    SpanDefinition(Span.CLOSED, Text("至结案", "To closing"), Text("首次结案", "first closed")),
    SpanDefinition(Span.FOLLOWED_UP, Text("至回访", "To follow-up"), Text("首次回访", "first followed up")),
)

#: What holds for every figure.
RULES: tuple[Text, ...] = (
    Text(
        "统计对象：在辖区当地日期 from（含）至 to（不含）内收到的案件，按其现在的区域、类别和牵头部门归属。",
        "Counted are the cases opened on the district's local days from `from` up to, not including, `to`, under the "
        "area, category and leading department they have now.",
    ),
    Text(
        "除立案率外，不予立案的案件不计入；作废、并案的一律不计入。每一项都列出排除的件数：分母 + 排除 = 收到。",
        "Rejected cases count in no rate but filing; voided cases and duplicates count in none. Each rate lists what "
        "it excludes: denominator + excluded = opened.",
    ),
    Text(
        "截至（as_of）：此刻之前发生的一切均已计入；此后发生的也可能已经计入。",
        "`as_of`: everything that happened up to that moment is counted; some of what came after may be.",
    ),
    Text(
        "超时以时限记录为准：曾记为超时的，延期后仍算超时；暂停期间不算到期。",
        "A limit once marked as missed stays missed, also after an extension; a clock that stands still does not run "
        "out.",
    ),
    Text(
        "用时按自然时间从收到起算，只计未被排除的案件；中位数与 90 分位数取就近名次，"
        "误差不超过 2.5%，不足 1 秒计为 0。",
        "Times are wall-clock from opening, of the cases that no rule excludes; the median and the 90th percentile are "
        "by nearest rank, within 2.5 % of the true value, and 0 under a second.",
    ),
    Text(
        "辖区外查询：只提供已结束的一个整月、网格以上区域的各项比率；分子、分母或其差为 1 至 4 的不显示，"
        "并隐去能反推出它的数；用时只给中位数。小数目会指向某一位居民或骑手；能看到案件本身的人不受此限。",
        "Outside one's own area: rates of one whole ended month, of areas above the grids. Where numerator, "
        "denominator or their difference is 1 to 4 nothing is shown, nor what would give it away by subtraction; of "
        "times only the median. A small count points at one resident or rider; whoever sees the cases themselves sees "
        "every count.",
    ),
)
