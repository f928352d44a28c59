"""What is asked of the database's roles at each start: row-level security must be a wall to them."""

import pytest

from app.database import opened_database
from app.postgres import PostgresRefused, Server
from app.settings import Settings
from app.wall import check_roles, check_wall
from core.database import connected
from tests.conftest import Database


async def test_the_roles_as_they_are_made_are_accepted(database: Database) -> None:
    await check_roles(database.app_dsn, database.sweeper_dsn)
    await check_wall(database.app_dsn, database.sweeper_dsn)


async def test_a_role_that_passes_the_wall_may_not_serve_requests(database: Database) -> None:
    with pytest.raises(PostgresRefused, match="station_sweeper"):
        await check_wall(database.sweeper_dsn, database.sweeper_dsn)


async def test_a_superuser_may_neither_serve_nor_sweep(server: Server, database: Database) -> None:
    with pytest.raises(PostgresRefused, match="station_superuser"):
        await check_wall(server.superuser_dsn, server.sweeper_dsn)
    settings = Settings(database_url=database.app_dsn, owner_url=database.owner_dsn, sweeper_url=server.superuser_dsn)
    with pytest.raises(PostgresRefused, match="station_superuser"):
        async with opened_database(settings):
            pass


async def test_a_role_that_bypasses_row_security_may_not_serve(server: Server, database: Database) -> None:
    async with connected(server.superuser_dsn) as conn:
        await conn.execute("alter role station_app bypassrls")
    try:
        with pytest.raises(PostgresRefused, match="station_app"):
            await check_wall(database.app_dsn, database.sweeper_dsn)
    finally:
        async with connected(server.superuser_dsn) as conn:
            await conn.execute("alter role station_app nobypassrls")


async def test_the_role_of_requests_is_no_sweeper(database: Database) -> None:
    with pytest.raises(PostgresRefused, match="STATION_SWEEPER_URL"):
        await check_wall(database.app_dsn, database.app_dsn)


async def test_a_table_without_a_wall_is_named(database: Database) -> None:
    async with connected(database.owner_dsn) as owner:
        await owner.execute("create table bare (district_id int)")
    with pytest.raises(PostgresRefused, match="bare"):
        await check_wall(database.app_dsn, database.sweeper_dsn)


async def test_a_policy_that_lets_everyone_pass_is_noticed(database: Database) -> None:
    async with connected(database.owner_dsn) as owner:
        await owner.execute("create policy oops on category using (true)")
    with pytest.raises(PostgresRefused, match="station_app"):
        await check_wall(database.app_dsn, database.sweeper_dsn)


async def test_without_a_sweepers_address_one_is_told_what_to_set(database: Database) -> None:
    with pytest.raises(PostgresRefused, match="STATION_SWEEPER_URL"):
        await check_roles(database.app_dsn, "")
