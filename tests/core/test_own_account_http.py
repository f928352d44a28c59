"""One's own account over HTTP: the first sign-in, and nothing else before it is complete; later changes."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from aiohttp import ClientResponse

from app.routes import ROUTES
from core.access.accounts import MAX_FAILURES, ONE_TIME_LIFE
from core.access.models import Grant, Role
from core.access.policy import ANYONE, OWN_ACCOUNT, OWN_SESSION
from core.access.sessions import PROOF_LIFE
from core.database import Pool, pool_transaction
from tests.conftest import START, Client, FakeClock
from tests.staff import PASSWORD, Person, add_staff

NEW = "four quite different words"
STEP = timedelta(seconds=30)
NOT_READY, NOT_ALLOWED = "/docs/problems#account-not-ready", "/docs/problems#not-allowed"


class Visitor:
    """Somebody at a browser."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.headers: dict[str, str] = {}
        self.refresh = ""

    async def send(self, method: str, path: str, body: object = None) -> ClientResponse:
        return await self.client.request(method, f"/api/v1{path}", json=body, headers=self.headers)

    async def ask(self, method: str, path: str, body: object = None, *, expect: int = 200) -> Any:
        answer = await self.send(method, path, body)
        assert expect == answer.status, await answer.text()
        return None if answer.status == 204 else await answer.json()

    async def sign_in(self, body: dict[str, str], *, expect: int = 201) -> Any:
        self.headers = {}
        said = await self.ask("POST", "/session", body, expect=expect)
        if expect == 201:
            self._hold(said)
        return said

    async def prove(self, proof: dict[str, str], *, expect: int = 200) -> None:
        said = await self.ask("POST", "/session/proof", proof | {"refresh": self.refresh}, expect=expect)
        if expect == 200:
            self._hold(said)

    def _hold(self, tokens: dict[str, str]) -> None:
        self.headers, self.refresh = {"Authorization": f"Bearer {tokens['access']}"}, tokens["refresh"]


@pytest.fixture
async def newcomer(pool: Pool) -> Person:
    """An account as an administrator makes it: a one-time password, no second factor."""
    async with pool_transaction(pool) as conn:
        person = await add_staff(conn, "wang", Grant(Role.DISTRICT_ADMIN, ""), now=START)
        await conn.execute("update staff set one_time_until = $1, totp_secret = null", START + ONE_TIME_LIFE)
        await conn.execute("delete from recovery_code")
    return person


async def enrol(visitor: Visitor, clock: FakeClock) -> tuple[pyotp.TOTP, list[str]]:
    offer = await visitor.ask("POST", "/account/second-factor")
    assert offer["secret"] in offer["uri"]
    assert offer["uri"].startswith("otpauth://totp/")
    app = pyotp.parse_uri(offer["uri"])
    assert isinstance(app, pyotp.TOTP)
    confirmed = await visitor.ask("POST", "/account/second-factor/confirm", {"code": app.at(clock.now)})
    return app, confirmed["recovery_codes"]


async def test_the_first_sign_in_ends_with_a_password_of_ones_own_and_a_second_factor(
    client: Client, newcomer: Person, clock: FakeClock, pool: Pool
) -> None:
    wang = Visitor(client)
    first = {"username": "wang", "password": PASSWORD}
    await wang.sign_in(first)
    me = await wang.ask("GET", "/session")
    assert (["password", "second_factor"], []) == (me["owes"], me["grants"])
    refused = await wang.ask("GET", "/cases", expect=403)
    assert (NOT_READY, True) == (refused["type"], "设置自己的密码、绑定验证器" in refused["detail"])
    await wang.ask("PUT", "/account/password", {"old_password": PASSWORD, "new_password": NEW}, expect=204)
    assert ["second_factor"] == (await wang.ask("GET", "/account"))["owes"]
    app, codes = await enrol(wang, clock)
    assert {"username": "wang", "name": "演示职员", "owes": [], "recovery_codes_left": 10} == await wang.ask(
        "GET", "/account"
    )
    await wang.ask("GET", "/cases")
    alike = {
        (await wang.sign_in(body, expect=401))["detail"]
        for body in (
            first,
            {"username": "wang", "password": NEW},
            {"username": "wang", "password": NEW, "code": app.at(clock.now)},  # used when it was confirmed
            {"username": "nobody", "password": NEW, "code": codes[0]},
        )
    }
    assert 1 == len(alike)
    await wang.sign_in({"username": "wang", "password": NEW, "code": app.at(clock.now + STEP)})
    await wang.sign_in({"username": "wang", "password": NEW, "code": codes[0]})
    assert 9 == (await wang.ask("GET", "/account"))["recovery_codes_left"]
    acts = [row["act"] for row in await pool.fetch("select act from audit_entry order by id")]
    assert ["staff.signed_in", "staff.password_changed", "staff.second_factor_set", *["staff.signed_in"] * 2] == acts


async def test_a_newcomer_gets_through_to_nothing_but_his_own_account(client: Client, newcomer: Person) -> None:
    wang = Visitor(client)
    await wang.sign_in({"username": "wang", "password": PASSWORD})
    closed = [route for route in ROUTES if route.policy not in (ANYONE, OWN_ACCOUNT, OWN_SESSION)]
    assert 100 < len(closed)
    for route in closed:
        answer = await wang.send(route.method, re.sub(r"\{\w+\}", "1", route.path).removeprefix("/api/v1"))
        why = NOT_READY if "staff" in route.policy.kinds else NOT_ALLOWED
        assert (403, why) == (answer.status, (await answer.json())["type"]), route.path


