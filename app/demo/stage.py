"""A scratch service that holds the demonstration: the real application on a database of its own, over real HTTP."""

import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from app.database import opened_database
from app.demo import Say
from app.demo.load import load_demo
from app.demo.sign_ins import DemoSignIns
from app.main import create_app, utc_now
from app.photo_store import open_photo_store
from app.settings import Settings
from core.database import Connection, connected
from core.sealing.register import open_keys


class SmsBox:
    """Keeps messages instead of sending them, so that the codes in them can be read."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    async def send(self, phone: str, text: str) -> None:
        """Keep `text` as the last message to `phone`."""
        self._texts[phone] = text

    def code_for(self, phone: str) -> str:
        """Give the code of the last message to a mainland number."""
        return str(re.findall(r"\d{6}", self._texts[f"+86{phone}"])[0])


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the scratch service answers, its sign-ins, and the messages it sent."""

    base_url: str
    sign_ins: DemoSignIns
    codes: SmsBox


@asynccontextmanager
async def scratch_stage(*, say: Say) -> AsyncIterator[Stage]:
    """Set the stage on a PostgreSQL and a data folder of its own, both gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="station-demo-") as folder:
        settings = Settings(data_dir=Path(folder))
        try:
            async with (
                opened_database(settings) as databases,
                set_stage(settings, databases.app_dsn, databases.sweeper_dsn, say=say) as stage,
            ):
                yield stage
        finally:
            _remove_database(settings.data_dir / "postgres")


def _remove_database(cluster: Path) -> None:
    """Remove a scratch database also where it had to be put elsewhere, with a link in its place."""
    if cluster.is_symlink():
        shutil.rmtree(cluster.readlink(), ignore_errors=True)


async def load_into(conn: Connection, settings: Settings, *, say: Say) -> DemoSignIns | None:
    """Load the demonstration, sealed with the keys of `settings`; None when the database is not empty."""
    async with conn.transaction():
        ring = await open_keys(conn, folder=settings.keys_folder, district_id=settings.district, now=utc_now())
    return await load_demo(
        conn,
        ring=ring,
        district_id=settings.district,
        data_dir=settings.data_dir,
        photos=open_photo_store(settings),
        now=utc_now(),
        say=say,
    )


@asynccontextmanager
async def set_stage(settings: Settings, dsn: str, sweeper_dsn: str, *, say: Say) -> AsyncIterator[Stage]:
    """Load the demonstration into the empty, migrated database at `dsn` and serve it on a free loopback port."""
    async with connected(sweeper_dsn) as conn:
        sign_ins = await load_into(conn, settings, say=say)
    if sign_ins is None:
        raise RuntimeError("数据库不是空的 / the database is not empty")
    codes = SmsBox()
    runner = web.AppRunner(create_app(settings, dsn=dsn, sweeper_dsn=sweeper_dsn, sms=codes), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield Stage(f"http://127.0.0.1:{port}", sign_ins, codes)
    finally:
        await runner.cleanup()
