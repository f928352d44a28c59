"""Editing the calendar from two sides at once, and reading it meanwhile."""

import asyncio
from collections.abc import Sequence
from datetime import date, time

import pytest

from core import queries
from core.access.models import Actor, Grant, Role
from core.calendar import load_calendar
from core.calendar_edits import set_days, set_week
from core.database import Connection, Pool, pool_transaction
from core.models import HolidayRow, OfficeHours
from core.queries import list_holidays, list_office_hours
from tests.conftest import DISTRICT, START

ADMIN = Actor("staff", None, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, ""),))
DAYS = (date(2026, 3, 11), date(2026, 3, 12))


def week_from(hour: int) -> list[OfficeHours]:
    return [OfficeHours(day, time(hour), time(hour + 1)) for day in range(1, 6)]


async def edit_days(pool: Pool, days: Sequence[date]) -> int:
    rows = [HolidayRow(day, False, "放假", "test", 1) for day in days]
    async with pool_transaction(pool) as conn:
        return await set_days(conn, district_id=DISTRICT, days=rows, source="test", staff_id=None, now=START)


async def test_of_two_who_set_the_week_at_once_the_later_sets_all_of_it(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await set_week(conn, spans=week_from(8), source="test", actor=ADMIN, now=START)
        second = asyncio.create_task(edit_week(pool, week_from(13)))
        await asyncio.sleep(0.2)
    await second
    async with pool_transaction(pool) as conn:
        assert week_from(13) == await list_office_hours(conn, district_id=DISTRICT)


async def edit_week(pool: Pool, spans: list[OfficeHours]) -> int:
    async with pool_transaction(pool) as conn:
        return await set_week(conn, spans=spans, source="test", actor=ADMIN, now=START)


async def test_two_who_enter_the_same_days_in_another_order_both_succeed(pool: Pool) -> None:
    lists = [DAYS, DAYS[::-1]] * 10
    editions = await asyncio.gather(*(edit_days(pool, days) for days in lists[:8]))
    assert 8 == len(set(editions))


async def test_old_days_are_never_read_as_those_of_a_newer_edition(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone edits between the reader's statements: what he reads is at worst newer than the edition he names."""

    async def read_and_be_overtaken(conn: Connection, *, district_id: int) -> list[HolidayRow]:
        rows = await list_holidays(conn, district_id=district_id)
        await edit_days(pool, DAYS)
        return rows

    monkeypatch.setattr(queries, "list_holidays", read_and_be_overtaken)
    async with pool_transaction(pool) as conn:
        calendar = await load_calendar(conn, district_id=DISTRICT)
    monkeypatch.undo()
    async with pool_transaction(pool) as conn:
        assert calendar.version < (await load_calendar(conn, district_id=DISTRICT)).version
