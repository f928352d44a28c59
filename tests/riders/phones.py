"""Telephones for the tests of signing in."""

import itertools
import re
from datetime import datetime

from core.database import Pool
from core.sealing.ring import KeyRing
from riders.models import SignIn
from riders.signup.codes import proof
from riders.signup.codes.send import Asker, Desk, send_code
from riders.signup.sign_in import sign_in
from tests.conftest import RING

PHONE = "13800000001"
HERE = Asker("a-telephone-of-one-rider", "203.0.113.7")


class Inbox:
    """A phone: keeps what it is sent; while `is_down`, the gateway fails."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.is_down = False

    async def send(self, phone: str, text: str) -> None:
        if self.is_down:
            raise ConnectionError("gateway")
        self.texts.append((phone, text))

    @property
    def codes(self) -> list[str]:
        return [found[0] for _, text in self.texts if (found := re.search(r"\b\d{6}\b", text))]

    @property
    def code(self) -> str:
        return self.codes[-1]

    @property
    def wrong_code(self) -> str:
        return f"{(int(self.code) + 1) % 10**6:06d}"


def solve(now: datetime) -> str:
    """Do what a client does with a challenge."""
    challenge = proof.make_challenge(RING, now=now)
    return next(text for n in itertools.count() if proof.leads_with_zeros(text := f"{challenge}.{n}"))


async def ask(
    pool: Pool,
    inbox: Inbox,
    now: datetime,
    phone: str = PHONE,
    *,
    asker: Asker = HERE,
    solved: str | None = None,
    a_day: int = 1000,
    ring: KeyRing = RING,
) -> None:
    """Ask for a code; `solved` is computed where it is "yes"."""
    await send_code(
        pool,
        district_id=1,
        phone=phone,
        asker=asker,
        solved=solve(now) if solved == "yes" else solved,
        desk=Desk(ring, inbox, a_day),
        now=now,
    )


async def sign_in_with(
    pool: Pool,
    inbox: Inbox,
    code: str,
    now: datetime,
    phone: str = PHONE,
    *,
    asker: Asker = HERE,
    ring: KeyRing = RING,
) -> SignIn:
    return await sign_in(
        pool, ring=ring, district_id=1, phone=phone, code=code, asker=asker, desk=Desk(ring, inbox, 1000), now=now
    )


async def enter(pool: Pool, inbox: Inbox, code: str, now: datetime, phone: str = PHONE, *, asker: Asker = HERE) -> str:
    return (await sign_in_with(pool, inbox, code, now, phone, asker=asker)).tokens.access
