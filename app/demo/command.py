"""`python -m app demo`: walk the journey on a scratch database and print it."""

import asyncio

from app.demo.journey import walk
from app.demo.stage import scratch_stage
from app.demo.story import StoryBroken


def run_demo() -> int:
    """Walk the journey and give the exit status: 0 when the story holds, 1 where it breaks off."""
    try:
        asyncio.run(_walk())
    except StoryBroken as broken:
        print(f"\n✗ {broken}")
        return 1
    return 0


async def _walk() -> None:
    async with scratch_stage() as stage:
        await walk(stage.base_url, sign_ins=stage.sign_ins, codes=stage.codes)
