"""Forward-only migrations: numbered SQL files, each applied once, their history never edited.

A file `NNNN_name.sql` runs in one transaction; `NNNN_name.notx.sql` holds a single statement that cannot
(`CREATE INDEX CONCURRENTLY`). Expand, deploy, contract: the previous release must run on the new schema.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from core import queries
from core.database import Connection

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+(?P<notx>\.notx)?\.sql")


class MigrationRefused(Exception):
    """The schema cannot be brought to what this release needs; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file; `checksum` is the SHA-256 of its bytes."""

    number: int
    name: str
    sql: str
    checksum: str
    in_transaction: bool


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """Read every migration in order; refuse gaps, doubled numbers and names of another shape."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationRefused(f"{path.name}: 文件名应为 NNNN_name.sql / the name must be NNNN_name.sql")
        raw = path.read_bytes()
        found.append(
            Migration(
                number=int(match["number"]),
                name=path.name,
                sql=raw.decode(),
                checksum=hashlib.sha256(raw).hexdigest(),
                in_transaction=match["notx"] is None,
            )
        )
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationRefused("迁移编号必须从 0001 连续 / migration numbers must run from 0001 without gaps")
    return found


async def migrate(conn: Connection, *, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is missing under an advisory lock and return the names applied.

    Raises `MigrationRefused` when an applied file was edited since, or when the database is newer than the code.
    """
    migrations = read_migrations(folder)
    await queries.lock_for_migration(conn)
    try:
        await queries.create_migration_table(conn)
        applied = await queries.list_applied_migrations(conn)
        _check_history(migrations, applied)
        todo = [migration for migration in migrations if migration.number not in applied]
        for migration in todo:
            await _apply(conn, migration)
        return [migration.name for migration in todo]
    finally:
        await queries.unlock_after_migration(conn)


def _check_history(migrations: list[Migration], applied: dict[int, str]) -> None:
    known = {migration.number: migration for migration in migrations}
    for number, checksum in sorted(applied.items()):
        if number not in known:
            raise MigrationRefused(
                f"数据库已升级到 {number:04d}，高于本版本，请使用新版程序 / "
                f"the database is at {number:04d}, newer than this release: start the newer release"
            )
        if known[number].checksum != checksum:
            raise MigrationRefused(
                f"{known[number].name} 在执行之后被修改，请恢复原文件并另写新迁移 / "
                "was edited after it had been applied: restore it and write a new migration"
            )


async def _apply(conn: Connection, migration: Migration) -> None:
    if migration.in_transaction:
        async with conn.transaction():
            await queries.act_as_owner(conn)
            await conn.execute(migration.sql)
            await queries.record_migration(conn, migration.number, migration.name, migration.checksum)
    else:
        await conn.execute(migration.sql)
        await queries.record_migration(conn, migration.number, migration.name, migration.checksum)
