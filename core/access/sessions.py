"""Opaque sessions: a random token for the caller, its SHA-256 for us; and who stands behind a token."""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache

from core.access import queries
from core.access.models import Actor, ActorKind
from core.database import Connection

# Riders would otherwise sign in by SMS again and again; staff sign in every working day.
SESSION_LIFE: dict[ActorKind, timedelta] = {"rider": timedelta(days=30), "staff": timedelta(hours=12)}


@cache
def anonymous(district_id: int) -> Actor:
    """Give the actor of a request without a token."""
    return Actor(kind="anonymous", id=None, district_id=district_id)


async def open_session(conn: Connection, *, district_id: int, kind: ActorKind, subject_id: int, now: datetime) -> str:
    """Start a session and give its token: 256 random bits, URL-safe, never stored."""
    token = secrets.token_urlsafe(32)
    await queries.insert_session(
        conn,
        district_id=district_id,
        token_hash=_hash(token),
        kind=kind,
        subject_id=subject_id,
        created_at=now,
        expires_at=now + SESSION_LIFE[kind],
    )
    return token


async def close_session(conn: Connection, *, district_id: int, token: str, now: datetime) -> None:
    """End the session of this token; unknown tokens are ignored."""
    await queries.revoke_session(conn, district_id=district_id, token_hash=_hash(token), now=now)


async def find_actor(conn: Connection, *, district_id: int, token: str, now: datetime) -> Actor | None:
    """Give who stands behind a live token; None when it is unknown, ended, or its staff account is disabled."""
    session = await queries.find_session(conn, district_id=district_id, token_hash=_hash(token), now=now)
    if session is None:
        return None
    if session.kind == "rider":
        return Actor(kind="rider", id=session.subject_id, district_id=district_id)
    return await find_staff_actor(conn, district_id=district_id, staff_id=session.subject_id)


async def find_staff_actor(conn: Connection, *, district_id: int, staff_id: int) -> Actor | None:
    """Give a staff member with his grants; None when the account is unknown or disabled."""
    name = await queries.find_staff_name(conn, district_id=district_id, staff_id=staff_id)
    if name is None:
        return None
    grants = await queries.list_grants(conn, district_id=district_id, staff_id=staff_id)
    return Actor(kind="staff", id=staff_id, district_id=district_id, name=name, grants=grants)


def _hash(token: str) -> bytes:
    # A header may hold any bytes; what is no UTF-8 comes as surrogates, and is some token that nobody has.
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
