"""Signing in by phone: a one-time code is exchanged for a session.

Every limit is checked and counted while the row of the phone is held, so parallel guesses cannot slip past it.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from core.access.models import Actor
from core.access.sessions import open_session
from core.access.wall import Work, transaction_of
from core.database import Connection, Pool
from core.events import record_event
from core.limits.budgets import OverBudget, spend
from core.limits.models import Budget
from core.sealing.ring import KeyRing
from core.security_log import note
from riders.errors import CodeNotAccepted, TooManyTries
from riders.models import SignIn
from riders.signup import queries
from riders.signup.codes import queries as code_queries
from riders.signup.codes.models import HOUR, TRIES_A_CODE
from riders.signup.codes.send import Asker, Desk, code_hmacs, deliver, phone_hmacs, refuse_locked
from riders.signup.phone import parse_phone

#: Codes tried from one address, right or wrong, for whatever phones.
TRIES_FROM_HERE = Budget("code.tries", 120, HOUR)

_WARNING = (
    "【骑士驿站】有人多次用错误的验证码登录您的手机号，登录已暂停。如非本人操作，无需处理，请勿把验证码告诉任何人。"
    "Somebody keeps trying wrong sign-in codes for your number; signing in is paused. Tell nobody your codes."
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Guess:
    """What became of a try: was it the code, and must the phone's holder be warned (once, after the commit)."""

    is_right: bool
    should_warn: bool


async def sign_in(
    pool: Pool,
    *,
    ring: KeyRing,
    district_id: int,
    phone: str,
    code: str,
    asker: Asker,
    desk: Desk,
    now: datetime,
    device: str = "",
) -> SignIn:
    """Exchange a code for a session; the first sign-in of a phone makes the rider.

    A wrong guess is counted also though the request is refused: the refusal is raised after the commit. The guess that
    locks the phone lets its owner know. Raises `PhoneNotValid`, `CodeNotAccepted`, `PhoneLocked`, `TooManyTries`.
    """
    phone = parse_phone(phone)
    async with transaction_of(pool, Work.SIGN_IN, district_id=district_id) as conn:
        guess = await prove_code(conn, district_id=district_id, phone=phone, code=code, asker=asker, desk=desk, now=now)
        if guess.is_right:
            entered = await _welcome(conn, ring=ring, district_id=district_id, phone=phone, device=device, now=now)
    if guess.is_right:
        note("signed in", caller="rider", caller_id=entered.rider_id)
        return entered
    if guess.should_warn:
        await warn(desk, phone)
    raise CodeNotAccepted(pointer="/code", tries=TRIES_A_CODE)


async def prove_code(
    conn: Connection, *, district_id: int, phone: str, code: str, asker: Asker, desk: Desk, now: datetime
) -> Guess:
    """Count one try of a code for `phone` in E.164 and, if it is the right one, use it up. Commit either way.

    Raises `PhoneLocked`, `TooManyTries`.
    """
    rows = phone_hmacs(desk, district_id, phone)
    guessed = code_hmacs(desk, district_id, phone, asker.device_nonce, code.strip())
    nonces = desk.known_as("device", asker.device_nonce)
    known = await code_queries.lock_phone(conn, district_id=district_id, phone_hmacs=rows, now=now)
    refuse_locked(known, now)
    await _count_try(conn, district_id=district_id, address=desk.keyed("address", asker.address), now=now)
    after, is_right = known.guess(code_hmacs=guessed, device_hmacs=nonces, now=now)
    should_warn = await _is_warned_now(conn, district_id, after.should_be_warned(now), desk, now)
    if should_warn:
        after = after.warned(now)
    await code_queries.update_phone(conn, district_id=district_id, phone_hmac=rows[0], phone=after, now=now)
    if after.locked_until(now) is not None:
        note("locked", caller="rider")
    return Guess(is_right, should_warn)


async def _count_try(conn: Connection, *, district_id: int, address: bytes, now: datetime) -> None:
    try:
        await spend(conn, district_id=district_id, budget=TRIES_FROM_HERE, key=address, now=now)
    except OverBudget as over:
        raise TooManyTries(retry_after_s=max(1, int((over.again_at - now).total_seconds()))) from None


async def _is_warned_now(conn: Connection, district_id: int, is_due: bool, desk: Desk, now: datetime) -> bool:
    """Tell whether a warning is due and still paid for."""
    if not is_due:
        return False
    try:
        await spend(conn, district_id=district_id, budget=desk.money, key=b"", now=now)
    except OverBudget:
        return False
    return True


async def warn(desk: Desk, phone: str) -> None:
    """Tell the holder of `phone` that somebody guesses at his codes; what fails is only logged."""
    try:
        await deliver(desk, phone, _WARNING)
    except Exception as error:
        _log.error("a warning of wrong sign-in codes could not be sent: %s", type(error).__name__)


async def find_or_add_rider(
    conn: Connection, *, ring: KeyRing, district_id: int, phone: str, now: datetime
) -> tuple[int, bool]:
    """Give the rider of a phone and whether he was made just now; of two at once one makes him."""
    rider_id = await queries.find_rider_id(conn, ring=ring, district_id=district_id, phone=phone)
    if rider_id is not None:
        return rider_id, False
    rider_id = await queries.insert_rider(conn, ring=ring, district_id=district_id, phone=phone, now=now)
    if rider_id is not None:
        return rider_id, True
    rider_id = await queries.find_rider_id(conn, ring=ring, district_id=district_id, phone=phone)
    assert rider_id is not None  # noqa: S101 — only the same phone stood in the way
    return rider_id, False


async def _welcome(
    conn: Connection, *, ring: KeyRing, district_id: int, phone: str, device: str, now: datetime
) -> SignIn:
    rider_id, is_new = await find_or_add_rider(conn, ring=ring, district_id=district_id, phone=phone, now=now)
    if is_new:
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
