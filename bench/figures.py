"""Figures over made-up cases, beside the same questions asked straight of the cases, clocks and events.

Run: `python -m bench.figures [CASES …]` (100,000 by default; 10,000,000 needs 40 GB of disk and about an hour). Says
how long counting all of them takes, then for each question how long the answer takes and what PostgreSQL does for it.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from app.postgres import running
from community.figures import queries
from community.figures.models import By, Question
from community.figures.period import Piece, pieces_of
from community.figures.sweep import sweep_figures
from core.database import Connection, connected
from core.migration import migrate

DISTRICT = 1
CHUNK = 250_000
SWEPT_AT_ONCE = 20_000
REPEATS = 15

# A year of cases in 23 × 53 communities of four grids, 2 % of them open. Times are of everyday length.
_MADE = """
    create temp table made on commit drop as
    select case_id, path, grid, is_open, n, opened, opened + answered as answered, opened + answered as filed,
        opened + answered + sent as dispatched, opened + answered + sent + worked as handled,
        opened + answered + sent + worked + looked as closed, h % 33 = 5 as is_rejected, h % 29 = 3 as is_rework
    from generate_series($1::int, $2::int) n
    cross join lateral (select n as case_id, hashint4(n) & 2147483647 as h) spread
    cross join lateral (
        select to_char(h % 23, 'FM000') street, to_char(h / 23 % 53, 'FM000') community,
            to_char(h / 1219 % 4, 'FM000') grid
    ) code
    cross join lateral (select '370211/' || street || '/' || community || '/' || code.grid path) located
    cross join lateral (
        select timestamptz '2026-01-01 00:00+08' + n * (interval '365 days' / $3::int) opened, n > $3 * 0.98 is_open
    ) moment
    cross join lateral (
        select exp(4 + 3.2 * random()) * interval '1 second' answered, exp(5 + 3 * random()) * interval '1 second' sent,
            exp(7 + 6 * random()) * interval '1 second' worked, exp(6 + 4 * random()) * interval '1 second' looked
    ) taken
"""
_CASES = """
    insert into community_case (district_id, id, opened_year, origin, origin_ref, category_code, state, description,
        lon, lat, area_code, area_path, area_names, generation_id, candidates, desk_path, department_id,
        department_ids, reporter_kind, opened_at, updated_at, closed_at)
    overriding system value
    select 1, case_id, 2026, 'report', 'made ' || n, codes.codes[1 + n % cardinality(codes)],
        case when is_rejected then 'rejected' when is_open then 'dispatched' else 'closed' end, '路边堆放生活垃圾',
        120.18, 35.96, grid, path, array['区', '街道', '社区', '网格'], 1, array[grid], path,
        1 + n % cardinality(codes) % 10, array[1 + n % cardinality(codes) % 10], 'rider', opened, opened,
        case when is_rejected then answered when not is_open then closed end
    from made cross join (select array_agg(code order by code) as codes from category) codes
"""
_DEADLINES = """
    insert into deadline (district_id, case_id, clock, round, due_at, started_at, met_at, breached_at, cancelled_at,
        calendar_version, calendar_known, rule_id, warn_at)
    select 1, case_id, 'respond', 1, opened + interval '15 minutes', opened, answered,
        case when answered > opened + interval '15 minutes' then opened + interval '15 minutes' end,
        null::timestamptz, 1, true, 1, opened
    from made
    union all
    select 1, case_id, 'handle', 1, filed + interval '3 days', filed, case when not is_open then handled end,
        case when not is_open and handled > filed + interval '3 days' then filed + interval '3 days' end, null,
        1, true, 4, filed
    from made where not is_rejected
    union all
    select 1, case_id, 'handle', 2, handled + interval '3 days', handled, closed, null, null, 1, true, 4,
        handled
    from made where not is_rejected and not is_open and is_rework
"""
_EVENTS = """
    insert into event (district_id, kind, subject, subject_id, actor_kind, occurred_at, data, pending, next_attempt_at)
    select 1, 'case.' || entered, 'case', case_id, 'staff', at, jsonb_build_object('from', came_from, 'to', entered),
        false, at
    from made cross join lateral (
        values (1, null, 'collected', opened), (2, 'collected', 'filed', filed), (3, 'filed', 'dispatched', dispatched),
            (4, 'dispatched', 'handled', handled), (5, 'handled', 'verified', closed - interval '1 second'),
            (6, 'verified', 'closed', closed)
    ) as step (place, came_from, entered, at)
    where place <= case when is_rejected then 1 when is_open then 3 else 6 end
    order by case_id
