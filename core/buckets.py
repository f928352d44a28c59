"""Files in a bucket of an S3-compatible object store, under the same names as in a folder.

A store that is slow or away is asked again for a few seconds; then the caller is told to come back, and nothing has
been said to be kept that is not.
"""

import hashlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from core.errors import Unavailable
from core.files import Kept

_log = logging.getLogger(__name__)

_PATIENCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is and by which key it opens.

    `url` ends with the bucket's name (`https://store.example.org/photos`), or begins with it where the store wants it
    in the host name (`https://photos.store.example.org`).
    """

    url: str
    region: str
    key_id: str
    key: str


class BucketStore:
    """Files beneath one folder of a bucket."""

    def __init__(self, bucket: Bucket, *, folder: str) -> None:
        parts = urlsplit(bucket.url)
        path = parts.path.strip("/")
        self._store = S3Store(
            path or parts.netloc.partition(".")[0],
            prefix=folder,
            aws_endpoint_url_s3=f"{parts.scheme}://{parts.netloc}",
            virtual_hosted_style_request=not path,
            region=bucket.region,
            access_key_id=bucket.key_id,
            secret_access_key=bucket.key,
            client_options={"allow_http": parts.scheme == "http", "timeout": _PATIENCE, "connect_timeout": "3s"},
            retry_config={"max_retries": 2, "retry_timeout": _PATIENCE},
        )

    async def put(self, data: bytes) -> str:
        """Keep `data` and give its SHA-256; the store answers once it has it safe. Raises `Unavailable`."""
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            await obstore.put_async(self._store, _name(sha256), data, use_multipart=False)
        except BaseError as error:
            raise _away(error) from None
        return sha256

    async def get(self, sha256: str) -> bytes:
        """Give what is kept under this hash; raises `FileNotFoundError`, `Unavailable`."""
        try:
            found = await obstore.get_async(self._store, _name(sha256))
            return bytes(await found.bytes_async())
        except BaseError as error:
            raise _away(error) from None

    async def delete(self, sha256: str) -> None:
        """Remove it; nothing happens where there is none. Raises `Unavailable`."""
        try:
            await obstore.delete_async(self._store, _name(sha256))
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _away(error) from None

    async def list(self) -> AsyncIterator[Kept]:
        """Give everything kept; raises `Unavailable`."""
        try:
            async for some in obstore.list(self._store, chunk_size=1000):
                for each in some:
                    yield Kept(each["path"].rpartition("/")[2], each["last_modified"])
        except BaseError as error:
            raise _away(error) from None


def _name(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


def _away(error: BaseError) -> Unavailable:
    _log.warning("对象存储不可用 / the object store is away: %s: %.300s", type(error).__name__, error)
    return Unavailable(retry_after_s=5)
