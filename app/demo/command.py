"""What the command line does with the demonstration: load it at a start, walk the journey."""

import asyncio

from app.demo.journey import walk
from app.demo.sign_ins import code_at, read_sign_ins
from app.demo.stage import load_into, scratch_stage
from app.demo.story import StoryBroken
from app.main import utc_now
from app.settings import Settings
from core.database import connected


async def offer_demo(settings: Settings, *, dsn: str) -> None:
    """Load the demonstration if the database at `dsn` is empty, and print its sign-ins as long as there are any."""
    async with connected(dsn) as conn:
        await load_into(conn, settings, say=_say_at_once)
    page = read_sign_ins(settings.data_dir)
    if page is not None:
        _say_at_once(f"{page}\n{_code_line(page)}")


def show_code(settings: Settings) -> int:
    """Print the code of the moment for the demonstration's staff; 1 where there is no demonstration."""
    page = read_sign_ins(settings.data_dir)
    if page is None:
        _say_at_once("没有演示数据 / there is no demonstration in this data folder")
        return 1
    _say_at_once(_code_line(page))
    return 0


def _code_line(page: str) -> str:
    now = utc_now()
    left = 30 - int(now.timestamp()) % 30
    return (
        f"此刻的验证码（每个账号一次，{left} 秒后换新） / the code of the moment, once an account, "
        f"new in {left} s: {code_at(page, now)}"
    )


def _say_at_once(line: str) -> None:
    print(line, flush=True)


def run_demo() -> int:
    """Walk the journey on a scratch database and give the exit status: 0 when it holds, 1 where it breaks off."""
    try:
        asyncio.run(_walk())
    except StoryBroken as broken:
        _say_at_once(f"\n✗ {broken}")
        return 1
    return 0


async def _walk() -> None:
    async with scratch_stage(say=_say_at_once) as stage:
        await walk(stage.base_url, sign_ins=stage.sign_ins, codes=stage.codes, say=_say_at_once)
