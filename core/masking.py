"""What is shown of personal data to those who need not know it, or have not asked. Pure."""

import re

_MAINLAND = re.compile(r"(?:\+?86)?(1[3-9][0-9])[0-9]{4}([0-9]{4})")
_SEPARATORS = re.compile(r"[ -]")
#: Every digit but the last two.
_HIDDEN = re.compile(r"\d(?=(?:\D*\d){2})")


def mask_phone(phone: str | None) -> str | None:
    """Show a mainland mobile number as 138****5678, and of any other number the last two digits."""
    if phone is None:
        return None
    mobile = _MAINLAND.fullmatch(_SEPARATORS.sub("", phone))
    return _HIDDEN.sub("*", phone) if mobile is None else f"{mobile[1]}****{mobile[2]}"


def mask_name(name: str | None) -> str | None:
    """Show the first sign of a name and not how long it is: 王*."""
    return None if name is None else f"{name[:1]}*"


def mask_id_number(number: str | None) -> str | None:
    """Show the last four signs of an identity number; the others say where and when somebody was born."""
    return None if number is None else "*" * (len(number) - 4) + number[-4:]
