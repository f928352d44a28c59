"""A process that does nothing but tell of clocks, which the tests of this folder may kill: `sweeper.py DSN`."""

import asyncio
import sys
from datetime import UTC, datetime

from community.clocks.sweep import sweep_deadlines
from core.database import TRANSIENT_ERRORS, open_pool, pool_transaction


async def main() -> None:
    pool = None
    while True:
        try:
            pool = pool or await open_pool(sys.argv[1], size=2)
            async with pool_transaction(pool) as conn:
                found = await sweep_deadlines(conn, district_id=1, now=datetime.now(UTC), limit=50)
        except (*TRANSIENT_ERRORS, OSError):
            found = []
        await asyncio.sleep(0 if found else 0.2)


asyncio.run(main())