async def test_recovery_codes_come_after_the_second_factor(client: Client, newcomer: Person) -> None:
    wang = Visitor(client)
    await wang.sign_in({"username": "wang", "password": PASSWORD})
    refused = await wang.ask("POST", "/account/recovery-codes", expect=409)
    assert refused["type"].endswith("#no-second-factor")
    refused = await wang.ask("POST", "/account/second-factor/confirm", {"code": "123456"}, expect=409)
    assert refused["type"].endswith("#no-second-factor-offered")
    await wang.ask("POST", "/account/second-factor")
    refused = await wang.ask("POST", "/account/second-factor/confirm", {"code": "123456"}, expect=422)
    assert refused["type"].endswith("#wrong-code")
    assert ["password", "second_factor"] == (await wang.ask("GET", "/account"))["owes"]


@pytest.fixture
async def wang(client: Client, pool: Pool) -> Visitor:
    """Somebody who has everything, signed in."""
    async with pool_transaction(pool) as conn:
        person = await add_staff(conn, "wang", Grant(Role.SECRETARY, "37"), now=START)
    visitor = Visitor(client)
    visitor.person = person  # type: ignore[attr-defined]
    await visitor.sign_in(person.body())
    return visitor


async def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(client: Client, wang: Visitor) -> None:
    elsewhere = Visitor(client)
    await elsewhere.sign_in(wang.person.body())  # type: ignore[attr-defined]
    await wang.ask("PUT", "/account/password", {"old_password": PASSWORD, "new_password": NEW}, expect=204)
    await wang.ask("GET", "/account")
    await elsewhere.ask("GET", "/account", expect=401)


async def test_a_new_authenticator_ends_the_other_sessions_and_keeps_this_one(
    client: Client, wang: Visitor, clock: FakeClock
) -> None:
    elsewhere = Visitor(client)
    await elsewhere.sign_in(wang.person.body())  # type: ignore[attr-defined]
    await wang.ask("POST", "/account/second-factor")
    await elsewhere.ask("GET", "/account")
    await enrol(wang, clock)
    await wang.ask("GET", "/account")
    await elsewhere.ask("GET", "/account", expect=401)


@pytest.mark.parametrize(
    ("new", "slug"),
    [
        (PASSWORD, "password-not-new"),
        ("short", "password-too-short"),
        ("k3Jd-7qLm-x9" * 22, "password-too-long"),
        ("wang演示职员2026", "password-too-common"),
    ],
)
async def test_a_password_that_will_not_do_is_refused_and_the_old_one_stays(wang: Visitor, new: str, slug: str) -> None:
    refused = await wang.ask("PUT", "/account/password", {"old_password": PASSWORD, "new_password": new}, expect=422)
    assert f"/docs/problems#{slug}" == refused["type"]
    await wang.sign_in(wang.person.body())  # type: ignore[attr-defined]


async def test_guessing_the_old_password_locks_the_account(wang: Visitor) -> None:
    for _ in range(MAX_FAILURES):
        refused = await wang.ask("PUT", "/account/password", {"old_password": "guess", "new_password": NEW}, expect=403)
        assert refused["type"].endswith("#wrong-old-password")
    await wang.ask("PUT", "/account/password", {"old_password": PASSWORD, "new_password": NEW}, expect=403)


async def test_another_phone_counts_once_it_is_confirmed_and_the_old_one_until_then(
    wang: Visitor, clock: FakeClock
) -> None:
    person: Person = wang.person  # type: ignore[attr-defined]
    await wang.ask("POST", "/account/second-factor")
    await wang.sign_in(person.body())
    app, codes = await enrol(wang, clock)
    clock.advance(STEP)
    await wang.sign_in(person.body(), expect=401)  # the recovery codes of before went with it
    await wang.sign_in({"username": "wang", "password": PASSWORD, "code": codes[3]})
    await wang.sign_in({"username": "wang", "password": PASSWORD, "code": app.at(clock.now)})


async def test_new_recovery_codes_take_the_place_of_the_old(wang: Visitor) -> None:
    fresh = (await wang.ask("POST", "/account/recovery-codes"))["recovery_codes"]
    await wang.sign_in(wang.person.body(), expect=401)  # type: ignore[attr-defined]
    await wang.sign_in({"username": "wang", "password": PASSWORD, "code": fresh[0]})


@pytest.mark.parametrize("path", ["second-factor", "second-factor/confirm", "recovery-codes"])
async def test_all_about_second_factors_needs_a_recent_proof(wang: Visitor, clock: FakeClock, path: str) -> None:
    clock.advance(PROOF_LIFE + timedelta(seconds=1))
    body = {"code": "123456"} if path.endswith("confirm") else None
    refused = await wang.ask("POST", f"/account/{path}", body, expect=403)
    assert refused["type"].endswith("#recent-sign-in-needed")
    person: Person = wang.person  # type: ignore[attr-defined]
    await wang.prove({"password": PASSWORD}, expect=401)
    await wang.prove(person.proof())
    again = await wang.send("POST", f"/account/{path}", body)
    assert 403 != again.status
