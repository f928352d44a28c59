"""Takes phone numbers, ID numbers and a person's own name out of words that people typed.

The patterns mean the same to Python and to PostgreSQL, so that a query can use them where the words lie. A number
inside a longer run of letters or digits (a hash, a key) is none.
"""

import re

#: What stands where something was taken out.
BLANK = "＊＊＊"

_DIGIT = "[0-9０-９]"
_BEFORE, _AFTER = "(?<![0-9A-Za-z０-９])", "(?![0-9A-Za-z０-９])"
_PHONE = rf"(?:[+＋]?(?:86|８６)[ -]?)?[1１][3-9３-９]{_DIGIT}(?:[ -]?{_DIGIT}{{4}}){{2}}"
_ID_NUMBER = rf"[1-9１-９]{_DIGIT}{{16}}[0-9０-９XxＸｘ]"

#: Mainland mobile numbers and ID numbers.
NUMBERS = f"{_BEFORE}(?:{_ID_NUMBER}|{_PHONE}){_AFTER}"

#: A name of a single sign stands in too many other words.
_LEAST_NAME = 2


def blank(text: str, pattern: str = NUMBERS) -> str:
    """Put `BLANK` in place of whatever fits `pattern`."""
    return re.sub(pattern, BLANK, text)


def blank_in(value: object, pattern: str) -> object:
    """Do the same to every text inside a JSON value; keys, numbers and the shape stay."""
    if isinstance(value, str):
        return blank(value, pattern)
    if isinstance(value, dict):
        return {key: blank_in(each, pattern) for key, each in value.items()}
    return [blank_in(each, pattern) for each in value] if isinstance(value, list) else value


def pattern_of(*, phone: str | None, name: str | None) -> str | None:
    """Give the pattern of one person: his phone however it is spaced, and his name; None where neither is known."""
    own = []
    digits = re.sub(r"[^0-9]", "", phone or "")
    if digits:
        own.append(_BEFORE + r"(?:\+?86[ -]?)?" + "[ -]?".join(digits.removeprefix("86")) + _AFTER)
    if name is not None and len(name) >= _LEAST_NAME:
        own.append(re.sub(r"([^\w\s])", r"\\\1", name))
    return "|".join(f"(?:{each})" for each in own) or None
