"""Staff for tests: accounts that are ready to work without the cost of a hashed password, and those that sign in."""

from datetime import datetime

import pyotp

from core.access import accounts, queries
from core.access.models import Grant, Staff
from core.access.own.second_factor import set_second_factor
from core.access.passwords import hash_password
from core.database import Connection

#: The key that opens second factors where no application is started.
KEY = bytes(range(32))
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


async def add_staff(
    conn: Connection,
    *,
    username: str,
    grants: tuple[Grant, ...] = (),
    now: datetime,
    district_id: int = 1,
    password: str = PASSWORD,
    key: bytes = KEY,
) -> tuple[Staff, str]:
    """Make an account that signs in with its password and a code; give it and the secret of its authenticator."""
    staff = await accounts.add_staff(
        conn,
        district_id=district_id,
        username=username,
        name="演示书记",
        password_hash=await hashed(password),
        one_time_until=None,
        grants=grants,
        now=now,
    )
    secret = pyotp.random_base32()
    await set_second_factor(conn, district_id=district_id, staff_id=staff.id, secret=secret, key=key)
    return staff, secret


_hashes: dict[str, str] = {}


async def hashed(password: str) -> str:
    """Hash a password once a run: it takes 40 ms each time."""
    if password not in _hashes:
        _hashes[password] = await hash_password(password, context=())
    return _hashes[password]


def code_at(secret: str, now: datetime) -> str:
    """Give what the authenticator shows at `now`."""
    return pyotp.TOTP(secret).at(now)