"""

# The same figures without anything kept: what a question would cost.
_DIRECT = """
    with counted as (
        select state, clocks.*, steps.*, opened_at from community_case c
        cross join lateral (
            select bool_or(clock = 'respond' and (breached_at is not null or met_at > due_at)) as answered_late,
                bool_or(clock = 'respond' and met_at is not null) as answered,
                bool_or(clock = 'handle' and (breached_at is not null or met_at > due_at)) as handled_late,
                count(*) filter (where clock = 'handle') as rounds
            from deadline d where d.district_id = c.district_id and d.case_id = c.id and cancelled_at is null
        ) clocks
        cross join lateral (
            select min(occurred_at) filter (where data ->> 'to' = 'filed') as filed_at,
                min(occurred_at) filter (where data ->> 'to' = 'dispatched') as dispatched_at,
                min(occurred_at) filter (where data ->> 'to' = 'handled') as handled_at,
                min(occurred_at) filter (where data ->> 'to' = 'closed') as ended_at,
                bool_or(kind = 'case.reopened') as reopened
            from event e where e.district_id = c.district_id and e.subject = 'case' and e.subject_id = c.id
        ) steps
        where c.district_id = 1 and area_path >= $1 and area_path < $1 || '0' and opened_at >= $2 and opened_at < $3
    )
    select count(*), count(*) filter (where answered), count(*) filter (where answered and not answered_late),
        count(*) filter (where state = 'closed'), count(*) filter (where state = 'closed' and not reopened),
        count(*) filter (where handled_late), count(*) filter (where rounds > 1),
        percentile_disc(array[0.5, 0.9]) within group (order by filed_at - opened_at),
        percentile_disc(array[0.5, 0.9]) within group (order by dispatched_at - opened_at),
        percentile_disc(array[0.5, 0.9]) within group (order by handled_at - opened_at),
        percentile_disc(array[0.5, 0.9]) within group (order by ended_at - opened_at)
    from counted
