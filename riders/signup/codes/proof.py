"""Proof of work: a second of computing, asked of a client before a third code goes to a phone or from an address.

The challenge is `nonce.expiry.mac`, made of nothing we must remember. It is solved by a whole number n for which the
SHA-256 of `challenge.n` begins with `BITS` zero bits; the proof sent back is `challenge.n` itself. See docs/adr/0020.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from core.sealing.models import Purpose
from core.sealing.ring import KeyRing

#: 131,000 hashes on average: about a second on a telephone.
BITS = 17
LIFE = timedelta(minutes=10)


def make_challenge(ring: KeyRing, *, now: datetime) -> str:
    """Make a challenge that may be solved within `LIFE`."""
    plain = f"{secrets.token_urlsafe(16)}.{int((now + LIFE).timestamp())}"
    return f"{plain}.{_macs(ring, plain)[0]}"


def is_solved(ring: KeyRing, proof: str, *, now: datetime) -> bool:
    """Tell whether a proof solves a challenge of ours that has not run out. It does not see repeated use."""
    challenge, _, answer = proof.rpartition(".")
    plain, _, mac = challenge.rpartition(".")
    expiry = plain.rpartition(".")[2]
    if not answer.isdecimal() or not any(
        hmac.compare_digest(mac.encode(), each.encode()) for each in _macs(ring, plain)
    ):
        return False
    return now.timestamp() < int(expiry) and leads_with_zeros(proof)


def challenge_of(proof: str) -> str:
    """Give the challenge that a proof solves."""
    return proof.rpartition(".")[0]


def leads_with_zeros(proof: str) -> bool:
    """Tell whether the hash of this begins with `BITS` zero bits."""
    return int.from_bytes(hashlib.sha256(proof.encode()).digest()) >> (256 - BITS) == 0


def _macs(ring: KeyRing, plain: str) -> list[str]:
    return [each.hex() for each in ring.digests(Purpose.CODES, f"challenge|{plain}")]
