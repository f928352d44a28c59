"""Signing people of the demonstration in, without walking through the sign-in page each time; and what many do."""

import itertools
import re
import time
import uuid
from typing import Any

import pyotp
from playwright._impl._api_structures import SetCookieParam
from playwright.async_api import BrowserContext, Page, expect

from app.postgres import running
from core.database import connected
from riders.signup.codes.proof import leads_with_zeros
from tests.acceptance.program import Caller, Program
from tests.web.browser import expect_accessible, shoot

#: An access cookie is good for a quarter of an hour; a new one is asked for before that.
_KEEP_S = 600.0


def solve(challenge: str) -> str:
    """Find the proof of work that goes with a challenge."""
    return next(proof for n in itertools.count() if leads_with_zeros(proof := f"{challenge}.{n}"))


class SignIns:
    """Gives a browser the cookies of a person. Each code works once, so those of one sign-in serve for a while.

    Only the first browser can renew them: whoever is to prove again who he is takes a `SignIns` of his own.
    """

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

    async def _sign_in(self, context: BrowserContext, path: str, body: dict[str, Any], who: str) -> None:
        await self._post(context, path, body | {"cookies": True})
        # Only the access cookie is lent out: whoever renewed would end the session of all others.
        kept: list[SetCookieParam] = [
            {"name": each["name"], "value": each["value"], "url": self._site.url.replace("http:", "https:")}
            for each in await context.cookies()
            if re.fullmatch(r"__Host-access", each["name"])
        ]
        self._known[who] = (time.monotonic(), kept)

    async def _post(self, context: BrowserContext, path: str, body: dict[str, Any]) -> None:
        answer = await context.request.post(path, data=body, headers={"Origin": self._site.url})
        assert answer.ok, await answer.text()


async def apply_as_reporter(site: Program, phone: str, motivation: str, *, community: str) -> Caller:
    """Let a rider, new or not, apply for a community; give him, signed in."""
    anyone = Caller(site)
    _, made = await anyone.ask("GET", "/api/v1/riders/challenge")
    device = {"phone": phone, "device_nonce": uuid.uuid4().hex}
    asked = device | {"proof": solve(made["challenge"])}
    assert 202 == (await anyone.ask("POST", "/api/v1/riders/codes", asked))[0]
    status, opened = await anyone.ask("POST", "/api/v1/riders/sessions", device | {"code": site.code_for(phone)})
    assert 201 == status
    rider = Caller(site, opened["session"]["access"])
    body = {"area_code": community, "motivation": motivation}
    assert 201 == (await rider.ask("POST", "/api/v1/riders/me/applications", body))[0]
    return rider


async def let_proof_grow_old(site: Program, username: str) -> None:
    """Let more time pass since a staff member proved who he is than a proof is good for."""
    async with running(site.data_dir) as server, connected(server.superuser_dsn) as conn:
        done = await conn.execute(
            "update session set proved_at = proved_at - interval '11 minutes' from staff "
            "where session.kind = 'staff' and session.subject_id = staff.id and staff.username = $1",
            username,
        )
    assert done != "UPDATE 0"


async def prove_again(page: Page, site: Program, username: str) -> None:
    """Give the password and a code to the dialog that asks for them once more."""
    dialog = page.get_by_role("dialog", name="请再次验证身份")
    await dialog.get_by_label("密码").fill(site.password_of(username))
    await dialog.get_by_label("验证码").fill(await site.second_factor_of(username))
    await dialog.get_by_role("button", name="验证并继续").click()
    await expect(dialog).to_be_hidden()


async def bind_authenticator(page: Page) -> str:
    """Bind an authenticator on the page of one's account, keep the recovery codes, and give its secret."""
    await page.get_by_role("button", name="绑定验证器").click()
    await expect(page.get_by_role("img", name="验证器二维码")).to_be_visible()
    await expect_accessible(page)
    secret = (await page.locator("li code").inner_text()).replace(" ", "")
    await page.get_by_label("6 位数字").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="确认绑定").click()
    codes = page.get_by_role("group", name="恢复码")
    await expect(codes.get_by_role("listitem")).to_have_count(10)
    await shoot(page, "console-recovery-codes")
    await codes.get_by_text("我已经保存好恢复码").click()
    await codes.get_by_role("button", name="完成").click()
    return secret