"""

_ROOT, _STREET, _COMMUNITY = "370211", "370211/007", "370211/007/012"
_YEAR = (date(2026, 1, 1), date(2027, 1, 1))
_MAY = (date(2026, 5, 1), date(2026, 6, 1))
_ODD = (date(2026, 2, 10), date(2026, 11, 20))
_TODAY = date(2027, 1, 1)

QUESTIONS: dict[str, Question] = {
    "district, year": Question(_ROOT, *_YEAR),
    "district, year, by subdistrict": Question(_ROOT, *_YEAR, by=By.AREA),
    "district, year, by category": Question(_ROOT, *_YEAR, by=By.CATEGORY),
    "district, year, by department": Question(_ROOT, *_YEAR, by=By.DEPARTMENT),
    "district, year, by month": Question(_ROOT, *_YEAR, by=By.MONTH),
    "district, year, by day": Question(_ROOT, *_YEAR, by=By.DAY),
    "district, year, one category and department": Question(_ROOT, *_YEAR, "litter", 7),
    "district, 10 Feb to 20 Nov, by subdistrict": Question(_ROOT, *_ODD, by=By.AREA),
    "subdistrict, year, by community": Question(_STREET, *_YEAR, by=By.AREA),
    "subdistrict, 10 Feb to 20 Nov, by community": Question(_STREET, *_ODD, by=By.AREA),
    "community, month": Question(_COMMUNITY, *_MAY),
    "community, month, by day": Question(_COMMUNITY, *_MAY, by=By.DAY),
    "community, month, by grid": Question(_COMMUNITY, *_MAY, by=By.AREA),
    "community, year, by category": Question(_COMMUNITY, *_YEAR, by=By.CATEGORY),
    "community, year, by grid": Question(_COMMUNITY, *_YEAR, by=By.AREA),
}
#: What is also asked straight; without the last two at ten million they would take an hour.
_ALSO_DIRECT = ("community, month", "district, year")


async def fill(conn: Connection, count: int) -> None:
    """Make `count` cases with their clocks and events, and mark all of them."""
    await conn.execute("set synchronous_commit = off")
    await conn.execute("set session_replication_role = replica")  # no marks and no foreign keys, row by row
    for number in range(1, 11):
        await conn.execute(
            "insert into department (district_id, code, name) values (1, $1, $1)", f"department {number}"
        )
    for first in range(1, count + 1, CHUNK):
        async with conn.transaction():
            await conn.execute(_MADE, first, min(first + CHUNK - 1, count), count)
            for statement in (_CASES, _DEADLINES, _EVENTS):
                await conn.execute(statement)
        print(f"\r  {min(first + CHUNK - 1, count):,} made", end="", flush=True, file=sys.stderr)
    await conn.execute("reset session_replication_role")
    await conn.execute(
        "insert into figure_mark (district_id, changed_at, case_id) select 1, opened_at, id from community_case"
    )
    await conn.execute("vacuum analyze")
    print(file=sys.stderr)


async def sweep(conn: Connection) -> int:
    """Count everything that is marked and give how many cases there were."""
    counted, now = 0, datetime(2027, 1, 1, tzinfo=UTC)
    while True:
        async with conn.transaction():
            found = await sweep_figures(conn, district_id=DISTRICT, now=now, limit=SWEPT_AT_ONCE)
        counted += found
        print(f"\r  {counted:,} counted", end="", flush=True, file=sys.stderr)
        if found == 0:
            print(file=sys.stderr)
            return counted


async def ask(conn: Connection, question: Question) -> float:
    """Give the median milliseconds of an answer, from the question to its sums in Python."""
    pieces = pieces_of(question, _TODAY)
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        async with conn.transaction():
            await queries.sum_up(conn, district_id=DISTRICT, question=question, pieces=pieces)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


async def ask_directly(conn: Connection, question: Question) -> float:
    """Give the milliseconds of the same question asked of the cases themselves."""
    shanghai = timedelta(hours=8)
    first, before = (
        datetime(day.year, day.month, day.day, tzinfo=UTC) - shanghai for day in (question.first, question.before)
    )
    start = time.perf_counter()
    await conn.fetch(_DIRECT, question.area_path, first, before)
    return (time.perf_counter() - start) * 1000


async def explain(conn: Connection, question: Question, pieces: Sequence[Piece]) -> str:
    """Tell which indices an answer uses, how many pages it touches and how long the server takes."""
    statement, values = queries.write_sum(DISTRICT, question, pieces)
    text = await conn.fetchval(f"explain (analyze, buffers, format json) {statement}", *values)
    plan: dict[str, Any] = (orjson.loads(text) if isinstance(text, str) else text)[0]
    nodes, used = [plan["Plan"]], []
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if "Relation Name" in node or "Index Name" in node:
            used.append(f"{node['Node Type']} {node.get('Index Name', node.get('Relation Name'))}")
    pages = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return f"{plan['Execution Time']:8.1f} ms in the server, {pages:7,} pages, {', '.join(dict.fromkeys(used))}"


async def measure(count: int) -> None:
    """Fill a database of its own with `count` cases and print what is measured on it."""
    with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
        async with running(Path(folder)) as server:
            async with connected(server.owner_dsn) as conn:
                await migrate(conn)
            async with connected(server.superuser_dsn) as conn:
                await fill(conn, count)
                await report(conn)


async def report(conn: Connection) -> None:
    """Count everything and print what is measured."""
    start = time.perf_counter()
    counted = await sweep(conn)
    took = time.perf_counter() - start
    print(f"\n{counted:,} cases counted in {took:.0f} s, {counted / took:,.0f} a second")
    await conn.execute("vacuum analyze")
    for table in ("community_case", "deadline", "event", "figure_case", "figure_cell"):
        size = await conn.fetchval("select pg_size_pretty(pg_total_relation_size($1::regclass))", table)
        print(f"  {table:16} {await conn.fetchval(f'select count(*) from {table}'):12,} rows {size:>10}")  # noqa: S608
    print(f"{'asked':46}{'ms':>9}")
    for name, question in QUESTIONS.items():
        milliseconds = await ask(conn, question)
        told = await explain(conn, question, pieces_of(question, _TODAY))
        print(f"{name:46}{milliseconds:9.1f}   {told}", flush=True)
        if name in _ALSO_DIRECT:
            direct = await ask_directly(conn, question)
            print(
                f"{'  straight from the cases':46}{direct:9.1f}   ratio {direct / milliseconds:,.0f}",
                flush=True,
            )


def main() -> None:
    """Measure each size that is named."""
    for count in [int(word) for word in sys.argv[1:]] or [100_000]:
        print(f"\n{count:,} cases", flush=True)
        asyncio.run(measure(count))


if __name__ == "__main__":
    main()
