"""Sealing in process: microseconds a value, beside bare AES-GCM and bare HMAC of the same bytes in the same run.

Run: `python -m bench.sealing`.
"""

import hashlib
import hmac
import os
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.sealing.models import Key, Purpose
from core.sealing.ring import KeyRing

ROUNDS = 20_000
PHONE, PLACE, COLUMN = "+8613800000001", "rider:phone:1/1234567", "rider:phone:1"


def microseconds(run: Callable[[], object], *, repeat: int = 9) -> float:
    """Give the time of one call in the best of some runs: others were disturbed by what else the machine does."""
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        for _ in range(ROUNDS):
            run()
        taken.append(time.perf_counter() - start)
    return min(taken) / ROUNDS * 1e6


def main() -> None:
    """Print what sealing and opening cost, and how many times the bare algorithms that is."""
    secret, index_secret = os.urandom(32), os.urandom(32)
    keys = (Key(Purpose.SEAL, 1, "aes-256-gcm", secret), Key(Purpose.INDEX, 1, "hmac-sha-256", index_secret))
    ring = KeyRing(lambda: keys)
    cipher, plain, bound_to, nonce = AESGCM(secret), PHONE.encode(), PLACE.encode(), os.urandom(12)
    bare = cipher.encrypt(nonce, plain, bound_to)
    sealed = ring.seal(PHONE, PLACE)

    def bare_seal() -> None:
        cipher.encrypt(os.urandom(12), plain, bound_to)
        hmac.digest(index_secret, plain, hashlib.sha256)

    def seal() -> None:
        ring.seal(PHONE, PLACE)
        ring.index(PHONE, COLUMN)

    for what, ours, bare_ones in (
        ("seal and index", seal, bare_seal),
        ("open", lambda: ring.open(sealed, PLACE), lambda: cipher.decrypt(nonce, bare, bound_to)),
    ):
        mine, reference = microseconds(ours), microseconds(bare_ones)
        print(f"{what}: {mine:.2f} µs a value, bare algorithms {reference:.2f} µs, ratio {mine / reference:.2f}")


if __name__ == "__main__":
    main()
