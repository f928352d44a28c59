"""No volume wins an honour: the arithmetic, and properties that hold for any months."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from riders.points.honours.merit import (
    LEAST_ANSWERS,
    LEAST_DECIDED,
    PLACES,
    accuracy,
    choose,
    eyes,
    helpfulness,
    may_win,
    promptness,
    quality,
    rank,
    wilson_lower_bound,
)
from riders.points.honours.models import Figures, HonourKind


@st.composite
def months(draw: st.DrawFn, rider_id: int = 1) -> Figures:
    """Make the month of a reporter who has enough to be judged by."""
    decided = draw(st.integers(LEAST_DECIDED, 60))
    answers = draw(st.just(0) | st.integers(LEAST_ANSWERS, 40))
    return Figures(
        rider_id,
        decided=decided,
        stood=draw(st.integers(1, decided)),
        merged=draw(st.integers(0, 30)),
        answers=answers,
        prompt=draw(st.integers(0, answers)),
        categories=draw(st.integers(1, 12)),
        grids=draw(st.integers(1, 12)),
    )


def times(figures: Figures, factor: int) -> Figures:
    """Do everything `factor` times, at the same quality."""
    return replace(
        figures,
        decided=figures.decided * factor,
        stood=figures.stood * factor,
        merged=figures.merged * factor,
        answers=figures.answers * factor,
        prompt=figures.prompt * factor,
    )


@given(months(1), months(2), st.integers(2, 1000), st.integers(0, 50), st.integers(0, 50))
def test_however_often_one_multiplies_his_reports_he_stays_below_better_quality(
    busy: Figures, better: Figures, factor: int, more_categories: int, more_grids: int
) -> None:
    assume(quality(busy) < quality(better))
    busier = replace(times(busy, factor), categories=busy.categories + more_categories, grids=busy.grids + more_grids)
    for order in ([busier, better], [better, busier]):
        assert [2, 1] == [figures.rider_id for figures in rank(order)]


@given(months(), st.integers(2, 1000))
def test_quality_does_not_know_how_much_was_done(month: Figures, factor: int) -> None:
    assert quality(month) == quality(times(month, factor))


@given(months())
def test_every_figure_is_a_share(month: Figures) -> None:
    shares = [accuracy(month), helpfulness(month), promptness(month) or Fraction(0), eyes(month), quality(month)]
    assert all(0 <= share <= 1 for share in shares)


@given(months(), st.integers(1, 50))
def test_reports_that_were_not_so_only_lower_quality(month: Figures, false_ones: int) -> None:
    assert quality(replace(month, decided=month.decided + false_ones)) <= quality(month)


@given(months(), st.integers(1, 50))
def test_repeating_what_others_reported_never_raises_quality(month: Figures, repeated: int) -> None:
    assert quality(replace(month, merged=month.merged + repeated)) <= quality(month)


@given(months(), st.integers(1, 50))
def test_a_late_answer_never_makes_it_worth_not_to_have_answered(month: Figures, late: int) -> None:
    silent = replace(month, answers=0, prompt=0)
    assert quality(replace(month, answers=month.answers + late)) >= quality(silent)


@given(st.lists(months(), max_size=8), st.randoms())
def test_the_order_of_the_input_does_not_matter(all_months: list[Figures], shuffler: object) -> None:
    numbered = [replace(month, rider_id=number) for number, month in enumerate(all_months)]
    shuffled = list(numbered)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(numbered) == choose(shuffled)
    assert len(choose(numbered)) == min(PLACES, len(numbered))


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        (Figures(1, decided=4, stood=4, merged=0), False),
        (Figures(1, decided=5, stood=0, merged=0), False),
        (Figures(1, decided=0, stood=0, merged=50), False),
        (Figures(1, decided=5, stood=1, merged=0), True),
    ],
)
def test_with_too_little_or_nothing_that_stood_nobody_is_honoured(month: Figures, expected: bool) -> None:
    assert expected == may_win(month)
    assert expected == bool(choose([month]))


def test_among_equals_breadth_then_evidence_then_the_longer_known_rider_decide() -> None:
    narrow = Figures(1, decided=40, stood=40, merged=0, categories=1, grids=1)
    broad = Figures(2, decided=5, stood=5, merged=0, categories=4, grids=3)
    seldom = Figures(3, decided=5, stood=5, merged=0, categories=1, grids=1)
    twin = replace(seldom, rider_id=4)
    assert [2, 1, 3, 4] == [figures.rider_id for figures in rank([twin, seldom, narrow, broad])]


def test_an_honour_is_given_for_what_one_is_furthest_ahead_in() -> None:
    plain = Figures(1, decided=10, stood=9, merged=0, categories=2, grids=2)
    prompt = Figures(2, decided=10, stood=9, merged=0, answers=4, prompt=4, categories=2, grids=2)
    broad = Figures(3, decided=10, stood=9, merged=0, categories=5, grids=5)
    kinds = {winner.figures.rider_id: winner.kind for winner in choose([plain, prompt, broad])}
    assert {1: HonourKind.HELPFULNESS, 2: HonourKind.PROMPTNESS, 3: HonourKind.EYES} == kinds


@pytest.mark.parametrize(
    ("successes", "trials", "expected"), [(0, 0, 0.0), (5, 5, 0.5655), (18, 20, 0.6990), (1, 10, 0.0179)]
)
def test_wilsons_bound_is_the_published_one(successes: int, trials: int, expected: float) -> None:
    assert expected == round(wilson_lower_bound(successes, trials), 4)
