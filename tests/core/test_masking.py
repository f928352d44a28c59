"""What is shown of personal data to those who need not know it."""

import pytest

from core.masking import mask_id_number, mask_name, mask_phone


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800005678", "138****5678"),
        ("+8613800005678", "138****5678"),
        ("+86 138-0000 5678", "138****5678"),
        ("8613800005678", "138****5678"),
        ("0532-8888 1234", "****-**** **34"),
        ("+86 199-0000", "+** ***-**00"),
        ("12345", "***45"),
        ("12", "12"),
        (None, None),
    ],
)
def test_of_a_number_enough_is_shown_to_tell_it_from_another_one(phone: str | None, shown: str | None) -> None:
    assert shown == mask_phone(phone)


@pytest.mark.parametrize(("name", "shown"), [("王小明", "王*"), ("王", "王*"), ("欧阳小明", "欧*"), (None, None)])
def test_of_a_name_the_first_sign_is_shown_and_not_how_long_it_is(name: str | None, shown: str | None) -> None:
    assert shown == mask_name(name)


def test_of_an_identity_number_neither_birthday_nor_birthplace_is_shown() -> None:
    assert ("**************002X", None) == (mask_id_number("11010519491231002X"), mask_id_number(None))
