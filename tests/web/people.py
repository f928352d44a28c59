"""Signing people of the demonstration in, without walking through the sign-in page each time."""

import itertools
import re
import time
import uuid

from playwright._impl._api_structures import SetCookieParam
from playwright.async_api import BrowserContext

from riders.signup.codes.proof import leads_with_zeros
from tests.acceptance.program import Program

#: An access cookie is good for a quarter of an hour; a new one is asked for before that.
_KEEP_S = 600.0


def solve(challenge: str) -> str:
    """Find the proof of work that goes with a challenge."""
    return next(proof for n in itertools.count() if leads_with_zeros(proof := f"{challenge}.{n}"))


class SignIns:
    """Gives a browser the cookies of a person. Each code works once, so those of one sign-in serve for a while."""

    def __init__(self, site: Program) -> None:
        self._site = site
        self._known: dict[str, tuple[float, list[SetCookieParam]]] = {}

    async def as_staff(self, context: BrowserContext, username: str) -> None:
        """Let this browser be signed in as a staff member."""
        if not await self._reuse(context, username):
            code = await self._site.second_factor_of(username)
            body = {"username": username, "password": self._site.password_of(username), "code": code}
            await self._sign_in(context, "/api/v1/session", body, username)

    async def as_rider(self, context: BrowserContext, phone: str) -> None:
        """Let this browser be signed in as a rider."""
        if not await self._reuse(context, phone):
            nonce = uuid.uuid4().hex
            await self.send_code(context, phone, nonce)
            body = {"phone": phone, "device_nonce": nonce, "code": self._site.code_for(phone)}
            await self._sign_in(context, "/api/v1/riders/sessions", body, phone)

    async def send_code(self, context: BrowserContext, phone: str, nonce: str) -> None:
        """Have a code sent to a phone; after the first two from this machine that takes a proof of work."""
        challenge = await (await context.request.get("/api/v1/riders/challenge")).json()
        body = {"phone": phone, "device_nonce": nonce, "proof": solve(challenge["challenge"])}
        await self._post(context, "/api/v1/riders/codes", body)

    async def _reuse(self, context: BrowserContext, who: str) -> bool:
        begun, cookies = self._known.get(who, (0.0, []))
        if not cookies or time.monotonic() - begun > _KEEP_S:
            return False
        await context.add_cookies(cookies)
        return True

    async def _sign_in(self, context: BrowserContext, path: str, body: dict[str, object], who: str) -> None:
        await self._post(context, path, body | {"cookies": True})
        # Only the access cookie is lent out: whoever renewed would end the session of all others.
        kept: list[SetCookieParam] = [
            {"name": each["name"], "value": each["value"], "url": self._site.url.replace("http:", "https:")}
            for each in await context.cookies()
            if re.fullmatch(r"__Host-access", each["name"])
        ]
        self._known[who] = (time.monotonic(), kept)

    async def _post(self, context: BrowserContext, path: str, body: dict[str, object]) -> None:
        answer = await context.request.post(path, data=body, headers={"Origin": self._site.url})
        assert answer.ok, await answer.text()
