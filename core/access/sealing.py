"""Seals small secrets for the database with AES-256-GCM, each bound to the row it belongs to."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class SealBroken(Exception):
    """What was sealed cannot be opened: with another key, in another row, or changed."""


def seal(secret: bytes, *, key: bytes, bound_to: str) -> bytes:
    """Seal `secret` under a key of 32 bytes; it opens only where `bound_to` (table, column, row) is the same."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, secret, bound_to.encode())


def unseal(sealed: bytes, *, key: bytes, bound_to: str) -> bytes:
    """Open what `seal` made. Raises `SealBroken`."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(bound_to) from error
