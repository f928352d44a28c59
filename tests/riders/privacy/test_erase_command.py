"""Erasing a rider by command, for a request on paper: the phone is asked for and stands in no list of processes."""

import pytest

from app.settings import Settings
from app.shell import build_parser
from core.database import connected
from core.http.wiring import RECORDS
from core.shell import Shell
from tests.conftest import DISTRICT
from tests.riders.privacy.people import RIDER_PHONE, Town, rows


async def run(town: Town, phone: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("builtins.input", lambda _: phone)
    records = town.client.app[RECORDS]
    arguments = build_parser(Settings(data_dir=records.parent)).parse_args(["erase", "rider", "来函 2026-17"])
    async with connected(town.database.sweeper_dsn) as conn:
        status: int = await arguments.run(Shell(conn, DISTRICT, town.clock(), records), arguments)
    return status


async def test_the_rider_of_the_phone_is_erased_on_the_ground_given(
    town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == await run(town, RIDER_PHONE, monkeypatch)
    assert f"rider erased: {town.rider.actor.id}" in capsys.readouterr().out
    assert 401 == (await town.rider.ask("GET", "/riders/me"))[0]
    sql = "select actor_kind, reason from audit_entry where act = 'rider.erased'"
    assert [("system", "来函 2026-17")] == await rows(town.pool, sql)


async def test_a_phone_of_nobodys_ends_with_1(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 == await run(town, "13700000000", monkeypatch)
