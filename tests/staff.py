"""Staff for tests: accounts that are ready to work without the cost of a hashed password, and those that sign in."""

from dataclasses import dataclass
from datetime import datetime

import pyotp

from core.access import accounts, queries
from core.access.models import Grant, Staff
from core.access.own.second_factor import renew_recovery_codes, set_second_factor
from core.access.passwords import hash_password
from core.database import Connection
from core.sealing.ring import KeyRing
from tests.conftest import RING

PASSWORD = "four plain words here"


async def insert_staff(conn: Connection, *, district_id: int, username: str, name: str, now: datetime) -> Staff:
    """Make an account that owes nothing and cannot sign in: its sessions are opened behind the back of the service."""
    staff = await queries.insert_staff(
        conn,
        district_id=district_id,
        username=username,
        name=name,
        password_hash="-",
        one_time_until=None,
        now=now,
    )
    await conn.execute("update staff set totp_secret = 'set' where district_id = $1 and id = $2", district_id, staff.id)
    return staff


@dataclass(frozen=True)
class Person:
    """Somebody who signs in: by codes of his authenticator, or by recovery codes, which need neither clock nor key."""

    id: int
    username: str
    password: str
    secret: str
    recovery_codes: list[str]

    def code(self, now: datetime) -> str:
        """Give what the authenticator shows at `now`."""
        return pyotp.TOTP(self.secret).at(now)

    def body(self) -> dict[str, str]:
        """Give what signs him in; this and `proof` are good ten times."""
        return {"username": self.username} | self.proof()

    def proof(self) -> dict[str, str]:
        """Give what proves again who he is."""
        return {"password": self.password, "code": self.recovery_codes.pop()}


async def add_staff(
    conn: Connection,
    username: str,
    *grants: Grant,
    now: datetime,
    name: str = "演示职员",
    password: str = PASSWORD,
    ring: KeyRing = RING,
) -> Person:
    """Make an account that owes nothing and signs in."""
    staff = await accounts.add_staff(
        conn,
        district_id=1,
        username=username,
        name=name,
        password_hash=await hashed(password),
        one_time_until=None,
        grants=grants,
        now=now,
    )
    secret = pyotp.random_base32()
    await set_second_factor(conn, district_id=1, staff_id=staff.id, secret=secret, ring=ring)
    codes = await renew_recovery_codes(conn, district_id=1, staff_id=staff.id)
    return Person(staff.id, username, password, secret, list(codes))


_hashes: dict[str, str] = {}


async def hashed(password: str) -> str:
    """Hash a password once a run: it takes 40 ms each time."""
    if password not in _hashes:
        _hashes[password] = await hash_password(password, context=())
    return _hashes[password]
