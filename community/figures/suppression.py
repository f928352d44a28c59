"""Which figures are kept from those outside an area, so that no subtraction gives a small count away. Pure.

What is shown to them are areas of one month, as a tree: an area and the areas beneath it make a line, of which the
first is the sum of the others. A line in which exactly one number is hidden gives it away; so does one in which those
hidden are together small. So more is hidden until no line does. What the asker's own areas count he knows, and takes
off every sum: only what is left of an area after that is looked at.
"""

from collections.abc import Mapping
from typing import NamedTuple

from community.figures.definitions import SMALL
from core.access.models import is_within


class Share(NamedTuple):
    """A numerator and its denominator."""

    numerator: int
    denominator: int


def is_small(share: Share) -> bool:
    """Tell whether numerator, denominator or what lies between them is a small count; none at all is not."""
    counts = (share.numerator, share.denominator, share.denominator - share.numerator)
    return any(0 < count < SMALL for count in counts)


def foreign_part(shares: Mapping[str, Share], own: Mapping[str, Share]) -> dict[str, Share]:
    """Give what is left of each area without the asker's `own` areas, which do not overlap; those are left out."""
    return {
        path: Share(
            share.numerator - sum(part.numerator for inner, part in own.items() if is_within(inner, path)),
            share.denominator - sum(part.denominator for inner, part in own.items() if is_within(inner, path)),
        )
        for path, share in shares.items()
        if not any(is_within(path, scope) for scope in own)
    }


def hidden_paths(shares: Mapping[str, Share]) -> frozenset[str]:
    """Give the paths whose share is not shown, of the foreign part of a tree."""
    lines: dict[str, list[str]] = {}
    for path in shares:
        lines.setdefault(path.rpartition("/")[0], []).append(path)
    lines = {parent: children for parent, children in lines.items() if parent in shares}
    hidden = {path for path, share in shares.items() if is_small(share)}
    while more := {also for line in lines.items() if (also := _also_hide(*line, shares, hidden)) is not None}:
        hidden |= more
    return frozenset(hidden)


def _also_hide(parent: str, children: list[str], shares: Mapping[str, Share], hidden: set[str]) -> str | None:
    """Give one more path to hide for this line's sake; None where it gives nothing away or no more can be done."""
    beneath = [child for child in children if child in hidden]
    numbers = len(beneath) + (parent in hidden)
    if numbers == 0 or (numbers >= 2 and sum(shares[child].denominator for child in beneath) >= SMALL):
        return None
    shown = [child for child in children if child not in hidden and shares[child].denominator]
    if shown:
        return min(shown, key=lambda child: (shares[child].denominator, child))
    return parent if parent not in hidden else None
