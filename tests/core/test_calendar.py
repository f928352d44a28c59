"""Working days by rows, and by the weekday rule where there are none."""

from datetime import date
from pathlib import Path

import pytest

from core.calendar import NO_HOLIDAYS, load_calendar, read_holidays
from core.database import Connection
from core.errors import InvalidInput
from tests.conftest import DISTRICT


async def test_national_day_is_a_holiday_though_a_thursday(conn: Connection) -> None:
    calendar = await load_calendar(conn, district_id=DISTRICT)
    assert not calendar.is_workday(date(2026, 10, 1))


async def test_a_saturday_worked_in_exchange_is_a_working_day(conn: Connection) -> None:
    calendar = await load_calendar(conn, district_id=DISTRICT)
    assert calendar.is_workday(date(2026, 10, 10))


async def test_years_2024_to_2026_are_shipped(conn: Connection) -> None:
    calendar = await load_calendar(conn, district_id=DISTRICT)
    assert {2024, 2025, 2026} == calendar.years


async def test_a_year_without_rows_follows_the_weekday_rule(conn: Connection) -> None:
    calendar = await load_calendar(conn, district_id=DISTRICT)
    assert not calendar.knows(2027)
    assert calendar.is_workday(date(2027, 10, 1))


def test_without_any_rows_saturday_is_no_working_day() -> None:
    assert not NO_HOLIDAYS.is_workday(date(2026, 10, 10))


def test_a_holiday_file_names_every_wrong_line(tmp_path: Path) -> None:
    file = tmp_path / "holidays.csv"
    file.write_text(
        "day,is_workday,name,source,version\n2027-01-01,false,元旦,x,1\n2027-02-30,false,?,x,1\n2027-02-01,maybe,?,x,1\n"
    )
    with pytest.raises(InvalidInput) as refused:
        read_holidays(file)
    assert ["/3", "/4"] == [error.pointer for error in refused.value.errors]
