"""The first administrator of a district: made with a token that stands on the service's console, and by no other way.

The token is stored as SHA-256 and good once, for a day; every start without any staff makes a new one.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from core.access.accounts import add_staff, context_of
from core.access.errors import FirstRunRefused
from core.access.models import Grant, Role, Staff
from core.access.own import queries
from core.access.own.models import FirstRunToken
from core.access.passwords import hash_password
from core.access.queries import has_staff
from core.access.wall import Work, transaction_of
from core.audit import record_act
from core.database import Connection, Pool

TOKEN_LIFE = timedelta(hours=24)


async def offer_first_run(conn: Connection, *, district_id: int, now: datetime) -> FirstRunToken | None:
    """Make the token of this start, in place of any before; None where there is staff."""
    if await has_staff(conn, district_id=district_id):
        return None
    made = FirstRunToken(secrets.token_urlsafe(32), now + TOKEN_LIFE)
    await queries.set_first_run(conn, district_id=district_id, token_hash=_hash(made.token), expires_at=made.expires_at)
    return made


async def set_up(
    pool: Pool, *, district_id: int, token: str, username: str, name: str, password: str, now: datetime
) -> Staff:
    """Make the first administrator of the whole district. Raises `FirstRunRefused` and what `hash_password` raises."""
    async with transaction_of(pool, Work.FIRST_RUN, district_id=district_id) as conn:
        # Before the password is hashed: strangers must not make us work.
        if not await queries.has_first_run(conn, district_id=district_id, token_hash=_hash(token), now=now):
            raise FirstRunRefused()
        words = await context_of(conn, district_id=district_id, username=username, name=name)
    password_hash = await hash_password(password, context=words)
    async with transaction_of(pool, Work.FIRST_RUN, district_id=district_id) as conn:
        is_ours = await queries.use_first_run(conn, district_id=district_id, token_hash=_hash(token), now=now)
        if not is_ours or await has_staff(conn, district_id=district_id):
            raise FirstRunRefused()
        staff = await add_staff(
            conn,
            district_id=district_id,
            username=username,
            name=name,
            password_hash=password_hash,
            one_time_until=None,
            grants=(Grant(Role.DISTRICT_ADMIN, ""),),
            now=now,
        )
        await record_act(
            conn,
            district_id=district_id,
            act="staff.first_run",
            actor=None,
            subject="staff",
            subject_id=staff.id,
            now=now,
        )
    return staff


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
