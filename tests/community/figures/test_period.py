"""Periods cut into whole months and odd days: nothing is left out or counted twice, and as little as may be is odd."""

import random
from datetime import date, timedelta

import pytest

from community.figures.models import By, Grain, Question
from community.figures.period import pieces_of

TODAY = date(2026, 5, 20)


def cut(first: date, before: date, area_path: str = "37", by: By | None = None) -> list[tuple[Grain, date, date]]:
    pieces = pieces_of(Question(area_path, first, before, by=by), TODAY)
    return [(piece.grain, piece.first, piece.before) for piece in pieces]


@pytest.mark.parametrize(
    ("first", "before", "expected"),
    [
        # A month and a year.
        (date(2026, 3, 1), date(2026, 4, 1), [(Grain.MONTH, date(2026, 3, 1), date(2026, 4, 1))]),
        (date(2025, 1, 1), date(2026, 1, 1), [(Grain.MONTH, date(2025, 1, 1), date(2026, 1, 1))]),
        # Odd days at both ends; within one month; over a month's end with no whole month between.
        (
            date(2026, 1, 30),
            date(2026, 4, 3),
            [
                (Grain.MONTH, date(2026, 2, 1), date(2026, 4, 1)),
                (Grain.DAY, date(2026, 1, 30), date(2026, 2, 1)),
                (Grain.DAY, date(2026, 4, 1), date(2026, 4, 3)),
            ],
        ),
        (date(2026, 3, 3), date(2026, 3, 9), [(Grain.DAY, date(2026, 3, 3), date(2026, 3, 9))]),
        (date(2026, 3, 20), date(2026, 4, 9), [(Grain.DAY, date(2026, 3, 20), date(2026, 4, 9))]),
        # Up to the end of today, or far beyond: nothing is opened after it, so this month counts as whole.
        (date(2026, 1, 1), date(2026, 5, 21), [(Grain.MONTH, date(2026, 1, 1), date(2026, 6, 1))]),
        (date(2026, 1, 1), date(2026, 8, 9), [(Grain.MONTH, date(2026, 1, 1), date(2026, 8, 1))]),
        # Up to today, without it: this month is not whole.
        (
            date(2026, 4, 1),
            date(2026, 5, 20),
            [
                (Grain.MONTH, date(2026, 4, 1), date(2026, 5, 1)),
                (Grain.DAY, date(2026, 5, 1), date(2026, 5, 20)),
            ],
        ),
    ],
)
def test_a_period_is_cut_at_the_months(first: date, before: date, expected: list[tuple[Grain, date, date]]) -> None:
    assert expected == cut(first, before)


@pytest.mark.parametrize("seed", range(200))
def test_every_day_up_to_today_is_in_one_piece(seed: int) -> None:
    dice = random.Random(seed)
    first = TODAY - timedelta(days=dice.randint(0, 500))
    before = first + timedelta(days=dice.randint(1, 600))
    days = [start + timedelta(days=n) for _, start, end in cut(first, before) for n in range((end - start).days)]
    asked = {first + timedelta(days=n) for n in range((before - first).days)}
    assert len(set(days)) == len(days)
    assert {day for day in asked if day <= TODAY} == {day for day in days if day <= TODAY}


@pytest.mark.parametrize(
    ("area_path", "by", "expected"),
    [
        ("", None, [True, True]),
        ("37/01", None, [True, True]),
        ("37/01", By.AREA, [True, False]),  # the months of communities are kept, their days are not
        ("37/01", By.DEPARTMENT, [True, True]),
        ("37/01/02", By.CATEGORY, [True, False]),
        ("37/01/02", By.DEPARTMENT, [False, False]),
        ("37/01/02", By.AREA, [False, False]),
    ],
)
def test_what_is_not_kept_is_added_up_from_the_cases(area_path: str, by: By | None, expected: list[bool]) -> None:
    asked = Question(area_path, date(2026, 1, 1), date(2026, 3, 3), by=by)
    assert expected == [piece.from_cells for piece in pieces_of(asked, TODAY)]
