"""Staff accounts: making, disabling and enabling them, setting passwords, signing in."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.access import queries
from core.access.errors import PasswordNotNew, WrongOldPassword, WrongSignIn
from core.access.models import Actor, Grant, Staff, Tokens
from core.access.own.second_factor import use_code
from core.access.passwords import NOBODY, check_not_flooded, hash_password, verify_password
from core.access.queries import StaffSecret
from core.access.sessions import end_sessions, open_session, renew_proof
from core.access.wall import Work, transaction_for, transaction_of
from core.audit import record_act
from core.database import Connection, Pool
from core.queries import find_district
from core.sealing.ring import KeyRing
from core.security_log import note

MAX_FAILURES = 8
LOCK_FOR = timedelta(minutes=15)
#: A password that someone else gave is good for its first sign-in within this time.
ONE_TIME_LIFE = timedelta(days=3)
_ONE_TIME_BYTES = 15  # 20 characters


@dataclass(frozen=True, slots=True)
class OneTimePassword:
    """A password for handing over, and its hash."""

    text: str
    hash: str


async def make_one_time_password() -> OneTimePassword:
    """Make a password of 20 characters: nobody chose it, so nobody guesses it. Raises `Unavailable`."""
    text = secrets.token_urlsafe(_ONE_TIME_BYTES)
    return OneTimePassword(text, await hash_password(text, context=()))


async def add_staff(
    conn: Connection,
    *,
    district_id: int,
    username: str,
    name: str,
    password_hash: str,
    one_time_until: datetime | None,
    grants: tuple[Grant, ...],
    now: datetime,
) -> Staff:
    """Make an account with its roles; a name in use violates `staff_username_unique`.

    `one_time_until` None: its owner chose the password himself.
    """
    staff = await queries.insert_staff(
        conn,
        district_id=district_id,
        username=username,
        name=name,
        password_hash=password_hash,
        one_time_until=one_time_until,
        now=now,
    )
    for grant in grants:
        await queries.insert_grant(conn, district_id=district_id, staff_id=staff.id, grant=grant, now=now)
    return staff


async def set_one_time_password(
    conn: Connection, *, district_id: int, staff_id: int, password_hash: str, now: datetime
) -> None:
    """Give a password that its owner must replace at once; unlock the account and end its sessions."""
    await queries.set_password_hash(
        conn,
        district_id=district_id,
        staff_id=staff_id,
        password_hash=password_hash,
        one_time_until=now + ONE_TIME_LIFE,
    )
    await queries.clear_failed_sign_ins(conn, district_id=district_id, staff_id=staff_id)
    await end_sessions(conn, district_id=district_id, kind="staff", subject_id=staff_id, now=now)


async def disable(conn: Connection, *, district_id: int, staff_id: int, now: datetime) -> None:
    """Let nobody sign in to the account any more and end its sessions; what it did stays under its name."""
    await queries.set_disabled(conn, district_id=district_id, staff_id=staff_id, now=now)
    await end_sessions(conn, district_id=district_id, kind="staff", subject_id=staff_id, now=now)


async def context_of(conn: Connection, *, district_id: int, username: str, name: str) -> tuple[str, ...]:
    """Give the words that make a password easy to guess for this account."""
    district = await find_district(conn, district_id=district_id)
    return (username, name, *((district.name,) if district is not None else ()))


async def sign_in(
    pool: Pool,
    *,
    district_id: int,
    username: str,
    password: str,
    code: str,
    ring: KeyRing,
    now: datetime,
    device: str = "",
) -> Tokens:
    """Check a password and a second factor and open a session. Raises `WrongSignIn`, `Unavailable`.

    An account without a second factor takes any code, and its session admits to setting one up. `ring` opens sealed
    secrets.
    """
    proof = _proved(pool, district_id=district_id, username=username, password=password, code=code, ring=ring, now=now)
    async with proof as (conn, account):
        tokens = await open_session(
            conn, district_id=district_id, kind="staff", subject_id=account.id, device=device, now=now
        )
        await record_act(
            conn,
            district_id=district_id,
            act="staff.signed_in",
            actor=Actor("staff", account.id, district_id),
            subject="staff",
            subject_id=account.id,
            now=now,
        )
    note("signed in", caller="staff", caller_id=account.id)
    return tokens


async def prove_again(
    pool: Pool, *, actor: Actor, password: str, code: str, refresh: str, ring: KeyRing, now: datetime
) -> Tokens | None:
    """Check anew who a signed-in staff member is, renew his session's proof and, by `refresh`, its tokens.

    None where `refresh` is worth nothing. Raises as `sign_in` does.
    """
    username = await _username(pool, actor)
    proof = _proved(
        pool, district_id=actor.district_id, username=username, password=password, code=code, ring=ring, now=now
    )
    async with proof as (conn, _):
        return await renew_proof(conn, actor=actor, token=refresh, now=now)


async def change_password(
    pool: Pool, *, ring: KeyRing, actor: Actor, old_password: str, new_password: str, now: datetime
) -> None:
    """Replace one's own password and end one's other sessions.

    Raises `WrongOldPassword`, `PasswordNotNew` and what `hash_password` raises.
    """
    if new_password == old_password:
        raise PasswordNotNew(pointer="/new_password")
    username = await _username(pool, actor)
    async with transaction_for(pool, actor) as conn:
        words = await context_of(conn, district_id=actor.district_id, username=username, name=actor.name)
    password_hash = await hash_password(new_password, context=words)
    proof = _proved(
        pool, district_id=actor.district_id, username=username, password=old_password, code=None, ring=ring, now=now
    )
    try:
        async with proof as (conn, account):
            await queries.set_password_hash(
                conn,
                district_id=actor.district_id,
                staff_id=account.id,
                password_hash=password_hash,
                one_time_until=None,
            )
            await end_sessions(
                conn,
                district_id=actor.district_id,
                kind="staff",
                subject_id=account.id,
                but=actor.session_id,
                now=now,
            )
            await record_act(
                conn,
                district_id=actor.district_id,
                act="staff.password_changed",
                actor=actor,
                subject="staff",
                subject_id=account.id,
                now=now,
            )
    except WrongSignIn:
        raise WrongOldPassword(pointer="/old_password") from None


@asynccontextmanager
async def _proved(
    pool: Pool, *, district_id: int, username: str, password: str, code: str | None, ring: KeyRing, now: datetime
) -> AsyncIterator[tuple[Connection, StaffSecret]]:
    """Let the block run in a transaction that holds the account once password and code fit; else count a failure.

    `code` None asks for the password alone: the session has proved the rest. Raises `WrongSignIn`, `Unavailable`.
    Holds no connection while the password is hashed, so a flood of sign-ins cannot drain the pool.
    """
    check_not_flooded()
    async with transaction_of(pool, Work.SIGN_IN, district_id=district_id) as conn:
        account = await queries.find_staff_secret(conn, district_id=district_id, username=username)
    stored = NOBODY if account is None else account.password_hash
    matches, anew = await verify_password(stored, password)
    async with transaction_of(pool, Work.SIGN_IN, district_id=district_id) as conn:
        # Read anew: of guesses sent all at once, those before this one may have locked the account meanwhile.
        account = await queries.find_staff_secret(conn, district_id=district_id, username=username, for_update=True)
        if account is not None and account.is_usable(now):
            matches = matches and account.password_hash == stored  # else a new one was set while this was checked
            if await _has_code(conn, account, district_id, code if matches else "", ring, now) and matches:
                await queries.clear_failed_sign_ins(conn, district_id=district_id, staff_id=account.id)
                if anew is not None:
                    await queries.set_password_hash(
                        conn,
                        district_id=district_id,
                        staff_id=account.id,
                        password_hash=anew,
                        one_time_until=account.one_time_until,
                    )
                yield conn, account
                return
            await _count_failure(conn, district_id=district_id, staff_id=account.id, now=now)
    raise WrongSignIn(
        max_failures=MAX_FAILURES,
        minutes=int(LOCK_FOR.total_seconds() // 60),
        account_id=None if account is None else account.id,
    )


async def _username(pool: Pool, actor: Actor) -> str:
    async with transaction_for(pool, actor) as conn:
        account = await queries.get_staff_secret(conn, district_id=actor.district_id, staff_id=actor.id)
    return account.username


async def _has_code(
    conn: Connection, account: StaffSecret, district_id: int, code: str | None, ring: KeyRing, now: datetime
) -> bool:
    if code is None or not account.has_second_factor:
        return True
    return await use_code(conn, district_id=district_id, staff_id=account.id, code=code, ring=ring, now=now)


async def _count_failure(conn: Connection, *, district_id: int, staff_id: int, now: datetime) -> None:
    is_locked = await queries.count_failed_sign_in(
        conn, district_id=district_id, staff_id=staff_id, max_failures=MAX_FAILURES, locked_until=now + LOCK_FOR
    )
    if is_locked:
        await record_act(
            conn, district_id=district_id, act="staff.locked", actor=None, subject="staff", subject_id=staff_id, now=now
        )
        note("locked", caller="staff", caller_id=staff_id)
