"""The key ring: seals with the newest key, opens with any, indexes and digests under every key in use.

A sealed value is bound to its place (table, column, row): moved elsewhere, it does not open. While a new key is being
brought in, other processes may have it a moment earlier: a number that is not on the ring is looked for once more.
"""

import os
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag

from core.sealing.algorithms import INDEXINGS, SEALINGS, Cipher
from core.sealing.models import HEADER_BYTES, Indexes, Key, Purpose

_NONCE_BYTES = 12
_TAG_BYTES = 16
#: What stands before a value that a migration found plain; only `open_plain` takes it.
_PLAIN_HEADER = bytes(HEADER_BYTES)


class SealBroken(Exception):
    """A sealed value does not open: it was changed or moved, or its key is gone. Never shown to callers."""


class KeyRing:
    """The keys of one process; `read` gives all there are, and is asked again by `follow`."""

    def __init__(self, read: Callable[[], Sequence[Key]]) -> None:
        self._read = read
        self._take(read())

    def _take(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)
        seals = {key.number: key for key in keys if key.purpose is Purpose.SEAL}
        self._ciphers: dict[int, tuple[int, Cipher]] = {
            number: (SEALINGS[key.algorithm].id, SEALINGS[key.algorithm].cipher(key.secret))
            for number, key in seals.items()
        }
        self.newest_seal = max(seals)
        self._header = self._header_of(self.newest_seal)
        self._indexing = [key for key in keys if key.purpose is Purpose.INDEX]
        numbers = [key.number for key in self._indexing]
        self.oldest_index, self.newest_index = min(numbers), max(numbers)
        self._digesting = {
            purpose: sorted((key for key in keys if key.purpose is purpose), key=lambda key: -key.number)
            for purpose in (Purpose.CODES, Purpose.LINKS)
        }

    def _header_of(self, number: int) -> bytes:
        algorithm_id, _ = self._ciphers[number]
        return bytes([algorithm_id]) + number.to_bytes(2)

    def follow(self) -> bool:
        """Read the keys again and tell whether they have changed."""
        keys = tuple(self._read())
        if keys == self.keys:
            return False
        self._take(keys)
        return True

    def seal(self, text: str | None, place: str) -> bytes | None:
        """Seal `text` for its place with the newest key; nothing stays nothing."""
        if text is None:
            return None
        header, (_, cipher) = self._header, self._ciphers[self.newest_seal]
        nonce = os.urandom(_NONCE_BYTES)
        return header + nonce + cipher.encrypt(nonce, text.encode(), header + place.encode())

    def open(self, sealed: bytes | None, place: str) -> str | None:
        """Give what was sealed for this place. Raises `SealBroken`."""
        if sealed is None:
            return None
        header, nonce = sealed[:HEADER_BYTES], sealed[HEADER_BYTES : HEADER_BYTES + _NONCE_BYTES]
        number = int.from_bytes(header[1:])
        if number not in self._ciphers:
            self.follow()
        if number not in self._ciphers or header != self._header_of(number):
            raise SealBroken(f"{place}: no key {number} that seals so")
        try:
            return (
                self._ciphers[number][1]
                .decrypt(nonce, sealed[HEADER_BYTES + _NONCE_BYTES :], header + place.encode())
                .decode()
            )
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"{place}: changed or moved since key {number} sealed it") from error

    def open_plain(self, found: bytes | None, place: str) -> str | None:
        """Give a value that may still be plain, as a migration left it, or else is sealed. Raises `SealBroken`."""
        if found is not None and found[:HEADER_BYTES] == _PLAIN_HEADER:
            return found[HEADER_BYTES:].decode()
        return self.open(found, place)

    def index(self, text: str, indexed_as: str) -> Indexes:
        """Give the indexes by which an equal value of the same column is found."""
        odd = even = None
        for key in self._indexing:
            indexing = INDEXINGS[key.algorithm]
            header = bytes([indexing.id]) + key.number.to_bytes(2)
            made = header + indexing.digest(key.secret, f"{indexed_as}:{text}".encode())
            odd, even = (made, even) if key.number % 2 else (odd, made)
        return Indexes(odd, even)

    def newest(self, purpose: Purpose) -> int:
        """Give the number of the key that is used for what is made from now on."""
        return max(key.number for key in self.keys if key.purpose is purpose)

    def digest(self, purpose: Purpose, text: str) -> bytes:
        """Give the 32 bytes that stand for a text from now on."""
        return self.digests(purpose, text)[0]

    def digests(self, purpose: Purpose, text: str) -> tuple[bytes, ...]:
        """Give all that may stand for a text, the newest first: a replaced key counts until it is retired."""
        return tuple(INDEXINGS[key.algorithm].digest(key.secret, text.encode()) for key in self._digesting[purpose])
