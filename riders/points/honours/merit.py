"""Who is honoured: pure arithmetic on counts, in exact fractions.

The order is by quality, a mean of shares. A share does not grow with the number of reports, so however often somebody
multiplies what he does at the same quality, he stays below everyone of better quality (a property test holds it to
this). Only among those of exactly equal quality do breadth, then evidence (the lower end of Wilson's 95 % interval of
the accuracy: the same share seen more often), then the longer-known rider (lower id) decide.

The Wilson bound is not the score itself although it is the usual one: it rises with volume at the same share (5 of 5
gives 0.57, 18 of 20 gives 0.70), which is just what must not win.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

from riders.points.honours.models import Figures, HonourKind, Winner

PLACES = 3

#: With fewer reports decided in the month nobody is compared: a share of two is luck.
LEAST_DECIDED = 5
#: With fewer answers promptness does not count.
LEAST_ANSWERS = 3
#: More different categories, or grids, add nothing to breadth.
MOST_BREADTH = 5

_WILSON_Z = 1.96  # 95 %, two-sided


def may_win(figures: Figures) -> bool:
    """Tell whether there is enough to judge by, and something that led to a result."""
    return figures.decided >= LEAST_DECIDED and figures.stood > 0


def accuracy(figures: Figures) -> Fraction:
    """Give the share that stood of the reports decided on their own; duplicates count neither way."""
    return Fraction(figures.stood, figures.decided) if figures.decided else Fraction(0)


def helpfulness(figures: Figures) -> Fraction:
    """Give the share closed with a result of all reports that ended, duplicates of known matters among them."""
    ended = figures.decided + figures.merged
    return Fraction(figures.stood, ended) if ended else Fraction(0)


def promptness(figures: Figures) -> Fraction | None:
    """Give the share of verification answers that came in time; None with too few."""
    return Fraction(figures.prompt, figures.answers) if figures.answers >= LEAST_ANSWERS else None


def eyes(figures: Figures) -> Fraction:
    """Give the breadth of what stood: different categories and grids, each up to `MOST_BREADTH`, as a share."""
    return Fraction(min(figures.categories, MOST_BREADTH) + min(figures.grids, MOST_BREADTH), 2 * MOST_BREADTH)


def quality(figures: Figures) -> Fraction:
    """Give the mean of accuracy and helpfulness, and of promptness where that raises it.

    A late answer never lowers it: otherwise not answering at all would pay.
    """
    of_reports = (accuracy(figures) + helpfulness(figures)) / 2
    prompt = promptness(figures)
    return of_reports if prompt is None else max(of_reports, (2 * of_reports + prompt) / 3)


def wilson_lower_bound(successes: int, trials: int) -> float:
    """Give the lower end of Wilson's score interval (E. B. Wilson, 1927) at 95 %; 0 without trials."""
    if trials == 0:
        return 0.0
    share, z2 = successes / trials, _WILSON_Z**2
    middle = share + z2 / (2 * trials)
    spread = _WILSON_Z * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    return (middle - spread) / (1 + z2 / trials)


def rank(month: Sequence[Figures]) -> list[Figures]:
    """Put those who may win in order, best first; the same for any order of `month`."""
    return sorted((figures for figures in month if may_win(figures)), key=_place)


def choose(month: Sequence[Figures]) -> list[Winner]:
    """Give the winners of an area's month, at most `PLACES`."""
    ranked = rank(month)
    return [
        Winner(place, _stands_out(figures, ranked), figures, float(quality(figures)), _evidence(figures))
        for place, figures in enumerate(ranked[:PLACES], start=1)
    ]


def _place(figures: Figures) -> tuple[Fraction, Fraction, float, int]:
    return (-quality(figures), -eyes(figures), -_evidence(figures), figures.rider_id)


def _evidence(figures: Figures) -> float:
    return wilson_lower_bound(figures.stood, figures.decided)


def _stands_out(figures: Figures, ranked: Sequence[Figures]) -> HonourKind:
    """Give the figure in which he is furthest ahead of the mean of all who may win; ties in the order of the enum."""
    own = _profile(figures)
    all_of_them = [_profile(other) for other in ranked]
    lead = {kind: own[kind] - sum(each[kind] for each in all_of_them) / len(all_of_them) for kind in HonourKind}
    return max(HonourKind, key=lambda kind: lead[kind])


def _profile(figures: Figures) -> dict[HonourKind, Fraction]:
    return {
        HonourKind.HELPFULNESS: helpfulness(figures),
        HonourKind.ACCURACY: accuracy(figures),
        HonourKind.PROMPTNESS: promptness(figures) or Fraction(0),
        HonourKind.EYES: eyes(figures),
    }
