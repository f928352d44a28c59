"""Opens the database this process works on: our own PostgreSQL, or the server of `DATABASE_URL`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from app.boot import check_encrypted
from app.postgres import PostgresRefused, check_server, running
from app.settings import SettingRefused, Settings
from app.wall import check_roles, check_wall
from core.database import connected
from core.migration import migrate
from core.queries import find_district


@dataclass(frozen=True, slots=True)
class Databases:
    """Three ways into one database: the owner of the tables, the application, and what runs by itself."""

    owner_dsn: str
    app_dsn: str
    sweeper_dsn: str


@asynccontextmanager
async def opened_database(settings: Settings) -> AsyncIterator[Databases]:
    """Hold a database that is migrated to this release and knows our district.

    Without `DATABASE_URL`, our own PostgreSQL under the data folder is started or joined. Raises `MigrationRefused`,
    `SettingRefused` and what `app.postgres` raises, each saying why and what to do.
    """
    if settings.database_url:
        check_encrypted(settings)
        databases = Databases(settings.owner_url or settings.database_url, settings.database_url, settings.sweeper_url)
        await check_server(databases.app_dsn)
        await check_roles(databases.app_dsn, databases.sweeper_dsn)
        await check_server(databases.sweeper_dsn)
        await _migrate(databases, district_id=settings.district)
        yield databases
    else:
        async with running(settings.data_dir) as server:
            databases = Databases(server.owner_dsn, server.app_dsn, server.sweeper_dsn)
            await _migrate(databases, district_id=settings.district)
            yield databases


async def _migrate(databases: Databases, *, district_id: int) -> None:
    try:
        async with connected(databases.owner_dsn) as conn:
            await migrate(conn)
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InsufficientPrivilegeError) as error:
        raise PostgresRefused(
            "数据库账号无法升级数据结构，请用 STATION_OWNER_URL 指定数据表的所有者（见 docs/operations.md） / "
            f"this role cannot bring the schema up to date: name the owner of the tables in STATION_OWNER_URL ({error})"
        ) from error
    await check_wall(databases.app_dsn, databases.sweeper_dsn)
    async with connected(databases.sweeper_dsn) as conn:
        district = await find_district(conn, district_id=district_id)
    if district is None:
        raise SettingRefused(
            f"STATION_DISTRICT={district_id}: 数据库中没有这个辖区 / there is no such district in this database"
        )
