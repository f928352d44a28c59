"""What a handler can ask of its request: the transaction, the time, the actor, the district.

The keys are filled by the composition root (`app.main`) and by the endpoint adapter; rooms add keys of their own
beside their handlers.
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from aiohttp import web

from core.access.models import Actor
from core.access.wall import transaction_for
from core.database import Connection, Pool
from core.sealing.ring import KeyRing

Clock = Callable[[], datetime]

#: Connections of the application's role: a transaction sees what it is told for whom it works (core.access.wall).
POOL = web.AppKey("pool", Pool)
#: Connections of the sweepers' role, which sees everything: for what runs by itself, never for a caller.
BACKGROUND = web.AppKey("background", Pool)
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
DISTRICT_ID = web.AppKey("district_id", int)
#: The origin under which people reach the service; empty where it is whatever they ask for.
PUBLIC_URL = web.AppKey("public_url", str)
#: The folder of what must outlive the database: anchors of the audit trail, the list of erasures.
RECORDS = web.AppKey("records", Path)
#: The keys of personal data.
RING = web.AppKey("ring", KeyRing)
ACTOR = web.RequestKey("actor", Actor)
#: The number of the request, as in its answer and in the log.
NUMBER = web.RequestKey("number", str)
#: What the browser is to forget with this answer, in the words of Clear-Site-Data.
FORGOTTEN = web.RequestKey("forgotten", str)
#: There once the head of an answer goes out.
BEGUN = web.RequestKey("begun", bool)

#: English or Chinese of whatever region in Accept-Language, and its weight (RFC 9110 §12.5.4).
_LANGUAGE = re.compile(r"(en|zh)(?:-[a-z0-9-]+)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?", re.IGNORECASE)


@asynccontextmanager
async def transaction(request: web.Request) -> AsyncIterator[Connection]:
    """Open a transaction of the caller's that commits when the block ends and rolls back on any exception.

    Answer only after the block: what was acknowledged must have been committed.
    """
    async with transaction_for(request.app[POOL], actor(request)) as conn:
        yield conn


def now(request: web.Request) -> datetime:
    """Read the clock, in UTC."""
    return request.app[CLOCK]()


def actor(request: web.Request) -> Actor:
    """Give who makes this request; the route's policy has already let him pass."""
    return request[ACTOR]


def district_id(request: web.Request) -> int:
    """Give the district that this process serves."""
    return request.app[DISTRICT_ID]


def language(request: web.Request) -> str:
    """Give `"en"` when the reader prefers English to Chinese by Accept-Language, else `"zh"`."""
    best, best_weight = "zh", 0.0
    for part in request.headers.get("Accept-Language", "").split(","):
        wanted = _LANGUAGE.fullmatch(part.strip())
        if wanted and float(wanted[2] or 1) > best_weight:
            best, best_weight = wanted[1].lower(), float(wanted[2] or 1)
    return best


def bearer_token(request: web.Request) -> str | None:
    """Give the token of the Authorization header, if there is one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
