"""The second factor of staff: codes of an authenticator app (RFC 6238) and recovery codes for a lost phone.

A code is good for the thirty seconds it is made in and the ones before and after, and once: the step of the last one
taken is stored and only moves forward. The caller holds the account's row, or relies on the guards in the statements.
"""

import base64
import hashlib
import logging
import re
import secrets
from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError

from core.access.errors import NoSecondFactor, NothingOffered, WrongCode
from core.access.own import queries
from core.access.own.models import STAFF, Offer
from core.database import Connection
from core.sealing.ring import KeyRing, SealBroken

ISSUER = "骑士驿站"
RECOVERY_CODES = 10
_RECOVERY_BYTES = 15  # 120 bits: as many need no slow hash
_STEPS_AROUND = 1
_SIX_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)

_log = logging.getLogger(__name__)


async def offer_second_factor(
    conn: Connection, *, district_id: int, staff_id: int, username: str, ring: KeyRing
) -> Offer:
    """Make a new secret, which counts once a code of it has been confirmed; the old one counts until then."""
    secret = pyotp.random_base32()
    sealed = ring.seal(secret, STAFF.place("totp_offered", district_id=district_id, row_id=staff_id))
    await queries.set_offered_secret(conn, district_id=district_id, staff_id=staff_id, sealed=sealed)
    return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER))


async def confirm_second_factor(
    conn: Connection, *, district_id: int, staff_id: int, code: str, ring: KeyRing, now: datetime
) -> tuple[str, ...]:
    """Put the offered secret in force and give new recovery codes. Raises `NothingOffered`, `WrongCode`."""
    factor = await queries.get_second_factor(conn, district_id=district_id, staff_id=staff_id)
    if factor.offered is None:
        raise NothingOffered()
    place = STAFF.place("totp_offered", district_id=district_id, row_id=staff_id)
    secret = _open(ring, factor.offered, place)
    step = None if secret is None else _step_of(secret, code, now=now)
    if secret is None or step is None:
        raise WrongCode(pointer="/code")
    sealed = ring.seal(secret, STAFF.place("totp_secret", district_id=district_id, row_id=staff_id))
    if not await queries.accept_offered_secret(
        conn, district_id=district_id, staff_id=staff_id, offered=factor.offered, sealed=sealed, step=step
    ):
        raise NothingOffered()
    return await renew_recovery_codes(conn, district_id=district_id, staff_id=staff_id)


async def renew_recovery_codes(conn: Connection, *, district_id: int, staff_id: int) -> tuple[str, ...]:
    """Make new recovery codes in place of all before, and give them this once. Raises `NoSecondFactor`."""
    if (await queries.get_second_factor(conn, district_id=district_id, staff_id=staff_id)).secret is None:
        raise NoSecondFactor()
    codes = tuple(_write_recovery_code(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))
    await queries.replace_recovery_codes(
        conn, district_id=district_id, staff_id=staff_id, code_hashes=[_hash_recovery_code(code) for code in codes]
    )
    return codes


async def use_code(
    conn: Connection, *, district_id: int, staff_id: int, code: str, ring: KeyRing, now: datetime
) -> bool:
    """Use up a code of the authenticator or a recovery code; False when it is wrong or was used before."""
    if not _SIX_DIGITS.fullmatch(code):
        return await queries.use_recovery_code(
            conn, district_id=district_id, staff_id=staff_id, code_hash=_hash_recovery_code(code)
        )
    factor = await queries.get_second_factor(conn, district_id=district_id, staff_id=staff_id)
    secret = _open(ring, factor.secret, STAFF.place("totp_secret", district_id=district_id, row_id=staff_id))
    step = None if secret is None else _step_of(secret, code, now=now)
    return step is not None and await queries.use_step(conn, district_id=district_id, staff_id=staff_id, step=step)


async def set_second_factor(conn: Connection, *, district_id: int, staff_id: int, secret: str, ring: KeyRing) -> None:
    """Put a known base32 secret in force without asking for a code: for the demonstration."""
    sealed = ring.seal(secret, STAFF.place("totp_secret", district_id=district_id, row_id=staff_id))
    await queries.set_offered_secret(conn, district_id=district_id, staff_id=staff_id, sealed=sealed)
    await queries.accept_offered_secret(
        conn, district_id=district_id, staff_id=staff_id, offered=sealed, sealed=sealed, step=0
    )


def _open(ring: KeyRing, sealed: bytes | None, place: str) -> str | None:
    try:
        return ring.open(sealed, place)
    except SealBroken:
        _log.error("%s 无法解封：密钥与数据库不符 / cannot be opened: the key does not fit the database", place)
        return None


def _step_of(secret: str, code: str, *, now: datetime) -> int | None:
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=_STEPS_AROUND)
    except OTPVerificationError:
        return None


def _write_recovery_code(random: bytes) -> str:
    text = base64.b32encode(random).decode().lower()
    return "-".join(text[first : first + 6] for first in range(0, len(text), 6))


def _hash_recovery_code(code: str) -> bytes:
    return hashlib.sha256(re.sub(r"[\s-]", "", code).lower().encode(errors="surrogatepass")).digest()
