"""What an operator, or a thief, takes away from a service: a dump, a base backup, and the service restored from it."""

import asyncio
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app.postgres import running
from app.postgres_binaries import find_binaries


async def _run(data_dir: Path, tool: str, *arguments: str) -> bytes:
    """Run a PostgreSQL tool as the superuser of this data folder and give what it printed."""
    async with running(data_dir) as server:
        dsn = urlsplit(server.superuser_dsn)
        query = parse_qs(dsn.query)
        environment = {
            "PGHOST": query["host"][0],
            "PGPORT": query["port"][0],
            "PGUSER": dsn.username or "",
            "PGPASSWORD": dsn.password or "",
        }
        process = await asyncio.create_subprocess_exec(
            find_binaries().program(tool),
            *arguments,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, wrong = await process.communicate()
    assert 0 == process.returncode, wrong.decode()
    return printed


async def dump(data_dir: Path) -> bytes:
    """Give the whole database as text."""
    return await _run(data_dir, "pg_dump", "--inserts", "station")


async def back_up(data_dir: Path, into: Path) -> None:
    """Take a base backup of the running cluster with its WAL."""
    await _run(data_dir, "pg_basebackup", "--pgdata", str(into), "--checkpoint=fast", "--wal-method=stream")


async def restore(backup: Path, data_dir: Path, *, of: Path) -> None:
    """Make a data folder out of a base backup, with the passwords and photos of the first, and without its keys."""
    cluster, first = data_dir / "postgres", of / "postgres"
    cluster.mkdir(parents=True)
    shutil.copytree(backup, cluster / "data", symlinks=True)
    shutil.copy2(first / "cluster.json", cluster / "cluster.json")
    shutil.copytree(of / "photos", data_dir / "photos")
    owner = (first / "data").stat()
    for place in (cluster / "data", *(cluster / "data").rglob("*")):
        shutil.chown(place, owner.st_uid, owner.st_gid)
    (cluster / "data").chmod(0o700)
