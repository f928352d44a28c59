"""What a photo must be before it is taken: named by its hash, and in a format that its first bytes show."""

import hashlib
import re
from dataclasses import dataclass

from core.errors import FieldError, InvalidInput, Refusal, Text

LARGEST_PHOTO = 10 * 1024 * 1024

#: What every photo is once it is kept.
KEPT_AS = "image/jpeg"

#: What phones call the same thing.
_SAME_TYPE = {"image/heif": "image/heic", "image/jpg": "image/jpeg"}
#: Brands of HEIC with one main picture; AVIF and moving ones have others (ISO/IEC 23008-12, annex B).
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")

_SHA256 = re.compile(r"[0-9a-f]{64}")


class PhotoFormatNotTaken(Refusal):
    """The bytes are no JPEG, PNG, WebP or HEIC, or not what Content-Type says."""

    status = 415
    slug = "photo-format-not-taken"
    title = Text("照片格式不支持", "Photo format not taken")
    detail = Text(
        "只接受 JPEG、PNG、WebP、HEIC，且 Content-Type 须与内容一致。",
        "Only JPEG, PNG, WebP and HEIC are taken, and Content-Type must say what the bytes are.",
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


class TooManyPixels(Refusal):
    """The picture is larger than is decoded here."""

    status = 413
    slug = "too-many-pixels"
    title = Text("照片像素过高", "The photo has too many pixels")
    detail = Text(
        "照片不得超过 2400 万像素，请在相机设置中选择较低分辨率，或缩小后再发送。",
        "A photo may have 24 megapixels; choose a lower resolution in the camera, or scale it down, and send it again.",
    )


class PhotoMoves(Refusal):
    """The file holds an animation."""

    status = 422
    slug = "photo-moves"
    title = Text("不接受动图", "The photo moves")
    detail = Text("只接受静态照片，请发送其中一帧。", "Animations are not taken; send a still of it.")


class PhotoUnreadable(Refusal):
    """The file cannot be decoded, or not within the memory and time a photo is given."""

    status = 422
    slug = "photo-unreadable"
    title = Text("照片无法读取", "The photo cannot be read")
    detail = Text(
        "照片文件已损坏或无法解码，请重新拍摄或另存后再发送。",
        "The file is damaged or cannot be decoded; take the photo again, or save it anew, and send that.",
    )


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo that is safe in the store.

    `sha256` is of the bytes as they were sent: its name. `stored_sha256`, `media_type` and `size` in bytes are of
    what is kept of it, and served.
    """

    sha256: str
    stored_sha256: str
    media_type: str
    size: int


def check_hash(sha256: str) -> None:
    """Raise `InvalidInput` unless `sha256` is a SHA-256 in lower-case hexadecimal."""
    if not _SHA256.fullmatch(sha256):
        reason = Text("应为 64 位小写十六进制 SHA-256。", "Must be a SHA-256 in 64 lower-case hexadecimal digits.")
        raise InvalidInput([FieldError("/path/sha256", reason)])


def check_photo(data: bytes, *, sha256: str, media_type: str) -> str:
    """Check that the bytes are what the address and Content-Type say, and give their media type.

    Raises `PhotoHashMismatch` (a cut or changed body) or `PhotoFormatNotTaken`.
    """
    actual = hashlib.sha256(data).hexdigest()
    if actual != sha256:
        raise PhotoHashMismatch(pointer="/path/sha256", actual=actual)
    shown = recognise(data)
    if shown is None or shown != _SAME_TYPE.get(media_type, media_type):
        raise PhotoFormatNotTaken(pointer="/header/Content-Type")
    return shown


def recognise(data: bytes) -> str | None:
    """Give the media type that the first bytes show; None for anything but JPEG, PNG, WebP and HEIC."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return None
