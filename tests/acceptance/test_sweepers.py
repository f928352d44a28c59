"""Every deadline is told exactly once and soon, by three sweepers that are killed, frozen and lose their database.

The oracle is what was planned: each clock's warning and breach stand once in the events, never before their time.
`FAULTS=long` makes it ten times as long. Without `skip locked` and the lock in `claim_firing` it turns red.
"""

import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.postgres import running
from core.database import TRANSIENT_ERRORS, Connection, connected
from core.migration import migrate
from tests.acceptance.program import ROOT

SEED = 20
LONG = os.environ.get("FAULTS") == "long"
CASES = 10_000 if LONG else 1_000
SPREAD_S = 180 if LONG else 18
KILLS_OF_POSTGRES = 10 if LONG else 2
#: How late a clock may be told: while the database is up, and while it comes back.
P99_S, MOST_S = 2.0, 10.0


def _launch(dsn: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.acceptance.sweeper", dsn], cwd=ROOT)


async def _plan(conn: Connection, begins: datetime) -> None:
    """Open cases whose first answer is warned of and due at random moments of the time to come."""
    await conn.execute(
        """
        insert into community_case (district_id, opened_year, origin, origin_ref, category_code, state, description,
            desk_path, reporter_kind, opened_at, updated_at)
        select 1, 2026, 'report', 'planned ' || n, 'litter', 'collected', '路边有一堆垃圾', '', 'rider', $2, $2
        from generate_series(1, $1::int) as n
        """,
        CASES,
        begins,
    )
    await conn.execute("select setseed($1)", SEED / 100)
    await conn.execute(
        """
        insert into deadline (district_id, case_id, clock, round, rule_id, started_at, warn_at, due_at, fires_at,
            calendar_version, calendar_known)
        select 1, id, 'respond', 1, (select id from clock_rule where clock = 'respond' and category_code is null),
            $1::timestamptz, warn_at, warn_at + random() * interval '3 seconds', warn_at, 1, true
        from (
            select id, $1::timestamptz + random() * $2 * interval '1 second' as warn_at from community_case
            where origin_ref like 'planned %'
        ) as planned
        """,
        begins,
        SPREAD_S,
    )


async def _torment(
    sweepers: list[subprocess.Popen[bytes]], dsn: str, postmaster: Path, until: datetime
) -> tuple[int, list[datetime]]:
    """Kill and freeze at random until the time has come; give how often a sweeper, and when PostgreSQL was killed."""
    chance = random.Random(SEED)
    postgres_at = sorted(chance.uniform(0.1, 0.8) for _ in range(KILLS_OF_POSTGRES))
    begun, kills, down_at = datetime.now(UTC), 0, []
    while (now := datetime.now(UTC)) < until:
        await asyncio.sleep(0.8)
        if postgres_at and (now - begun) > (until - begun) * postgres_at[0] and _kill(postmaster):
            postgres_at.pop(0)
            down_at.append(datetime.now(UTC))
        place = chance.randrange(len(sweepers))
        if chance.random() < 0.2:
            sweepers[place].send_signal(signal.SIGSTOP)
            await asyncio.sleep(1.5)
            sweepers[place].send_signal(signal.SIGCONT)
        else:
            sweepers[place].kill()
            sweepers[place].wait()
            sweepers[place] = _launch(dsn)
            kills += 1
    return kills, down_at


def _kill(postmaster: Path) -> bool:
    """Kill -9 PostgreSQL; tell whether it was up."""
    try:
        os.kill(int(postmaster.read_text().split()[0]), signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return True


async def _read_events(dsn: str) -> list[tuple[int, str, datetime, float]]:
    """Give (case, kind, when, how late) of everything told, once nothing is left to tell."""
    async with asyncio.timeout(30):
        while True:
            try:
                async with connected(dsn) as conn:
                    rows = await conn.fetch(
                        "select subject_id, kind, occurred_at, data from event where kind like 'deadline.%'"
                    )
                    left = await conn.fetchval("select count(*) from deadline where fires_at <= now()")
                if not left:
                    return [(*row[:3], row["data"]["late_s"]) for row in rows]
            except (*TRANSIENT_ERRORS, OSError):
                pass
            await asyncio.sleep(0.2)


async def test_each_clock_is_told_once_and_soon_whoever_is_killed() -> None:
    with tempfile.TemporaryDirectory(prefix="station-sweep-") as folder:
        async with running(Path(folder)) as server:
            async with connected(server.owner_dsn) as conn:
                await migrate(conn)
            begins = datetime.now(UTC) + timedelta(seconds=2)
            async with connected(server.sweeper_dsn) as conn:
                await _plan(conn, begins)
            sweepers = [_launch(server.sweeper_dsn) for _ in range(3)]
            try:
                postmaster = next(Path(folder).resolve().rglob("postmaster.pid"))
                until = begins + timedelta(seconds=SPREAD_S + 3)
                kills, down_at = await _torment(sweepers, server.sweeper_dsn, postmaster, until)
                events = await _read_events(server.sweeper_dsn)
            finally:
                for sweeper in sweepers:
                    sweeper.kill()
                    sweeper.wait()
    told = Counter((case_id, kind) for case_id, kind, *_ in events if kind != "deadline.escalated")
    assert {1} == set(told.values())
    assert Counter({"deadline.warned": CASES, "deadline.breached": CASES}) == Counter(kind for _, kind in told)
    times = sorted(at for *_, at, _ in events)
    # From each kill until the first clock is told again, and a second more in which what had waited is told.
    outages = [(down, next(at for at in times if at > down) + timedelta(seconds=1)) for down in down_at]
    usual = sorted(late for *_, at, late in events if not any(down <= at <= back for down, back in outages))
    most, p99 = max(late for *_, late in events), usual[int(len(usual) * 0.99)]
    print(
        f"{CASES} clocks, {kills} kills of a sweeper, {len(down_at)} of PostgreSQL: late by "
        f"p50 {statistics.median(usual):.2f} s, p99 {p99:.2f} s while PostgreSQL is up, {most:.2f} s at most"
    )
    assert (KILLS_OF_POSTGRES, True) == (len(down_at), kills > 0)
    assert usual[0] >= 0
    assert p99 <= P99_S
    assert most <= MOST_S
