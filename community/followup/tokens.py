"""Tokens of follow-up links: worked out from a key of the installation, so that they are stored nowhere. Pure.

A token is the case, the round and an HMAC-SHA256 of both: whoever reads the database cannot make one, and the service
can show the same one again whenever the reporter asks.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

_TOKEN = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,8})-([A-Za-z0-9_-]{43})")


def make_token(secret: bytes, *, district_id: int, case_id: int, round: int) -> str:  # noqa: A002
    """Give the token of a link; its last 43 characters are 256 bits that only the key gives."""
    signed = hmac.digest(secret, f"follow-up {district_id} {case_id} {round}".encode(), hashlib.sha256)
    return f"{case_id}-{round}-{urlsafe_b64encode(signed).rstrip(b'=').decode()}"


def read_token(secret: bytes, token: str, *, district_id: int) -> tuple[int, int] | None:
    """Give the case and the round that a token of ours names; None for any other text."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    case_id, of_round = int(parts[1]), int(parts[2])
    ours = make_token(secret, district_id=district_id, case_id=case_id, round=of_round)
    return (case_id, of_round) if hmac.compare_digest(ours, token) else None
