"""A stand-in for an S3-compatible object store: the four calls the service makes, over HTTP, with signatures checked.

It speaks what is published of S3 (PutObject, GetObject, DeleteObjects, ListObjectsV2, Signature Version 4), no more.
"""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from aiohttp import web
from aiohttp.test_utils import TestServer

KEY_ID, KEY, REGION, BUCKET = "AKIDTEST", "secret/key+of=the/test", "cn-qingdao", "photos-bucket"
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)


@dataclass
class ObjectStore:
    """What the store holds, by key; `is_away` answers every call with 503."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    is_away: bool = False
    calls: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.calls.append(f"{request.method} {request.path}")
        if self.is_away:
            return web.Response(status=503)
        if not is_signed(request, body):
            return _fault(403, "SignatureDoesNotMatch")
        bucket, _, key = request.path.removeprefix("/").partition("/")
        if bucket != BUCKET:
            return _fault(404, "NoSuchBucket")
        if request.method == "PUT":
            self.objects[key] = body
            return web.Response(headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})  # noqa: S324 — S3's own
        if request.method == "POST" and "delete" in request.query:
            return self._delete_several(body)
        if not key:
            return self._list(request.query.get("prefix", ""), request.query.get("continuation-token", ""))
        if key not in self.objects:
            return _fault(404, "NoSuchKey")
        headers = {"ETag": '"x"', "Last-Modified": "Tue, 10 Mar 2026 02:00:00 GMT"}
        return web.Response(body=self.objects[key], headers=headers)

    def _delete_several(self, body: bytes) -> web.Response:
        keys = re.findall(r"<Key>([^<]*)</Key>", body.decode())
        for key in keys:
            self.objects.pop(key, None)
        rows = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        return _xml(f"<DeleteResult>{rows}</DeleteResult>")

    def _list(self, prefix: str, after: str) -> web.Response:
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        page = keys[:2]  # so small that there is always another
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-03-10T02:00:00.000Z</LastModified>"
            f"<ETag>x</ETag><Size>{len(self.objects[key])}</Size></Contents>"
            for key in page
        )
        more = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if len(keys) > len(page) else ""
        rows += f"<IsTruncated>{str(bool(more)).lower()}</IsTruncated>{more}"
        return _xml(f"<ListBucketResult>{rows}</ListBucketResult>")


def is_signed(request: web.Request, body: bytes) -> bool:
    """Reckon the signature anew from what arrived (Signature Version 4) and compare."""
    found = _SIGNED.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        return False
    key_id, day, region, names, signature = found.groups()
    stated = request.headers["x-amz-content-sha256"]
    if stated not in (hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"):
        return False
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names.split(";"))
    pairs = (f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in request.query.items())
    query = "&".join(sorted(pairs))
    canonical = "\n".join((request.method, quote(request.path, safe="/-_.~"), query, headers, names, stated))
    scope = f"{day}/{region}/s3/aws4_request"
    moment = request.headers["x-amz-date"]
    to_sign = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{KEY}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    age = datetime.now(UTC) - datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    wanted = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return (key_id, region, abs(age.total_seconds()) < 900, signature) == (KEY_ID, REGION, True, wanted)


def _xml(text: str) -> web.Response:
    return web.Response(body=f'<?xml version="1.0" encoding="UTF-8"?>{text}', content_type="application/xml")


def _fault(status: int, code: str) -> web.Response:
    text = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return web.Response(status=status, body=text, content_type="application/xml")


@asynccontextmanager
async def object_store() -> AsyncIterator[ObjectStore]:
    """Run an empty store on a free loopback port; its `url` ends with the bucket."""
    store = ObjectStore()
    app = web.Application(client_max_size=2**25)
    app.router.add_route("*", "/{path:.*}", store.answer)
    async with TestServer(app) as server:
        store.url = f"http://127.0.0.1:{server.port}/{BUCKET}"
        yield store
