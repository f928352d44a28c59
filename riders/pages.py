"""Pages by id: the cursor is the id of the last row shown, so rows that arrive in between move no other row."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


Row = TypeVar("Row", bound=_Numbered)


def cut(rows: Sequence[Row], limit: int) -> tuple[list[Row], int | None]:
    """Give the first `limit` of `rows` (asked for with one more) and the cursor of the next page; None on the last."""
    shown = list(rows[:limit])
    return shown, shown[-1].id if len(rows) > limit else None
