"""Tokens of links: 256 bits that only the key gives, the same every time, and no other text passes for one."""

import pytest

from community.followup.tokens import make_token, read_token
from core.sealing.models import Purpose
from tests.conftest import RING, changed_ring

TOKEN = make_token(RING, district_id=1, case_id=42, round=2)


def test_a_token_is_the_same_every_time_and_names_its_case_and_round() -> None:
    assert make_token(RING, district_id=1, case_id=42, round=2) == TOKEN
    assert (42, 2) == read_token(RING, TOKEN, district_id=1)


def test_a_token_holds_256_bits_that_case_round_district_and_key_change() -> None:
    others = [
        make_token(RING, district_id=2, case_id=42, round=2),
        make_token(RING, district_id=1, case_id=43, round=2),
        make_token(RING, district_id=1, case_id=42, round=3),
        make_token(changed_ring(Purpose.LINKS, is_retired=True), district_id=1, case_id=42, round=2),
        make_token(RING, district_id=1, case_id=4, round=22),
    ]
    signatures = {token.split("-", 2)[2] for token in [TOKEN, *others]}
    assert (6, {43}) == (len(signatures), {len(each) for each in signatures})


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "guess",
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN + "\n",
        TOKEN.replace("42-", "43-", 1),
        TOKEN.replace("-2-", "-3-", 1),
        "0" + TOKEN,
        "42-2-" + "A" * 43,
        "٤٢" + TOKEN[2:],
        "9" * 30 + TOKEN[2:],
        TOKEN.replace("42-2-", "42--2-", 1),
    ],
)
def test_any_other_text_is_no_token(wrong: str) -> None:
    assert read_token(RING, wrong, district_id=1) is None


def test_a_token_of_another_district_or_key_opens_nothing() -> None:
    assert read_token(RING, TOKEN, district_id=2) is None
    assert read_token(changed_ring(Purpose.LINKS, is_retired=True), TOKEN, district_id=1) is None


def test_a_token_opens_until_its_key_is_retired_and_new_ones_are_made_with_the_newest() -> None:
    both, new = changed_ring(Purpose.LINKS), changed_ring(Purpose.LINKS, is_retired=True)
    made_since = make_token(both, district_id=1, case_id=42, round=2)
    assert (42, 2) == read_token(both, TOKEN, district_id=1) == read_token(both, made_since, district_id=1)
    assert [None, (42, 2)] == [read_token(new, token, district_id=1) for token in (TOKEN, made_since)]
