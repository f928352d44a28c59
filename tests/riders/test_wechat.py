"""Signing in by WeChat, against a server of our own that speaks the contract WeChat has published."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.main import create_app
from app.settings import SettingRefused, Settings
from app.wechat import Code2Session
from core.database import Pool, connected, pool_transaction
from core.errors import Refusal
from core.http.wiring import RING as RING_KEY
from core.sealing.files import KeysRefused, make_key
from core.sealing.models import Purpose
from riders.signup.queries import insert_rider
from riders.signup.wechat.errors import (
    WechatBlocked,
    WechatCodeNotValid,
    WechatQuotaUsedUp,
    WechatTooOften,
    WechatUnavailable,
)
from riders.signup.wechat.queries import delete_keyed_before
from tests.conftest import DISTRICT, RING, START, Client, Database, FakeClock, patient_keeper, put_keys
from tests.sessions import open_long_session

APPID, SECRET, SESSION_KEY = "wx1234567890abcdef", "0123456789abcdef0123456789abcdef", "tiihtNczf5v6AKRyjwEUhQ=="
ZHANG, LI = "oGZUI0egBJY1zhBYw2KhdUfwVJJE", "oABCD0egBJY1zhBYw2KhdUfwVJJE"


class StandIn:
    """WeChat's side: codes live five minutes and are taken once."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._codes: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()
        self.answer: web.Response | dict[str, object] | None = None
        self.delay_s = 0.0
        self.url = ""

    def login(self, openid: str) -> str:
        """Do what `wx.login` does on a phone: give a code."""
        code = f"code{len(self._codes)}"
        self._codes[code] = (openid, self._clock.now.timestamp())
        return code

    async def code2session(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.delay_s)
        if isinstance(self.answer, web.Response):
            return self.answer
        told = self.answer if self.answer is not None else self._exchange(dict(request.query))
        return web.json_response(told, content_type="text/plain")  # as WeChat does

    def _exchange(self, asked: dict[str, str]) -> dict[str, object]:
        code = asked.pop("js_code", None)
        if code is None:
            return {"errcode": 41008, "errmsg": "missing code"}
        if asked != {"appid": APPID, "secret": SECRET, "grant_type": "authorization_code"}:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        if code in self._used:
            return {"errcode": 40163, "errmsg": "code been used"}
        openid, made_at = self._codes.get(code, ("", 0.0))
        if self._clock.now.timestamp() - made_at > 300:
            return {"errcode": 40029, "errmsg": "invalid code"}
        self._used.add(code)
        return {"openid": openid, "session_key": SESSION_KEY, "unionid": "u" + openid}


@pytest_asyncio.fixture
async def wechat(clock: FakeClock) -> AsyncIterator[StandIn]:
    stand_in = StandIn(clock)
    app = web.Application()
    app.router.add_get("/sns/jscode2session", stand_in.code2session)
    async with TestServer(app) as server:
        stand_in.url = str(server.make_url("")).rstrip("/")
        yield stand_in


def put_secret(folder: Path, text: str = SECRET + "\n", mode: int = 0o600) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    place = folder / "wechat.secret"
    place.write_text(text)
    place.chmod(mode)
    return place


@pytest_asyncio.fixture
async def client(database: Database, clock: FakeClock, tmp_path: Path, wechat: StandIn) -> AsyncIterator[Client]:
    put_keys(tmp_path / "keys")
    put_secret(tmp_path / "keys")
    app = create_app(
        Settings(data_dir=tmp_path, wechat_appid=APPID),
        dsn=database.app_dsn,
        sweeper_dsn=database.sweeper_dsn,
        clock=clock,
        keeper=patient_keeper(),
        wechat_url=wechat.url,
    )
    async with TestClient(TestServer(app)) as started:
        yield started


async def rider(pool: Pool, phone: str) -> tuple[int, dict[str, str]]:
    async with pool_transaction(pool) as conn:
        rider_id = await insert_rider(conn, ring=RING, district_id=DISTRICT, phone=phone, now=START)
        assert rider_id is not None
        token = await open_long_session(conn, district_id=DISTRICT, kind="rider", subject_id=rider_id, now=START)
    return rider_id, {"Authorization": f"Bearer {token}"}


async def bind(client: Client, code: str, headers: dict[str, str]) -> int:
    return (await client.put("/api/v1/riders/me/wechat", json={"code": code}, headers=headers)).status


async def enter(client: Client, code: str) -> tuple[int, dict[str, Any]]:
    answer = await client.post("/api/v1/riders/wechat-sessions", json={"code": code})
    return answer.status, await answer.json()


async def test_a_rider_binds_his_account_once_and_signs_in_by_it(client: Client, pool: Pool, wechat: StandIn) -> None:
    rider_id, headers = await rider(pool, "+8613800000001")
    status, told = await enter(client, wechat.login(ZHANG))
    assert (403, True) == (status, str(told["type"]).endswith("wechat-not-bound"))
    assert 204 == await bind(client, wechat.login(ZHANG), headers)
    status, session = await enter(client, wechat.login(ZHANG))
    assert (201, rider_id, False) == (status, session["rider_id"], session["is_new"])
    me = await client.get("/api/v1/session", headers={"Authorization": f"Bearer {session['session']['access']}"})
    assert ("rider", rider_id) == ((body := await me.json())["kind"], body["id"])


