"""Text that people type: what of it may be kept."""

import unicodedata


def drop_invisible(text: str) -> str:
    """Take control and direction characters out of a name, with which it could pass for another; bring it to NFC."""
    seen = "".join(sign for sign in text if unicodedata.category(sign)[0] != "C")
    return unicodedata.normalize("NFC", seen).strip()
