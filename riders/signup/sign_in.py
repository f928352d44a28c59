"""Signing in by phone: a one-time code by SMS, and its exchange for a session.

Only the code's HMAC is stored. Every limit is checked and counted by one statement on the row of the phone, so
parallel requests cannot slip past it, and neither function looks whether the phone is a rider's before the code is
proved: a stranger learns nothing.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
from datetime import datetime, timedelta

from core.access.models import Actor
from core.access.sessions import open_session
from core.database import Connection, Pool, pool_transaction
from core.events import record_event
from riders.errors import CodeAskedTooSoon, CodeNotAccepted, CodeNotSent
from riders.models import SignIn
from riders.signup import queries
from riders.signup.phone import parse_phone
from riders.signup.sms import SmsSender

CODE_LIFE = timedelta(minutes=5)
TRIES_A_CODE = 5
WAIT_BETWEEN_CODES = timedelta(seconds=60)
CODES_A_DAY = 5
DAY = timedelta(hours=24)
SMS_TIMEOUT_S = 10

_log = logging.getLogger(__name__)


async def send_code(pool: Pool, *, district_id: int, phone: str, secret: bytes, sms: SmsSender, now: datetime) -> None:
    """Send a fresh code to `phone`, replacing an earlier one.

    The code is committed before it is sent, so no connection waits for the gateway. When the gateway fails, the code
    is taken back and does not count: the rider may ask again at once. Raises `PhoneNotValid`, `CodeAskedTooSoon`,
    `CodeNotSent`.
    """
    phone = parse_phone(phone)
    code = f"{secrets.randbelow(10**6):06d}"
    code_hmac = _hmac(secret, district_id, phone, code)
    async with pool_transaction(pool) as conn:
        await _keep_code(conn, district_id=district_id, phone=phone, code_hmac=code_hmac, now=now)
    try:
        async with asyncio.timeout(SMS_TIMEOUT_S):
            await sms.send(phone, _message(code))
    except Exception as error:
        _log.error("a sign-in code could not be sent: %s", type(error).__name__)
        async with pool_transaction(pool) as conn:
            await queries.take_back_code(conn, district_id=district_id, phone=phone, code_hmac=code_hmac, now=now)
        raise CodeNotSent(retry_after_s=5) from error


async def sign_in(
    pool: Pool, *, district_id: int, phone: str, code: str, secret: bytes, now: datetime, device: str = ""
) -> SignIn:
    """Exchange a code for a session; the first sign-in of a phone makes the rider.

    A wrong guess is counted also though the request is refused: the refusal is raised after the commit. Raises
    `PhoneNotValid`, `CodeNotAccepted`.
    """
    phone = parse_phone(phone)
    code_hmac = _hmac(secret, district_id, phone, code.strip())
    async with pool_transaction(pool) as conn:
        is_right = await queries.try_code(
            conn, district_id=district_id, phone=phone, code_hmac=code_hmac, max_tries=TRIES_A_CODE, now=now
        )
        if is_right:
            return await _welcome(conn, district_id=district_id, phone=phone, device=device, now=now)
    raise CodeNotAccepted(pointer="/code", tries=TRIES_A_CODE)


async def forget_old_codes(conn: Connection, *, district_id: int, now: datetime) -> int:
    """Delete codes and phone numbers that no limit needs any more; give how many."""
    return await queries.delete_codes_before(conn, district_id=district_id, before=now - DAY)


async def _keep_code(conn: Connection, *, district_id: int, phone: str, code_hmac: bytes, now: datetime) -> None:
    is_kept = await queries.upsert_code(
        conn,
        district_id=district_id,
        phone=phone,
        code_hmac=code_hmac,
        now=now,
        expires_at=now + CODE_LIFE,
        sent_before=now - WAIT_BETWEEN_CODES,
        day_before=now - DAY,
        max_a_day=CODES_A_DAY,
    )
    if is_kept:
        return
    times = await queries.get_code_times(conn, district_id=district_id, phone=phone)
    next_at = times.day_started_at + DAY if times.sent_that_day >= CODES_A_DAY else now
    if times.sent_at is not None:
        next_at = max(next_at, times.sent_at + WAIT_BETWEEN_CODES)
    seconds = max(1, int((next_at - now).total_seconds()))
    raise CodeAskedTooSoon(retry_after_s=seconds, seconds=seconds, a_day=CODES_A_DAY)


async def _welcome(conn: Connection, *, district_id: int, phone: str, device: str, now: datetime) -> SignIn:
    rider_id = await queries.insert_rider(conn, district_id=district_id, phone=phone, now=now)
    is_new = rider_id is not None
    if rider_id is None:
        rider_id = await queries.get_rider_id(conn, district_id=district_id, phone=phone)
    else:
        await record_event(
            conn,
            district_id=district_id,
            kind="rider.signed_up",
            subject="rider",
            subject_id=rider_id,
            actor=Actor(kind="rider", id=rider_id, district_id=district_id),
            now=now,
            data={},
        )
    tokens = await open_session(
        conn, district_id=district_id, kind="rider", subject_id=rider_id, device=device, now=now
    )
    return SignIn(tokens=tokens, rider_id=rider_id, is_new=is_new)


def _hmac(secret: bytes, district_id: int, phone: str, code: str) -> bytes:
    return hmac.digest(secret, f"sign-in|{district_id}|{phone}|{code}".encode(), hashlib.sha256)


def _message(code: str) -> str:
    minutes = int(CODE_LIFE.total_seconds() // 60)
    return f"【骑士驿站】验证码 {code}，{minutes} 分钟内有效，请勿告诉他人。Your code, valid for {minutes} minutes."
