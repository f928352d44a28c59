"""What a photo must be before it is kept: named by its hash, and in a format that its first bytes show."""

import hashlib
import re
from dataclasses import dataclass

from core.errors import FieldError, InvalidInput, Refusal, Text

LARGEST_PHOTO = 10 * 1024 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")


class PhotoFormatNotTaken(Refusal):
    """The bytes are no JPEG, PNG or WebP, or not what Content-Type says."""

    status = 415
    slug = "photo-format-not-taken"
    title = Text("照片格式不支持", "Photo format not taken")
    detail = Text(
        "只接受 JPEG、PNG、WebP，且 Content-Type 须与内容一致。",
        "Only JPEG, PNG and WebP are taken, and Content-Type must say what the bytes are.",
    )


class PhotoHashMismatch(Refusal):
    """The bytes that arrived are not the ones the address names."""

    status = 422
    slug = "photo-hash-mismatch"
    title = Text("照片内容不完整", "The photo is not what its address says")
    detail = Text(
        "收到内容的 SHA-256 为 {actual}，与地址中的不一致；未保存，请重新发送。",
        "What arrived has SHA-256 {actual}, not the one in the address; nothing was stored, send it again.",
    )


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo whose file is safe on the disk under its hash; `size` in bytes."""

    sha256: str
    media_type: str
    size: int


def check_hash(sha256: str) -> None:
    """Raise `InvalidInput` unless `sha256` is a SHA-256 in lower-case hexadecimal."""
    if not _SHA256.fullmatch(sha256):
        reason = Text("应为 64 位小写十六进制 SHA-256。", "Must be a SHA-256 in 64 lower-case hexadecimal digits.")
        raise InvalidInput([FieldError("/path/sha256", reason)])


def check_photo(data: bytes, *, sha256: str, media_type: str) -> None:
    """Check that the bytes are what the address and Content-Type say.

    Raises `PhotoHashMismatch` (a cut or changed body) or `PhotoFormatNotTaken`.
    """
    actual = hashlib.sha256(data).hexdigest()
    if actual != sha256:
        raise PhotoHashMismatch(pointer="/path/sha256", actual=actual)
    if recognise(data) is None or recognise(data) != media_type:
        raise PhotoFormatNotTaken(pointer="/header/Content-Type")


def recognise(data: bytes) -> str | None:
    """Give the media type that the first bytes show; None for anything but JPEG, PNG and WebP."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None
