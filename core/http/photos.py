"""Photos over HTTP: taking one in as a raw body, and giving one out so that no browser can be fooled by it."""

import asyncio
from pathlib import Path

from aiohttp import hdrs, web

from core.files import place_of, put
from core.http.endpoint import read_upload
from core.photos import LARGEST_PHOTO, StoredPhoto, check_photo

PHOTO_ROOT = web.AppKey("photo_root", Path)

PHOTO_TIMEOUT_S = 120.0


async def take_photo(request: web.Request, sha256: str) -> StoredPhoto:
    """Read the body, check it against its address and Content-Type, and put the file safely on the disk.

    Raises `TooLarge`, `TooSlow`, `PhotoHashMismatch`, `PhotoFormatNotTaken`.
    """
    data = await read_upload(request, limit=LARGEST_PHOTO, timeout_s=PHOTO_TIMEOUT_S)
    check_photo(data, sha256=sha256, media_type=request.content_type)
    await asyncio.to_thread(put, request.app[PHOTO_ROOT], data)
    return StoredPhoto(sha256, request.content_type, len(data))


def give_photo(request: web.Request, sha256: str, media_type: str) -> web.FileResponse:
    """Answer with a stored photo; the caller has checked who asks."""
    headers = {
        hdrs.CONTENT_TYPE: media_type,
        hdrs.CONTENT_DISPOSITION: f'inline; filename="{sha256[:12]}.{media_type.partition("/")[2]}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return web.FileResponse(place_of(request.app[PHOTO_ROOT], sha256), headers=headers)
