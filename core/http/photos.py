"""Photos over HTTP: taking one in as a raw body, and giving one out so that no browser can be fooled by it.

A phone sends `PUT …/photos/{sha256}` with the whole file. Where that was cut, it asks `GET /photo-uploads/{sha256}` how
much has arrived and sends the rest with `?offset=`; as often as it takes.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aiohttp import hdrs, web
from pydantic import Field

from core.errors import NotFound, Unavailable
from core.files import FileStore
from core.http.endpoint import Input
from core.http.pace import keeping_pace
from core.http.problems import TooLarge
from core.http.wiring import actor
from core.partials import continue_at, count_received, folder_of, forget, read_from_start, write_all
from core.photos import (
    KEPT_AS,
    LARGEST_PHOTO,
    PhotoFormatNotTaken,
    PhotoHashMismatch,
    PhotoMoves,
    PhotoUnreadable,
    StoredPhoto,
    TooManyPixels,
    check_hash,
    check_photo,
)
from core.reencoding import reencode

PHOTO_STORE: web.AppKey[FileStore] = web.AppKey("photo_store")
PARTIALS = web.AppKey("partials", Path)
DECODERS = web.AppKey("decoders", asyncio.Semaphore)

#: The media types of photos that are taken.
PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/heif")

PHOTO_TIMEOUT_S = 120.0
#: Processes that decode at once: each may use a core and 600 MB.
MOST_DECODERS = 2
#: A photo waits so long for one of them; then its phone is asked to come again, and need not send it again.
QUEUE_S = 20.0

_NO_PHOTO = (TooLarge, PhotoHashMismatch, PhotoFormatNotTaken, TooManyPixels, PhotoMoves, PhotoUnreadable)

_log = logging.getLogger(__name__)


class UploadQuery(Input):
    """Where the body goes on: so many bytes have arrived already (`GET /api/v1/photo-uploads/{sha256}`)."""

    offset: int = Field(0, ge=0, le=LARGEST_PHOTO, examples=[0])


@dataclass(frozen=True, slots=True)
class Upload:
    """How much of a photo has arrived, in bytes; the rest is sent from there."""

    received: int


def set_up_photos(app: web.Application, *, store: FileStore, partials: Path) -> None:
    """Tell the application where photos are kept, and where what was cut waits to be continued."""
    app[PHOTO_STORE], app[PARTIALS] = store, partials
    app[DECODERS] = asyncio.Semaphore(MOST_DECODERS)


async def get_upload(request: web.Request, sha256: str) -> Upload:
    """Say how much of a photo that the caller has been sending has arrived; 0 also once it is stored."""
    check_hash(sha256)
    return Upload(await asyncio.to_thread(count_received, _partial(request, sha256)))


def forget_upload(request: web.Request, sha256: str) -> None:
    """Forget what has arrived of a photo that is stored: we may have been killed between its row and this."""
    forget(_partial(request, sha256))


@asynccontextmanager
async def taken_photo(request: web.Request, sha256: str, *, offset: int) -> AsyncIterator[StoredPhoto]:
    """Take in a photo and put what is kept of it into the store; the block then writes its row.

    What had arrived is forgotten after the block, or when it turns out to be no photo: until the row is there it can
    be continued. Raises `UploadOffsetBeyond`, `TooLarge`, `TooSlow`, `PhotoHashMismatch`, `PhotoFormatNotTaken`,
    `TooManyPixels`, `PhotoMoves`, `PhotoUnreadable`, `Unavailable`.
    """
    place = _partial(request, sha256)
    try:
        with continue_at(place, offset=offset) as file:
            await _receive(request, file)
            jpeg = await _decode(request, file, sha256)
    except _NO_PHOTO:
        forget(place)
        raise
    stored = await request.app[PHOTO_STORE].put(jpeg)
    yield StoredPhoto(sha256, stored, KEPT_AS, len(jpeg))
    forget(place)


async def give_photo(request: web.Request, stored_sha256: str, media_type: str) -> web.Response:
    """Answer with a stored photo; the caller has checked who asks, and is asked again each time."""
    headers = {
        hdrs.ETAG: f'"{stored_sha256}"',
        hdrs.CACHE_CONTROL: "private, no-cache",  # keep it, and ask whether you may still see it
        hdrs.CONTENT_DISPOSITION: f'inline; filename="{stored_sha256[:12]}.{media_type.partition("/")[2]}"',
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    }
    if any(each.value == stored_sha256 for each in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    try:
        data = await request.app[PHOTO_STORE].get(stored_sha256)
    except FileNotFoundError:
        _log.error("照片文件缺失 / a photo has a row and no file: %s", stored_sha256)
        raise NotFound() from None
    return web.Response(body=data, content_type=media_type, headers=headers)


def _partial(request: web.Request, sha256: str) -> Path:
    """Give where an upload of the caller waits."""
    caller = actor(request)
    return folder_of(request.app[PARTIALS], caller.kind, caller.id) / sha256


async def _receive(request: web.Request, file: BinaryIO) -> None:
    """Put the body where the file stands, piece by piece: of what is cut, all that arrived is there."""
    if file.tell() + (request.content_length or 0) > LARGEST_PHOTO:
        raise TooLarge(limit=LARGEST_PHOTO)
    try:
        async with keeping_pace(PHOTO_TIMEOUT_S) as have_come:
            async for chunk in request.content.iter_any():
                if file.tell() + len(chunk) > LARGEST_PHOTO:
                    raise TooLarge(limit=LARGEST_PHOTO)
                await _write(file, chunk)
                have_come(len(chunk))
    except ConnectionError:  # the phone has lost the network: nobody hears this, and it is no error of ours
        raise Unavailable(retry_after_s=1) from None


async def _write(file: BinaryIO, chunk: bytes) -> None:
    """Write in a thread, and see it through also when the request is given up: the file is closed after that."""
    writing = asyncio.ensure_future(asyncio.to_thread(write_all, file, chunk))
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await writing
        raise


async def _decode(request: web.Request, file: BinaryIO, sha256: str) -> bytes:
    """Wait for a decoder and give the JPEG it makes; only those at work hold a photo in memory."""
    decoders = request.app[DECODERS]
    try:
        async with asyncio.timeout(QUEUE_S):
            await decoders.acquire()
    except TimeoutError:
        raise Unavailable(retry_after_s=5) from None
    try:
        return await asyncio.to_thread(_checked_and_reencoded, file, sha256, request.content_type)
    finally:
        decoders.release()


def _checked_and_reencoded(file: BinaryIO, sha256: str, media_type: str) -> bytes:
    data = read_from_start(file)
    return reencode(data, media_type=check_photo(data, sha256=sha256, media_type=media_type))
