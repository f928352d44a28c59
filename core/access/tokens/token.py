"""What a token is made of. Values only: nothing here asks the database.

A token is a handle, which all tokens of one session share, and a secret of its own of 256 bits, in URL-safe base64. The
handle finds the session; the secret tells whether the token is its newest one, so no token that was ever given out need
be remembered: one that has the handle and a wrong secret is an old one. The database holds SHA-256 of both.
"""

import base64
import hashlib
import hmac
import secrets
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Self

_HANDLE_BYTES = 16
_SECRET_BYTES = 32
_SALT_BYTES = 32


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """One token in its parts; it shows them to no log."""

    handle: bytes
    secret: bytes

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `str` gave; None for anything else."""
        try:
            raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        except (NotBase64, UnicodeError):
            return None
        whole = len(raw) == _HANDLE_BYTES + _SECRET_BYTES
        return cls(raw[:_HANDLE_BYTES], raw[_HANDLE_BYTES:]) if whole else None

    @classmethod
    def random(cls, handle: bytes) -> Self:
        """Make a token out of nothing but chance."""
        return cls(handle, secrets.token_bytes(_SECRET_BYTES))

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(self.handle + self.secret).decode()

    @property
    def handle_hash(self) -> bytes:
        """Give what the session is found by."""
        return hashlib.sha256(self.handle).digest()

    @property
    def secret_hash(self) -> bytes:
        """Give what is stored of the secret."""
        return hashlib.sha256(self.secret).digest()

    def successor(self, salt: bytes, purpose: str) -> Self:
        """Make the token that follows this one: the same again for the same salt, which alone tells nothing."""
        return type(self)(self.handle, hmac.digest(self.secret, salt + purpose.encode(), hashlib.sha256))

    def csrf_token(self) -> str:
        """Give the word that a page of ours must send along: whoever cannot read the cookie cannot know it."""
        return hmac.digest(self.handle, b"csrf", hashlib.sha256).hex()


def new_handle() -> bytes:
    """Make the handle of a new session."""
    return secrets.token_bytes(_HANDLE_BYTES)


def new_salt() -> bytes:
    """Make what the next pair of tokens is made with."""
    return secrets.token_bytes(_SALT_BYTES)
