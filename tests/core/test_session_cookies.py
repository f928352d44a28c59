"""A browser's session over HTTP, on real sockets: what its cookies are, and what a foreign page cannot do with them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientResponse

from core.access.models import Grant, Role
from core.access.sessions import ACCESS_LIFE
from core.database import Pool, pool_transaction
from core.http.identity import ACCESS_COOKIE, REFRESH_COOKIE
from tests.conftest import START, Client, Database, FakeClock, serving
from tests.riders.phones import Inbox
from tests.staff import Person, add_staff

WANG: list[Person] = []
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
]


@dataclass
class Browser:
    """Keeps cookies as a browser does, and says with each request that a page of ours makes it."""

    client: Client
    cookies: dict[str, str] = field(default_factory=dict)
    morsels: dict[str, Morsel[str]] = field(default_factory=dict)
    csrf: str = ""

    @property
    def origin(self) -> str:
        return str(self.client.make_url("/")).rstrip("/")

    async def ask(self, method: str, path: str, said: Any = None, **headers: str) -> ClientResponse:
        """Send what our own page sends; headers may say otherwise, an empty one is left out."""
        ours = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.csrf}
        ours |= {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        ours |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in ours.items() if value}
        answer = await self.client.request(method, f"/api/v1{path}", json=said, headers=sent)
        for text in answer.headers.getall("Set-Cookie", []):
            for name, morsel in SimpleCookie(text).items():
                self.morsels[name] = morsel
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    async def sign_in(self) -> dict[str, Any]:
        """Sign in by cookie and remember the CSRF token."""
        answer = await self.ask("POST", "/session", WANG[0].body() | {"cookies": True})
        assert 201 == answer.status
        told: dict[str, Any] = await answer.json()
        self.csrf = told["csrf_token"]
        return told


@pytest.fixture
async def browser(client: Client, pool: Pool) -> Browser:
    """Make an account, and give a browser in which it has signed in."""
    async with pool_transaction(pool) as conn:
        WANG[:] = [await add_staff(conn, "wang", Grant(Role.DISTRICT_ADMIN, ""), name="演示管理员", now=START)]
    opened = Browser(client)
    await opened.sign_in()
    return opened


def kind_of(answer: dict[str, Any]) -> str:
    return str(answer["type"]).rpartition("#")[2]


async def test_the_tokens_travel_in_cookies_that_only_this_site_gets_and_no_script_reads(browser: Browser) -> None:
    told = await browser.sign_in()
    assert (None, None) == (told["access"], told["refresh"])
    assert {ACCESS_COOKIE, REFRESH_COOKIE} == set(browser.morsels)
    for name, morsel in browser.morsels.items():
        assert name.startswith("__Host-")
        assert (True, True, "Strict", "/", "") == (
            morsel["secure"], morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]
        )  # fmt: skip
    assert str(int(ACCESS_LIFE.total_seconds())) == browser.morsels[ACCESS_COOKIE]["max-age"]
    assert browser.cookies[ACCESS_COOKIE] not in str(told)


async def test_a_page_reads_works_renews_and_signs_out(browser: Browser, clock: FakeClock) -> None:
    me = await (await browser.ask("GET", "/session")).json()
    assert ("演示管理员", browser.csrf) == (me["name"], me["csrf_token"])
    before = dict(browser.cookies)
    proved = await browser.ask("POST", "/session/proof", WANG[0].proof())
    told = await proved.json()
    assert (200, None, None, browser.csrf) == (proved.status, told["access"], told["refresh"], told["csrf_token"])
    assert [] == [name for name, value in browser.cookies.items() if before[name] == value]
    clock.advance(ACCESS_LIFE)
    assert 401 == (await browser.ask("GET", "/session")).status
    before = browser.cookies[REFRESH_COOKIE]
    renewed = await browser.ask("POST", "/session/refresh", {}, X_CSRF_Token="")  # a page loaded anew knows none
    told = await renewed.json()
    assert (200, None, None, browser.csrf) == (renewed.status, told["access"], told["refresh"], told["csrf_token"])
    assert before != browser.cookies[REFRESH_COOKIE]
    assert 200 == (await browser.ask("GET", "/session")).status
    assert 204 == (await browser.ask("DELETE", "/session")).status
    assert {} == browser.cookies
    assert 401 == (await browser.ask("GET", "/session")).status


async def test_what_came_as_a_cookie_is_never_answered_in_the_body(browser: Browser) -> None:
    answer = await browser.ask("POST", "/session/refresh", {})
    told = await answer.text()
    assert not [name for name, value in browser.cookies.items() if value in told]


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
async def test_a_foreign_page_can_do_nothing_with_the_cookie(browser: Browser, foreign: dict[str, str]) -> None:
    headers = {"Origin": "", "Sec-Fetch-Site": ""} | foreign
    for method, path, said in (
        ("GET", "/session", None),
        ("DELETE", "/session", None),
        ("DELETE", "/sessions", None),
        ("POST", "/session/refresh", {}),
        ("POST", "/session", WANG[0].body() | {"cookies": True}),
        ("GET", "/cases/stream", None),
    ):
        refused = await browser.ask(method, path, said, **headers)
        assert (403, "foreign-origin") == (refused.status, kind_of(await refused.json())), (method, path)
    assert 200 == (await browser.ask("GET", "/session")).status


async def test_a_change_needs_the_csrf_token_of_this_session(browser: Browser, client: Client) -> None:
    other = Browser(client)
    await other.sign_in()
    for wrong in ("", "x", "汉".encode().decode("latin-1"), browser.csrf[:-1], other.csrf):
        refused = await browser.ask("DELETE", "/sessions", X_CSRF_Token=wrong)
        assert (403, "csrf-token-needed") == (refused.status, kind_of(await refused.json()))
    assert 204 == (await browser.ask("DELETE", "/sessions")).status


async def test_a_change_whose_origin_nobody_tells_is_refused(browser: Browser) -> None:
    refused = await browser.ask("DELETE", "/sessions", Origin="", Sec_Fetch_Site="")
    assert "foreign-origin" == kind_of(await refused.json())


async def test_where_anyone_may_ask_a_cookie_that_does_not_count_is_not_there(browser: Browser) -> None:
    from_elsewhere = await browser.ask("GET", "/categories", Sec_Fetch_Site="cross-site", Origin="")
    assert 200 == from_elsewhere.status


async def test_a_bearer_token_needs_no_page_of_ours_and_wins_over_a_cookie(browser: Browser) -> None:
    answer = await browser.client.post("/api/v1/session", json=WANG[0].body())
    told = await answer.json()
    assert "Set-Cookie" not in answer.headers
    bearer = f"Bearer {told['access']}"
    foreign = {"Origin": "https://evil.example", "X_CSRF_Token": "", "Authorization": bearer}
    me = await (await browser.ask("GET", "/session", **foreign)).json()
    listed = await (await browser.ask("GET", "/sessions", **foreign)).json()
    assert me["csrf_token"] is None
    assert [me["session_id"]] == [row["id"] for row in listed if row["is_this"]]
    assert 204 == (await browser.ask("DELETE", "/session", **foreign)).status
    assert 401 == (await browser.ask("GET", "/session", **foreign)).status  # the cookie does not step in
    assert 200 == (await browser.ask("GET", "/session")).status


async def test_signing_in_again_ends_the_session_that_the_cookies_held(browser: Browser) -> None:
    before = dict(browser.cookies)
    await browser.sign_in()
    now, browser.cookies = browser.cookies, before
    assert 401 == (await browser.ask("GET", "/session")).status
    browser.cookies = now
    assert 200 == (await browser.ask("GET", "/session")).status


async def test_a_browser_listens_by_its_cookie(browser: Browser) -> None:
    stream = await browser.ask("GET", "/cases/stream", Origin="", X_CSRF_Token="", Accept="text/event-stream")
    assert (200, "text/event-stream") == (stream.status, stream.content_type)
    assert b"retry" in await stream.content.readline()
    stream.close()


@pytest_asyncio.fixture
async def inbox(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[tuple[Client, Inbox]]:
    """Run the application with a gateway for messages; give both."""
    inbox = Inbox()
    async with serving(database, clock, tmp_path, sms=inbox) as started:
        yield started, inbox


async def enter_as_rider(inbox: tuple[Client, Inbox]) -> Browser:
    client, phone = inbox
    browser, device = Browser(client), {"phone": "19900000001", "device_nonce": "b7c1f09e55aa40d2"}
    await browser.ask("POST", "/riders/codes", device)
    told = await (await browser.ask("POST", "/riders/sessions", device | {"code": phone.code, "cookies": True})).json()
    browser.csrf = told["session"]["csrf_token"]
    return browser


async def own_session(browser: Browser) -> str:
    return str((await (await browser.ask("GET", "/session")).json())["session_id"])


async def test_leaving_clears_the_browser_but_for_what_a_rider_has_not_sent(
    inbox: tuple[Client, Inbox], clock: FakeClock
) -> None:
    rider = await enter_as_rider(inbox)
    for path in ("/session", "/sessions/{}"):
        answer = await rider.ask("DELETE", path.format(await own_session(rider)))
        assert (204, '"cache"', {}) == (answer.status, answer.headers["Clear-Site-Data"], rider.cookies)
        clock.advance(timedelta(days=1, minutes=1))  # a third code in a day asks for a proof of work
        rider = await enter_as_rider(inbox)
    erased = await rider.ask("DELETE", "/riders/me?confirm=erase")
    assert (204, '"cache", "storage"', {}) == (erased.status, erased.headers["Clear-Site-Data"], rider.cookies)


async def test_staff_leave_no_answers_behind_on_a_shared_machine(browser: Browser) -> None:
    answer = await browser.ask("DELETE", "/session")
    assert ('"cache"', {}) == (answer.headers["Clear-Site-Data"], browser.cookies)


async def test_ending_another_session_leaves_this_browser_as_it_is(browser: Browser, client: Client) -> None:
    other = Browser(client)
    await other.sign_in()
    answer = await browser.ask("DELETE", f"/sessions/{await own_session(other)}")
    assert (204, False) == (answer.status, "Clear-Site-Data" in answer.headers)
    assert 200 == (await browser.ask("GET", "/session")).status


async def test_who_finds_his_session_ended_forgets_the_answers_he_kept(browser: Browser, client: Client) -> None:
    other = Browser(client)
    await other.sign_in()
    await other.ask("DELETE", "/sessions")
    refused = await browser.ask("GET", "/session")  # perhaps its token is only old
    assert (401, False) == (refused.status, "Clear-Site-Data" in refused.headers)
    ended = await browser.ask("POST", "/session/refresh", {})
    assert (401, '"cache"') == (ended.status, ended.headers["Clear-Site-Data"])
    assert {ACCESS_COOKIE, REFRESH_COOKIE} == set(browser.cookies)


async def test_a_rider_signs_in_by_cookie_as_well(inbox: tuple[Client, Inbox]) -> None:
    client, phone = inbox
    browser, device = Browser(client), {"phone": "19900000001", "device_nonce": "b7c1f09e55aa40d2"}
    assert 202 == (await browser.ask("POST", "/riders/codes", device)).status
    said = device | {"code": phone.code, "cookies": True}
    refused = await browser.ask("POST", "/riders/sessions", said, Origin="https://evil.example")
    assert "foreign-origin" == kind_of(await refused.json())
    told = await (await browser.ask("POST", "/riders/sessions", said)).json()
    assert (True, None) == (told["is_new"], told["session"]["access"])
    assert told["session"]["csrf_token"] == (await (await browser.ask("GET", "/session")).json())["csrf_token"]
    assert timedelta(days=89) < timedelta(seconds=int(browser.morsels[REFRESH_COOKIE]["max-age"]))
