"""Sessions over HTTP, on real sockets: renewing, listing, ending, proving again."""

from datetime import timedelta

import pytest

from core.access.accounts import MAX_FAILURES
from core.access.device import describe_device
from core.access.models import Grant, Role
from core.access.sessions import ACCESS_LIFE, FORMER_ACCESS_LIFE, PROOF_LIFE, RENEWED_TOGETHER
from core.database import Pool, pool_transaction
from tests.conftest import START, Client, FakeClock
from tests.staff import Person, add_staff

WANG: list[Person] = []
PHONE_BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) AppleWebKit/605.1.15 MicroMessenger/8.0.49 Safari/604.1"


@pytest.fixture(autouse=True)
async def account(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        WANG[:] = [await add_staff(conn, "wang", Grant(Role.DISTRICT_ADMIN, ""), now=START)]


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access']}"}


async def enter(client: Client, device: str = "") -> dict[str, str]:
    answer = await client.post("/api/v1/session", json=WANG[0].body(), headers={"User-Agent": device} if device else {})
    assert 201 == answer.status
    tokens: dict[str, str] = await answer.json()
    return tokens


async def status_of(client: Client, tokens: dict[str, str]) -> int:
    return (await client.get("/api/v1/session", headers=bearer(tokens))).status


async def test_tokens_are_renewed_and_a_stolen_refresh_token_ends_the_session(client: Client, clock: FakeClock) -> None:
    first = await enter(client)
    clock.advance(ACCESS_LIFE)
    assert 401 == await status_of(client, first)
    renewed = await client.post("/api/v1/session/refresh", json={"refresh": first["refresh"]})
    second = await renewed.json()
    assert (200, 200) == (renewed.status, await status_of(client, second))
    clock.advance(RENEWED_TOGETHER + timedelta(seconds=1))
    stolen = await client.post("/api/v1/session/refresh", json={"refresh": first["refresh"]})
    assert (401, "/docs/problems#session-ended") == (stolen.status, (await stolen.json())["type"])
    assert 401 == await status_of(client, second)


async def test_own_sessions_are_listed_with_their_devices_and_can_be_ended(client: Client) -> None:
    phone, here = await enter(client, PHONE_BROWSER), await enter(client, "curl/8.5.0")
    listed = await (await client.get("/api/v1/sessions", headers=bearer(here))).json()
    assert {"微信 WeChat · iPhone": False, "curl": True} == {row["device"]: row["is_this"] for row in listed}
    lost = next(row["id"] for row in listed if not row["is_this"])
    assert 204 == (await client.delete(f"/api/v1/sessions/{lost}", headers=bearer(here))).status
    assert 404 == (await client.delete(f"/api/v1/sessions/{lost}", headers=bearer(here))).status
    assert (401, 200) == (await status_of(client, phone), await status_of(client, here))
    another = await enter(client)
    assert 204 == (await client.delete("/api/v1/sessions", headers=bearer(another))).status
    assert (401, 200) == (await status_of(client, here), await status_of(client, another))
    assert 204 == (await client.delete("/api/v1/session", headers=bearer(another))).status
    assert 401 == await status_of(client, another)


async def test_an_export_asks_for_a_proof_that_is_ten_minutes_old_at_most(client: Client, clock: FakeClock) -> None:
    tokens = await enter(client)
    here, more = bearer(tokens), {"refresh": tokens["refresh"]}
    assert 200 == (await client.get("/api/v1/stations/export", headers=here)).status
    clock.advance(PROOF_LIFE + timedelta(seconds=1))
    refused = await client.get("/api/v1/stations/export", headers=here)
    assert (403, "/docs/problems#recent-sign-in-needed") == (refused.status, (await refused.json())["type"])
    wrong = await client.post("/api/v1/session/proof", json={"password": "wrong"} | more, headers=here)
    assert (401, 403) == (wrong.status, (await client.get("/api/v1/stations/export", headers=here)).status)
    proved = await client.post("/api/v1/session/proof", json=WANG[0].proof() | more, headers=here)
    assert 200 == proved.status
    here = bearer(await proved.json())
    assert 200 == (await client.get("/api/v1/stations/export", headers=here)).status


async def test_a_proof_renews_both_tokens_and_the_old_ones_end(client: Client, clock: FakeClock) -> None:
    old = await enter(client)
    forgot = await client.post("/api/v1/session/proof", json=WANG[0].proof(), headers=bearer(old))
    assert (422, "/refresh") == (forgot.status, (await forgot.json())["errors"][0]["pointer"])
    proof = WANG[0].proof() | {"refresh": old["refresh"]}
    new = await (await client.post("/api/v1/session/proof", json=proof, headers=bearer(old))).json()
    assert {old["access"], old["refresh"]}.isdisjoint({new["access"], new["refresh"]})
    assert 200 == await status_of(client, new)
    clock.advance(FORMER_ACCESS_LIFE + timedelta(seconds=1))
    assert (401, 200) == (await status_of(client, old), await status_of(client, new))
    stolen = await client.post("/api/v1/session/refresh", json={"refresh": old["refresh"]})
    assert (401, 401) == (stolen.status, await status_of(client, new))


async def test_a_proof_with_a_worthless_refresh_token_is_none(client: Client, clock: FakeClock) -> None:
    tokens, other = await enter(client), await enter(client)
    clock.advance(PROOF_LIFE + timedelta(seconds=1))
    proof = WANG[0].proof() | {"refresh": other["refresh"]}
    refused = await client.post("/api/v1/session/proof", json=proof, headers=bearer(tokens))
    assert (401, "/docs/problems#session-ended") == (refused.status, (await refused.json())["type"])
    assert 403 == (await client.get("/api/v1/stations/export", headers=bearer(tokens))).status


async def test_ending_other_sessions_asks_for_a_recent_proof_and_leaving_does_not(
    client: Client, clock: FakeClock
) -> None:
    lost, here = await enter(client), await enter(client)
    listed = await (await client.get("/api/v1/sessions", headers=bearer(here))).json()
    ids = {row["is_this"]: row["id"] for row in listed}
    clock.advance(PROOF_LIFE + timedelta(seconds=1))
    for path in ("/api/v1/sessions", f"/api/v1/sessions/{ids[False]}"):
        refused = await client.delete(path, headers=bearer(here))
        assert (403, "/docs/problems#recent-sign-in-needed") == (refused.status, (await refused.json())["type"])
    assert 200 == await status_of(client, lost)
    assert 204 == (await client.delete(f"/api/v1/sessions/{ids[True]}", headers=bearer(here))).status
    assert (200, 401) == (await status_of(client, lost), await status_of(client, here))


async def test_guesses_at_a_proof_lock_the_account_like_guesses_at_a_sign_in(client: Client) -> None:
    tokens = await enter(client)
    here, more = bearer(tokens), {"refresh": tokens["refresh"]}
    for proof in [{"password": "wrong"}] * MAX_FAILURES + [WANG[0].proof()]:
        assert 401 == (await client.post("/api/v1/session/proof", json=proof | more, headers=here)).status


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (PHONE_BROWSER, "微信 WeChat · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
        ("Mozilla/5.0 (Linux; Android 14; V2309A) Chrome/126.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"),
        ("curl/8.5.0", "curl"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
        ("A" * 5000, "A" * 30),
        ("x\x1b[31m", "x"),
    ],
)
def test_a_device_is_named_in_few_words(user_agent: str, words: str) -> None:
    assert words == describe_device(user_agent)
