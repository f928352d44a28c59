"""Mainland mobile numbers in every spelling come out as one, and nothing else comes through."""

import pytest

from riders.errors import PhoneNotValid
from riders.signup.phone import parse_phone


@pytest.mark.parametrize(
    "written",
    [
        "13812345678",
        "+8613812345678",
        "8613812345678",
        "008613812345678",
        "138 1234 5678",
        "138-1234-5678",
        "１３８１２３４５６７８",
    ],
)
def test_every_spelling_of_a_mobile_number_becomes_the_same(written: str) -> None:
    assert "+8613812345678" == parse_phone(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "1381234567",
        "138123456789",
        "12812345678",
        "+85298765432",
        "+1 4155550100",
        "13812345678x",
        "053288888888",
        "+",
    ],
)
def test_what_is_no_mainland_mobile_number_is_refused_by_field(written: str) -> None:
    with pytest.raises(PhoneNotValid) as refused:
        parse_phone(written)
    assert "/phone" == refused.value.pointer