async def test_binding_another_account_replaces_the_first(client: Client, pool: Pool, wechat: StandIn) -> None:
    rider_id, headers = await rider(pool, "+8613800000001")
    assert [204, 204] == [await bind(client, wechat.login(openid), headers) for openid in (ZHANG, LI)]
    assert 403 == (await enter(client, wechat.login(ZHANG)))[0]
    assert rider_id == (await enter(client, wechat.login(LI)))[1]["rider_id"]


async def test_an_account_that_another_rider_has_bound_stays_his(client: Client, pool: Pool, wechat: StandIn) -> None:
    first, headers = await rider(pool, "+8613800000001")
    assert 204 == await bind(client, wechat.login(ZHANG), headers)
    _, others = await rider(pool, "+8613800000002")
    answer = await client.put("/api/v1/riders/me/wechat", json={"code": wechat.login(ZHANG)}, headers=others)
    assert (409, True) == (answer.status, (await answer.json())["type"].endswith("wechat-bound-elsewhere"))
    assert first == (await enter(client, wechat.login(ZHANG)))[1]["rider_id"]


async def test_an_account_that_was_unbound_opens_nothing(client: Client, pool: Pool, wechat: StandIn) -> None:
    _, headers = await rider(pool, "+8613800000001")
    assert 204 == await bind(client, wechat.login(ZHANG), headers)
    assert [204, 204] == [(await client.delete("/api/v1/riders/me/wechat", headers=headers)).status for _ in range(2)]
    assert 403 == (await enter(client, wechat.login(ZHANG)))[0]
    async with pool_transaction(pool) as conn:
        acts = [row["act"] for row in await conn.fetch("select act from audit_entry order by id")]
    assert ["rider.wechat_bound", "rider.wechat_unbound"] == acts


async def test_a_code_works_once_and_for_five_minutes(
    client: Client, pool: Pool, wechat: StandIn, clock: FakeClock
) -> None:
    _, headers = await rider(pool, "+8613800000001")
    code, late = wechat.login(ZHANG), wechat.login(ZHANG)
    assert 204 == await bind(client, code, headers)
    used = await enter(client, code)
    clock.advance(timedelta(minutes=5, seconds=1))
    old = await enter(client, late)
    for status, told in (used, old):
        assert (422, True) == (status, str(told["type"]).endswith("wechat-code-not-valid"))


async def test_whoever_signed_in_long_ago_proves_himself_before_he_binds(
    client: Client, pool: Pool, wechat: StandIn, clock: FakeClock
) -> None:
    _, headers = await rider(pool, "+8613800000001")
    clock.advance(timedelta(minutes=11))
    answer = await client.put("/api/v1/riders/me/wechat", json={"code": wechat.login(ZHANG)}, headers=headers)
    assert (403, True) == (answer.status, (await answer.json())["type"].endswith("recent-sign-in-needed"))


async def test_only_a_rider_who_is_signed_in_can_bind(client: Client, wechat: StandIn) -> None:
    assert 401 == await bind(client, wechat.login(ZHANG), {})


@pytest.mark.parametrize("code", ["", "a b", "é", "x" * 129, "a\nb"])
async def test_what_cannot_be_a_code_is_not_sent_to_wechat(client: Client, wechat: StandIn, code: str) -> None:
    wechat.answer = {"openid": ZHANG}
    assert 422 == (await enter(client, code))[0]


@pytest_asyncio.fixture
async def exchange(wechat: StandIn) -> AsyncIterator[Code2Session]:
    async with aiohttp.ClientSession() as http:
        yield Code2Session(
            http, base_url=wechat.url, appid=APPID, secret=SECRET, timeout=aiohttp.ClientTimeout(total=0.3)
        )


@pytest.mark.parametrize(
    ("errcode", "kind", "status", "again_s"),
    [
        (40029, WechatCodeNotValid, 422, None),
        (40163, WechatCodeNotValid, 422, None),
        (45011, WechatTooOften, 429, 60),
        (40226, WechatBlocked, 403, None),
        (45009, WechatQuotaUsedUp, 503, 3600),
        (-1, WechatUnavailable, 503, 5),
        (40013, WechatUnavailable, 503, 5),
        (40125, WechatUnavailable, 503, 5),
    ],
)
async def test_each_error_code_means_something_of_its_own(
    exchange: Code2Session, wechat: StandIn, errcode: int, kind: type[Refusal], status: int, again_s: int | None
) -> None:
    wechat.answer = {"errcode": errcode, "errmsg": "words of WeChat, rid: 658c03c7"}
    with pytest.raises(kind) as refused:
        await exchange("code")
    assert (status, again_s) == (refused.value.status, refused.value.retry_after_s)


