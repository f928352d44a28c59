"""Tokens of follow-up links: worked out from a key of the installation, so that they are stored nowhere.

A token is the case, the round and an HMAC-SHA256 of both: whoever reads the database cannot make one, and the service
can show the same one again whenever the reporter asks. Those of a key that was replaced open until it is retired.
"""

import hmac
import re
from base64 import urlsafe_b64encode

from core.sealing.models import Purpose
from core.sealing.ring import KeyRing

_TOKEN = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,8})-([A-Za-z0-9_-]{43})")


def make_token(ring: KeyRing, *, district_id: int, case_id: int, round: int) -> str:  # noqa: A002
    """Give the token of a link; its last 43 characters are 256 bits that only the key gives."""
    return _make_all(ring, district_id, case_id, round)[0]


def read_token(ring: KeyRing, token: str, *, district_id: int) -> tuple[int, int] | None:
    """Give the case and the round that a token of ours names; None for any other text."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    case_id, of_round = int(parts[1]), int(parts[2])
    ours = _make_all(ring, district_id, case_id, of_round)
    return (case_id, of_round) if any(hmac.compare_digest(each, token) for each in ours) else None


def _make_all(ring: KeyRing, district_id: int, case_id: int, of_round: int) -> list[str]:
    """Give the token under every key in use, the newest first."""
    signed = ring.digests(Purpose.LINKS, f"follow-up {district_id} {case_id} {of_round}")
    return [f"{case_id}-{of_round}-{urlsafe_b64encode(each).rstrip(b'=').decode()}" for each in signed]
