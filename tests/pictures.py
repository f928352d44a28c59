"""Photographs for tests: drawn here, of nobody and nothing, in every shape in which phones and villains send them."""

import hashlib
import struct
import zlib
from io import BytesIO

import pillow_heif
from PIL import Image

WIDTH, HEIGHT = 64, 48
pillow_heif.register_heif_opener()


def draw(number: int = 0, *, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Draw a red half left and a blue one right, the upper left corner white; beneath, a strip for each number."""
    image = Image.new("RGB", (width, height), (200, 30, 30))
    image.paste((30, 30, 200), (width // 2, 0, width, height))
    image.paste((255, 255, 255), (0, 0, width // 4, height // 4))
    image.paste((number * 37 % 256, number * 91 % 256, number * 53 % 256), (0, height * 3 // 4, width, height))
    return image


def encode(image: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    """Write a picture as JPEG, PNG, WEBP or HEIF."""
    out = BytesIO()
    image.save(out, kind, **how)  # type: ignore[arg-type]
    return out.getvalue()


def jpeg(number: int = 0) -> bytes:
    """Give a JPEG; another for each number."""
    return encode(draw(number))


def png(number: int = 0) -> bytes:
    """Give a PNG; another for each number."""
    return encode(draw(number), "PNG")


def sha256(data: bytes) -> str:
    """Give the name under which a phone sends `data`."""
    return hashlib.sha256(data).hexdigest()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Give a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def flat_png(width: int, height: int, *, rows: int | None = None) -> bytes:
    """Give a PNG that says it is `width` × `height` and holds so many rows of zeros: few bytes, many pixels."""
    packer, body = zlib.compressobj(9), b""
    for _ in range(height if rows is None else rows):
        body += packer.compress(bytes(1 + width))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", body + packer.flush()), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)
