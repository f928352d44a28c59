"""Which algorithms seal and index, each by the name its key files carry. Another one is one more line in a table."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Cipher(Protocol):
    """Encrypts and authenticates under one key."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Give the ciphertext with its tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Give the plain bytes; raises `cryptography.exceptions.InvalidTag` for anything but what was encrypted."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """An algorithm that seals: its number in every sealed value, the bytes of its keys, and how a key becomes a cipher.

    Its nonce has 12 bytes.
    """

    id: int
    key_length: int
    cipher: Callable[[bytes], Cipher]


@dataclass(frozen=True, slots=True)
class Indexing:
    """An algorithm that indexes: its number in every index, the bytes of its keys, and the digest of (key, data)."""

    id: int
    key_length: int
    digest: Callable[[bytes, bytes], bytes]


def _hmac_sha256(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)


SEALINGS: dict[str, Sealing] = {"aes-256-gcm": Sealing(1, 32, AESGCM)}
INDEXINGS: dict[str, Indexing] = {"hmac-sha-256": Indexing(1, 32, _hmac_sha256)}

#: What keys made from now on are for.
NEW_SEALING = "aes-256-gcm"
NEW_INDEXING = "hmac-sha-256"