@pytest.mark.parametrize(
    "answer",
    [
        (200, "<html>"),
        (200, ""),
        (200, "\xff\xfe"),
        (200, "[]"),
        (200, '{"openid": 5}'),
        (200, '{"openid": ""}'),
        (200, '{"openid": "' + "x" * 200 + '"}'),
        (200, '{"errcode": [], "openid": "x"}'),
        (200, '{"errcode": [1], "openid": "x"}'),
        (200, '{"errcode": "40029x", "openid": "x"}'),
        (200, '{"openid": "' + ZHANG + '"}' + " " * 20_000),
        (500, '{"openid": "' + ZHANG + '"}'),
        (302, "{}"),
    ],
)
async def test_an_answer_that_is_not_as_documented_opens_nothing(wechat: StandIn, answer: tuple[int, str]) -> None:
    wechat.answer = web.Response(status=answer[0], text=answer[1], headers={"Location": "/elsewhere"})
    async with aiohttp.ClientSession() as http:
        exchange = Code2Session(http, base_url=wechat.url, appid=APPID, secret=SECRET)
        with pytest.raises(WechatUnavailable):
            await exchange("code")


async def test_a_slow_wechat_is_given_up(exchange: Code2Session, wechat: StandIn) -> None:
    wechat.delay_s = 2
    begun = asyncio.get_running_loop().time()
    with pytest.raises(WechatUnavailable):
        await exchange("code")
    assert asyncio.get_running_loop().time() - begun < 1.5


async def test_a_wechat_that_is_not_there_is_said_so() -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(WechatUnavailable):
            await Code2Session(http, base_url="http://127.0.0.1:9", appid=APPID, secret=SECRET)("code")


async def test_neither_key_nor_openid_nor_secret_is_kept_logged_or_answered(
    client: Client, pool: Pool, database: Database, wechat: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    _, headers = await rider(pool, "+8613800000001")
    told = []
    for openid in (ZHANG, LI):
        told.append(str(await bind(client, wechat.login(openid), headers)))
        told.append(str(await enter(client, wechat.login(openid))))
    wechat.answer = {"errcode": 40029, "errmsg": SESSION_KEY}
    told.append(str(await enter(client, "code0")))
    wechat.answer = web.Response(text=SESSION_KEY, status=500)
    told.append(str(await enter(client, "code0")))
    async with connected(database.owner_dsn) as conn:
        tables = await conn.fetch("select tablename as name from pg_tables where schemaname = 'public'")
        rows = [
            row["row"]
            for table in tables
            for row in await conn.fetch(f'select to_jsonb(t)::text as row from "{table["name"]}" t')  # noqa: S608
        ]
    # The stand-in's own server notes what it is asked: that is WeChat's side.
    records = [record for record in caplog.records if record.name != "aiohttp.access"]
    everything = "".join(told + rows)
    everything += "".join(record.getMessage() + str(record.exc_info) for record in records)
    assert "rider_id" in everything
    assert not [word for word in (SECRET, SESSION_KEY, ZHANG, LI, ZHANG.encode().hex()) if word in everything]


async def test_without_a_mini_program_there_is_no_such_sign_in(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    app = create_app(Settings(data_dir=tmp_path), dsn=database.app_dsn, sweeper_dsn=database.sweeper_dsn, clock=clock)
    async with TestClient(TestServer(app)) as client:
        status, told = await enter(client, "code")
        assert (404, True) == (status, str(told["type"]).endswith("wechat-off"))


@pytest.mark.parametrize(("text", "mode"), [(None, 0), (SECRET, 0o644), ("", 0o600), ("short", 0o600)])
def test_a_mini_program_without_a_good_secret_is_refused_at_start(tmp_path: Path, text: str | None, mode: int) -> None:
    if text is not None:
        put_secret(tmp_path / "keys", text, mode)
    with pytest.raises((SettingRefused, KeysRefused), match=r"wechat\.secret"):
        create_app(Settings(data_dir=tmp_path, wechat_appid=APPID), dsn="", sweeper_dsn="")


async def test_a_binding_outlives_a_change_of_its_key_and_is_still_its_riders_alone(
    client: Client, pool: Pool, wechat: StandIn, tmp_path: Path
) -> None:
    one, headers = await rider(pool, "+8613800000001")
    _, others = await rider(pool, "+8613800000002")
    assert 204 == await bind(client, wechat.login(ZHANG), headers)
    make_key(tmp_path / "keys", Purpose.CODES, 2)
    client.app[RING_KEY].follow()
    assert 409 == await bind(client, wechat.login(ZHANG), others)
    assert 201 == (await enter(client, wechat.login(ZHANG)))[0]
    async with pool_transaction(pool) as conn:
        assert [(one, 2)] == [tuple(row) for row in await conn.fetch("select rider_id, keyed_with from rider_wechat")]
        assert 0 == await delete_keyed_before(conn, district_id=DISTRICT, number=2)
    assert 204 == await bind(client, wechat.login(LI), others)
    async with pool_transaction(pool) as conn:
        assert 2 == await delete_keyed_before(conn, district_id=DISTRICT, number=3)  # both are under the second key
    assert 403 == (await enter(client, wechat.login(ZHANG)))[0]
