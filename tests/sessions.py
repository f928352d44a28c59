"""Sessions for tests whose clock runs on for days; the ends of sessions have tests of their own."""

from datetime import datetime, timedelta

from core.access.models import ActorKind
from core.access.sessions import find_actor, open_session
from core.database import Connection

_FOR_LONG = timedelta(days=3650)


async def open_long_session(
    conn: Connection, *, district_id: int, kind: ActorKind, subject_id: int, now: datetime
) -> str:
    """Sign someone in, and give a token that outlasts the test."""
    tokens = await open_session(conn, district_id=district_id, kind=kind, subject_id=subject_id, now=now)
    actor = await find_actor(conn, district_id=district_id, token=tokens.access, now=now)
    await conn.execute(
        "update session set access_expires_at = $2, ends_at = $3, last_used_at = $2 where id = $1",
        None if actor is None else actor.session_id,
        now + _FOR_LONG,
        now + 2 * _FOR_LONG,
    )
    return tokens.access
