"""The dry run of routing rules beside plain reading of the same rows, and what it adds to memory.

Run: `python -m bench.dry_run [CASES …]` (300,000 by default). As many cases again lie outside the period.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

from app.postgres import running
from community.routing import queries
from community.routing.changes import Add
from community.routing.models import RuleTerms
from community.routing.rota.models import Span
from community.routing.trial.trial import BATCH, try_changes
from core.access.models import Actor, Grant, Role
from core.access.wall import transaction_for
from core.database import Connection, connected, open_pool
from core.migration import migrate

DISTRICT = 1
RULES = 100
ENDS = datetime(2026, 3, 31, 16, tzinfo=UTC)
PERIOD = Span(ENDS - timedelta(days=31), ENDS)
ADMIN = Actor("staff", 1, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, ""),))

# Over 23 streets, 1,219 communities and 4,876 grids; half of them before the period.
_CASES = """
    insert into community_case (district_id, opened_year, origin, origin_ref, category_code, state, description,
        area_code, area_path, area_names, generation_id, desk_path, reporter_kind, opened_at, updated_at, closed_at)
    select 1, 2026, 'report', 'b' || n, (array['litter', 'rubble', 'road_damage', 'greenery'])[1 + n % 4], 'closed',
        '路边堆放生活垃圾', grid, path, array['区', '街道', '社区', '网格'], 1, path, 'rider', opened, opened, opened
    from generate_series(1, 2 * $1::int) n
    cross join lateral (select hashint4(n) & 2147483647 as h) spread
    cross join lateral (
        select to_char(h % 23, 'FM000') street, to_char(h / 23 % 53, 'FM000') community,
            to_char(h / 1219 % 4, 'FM000') grid
    ) code
    cross join lateral (select '370211/' || street || '/' || community || '/' || grid path) located
    cross join lateral (select $2::timestamptz - (2 * $1::int - n) * $3::interval opened) moment
"""


async def fill(conn: Connection, cases: int) -> None:
    """Put in the cases and a hundred rules, a third of them timed."""
    await conn.execute(_CASES, cases, ENDS, (PERIOD.ends_at - PERIOD.starts_at) / cases)
    for n in range(RULES):
        is_night = n % 3 == 0
        terms = RuleTerms(
            area_path=f"370211/{n % 23:03}" if n % 2 else f"370211/{n % 23:03}/{n % 53:03}",
            category_code=("litter", "rubble", "road_damage", "greenery")[n % 4] if n % 5 else None,
            from_time=clock_time(22) if is_night else None,
            to_time=clock_time(6, n % 60) if is_night else None,
            desk_depth=1 + n % 4,
        )
        await queries.insert_routing_rule(conn, district_id=DISTRICT, position=10 * n, terms=terms)
    await conn.execute("vacuum analyze community_case")


async def read(conn: Connection) -> object:
    """Read the rows of the period and do nothing with them."""
    count = 0
    async for batch in queries.read_past_cases(
        conn,
        district_id=DISTRICT,
        scopes=("",),
        opened_from=PERIOD.starts_at,
        opened_before=PERIOD.ends_at,
        size=BATCH,
    ):
        count += len(batch)
    return count


async def try_rules(conn: Connection) -> object:
    """Try a rule for the nights of one category, and one for the weekends of another."""
    changes = [
        Add(RuleTerms(category_code="litter", from_time=clock_time(20), to_time=clock_time(7), desk_depth=2), 1),
        Add(RuleTerms(category_code="rubble", weekdays=(6, 7), desk_depth=1), 2),
    ]
    trial = await try_changes(conn, changes=changes, period=PERIOD, actor=ADMIN, now=ENDS)
    return trial.same, trial.changed


async def measure(cases: int) -> None:
    """Print both beside each other, the best of three runs each."""
    with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
        async with running(Path(folder)) as server:
            async with connected(server.owner_dsn) as conn:
                await migrate(conn)
            async with connected(server.superuser_dsn) as conn:
                await fill(conn, cases)
            pool = await open_pool(server.app_dsn, size=2)

            async def best(run: Callable[[Connection], Awaitable[object]]) -> tuple[float, object]:
                taken = []
                for _ in range(3):
                    async with transaction_for(pool, ADMIN) as conn:
                        begun = time.perf_counter()
                        found = await run(conn)
                        taken.append(time.perf_counter() - begun)
                return min(taken), found

            plain, count = await best(read)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            tried, found = await best(try_rules)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            await pool.close()
    print(f"{count} cases, {RULES} rules: reading {plain:.2f} s, dry run {tried:.2f} s, ratio {tried / plain:.2f}")
    print(f"{cases / tried:,.0f} cases/s, same and changed {found}, {grown / 1024:.1f} MB more at most", flush=True)


def main() -> None:
    """Measure each number of cases."""
    for cases in [int(word) for word in sys.argv[1:] if word.isdigit()] or [300_000]:
        asyncio.run(measure(cases))


if __name__ == "__main__":
    main()
