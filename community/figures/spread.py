"""Spans of time kept as counts on a logarithmic scale, so that medians of any number of cases can be added up. Pure.

Step n ≥ 1 holds the seconds from 1.05ⁿ⁻¹ up to, not including, 1.05ⁿ, and is read as its geometric middle: off by at
most √1.05 − 1 = 2.47 %. Step 0 holds what took less than a second.
"""

import math
from collections.abc import Mapping

STEPS = 400  # up to nine years
_RATIO = 1.05


def step_of(seconds: float) -> int:
    """Give the step in which a span of `seconds` falls; the last takes whatever is longer."""
    return 0 if seconds < 1 else min(1 + math.floor(math.log(seconds) / math.log(_RATIO)), STEPS - 1)


def seconds_of(step: int) -> float:
    """Give the seconds that stand for a step."""
    return 0.0 if step == 0 else _RATIO ** (step - 0.5)


def percentile(counts: Mapping[int, int], percent: int) -> float | None:
    """Give the seconds of the nearest rank: at least `percent` of the spans are not longer. None if there are none."""
    rank = -(-sum(counts.values()) * percent // 100)
    reached = 0
    for step in sorted(counts):
        reached += counts[step]
        if reached >= rank > 0:
            return seconds_of(step)
    return None
