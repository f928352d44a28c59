"""Staff accounts: making and disabling them, setting passwords, signing in."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from core.access import queries
from core.access.models import Actor, Grant, Staff, Tokens
from core.access.sessions import end_sessions, open_session, renew_proof
from core.database import Connection, Pool, pool_transaction
from core.errors import Refusal, Text

MAX_FAILURES = 8
LOCK_FOR = timedelta(minutes=15)
MIN_PASSWORD_LENGTH = 12

# 19 MiB, two passes: OWASP's argon2id setting; about 40 ms on one core.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Two threads at most, so that a flood of sign-ins cannot take the machine from everyone else.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
# Checked for unknown names, so that they take as long as known ones.
_NOBODY = _hasher.hash("nobody has this password")


class WrongSignIn(Refusal):
    """Name or password is wrong, or the account is locked or disabled: all are answered alike."""

    status = 401
    slug = "wrong-sign-in"
    title = Text("登录失败", "Sign-in failed")
    detail = Text(
        "用户名或密码不正确，或账号已锁定；连续输错 {max_failures} 次将锁定 {minutes} 分钟。",
        "The name or password is wrong, or the account is locked; "
        "{max_failures} wrong tries lock it for {minutes} minutes.",
    )


class PasswordTooShort(Refusal):
    """A new password is shorter than the house allows."""

    status = 422
    slug = "password-too-short"
    title = Text("密码太短", "Password too short")
    detail = Text("密码至少 {length} 个字符。", "A password needs at least {length} characters.")


async def add_staff(
    conn: Connection,
    *,
    district_id: int,
    username: str,
    name: str,
    password: str,
    grants: tuple[Grant, ...],
    now: datetime,
) -> Staff:
    """Make an account with its roles. Raises `PasswordTooShort`; a name in use violates `staff_username_unique`."""
    password_hash = await _hash(password)
    staff = await queries.insert_staff(
        conn, district_id=district_id, username=username, name=name, password_hash=password_hash, now=now
    )
    for grant in grants:
        await queries.insert_grant(conn, district_id=district_id, staff_id=staff.id, grant=grant, now=now)
    return staff


async def set_password(conn: Connection, *, district_id: int, staff_id: int, password: str, now: datetime) -> None:
    """Replace the password, unlock the account and end its sessions. Raises `PasswordTooShort`."""
    password_hash = await _hash(password)
    await queries.set_password_hash(conn, district_id=district_id, staff_id=staff_id, password_hash=password_hash)
    await queries.clear_failed_sign_ins(conn, district_id=district_id, staff_id=staff_id)
    await end_sessions(conn, district_id=district_id, kind="staff", subject_id=staff_id, now=now)


async def disable(conn: Connection, *, district_id: int, staff_id: int, now: datetime) -> None:
    """Let nobody sign in to the account any more and end its sessions; what it did stays under its name."""
    await queries.set_disabled(conn, district_id=district_id, staff_id=staff_id, now=now)
    await end_sessions(conn, district_id=district_id, kind="staff", subject_id=staff_id, now=now)


async def sign_in(
    pool: Pool, *, district_id: int, username: str, password: str, now: datetime, device: str = ""
) -> Tokens:
    """Check a password and open a session. Raises `WrongSignIn`."""
    proof = _proved(pool, district_id=district_id, username=username, password=password, now=now)
    async with proof as (conn, staff_id):
        return await open_session(
            conn, district_id=district_id, kind="staff", subject_id=staff_id, device=device, now=now
        )


async def prove_again(pool: Pool, *, actor: Actor, password: str, now: datetime) -> None:
    """Check the password of a staff member who is signed in, and renew his session's proof. Raises `WrongSignIn`."""
    async with pool_transaction(pool) as conn:
        username = await queries.get_username(conn, district_id=actor.district_id, staff_id=actor.id)
    proof = _proved(pool, district_id=actor.district_id, username=username, password=password, now=now)
    async with proof as (conn, _):
        await renew_proof(conn, actor=actor, now=now)


@asynccontextmanager
async def _proved(
    pool: Pool, *, district_id: int, username: str, password: str, now: datetime
) -> AsyncIterator[tuple[Connection, int]]:
    """Check who somebody is, and lend a transaction in which his account is locked, with its id. Raises `WrongSignIn`.

    Holds no connection while the password is hashed, so a flood of sign-ins cannot drain the pool. A wrong guess is
    counted also though it is refused: the refusal is raised after the commit.
    """
    async with pool_transaction(pool) as conn:
        account = await queries.find_staff_secret(conn, district_id=district_id, username=username)
    stored = _NOBODY if account is None else account.password_hash
    matches = await asyncio.get_running_loop().run_in_executor(_threads, _verify, stored, password)
    async with pool_transaction(pool) as conn:
        # Read anew: of guesses sent all at once, those before this one may have locked the account meanwhile.
        account = await queries.find_staff_secret(conn, district_id=district_id, username=username, for_update=True)
        if account is not None and account.is_usable(now):
            if matches and account.password_hash == stored:  # else a new one was set while this one was checked
                await queries.clear_failed_sign_ins(conn, district_id=district_id, staff_id=account.id)
                yield conn, account.id
                return
            await queries.count_failed_sign_in(
                conn,
                district_id=district_id,
                staff_id=account.id,
                max_failures=MAX_FAILURES,
                locked_until=now + LOCK_FOR,
            )
    raise WrongSignIn(max_failures=MAX_FAILURES, minutes=int(LOCK_FOR.total_seconds() // 60))


async def _hash(password: str) -> str:
    if len(password) < MIN_PASSWORD_LENGTH:
        raise PasswordTooShort(pointer="/password", length=MIN_PASSWORD_LENGTH)
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except VerificationError:
        return False
