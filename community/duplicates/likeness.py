"""How alike two cases are, in parts that a person can follow. Pure: values in, a score with its reasons out.

Every part falls straight from 1 (the same) to 0 (as far off as the rule looks at all), so that the score can be checked
by head. Words count only where both sides have some; otherwise the other parts share their weight.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from community.duplicates.models import Aspect, Likeness, Part, Reach
from core.errors import Text

#: What each aspect counts for when all are there. Distance leads because it alone has been measured against a city's
#: own mark; the others put what lies equally near in order.
WEIGHTS = {Aspect.DISTANCE: 0.5, Aspect.TEXT: 0.25, Aspect.CATEGORY: 0.15, Aspect.TIME: 0.1}
#: What a related category is worth beside the same one.
RELATED = 0.5

_SAME_CATEGORY = Text("类别相同", "Same category")
_RELATED_CATEGORY = Text("类别相近", "Related category")


@dataclass(frozen=True, slots=True)
class Told:
    """What is compared of a case besides its place."""

    category_code: str
    description: str
    opened_at: datetime


def compare(one: Told, other: Told, *, metres: float, reach: Reach) -> Likeness:
    """Compare two cases `metres` apart that lie within `reach` of each other."""
    found = {
        Aspect.DISTANCE: _distance(metres, reach.radius_m),
        Aspect.CATEGORY: (1.0, _SAME_CATEGORY)
        if one.category_code == other.category_code
        else (RELATED, _RELATED_CATEGORY),
        Aspect.TIME: _time(abs(one.opened_at - other.opened_at), timedelta(days=reach.within_days)),
    }
    overlap = text_overlap(one.description, other.description)
    if overlap is not None:
        share = f"{overlap:.0%}"
        found[Aspect.TEXT] = (overlap, Text(f"描述有 {share} 相同", f"{share} of the words in common"))
    whole = sum(WEIGHTS[aspect] for aspect in found)
    parts = tuple(
        Part(aspect, round(likeness, 3), round(weight / whole, 3), reason)
        for aspect, weight in WEIGHTS.items()
        if aspect in found
        for likeness, reason in [found[aspect]]
    )
    return Likeness(round(sum(WEIGHTS[aspect] * found[aspect][0] for aspect in found) / whole, 3), parts)


def text_overlap(one: str, other: str) -> float | None:
    """Give the share of pairs of neighbouring characters that two texts have in common; None where one has none.

    The Jaccard index of character bigrams, which needs no dictionary to find the words in Chinese. Width, case, spaces
    and punctuation do not count.
    """
    ours, theirs = _bigrams(one), _bigrams(other)
    if not ours or not theirs:
        return None
    return len(ours & theirs) / len(ours | theirs)


def _bigrams(text: str) -> set[str]:
    plain = "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())
    return {plain[at : at + 2] for at in range(len(plain) - 1)}


def _distance(metres: float, radius_m: int) -> tuple[float, Text]:
    return _nearness(metres, radius_m), Text(f"相距 {metres:.0f} 米", f"{metres:.0f} m apart")


def _time(apart: timedelta, within: timedelta) -> tuple[float, Text]:
    hours = round(apart / timedelta(hours=1))
    words = Text(f"先后相隔 {hours} 小时", f"{hours} h apart")
    if hours >= 48:
        days = round(apart / timedelta(days=1))
        words = Text(f"先后相隔 {days} 天", f"{days} days apart")
    return _nearness(apart.total_seconds(), within.total_seconds()), words


def _nearness(value: float, limit: float) -> float:
    return max(0.0, 1.0 - value / limit)
