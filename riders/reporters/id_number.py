"""Numbers of mainland identity cards: one written form, a real birthday, the check sign of GB 11643."""

import re
import unicodedata
from datetime import date

from riders.errors import IdNumberNotValid

_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]")
#: GB 11643-1999 (ISO 7064 MOD 11-2): the weight of each of the first 17 digits, and the sign of each remainder.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SIGNS = "10X98765432"


def parse_id_number(text: str) -> str:
    """Bring an 18-digit citizen identity number to its written form, with a large X. Raises `IdNumberNotValid`.

    Full-width digits and blanks, as people paste them, are taken.
    """
    number = unicodedata.normalize("NFKC", text).replace(" ", "").upper()
    if not _NUMBER.fullmatch(number) or not _has_birthday(number) or number[-1] != check_sign(number[:17]):
        raise IdNumberNotValid(pointer="/id_number")
    return number


def check_sign(digits: str) -> str:
    """Give the check sign of the first 17 digits."""
    return _SIGNS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11]


def _has_birthday(number: str) -> bool:
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return True
