"""Opening the database of `DATABASE_URL`: by two roles, and refused in words where one cannot do its part."""

from typing import Any

import pytest

from app.database import opened_database
from app.postgres import PostgresRefused
from app.settings import SettingRefused, Settings
from core.database import connected
from tests.conftest import Database


def given(database: Database, **more: Any) -> Settings:
    return Settings(database_url=database.app_dsn, sweeper_url=database.sweeper_dsn, **more)


async def test_the_owner_migrates_and_the_application_works(database: Database) -> None:
    settings = given(database, owner_url=database.owner_dsn)
    async with opened_database(settings) as databases, connected(databases.sweeper_dsn) as conn:
        assert 1 == await conn.fetchval("select count(*) from district")


async def test_a_role_that_cannot_migrate_is_told_what_to_set(database: Database) -> None:
    with pytest.raises(PostgresRefused, match="STATION_OWNER_URL"):
        async with opened_database(given(database)):
            pass


async def test_an_owner_with_a_wrong_password_is_told_what_to_set(database: Database) -> None:
    wrong = database.owner_dsn.replace("station_owner:", "station_owner:x")
    with pytest.raises(PostgresRefused, match="STATION_OWNER_URL"):
        async with opened_database(given(database, owner_url=wrong)):
            pass


async def test_a_district_that_the_database_does_not_know_is_refused_by_name(database: Database) -> None:
    settings = given(database, owner_url=database.owner_dsn, district=2)
    with pytest.raises(SettingRefused, match="STATION_DISTRICT=2"):
        async with opened_database(settings):
            pass


async def test_a_database_on_another_machine_is_not_even_asked_without_tls() -> None:
    away = "postgresql://station_app:8fK2xq9LmTz4@db.example.org/station"
    with pytest.raises(SettingRefused, match=r"DATABASE_URL: db\.example\.org"):
        async with opened_database(Settings(database_url=away, sweeper_url=away)):
            pass
