"""Keys, and the tables that hold sealed values."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

#: A sealed value and an index begin alike: the algorithm's number, then the key's in two bytes.
HEADER_BYTES = 3
LAST_NUMBER = 2**16 - 1


class Purpose(StrEnum):
    """What a key is for: values that are read again, indexes that are only compared, or digests that end by time.

    `CODES` is for what counts, limits and recognises, `LINKS` for the links of follow-ups.
    """

    SEAL = "seal"
    INDEX = "index"
    CODES = "codes"
    LINKS = "links"


@dataclass(frozen=True, slots=True)
class Key:
    """One key; numbers count up for each purpose. The secret is left out wherever a key is printed."""

    purpose: Purpose
    number: int
    algorithm: str
    secret: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Give what people call it, which is also the beginning of its file's name: `seal-0001`."""
        return f"{self.purpose}-{self.number:04}"

    @property
    def fingerprint(self) -> bytes:
        """Give 16 bytes by which the key is told from any other, and from which nothing of it follows."""
        return hmac.digest(self.secret, f"fingerprint of {self.name}".encode(), hashlib.sha256)[:16]


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """What the database knows of a key: that it was used, and by what to recognise it."""

    purpose: Purpose
    number: int
    algorithm: str
    fingerprint: bytes
    made_at: datetime
    retired_at: datetime | None

    @property
    def name(self) -> str:
        """Give what people call it."""
        return f"{self.purpose}-{self.number:04}"


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table with sealed columns; its rows are told apart by `district_id` and `id`.

    Of each row `sealed_with` (a generated column) is the lowest number of a key that its values need. `indexed` names
    the column that can be looked up: its indexes stand in `…_index_odd` and `…_index_even`, by the key's number.
    """

    name: str
    columns: tuple[str, ...]
    indexed: str | None = None

    def place(self, column: str, *, district_id: int, row_id: int) -> str:
        """Give the place to which a value is bound: moved anywhere else, it does not open."""
        return f"{self.name}:{column}:{district_id}/{row_id}"

    def indexed_as(self, *, district_id: int) -> str:
        """Give what is indexed together with a value, so that equal values of other columns have other indexes."""
        return f"{self.name}:{self.indexed}:{district_id}"


@dataclass(frozen=True, slots=True)
class Indexes:
    """The blind indexes of one value under every key in use, by whether the key's number is odd; None for no key."""

    odd: bytes | None
    even: bytes | None
