"""Forward-only migrations with a checked history."""

from pathlib import Path

import pytest

from core.database import connected
from core.migration import MigrationRefused, migrate, read_migrations
from tests.conftest import Database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for migration in read_migrations():
        (tmp_path / migration.name).write_bytes(migration.sql.encode())
    return tmp_path


async def test_migrating_again_does_nothing(database: Database) -> None:
    async with connected(database.owner_dsn) as conn:
        assert [] == await migrate(conn)


async def test_an_edited_history_is_refused(database: Database, folder: Path) -> None:
    first = next(iter(sorted(folder.glob("0001*"))))
    first.write_text(first.read_text() + "-- edited\n")
    async with connected(database.owner_dsn) as conn:
        with pytest.raises(MigrationRefused, match="edited"):
            await migrate(conn, folder=folder)


async def test_a_database_newer_than_the_code_is_refused(database: Database, folder: Path) -> None:
    sorted(folder.glob("*.sql"))[-1].unlink()
    async with connected(database.owner_dsn) as conn:
        with pytest.raises(MigrationRefused, match="newer"):
            await migrate(conn, folder=folder)


async def test_a_failing_migration_leaves_nothing_half_done(database: Database, folder: Path) -> None:
    number = len(read_migrations()) + 1
    (folder / f"{number:04d}_broken.sql").write_text("create table half (id int); select 1 / 0;")
    async with connected(database.owner_dsn) as conn:
        with pytest.raises(Exception, match="division by zero"):
            await migrate(conn, folder=folder)
        assert await conn.fetchval("select to_regclass('half')") is None


async def test_a_concurrent_index_is_made_outside_a_transaction(database: Database, folder: Path) -> None:
    number = len(read_migrations()) + 1
    name = f"{number:04d}_index.notx.sql"
    (folder / name).write_text("create index concurrently extra on event (kind)")
    async with connected(database.owner_dsn) as conn:
        assert [name] == await migrate(conn, folder=folder)


def test_a_gap_in_the_numbers_is_refused(folder: Path) -> None:
    sorted(folder.glob("*.sql"))[1].unlink()
    with pytest.raises(MigrationRefused, match="gaps"):
        read_migrations(folder)
