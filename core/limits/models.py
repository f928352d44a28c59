"""Limits as values."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `most` of something within `per`, counted from the first; `purpose` is its name in the database."""

    purpose: str
    most: int
    per: timedelta
