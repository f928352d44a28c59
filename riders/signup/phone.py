"""Mainland China mobile numbers: one written form for each. Looks nothing up."""

import re
import unicodedata

from riders.errors import PhoneNotValid

_SEPARATORS = str.maketrans("", "", " -()\u00a0")
_MAINLAND_MOBILE = re.compile(r"(?:\+86|0086|86)?(1[3-9][0-9]{9})")


def parse_phone(text: str) -> str:
    """Bring a mainland mobile number, with or without +86, to E.164.

    Full-width digits, blanks and hyphens, as people paste them, are taken. Raises `PhoneNotValid`.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SEPARATORS)
    match = _MAINLAND_MOBILE.fullmatch(plain)
    if match is None:
        raise PhoneNotValid(pointer="/phone")
    return f"+86{match[1]}"
