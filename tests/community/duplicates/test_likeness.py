"""Likeness: each part worked out by hand, the whole their weighted mean, reasons that a person can read."""

from datetime import timedelta

import pytest

from community.duplicates.likeness import Told, compare, text_overlap
from community.duplicates.models import Aspect, Reach
from tests.conftest import START

REACH = Reach(radius_m=50, within_days=30)
LITTER = Told("litter", "路边有垃圾", START)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("路边有垃圾", "路边有垃圾", 1.0),
        ("路边有垃圾", "路边堆垃圾", 2 / 6),  # 路边 边有 有垃 垃圾 and 路边 边堆 堆垃 垃圾: two of six
        ("路边有垃圾", "井盖松动", 0.0),
        ("路边,有 垃圾!", "「路边有垃圾」。", 1.0),
        ("Ａ座ＢＣ", "a座bc", 1.0),
        ("垃", "垃圾", None),
        ("", "路边有垃圾", None),
        ("……", "路边有垃圾", None),
    ],
)
def test_words_are_compared_by_pairs_of_neighbouring_characters(one: str, other: str, expected: float | None) -> None:
    assert expected == text_overlap(one, other)
    assert expected == text_overlap(other, one)


def test_the_same_thing_at_the_same_time_and_place_is_wholly_alike() -> None:
    assert 1.0 == compare(LITTER, LITTER, metres=0.0, reach=REACH).score


def test_a_score_is_the_sum_of_its_parts_by_hand() -> None:
    other = Told("rubble", "路边堆垃圾", START + timedelta(days=3))
    found = compare(LITTER, other, metres=10.0, reach=REACH)
    # 0.5 · (1 − 10/50) + 0.25 · 2/6 + 0.15 · 0.5 + 0.1 · (1 − 3/30)
    assert pytest.approx(0.4 + 0.0833 + 0.075 + 0.09, abs=0.001) == found.score
    assert [
        (Aspect.DISTANCE, 0.8, 0.5),
        (Aspect.TEXT, 0.333, 0.25),
        (Aspect.CATEGORY, 0.5, 0.15),
        (Aspect.TIME, 0.9, 0.1),
    ] == [(part.aspect, part.likeness, part.weight) for part in found.parts]


def test_every_part_says_what_it_rests_on() -> None:
    other = Told("rubble", "路边堆垃圾", START + timedelta(days=3))
    said = [part.reason for part in compare(LITTER, other, metres=10.4, reach=REACH).parts]
    assert ["相距 10 米", "描述有 33% 相同", "类别相近", "先后相隔 3 天"] == [reason.zh for reason in said]
    assert ["10 m apart", "33% of the words in common", "Related category", "3 days apart"] == [
        reason.en for reason in said
    ]


def test_a_short_time_is_said_in_hours() -> None:
    other = Told("litter", "", START - timedelta(hours=5))
    assert "先后相隔 5 小时" == compare(LITTER, other, metres=0.0, reach=REACH).parts[-1].reason.zh


def test_without_words_the_other_parts_share_their_weight() -> None:
    silent = Told("litter", "", START)
    found = compare(LITTER, silent, metres=25.0, reach=REACH)
    # (0.5 · 0.5 + 0.15 · 1 + 0.1 · 1) / 0.75
    assert pytest.approx(0.667, abs=0.001) == found.score
    assert [0.667, 0.2, 0.133] == [part.weight for part in found.parts]


def test_likeness_is_the_same_from_either_side() -> None:
    other = Told("rubble", "建筑垃圾堆在路边", START + timedelta(hours=30))
    assert compare(LITTER, other, metres=7.0, reach=REACH) == compare(other, LITTER, metres=7.0, reach=REACH)


def test_what_lies_at_the_edge_counts_nothing_and_never_less() -> None:
    far = Told("litter", "井盖松动", START + timedelta(days=31))
    assert [0.0, 0.0, 1.0, 0.0] == [p.likeness for p in compare(LITTER, far, metres=50.001, reach=REACH).parts]
