"""The key a client makes so that sending again is the same sending: its shape, and what is refused about it.

The row that a key belongs to, and whether its body is the same, is the business of the room that stores it.
"""

import re

from core.errors import Conflict, Refusal, Text

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[A-Za-z0-9._-]{8,64}")


class IdempotencyKeyNotValid(Refusal):
    """The header that makes repeating safe is missing or malformed."""

    status = 400
    slug = "idempotency-key-not-valid"
    title = Text("缺少或错误的 Idempotency-Key", "Idempotency-Key missing or malformed")
    detail = Text(
        "请在请求头 Idempotency-Key 中提供客户端生成的 UUID，或 8–64 个字母、数字、“-”“_”“.”。",
        "Send a header Idempotency-Key made by the client: a UUID, or 8–64 letters, digits, “-”, “_” or “.”.",
    )


class IdempotencyKeyReused(Conflict):
    """The key was used before for something else."""

    slug = "idempotency-key-reused"
    title = Text("Idempotency-Key 已用于其他内容", "Idempotency-Key already used")
    detail = Text(
        "该 Idempotency-Key 已用于内容不同的提交；新的提交请换新的键。",
        "This key belongs to another submission with another body; make a new key for a new one.",
    )


def check_key(key: str) -> None:
    """Raise `IdempotencyKeyNotValid` unless `key` is 8 to 64 letters, digits, `-`, `_` or `.`."""
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyNotValid(pointer=f"/header/{HEADER}")
