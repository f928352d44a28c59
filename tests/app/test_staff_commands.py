"""The commands about accounts and the district's name, run on a connection as the shell would run them."""

import asyncio
from pathlib import Path

import pytest

from app.settings import Settings
from app.shell import build_parser
from app.staff_commands import PASSWORD_VARIABLE
from community.errors import UnknownArea, UnknownDepartment
from core.access.accounts import sign_in
from core.access.errors import PasswordTooShort, WrongSignIn
from core.access.models import Grant, Role
from core.access.queries import find_staff, list_grants
from core.access.sessions import find_actor, open_session
from core.database import Connection, Pool
from core.errors import InvalidInput
from core.queries import find_district
from core.shell import Shell
from tests.community.district import COMMUNITY, STREET, add_areas, found
from tests.conftest import DISTRICT, RING, START

FIRST, SECOND = "four plain words here", "four other words here"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, FIRST)


async def run(conn: Connection, *words: str) -> int:
    """Run a command as `python -m app` would."""
    arguments = build_parser(Settings()).parse_args(words)
    status: int = await arguments.run(Shell(conn, DISTRICT, START, Path("/nowhere")), arguments)
    return status


async def grants_of(conn: Connection, username: str) -> set[Grant]:
    """Give the grants of an account."""
    return set(await list_grants(conn, district_id=DISTRICT, staff_id=await id_of(conn, username)))


async def id_of(conn: Connection, username: str) -> int:
    """Give the id of an account."""
    staff = await find_staff(conn, district_id=DISTRICT, username=username)
    assert staff is not None
    return staff.id


async def test_a_secretary_is_made_for_her_area(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY)
    assert 0 == await run(conn, "staff", "add", "wang", "王书记", "secretary", "--area", COMMUNITY)
    assert {Grant(Role.SECRETARY, COMMUNITY)} == await grants_of(conn, "wang")


async def test_a_department_account_gets_its_department(conn: Connection) -> None:
    department_id = await found(conn, "sanitation")
    assert 0 == await run(conn, "staff", "add", "duty", "值班员", "department", "--department", "sanitation")
    assert {Grant(Role.DEPARTMENT, "", department_id)} == await grants_of(conn, "duty")


async def test_a_second_role_is_added_to_the_first(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY)
    await run(conn, "staff", "add", "wang", "王书记", "secretary", "--area", COMMUNITY)
    for _ in range(2):
        assert 0 == await run(conn, "staff", "grant", "wang", "subdistrict", "--area", STREET)
    assert {Grant(Role.SECRETARY, COMMUNITY), Grant(Role.SUBDISTRICT, STREET)} == await grants_of(conn, "wang")


