"""Times on a logarithmic scale: how far off they are, and that percentiles of sums are those of all cases."""

import random
from collections import Counter

import pytest

from community.figures.spread import STEPS, percentile, seconds_of, step_of


def test_a_time_read_back_is_within_two_and_a_half_percent() -> None:
    dice = random.Random(1)
    for _ in range(20_000):
        seconds = 10 ** dice.uniform(0, 8)
        assert abs(seconds_of(step_of(seconds)) / seconds - 1) <= 0.025


@pytest.mark.parametrize(("seconds", "expected"), [(0, 0), (0.9, 0), (1, 1), (1e12, STEPS - 1)])
def test_what_takes_no_time_is_0_and_what_takes_for_ever_is_the_last(seconds: float, expected: int) -> None:
    assert expected == step_of(seconds)


def test_nothing_has_no_median() -> None:
    assert percentile({}, 50) is None


@pytest.mark.parametrize("seed", range(30))
def test_percentiles_are_those_of_the_nearest_rank(seed: int) -> None:
    dice = random.Random(seed)
    times = sorted(dice.choice([0.0, dice.expovariate(1 / 4000)]) for _ in range(dice.randint(1, 40)))
    counts = Counter(step_of(seconds) for seconds in times)
    for percent in (50, 90):
        exact = next(t for n, t in enumerate(times, start=1) if n * 100 >= percent * len(times))
        assert percentile(counts, percent) == pytest.approx(exact if exact >= 1 else 0, rel=0.025)
