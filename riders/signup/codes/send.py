"""Sending one-time codes: who may have one sent, how often, and what it may cost.

Nothing here looks whether the phone is a rider's, so a stranger learns nothing, neither by the answer nor by its time.
"""

import asyncio
import logging
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.access.wall import Work, transaction_of
from core.database import Connection, Pool
from core.limits.budgets import OverBudget, give_back, spend
from core.limits.models import Budget
from core.sealing.models import Purpose
from core.sealing.ring import KeyRing
from riders.errors import (
    CodeAskedTooSoon,
    CodeNotSent,
    CodesUsedUp,
    PhoneLocked,
    ProofNeeded,
    TooManyCodesFromHere,
)
from riders.signup.codes import proof, queries
from riders.signup.codes.models import CODE_LIFE, CODES_A_DAY, DAY, HOUR, WRONG_A_DAY, WRONG_AN_HOUR, PhoneCode
from riders.signup.phone import parse_phone
from riders.signup.sms import SmsSender

#: So many codes go to a phone or from an address in a day without a proof of work.
WITHOUT_PROOF = 2
SMS_TIMEOUT_S = 10

DEVICE_A_DAY = Budget("code.device", 10, DAY)
ADDRESS_AN_HOUR = Budget("code.address.hour", 60, HOUR)
ADDRESS_A_DAY = Budget("code.address.day", 200, DAY)
_PROOF_ONCE = Budget("code.proof", 1, proof.LIFE + timedelta(minutes=1))

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asker:
    """Whence a request comes: the client's device by a random word it made, and its network address."""

    device_nonce: str
    address: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What codes are made and sent with; `a_day` messages at most are paid for, to all phones together."""

    ring: KeyRing
    sms: SmsSender
    a_day: int

    @property
    def money(self) -> Budget:
        """Give the budget of all messages."""
        return Budget("code.all", self.a_day, DAY)

    def keyed(self, *parts: object) -> bytes:
        """Give the keyed digest under which something is stored."""
        return self.known_as(*parts)[0]

    def known_as(self, *parts: object) -> tuple[bytes, ...]:
        """Give every keyed digest under which something may have been stored, the newest first."""
        return self.ring.digests(Purpose.CODES, "|".join(map(str, parts)))


def phone_hmacs(desk: Desk, district_id: int, phone: str) -> tuple[bytes, ...]:
    """Give what may stand for a phone in the tables of limits, the newest first."""
    return desk.known_as("phone", district_id, phone)


def code_hmacs(desk: Desk, district_id: int, phone: str, device_nonce: str, code: str) -> tuple[bytes, ...]:
    """Give what may be stored of a code, the newest first: good for one purpose, phone and device only."""
    return desk.known_as("sign-in", district_id, phone, device_nonce, code)


async def send_code(
    pool: Pool, *, district_id: int, phone: str, asker: Asker, solved: str | None, desk: Desk, now: datetime
) -> None:
    """Send a fresh code to `phone`, replacing an earlier one. `solved` is a proof of work, where one is asked for.

    The code is committed before it is sent, so no connection waits for the gateway. When the gateway fails, the code
    is taken back and does not count: the rider may ask again at once. Raises `PhoneNotValid`, `PhoneLocked`,
    `CodeAskedTooSoon`, `TooManyCodesFromHere`, `ProofNeeded`, `CodesUsedUp`, `CodeNotSent`.
    """
    phone = parse_phone(phone)
    code = f"{secrets.randbelow(10**6):06d}"
    rows = phone_hmacs(desk, district_id, phone)
    fresh, *_ = code_hmacs(desk, district_id, phone, asker.device_nonce, code)
    async with transaction_of(pool, Work.SIGN_IN, district_id=district_id) as conn:
        known = await queries.lock_phone(conn, district_id=district_id, phone_hmacs=rows, now=now)
        _check_phone(known, now)
        await _spend(conn, district_id=district_id, known=known, asker=asker, solved=solved, desk=desk, now=now)
        sent = known.send(code_hmac=fresh, device_hmac=desk.keyed("device", asker.device_nonce), now=now)
        await queries.update_phone(conn, district_id=district_id, phone_hmac=rows[0], phone=sent, now=now)
    try:
        await deliver(desk, phone, _message(code))
    except Exception as error:
        _log.error("a sign-in code could not be sent: %s", type(error).__name__)
        async with transaction_of(pool, Work.SIGN_IN, district_id=district_id) as conn:
            known = await queries.lock_phone(conn, district_id=district_id, phone_hmacs=rows, now=now)
            undone = known.take_back(code_hmac=fresh, sent_at=now)
            await queries.update_phone(conn, district_id=district_id, phone_hmac=rows[0], phone=undone, now=now)
            for budget, key in _budgets(asker, desk):
                await give_back(conn, district_id=district_id, budget=budget, key=key, now=now)
        raise CodeNotSent(retry_after_s=5) from error


async def deliver(desk: Desk, phone: str, text: str) -> None:
    """Hand a message to the gateway; raises whatever it raises, and `TimeoutError`."""
    async with asyncio.timeout(SMS_TIMEOUT_S):
        await desk.sms.send(phone, text)


def refuse_locked(known: PhoneCode, now: datetime) -> None:
    """Raise `PhoneLocked` where too many wrong codes were tried."""
    until = known.locked_until(now)
    if until is not None:
        raise PhoneLocked(retry_after_s=_seconds(until, now), hour=WRONG_AN_HOUR, day=WRONG_A_DAY)


async def forget_old_codes(conn: Connection, *, district_id: int, now: datetime) -> int:
    """Delete codes and what was counted of phones that no limit needs any more; give how many."""
    return await queries.delete_codes_before(conn, district_id=district_id, before=now - DAY)


def _check_phone(known: PhoneCode, now: datetime) -> None:
    refuse_locked(known, now)
    seconds = _seconds(known.next_code_at(now), now)
    if seconds > 0:
        raise CodeAskedTooSoon(retry_after_s=seconds, seconds=seconds, a_day=CODES_A_DAY)


def _budgets(asker: Asker, desk: Desk) -> list[tuple[Budget, bytes]]:
    """List what a code costs, the most shared last: all who ask wait for one another at that one."""
    device, address = desk.keyed("device", asker.device_nonce), desk.keyed("address", asker.address)
    return [(DEVICE_A_DAY, device), (ADDRESS_AN_HOUR, address), (ADDRESS_A_DAY, address), (desk.money, b"")]


async def _spend(
    conn: Connection,
    *,
    district_id: int,
    known: PhoneCode,
    asker: Asker,
    solved: str | None,
    desk: Desk,
    now: datetime,
) -> None:
    """Count the code against every budget but the phone's own, and ask for a proof where one is due."""
    to_phone = sum(moment > now - DAY for moment in known.sent_at)
    *nearer, (money, everyone) = _budgets(asker, desk)
    spent = 0
    for budget, key in nearer:
        try:
            spent = await spend(conn, district_id=district_id, budget=budget, key=key, now=now)
        except OverBudget as over:
            raise TooManyCodesFromHere(retry_after_s=_seconds(over.again_at, now)) from None
    if to_phone >= WITHOUT_PROOF or spent > WITHOUT_PROOF:  # the last of them is the day of the address
        await _use_proof(conn, district_id=district_id, solved=solved, desk=desk, now=now)
    try:
        await spend(conn, district_id=district_id, budget=money, key=everyone, now=now)
    except OverBudget as over:
        _log.error("all %s messages of the day are spent: no sign-in code is sent until %s", desk.a_day, over.again_at)
        raise CodesUsedUp(retry_after_s=_seconds(over.again_at, now)) from None


async def _use_proof(conn: Connection, *, district_id: int, solved: str | None, desk: Desk, now: datetime) -> None:
    if solved is None or not proof.is_solved(desk.ring, solved, now=now):
        raise ProofNeeded(pointer="/proof")
    key = desk.keyed("proof", proof.challenge_of(solved))
    try:
        await spend(conn, district_id=district_id, budget=_PROOF_ONCE, key=key, now=now)
    except OverBudget:
        raise ProofNeeded(pointer="/proof") from None


def _seconds(until: datetime, now: datetime) -> int:
    return math.ceil((until - now).total_seconds())


def _message(code: str) -> str:
    minutes = int(CODE_LIFE.total_seconds() // 60)
    return f"【骑士驿站】验证码 {code}，{minutes} 分钟内有效，请勿告诉他人。Your code, valid for {minutes} minutes."