@pytest.mark.parametrize("role", ["subdistrict", "secretary", "grid_worker", "station_host"])
async def test_a_role_on_areas_is_not_held_without_one(conn: Connection, role: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await run(conn, "staff", "add", "wang", "王", role)
    assert ["/area"] == [error.pointer for error in refused.value.errors]


@pytest.mark.parametrize("words", [("department",), ("auditor", "--department", "sanitation")], ids=" ".join)
async def test_a_department_is_named_for_the_role_department_alone(conn: Connection, words: tuple[str, ...]) -> None:
    await found(conn, "sanitation")
    with pytest.raises(InvalidInput) as refused:
        await run(conn, "staff", "add", "wang", "王", *words)
    assert ["/department"] == [error.pointer for error in refused.value.errors]


async def test_a_department_that_is_not_there_is_refused(conn: Connection) -> None:
    with pytest.raises(UnknownDepartment):
        await run(conn, "staff", "add", "wang", "王", "department", "--department", "navy")


@pytest.mark.parametrize("path", ["37/01/99", "02", "37/99/02", COMMUNITY + "/"])
async def test_an_area_is_a_whole_path_of_the_active_generation(conn: Connection, path: str) -> None:
    await add_areas(conn, COMMUNITY)
    with pytest.raises(UnknownArea):
        await run(conn, "staff", "add", "wang", "王", "secretary", "--area", path)


@pytest.mark.parametrize("verb", ["disable", "password", "grant"])
async def test_an_account_that_is_not_there_is_refused(conn: Connection, verb: str) -> None:
    words = ("staff", verb, "nobody", *(["auditor"] if verb == "grant" else []))
    with pytest.raises(InvalidInput) as refused:
        await run(conn, *words)
    assert ["/username"] == [error.pointer for error in refused.value.errors]


@pytest.mark.parametrize("verb", ["disable", "password"])
async def test_the_sessions_of_that_account_end_and_no_others(conn: Connection, verb: str) -> None:
    tokens = {}
    for username in ("wang", "li"):
        await run(conn, "staff", "add", username, "名", "auditor")
        staff_id = await id_of(conn, username)
        opened = await open_session(conn, district_id=DISTRICT, kind="staff", subject_id=staff_id, now=START)
        tokens[username] = opened.access
    assert 0 == await run(conn, "staff", verb, "wang")
    live = await conn.fetchval("select count(*) from session where revoked_at is null")
    actors = {
        username: await find_actor(conn, district_id=DISTRICT, token=token, now=START)
        for username, token in tokens.items()
    }
    assert (1, None, True) == (live, actors["wang"], actors["li"] is not None)


async def test_only_the_new_password_signs_in(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pool.acquire() as conn:
        await run(conn, "staff", "add", "wang", "王", "auditor")  # type: ignore[arg-type]
        monkeypatch.setenv(PASSWORD_VARIABLE, SECOND)
        await run(conn, "staff", "password", "wang")  # type: ignore[arg-type]
    with pytest.raises(WrongSignIn):
        await sign_in(pool, district_id=DISTRICT, username="wang", password=FIRST, code="", ring=RING, now=START)
    assert await sign_in(pool, district_id=DISTRICT, username="wang", password=SECOND, code="", ring=RING, now=START)


async def test_the_old_password_opens_nothing_while_it_is_being_replaced(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pool.acquire() as conn:
        await run(conn, "staff", "add", "wang", "王", "auditor")  # type: ignore[arg-type]
        monkeypatch.setenv(PASSWORD_VARIABLE, SECOND)
        async with conn.transaction():
            await run(conn, "staff", "password", "wang")  # type: ignore[arg-type]
            late = asyncio.create_task(
                sign_in(pool, district_id=DISTRICT, username="wang", password=FIRST, code="", ring=RING, now=START)
            )
            while not late.done() and not await conn.fetchval("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        with pytest.raises(WrongSignIn):
            await late


async def test_a_disabled_account_does_not_sign_in(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await run(conn, "staff", "add", "wang", "王", "auditor")  # type: ignore[arg-type]
        await run(conn, "staff", "disable", "wang")  # type: ignore[arg-type]
    with pytest.raises(WrongSignIn):
        await sign_in(pool, district_id=DISTRICT, username="wang", password=FIRST, code="", ring=RING, now=START)


async def test_a_short_new_password_leaves_the_old_one(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    await run(conn, "staff", "add", "wang", "王", "auditor")
    before = await conn.fetchval("select password_hash from staff where username = 'wang'")
    monkeypatch.setenv(PASSWORD_VARIABLE, "short")
    with pytest.raises(PasswordTooShort):
        await run(conn, "staff", "password", "wang")
    assert before == await conn.fetchval("select password_hash from staff where username = 'wang'")


async def test_the_list_says_who_holds_what_and_who_is_disabled(
    conn: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await found(conn, "sanitation")
    await run(conn, "staff", "add", "wang", "王", "department", "--department", "sanitation")
    await run(conn, "staff", "grant", "wang", "auditor")
    await run(conn, "staff", "add", "li", "李", "auditor")
    await run(conn, "staff", "disable", "li")
    capsys.readouterr()
    assert 0 == await run(conn, "staff", "list")
    whole = "@ 全区 / whole district"
    assert [
        f"li（李）: auditor {whole} [已停用 / disabled]",
        f"wang（王）: auditor {whole}; department sanitation {whole}",
    ] == capsys.readouterr().out.splitlines()


async def test_the_district_gets_its_name_and_nothing_else_changes(conn: Connection) -> None:
    before = await find_district(conn, district_id=DISTRICT)
    assert 0 == await run(conn, "district", "海晏区")
    after = await find_district(conn, district_id=DISTRICT)
    assert before is not None
    assert after is not None
    assert ("海晏区", before.timezone, before.is_demo) == (after.name, after.timezone, after.is_demo)
