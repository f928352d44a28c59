"""A resident's rights by his token: a copy of what is kept, another contact, and to have it erased."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from app.settings import Settings
from app.shell import build_parser
from community.errors import AppealNotFound
from core.database import pool_transaction
from core.http.wiring import BACKGROUND, RECORDS
from core.privacy.erasures import read_erasures
from core.shell import Shell
from tests.conftest import DISTRICT, START, Client

NAME, PHONE, SPACED = "欧阳长庚", "19900000031", "199 0000 0031"
SAID = {
    "category": "help",
    "text": f"我是{NAME}，请打 {SPACED} 或座机旁的 13800138000",
    "contact_name": NAME,
    "contact_phone": PHONE,
}

Ask = Callable[..., Awaitable[tuple[int, Any]]]


@pytest_asyncio.fixture
async def ask(client: Client) -> AsyncIterator[Ask]:
    """Give a function that asks about one appeal by its token."""
    key = {"Idempotency-Key": "7c1c2a90-0d0e-4a8e-9a55-6b1f2f0f9d44"}
    token = (await (await client.post("/api/v1/appeals", json=SAID, headers=key)).json())["token"]

    async def call(method: str, path: str = "", said: Any = None, *, by: str = token) -> tuple[int, Any]:
        async with client.request(method, f"/api/v1/appeals/{by}{path}", json=said) as answer:
            return answer.status, await answer.json() if answer.status != 204 else None

    yield call


async def value(client: Client, sql: str) -> Any:
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        return await conn.fetchval(sql)


async def test_he_is_given_all_that_is_kept_of_him(ask: Ask, client: Client) -> None:
    status, copy = await ask("GET", "/export")
    assert (200, SAID["text"], {"name": NAME, "phone": PHONE}) == (status, copy["text"], copy["contact"])
    assert "已收到" == copy["progress"]["steps"][0]["text"]["zh"]
    assert 1 == await value(client, "select count(*) from audit_entry where act = 'appeal.exported'")


async def test_he_corrects_his_contact(ask: Ask, client: Client) -> None:
    status, copy = await ask("PUT", "/contact", {"contact_phone": "19900000032"})
    assert (200, {"name": None, "phone": "19900000032"}) == (status, copy["contact"])
    assert True is await value(client, "select contact_owed from community_case")
    assert 200 == (await ask("PUT", "/contact", {}))[0]
    assert False is await value(client, "select contact_owed from community_case")


async def test_he_has_it_erased_and_the_case_goes_on(ask: Ask, client: Client) -> None:
    assert 204 == (await ask("DELETE", "/contact"))[0]
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        appeal = await conn.fetchrow("select contact_name, contact_phone, body_hash from appeal")
        case = await conn.fetchrow("select state, description, contact_owed from community_case")
    assert (None, None, b"") == tuple(appeal or ())
    assert ("collected", "我是＊＊＊，请打 ＊＊＊ 或座机旁的 ＊＊＊", False) == tuple(case or ())
    assert 200 == (await ask("GET"))[0]
    (listed,) = read_erasures(client.app[RECORDS], district_id=DISTRICT)
    assert "appeal" == listed.kind


async def test_once_erased_no_other_is_taken(ask: Ask) -> None:
    await ask("DELETE", "/contact")
    status, problem = await ask("PUT", "/contact", {"contact_phone": PHONE})
    assert (409, "/docs/problems#contact-erased") == (status, problem["type"])
    assert 204 == (await ask("DELETE", "/contact"))[0]


@pytest.mark.parametrize(("method", "path"), [("GET", "/export"), ("PUT", "/contact"), ("DELETE", "/contact")])
async def test_by_a_token_of_nobodys_there_is_nothing(ask: Ask, method: str, path: str) -> None:
    assert 404 == (await ask(method, path, {} if method == "PUT" else None, by="nobodys"))[0]


async def test_it_is_erased_by_command_for_a_written_request(ask: Ask, client: Client) -> None:
    number = (await ask("GET"))[1]["number"]
    records = client.app[RECORDS]
    parser = build_parser(Settings(data_dir=records.parent))
    async with client.app[BACKGROUND].acquire() as conn:
        shell = Shell(conn, DISTRICT, START, records)  # type: ignore[arg-type]
        for wrong in ("2026-999999", "nonsense"):
            arguments = parser.parse_args(["erase", "appeal", wrong, "来函 3 号"])
            with pytest.raises(AppealNotFound):
                await arguments.run(shell, arguments)
        arguments = parser.parse_args(["erase", "appeal", number, "来函 3 号"])
        assert 0 == await arguments.run(shell, arguments)
    assert None is await value(client, "select contact_phone from appeal")
    assert "来函 3 号" == await value(client, "select reason from audit_entry where act = 'appeal.contact_erased'")
