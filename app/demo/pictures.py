"""Pictures for the demonstration: small coloured patterns, drawn here, that show nobody and nothing."""

import struct
import zlib

import numpy as np

_WIDTH, _HEIGHT = 96, 72


def draw_picture(seed: int) -> bytes:
    """Draw a PNG of a gradient with blocks; another one for each `seed`."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    light = (rows / _HEIGHT + columns / _WIDTH) / 2
    pixels = (light[..., None] * rng.uniform(120, 255, 3)).astype(np.uint8)
    for _ in range(5):
        top, left = int(rng.integers(0, _HEIGHT - 16)), int(rng.integers(0, _WIDTH - 24))
        pixels[top : top + 16, left : left + 24] = rng.integers(0, 255, 3)
    return _png(pixels)


def _png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """Write 8-bit RGB rows as a PNG (RFC 2083): header, one compressed block, end."""
    unfiltered = b"".join(b"\0" + row.tobytes() for row in pixels)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(unfiltered)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
