"""Suggested duplicates: how well they are ranked, and how fast they are found among ten million cases.

Run: `python -m bench.duplicates [ROWS …]` (300,000 by default; 0 leaves the database out).

The ranking is measured on real reports of ../shared/data with repeats planted among them, because that sample carries
neither a mark of duplicates nor any text: the places, categories and spans are real, which report repeats which is made
up. So the figures compare orders with each other; they do not say how many suggestions of a real city are right.
"""

import asyncio
import csv
import math
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from app.postgres import running
from community.duplicates import likeness
from community.duplicates.likeness import Told, compare
from community.duplicates.models import Aspect, Reach
from community.duplicates.nearby import find_nearby_cases
from community.duplicates.suggest import count_suggestions, get_duplicates
from core.access.models import Actor, Grant, Role
from core.access.wall import tell_caller
from core.database import Connection, connected
from core.migration import migrate
from geo.models import Point

DATA = Path(__file__).resolve().parents[2] / "shared/data/chicago/reports_sample.csv"
REACH = Reach(radius_m=50, within_days=30)
#: What people take for one another in that city's list, as a district would enter it.
AKIN = {"Garbage in yard", "Garbage in alley", "Overflowing carts", "Dumpster not being emptied"}
PLANTED = 1_000
ADMIN = Actor("staff", 1, 1, "", (Grant(Role.DISTRICT_ADMIN, ""),))

Order = Callable[["Report", "Report", float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Report:
    """A report in metres and days; `repeats` is the number of the one it was planted to repeat."""

    x: float
    y: float
    nature: str
    opened: float
    closed: float
    repeats: int | None = None


def read_reports(*, fold_days: int) -> list[Report]:
    """Read the sample, fifteen years of it folded into `fold_days`, so that a day is as busy as in a whole city."""
    reports = []
    with DATA.open() as file:
        for row in csv.DictReader(file):
            if not row["latitude"] or not row["completed_date"]:
                continue
            opened = date.fromisoformat(row["created_date"]).toordinal()
            took = date.fromisoformat(row["completed_date"]).toordinal() - opened
            east = float(row["longitude"]) * 111_320 * math.cos(math.radians(41.85))
            start = float(opened % fold_days)
            reports.append(Report(east, float(row["latitude"]) * 111_100, row["nature"], start, start + max(took, 1)))
    return reports


def plant(reports: list[Report], *, spread_m: float) -> list[Report]:
    """Repeat some reports while they are open, `spread_m` off along each axis, one in seven under a kin's name."""
    rng = np.random.default_rng(3)
    repeats = []
    for number in rng.choice(len(reports), PLANTED, replace=False):
        first = reports[int(number)]
        kin = sorted(AKIN - {first.nature}) if first.nature in AKIN else []
        nature = str(rng.choice(kin)) if kin and rng.random() < 1 / 7 else first.nature
        delay = min(first.closed - first.opened, REACH.within_days) * rng.random()
        x, y = first.x + rng.normal(0, spread_m), first.y + rng.normal(0, spread_m)
        repeats.append(Report(x, y, nature, first.opened + delay, first.closed, int(number)))
    return repeats


def is_akin(one: Report, other: Report) -> bool:
    return one.nature == other.nature or (one.nature in AKIN and other.nature in AKIN)


def _told(report: Report) -> Told:
    opened_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=report.opened)
    return Told(report.nature, "", opened_at)


def nearest(_new: Report, _old: Report, metres: float) -> tuple[float, float]:
    """Order by distance alone."""
    return metres, 0.0


def likeliest(new: Report, old: Report, metres: float) -> tuple[float, float]:
    """Order as the service does."""
    return -compare(_told(new), _told(old), metres=metres, reach=REACH).score, metres


def measure(reports: list[Report], repeats: list[Report], *, order: Order, only_akin: bool) -> tuple[float, ...]:
    """Give precision@1 over all that get a suggestion, and recall@1 and @3 over the repeats."""
    tree = cKDTree([(report.x, report.y) for report in reports])
    suggested = right = third = 0
    everyone = [(None, repeat) for repeat in repeats] + list(enumerate(reports))
    for own, new in everyone:
        found = []
        for number in tree.query_ball_point((new.x, new.y), REACH.radius_m):
            old = reports[number]
            is_open = old.opened <= new.opened <= old.closed and new.opened - old.opened <= REACH.within_days
            if number != own and is_open and (not only_akin or is_akin(new, old)):
                found.append((*order(new, old, math.dist((new.x, new.y), (old.x, old.y))), number))
        ranked = [number for *_, number in sorted(found)]
        suggested += bool(ranked)
        right += new.repeats is not None and new.repeats in ranked[:1]
        third += new.repeats is not None and new.repeats in ranked[:3]
    return right / suggested, right / len(repeats), third / len(repeats)


def report_ranking() -> None:
    """Print the orders side by side for sparse and dense cities, sharp and blunt positions."""
    print(f"{'days':>5}{'spread m':>9}  {'order':34}{'precision@1':>12}{'recall@1':>9}{'recall@3':>9}")
    orders: list[tuple[str, Order, bool]] = [
        ("nearest of all that is open", nearest, False),
        ("nearest of the same or akin", nearest, True),
        ("likeliest", likeliest, True),
    ]
    chosen = dict(likeness.WEIGHTS)
    for fold_days in (365, 30, 7):
        for spread_m in (5.0, 14.0):
            reports = read_reports(fold_days=fold_days)
            repeats = plant(reports, spread_m=spread_m)
            for name, order, only_akin in orders:
                figures = measure(reports, repeats, order=order, only_akin=only_akin)
                print(f"{fold_days:5}{spread_m:9.0f}  {name:34}{figures[0]:12.3f}{figures[1]:9.3f}{figures[2]:9.3f}")
            for weights in ((0.9, 0.05, 0.05), (0.5, 0.4, 0.1), (0.5, 0.1, 0.4), (0.2, 0.4, 0.4)):
                likeness.WEIGHTS.update(zip((Aspect.DISTANCE, Aspect.CATEGORY, Aspect.TIME), weights, strict=True))
                figures = measure(reports, repeats, order=likeliest, only_akin=True)
                name = "likeliest by {} {} {}".format(*weights)
                print(f"{'':16}{name:34}{figures[0]:12.3f}{figures[1]:9.3f}{figures[2]:9.3f}", flush=True)
                likeness.WEIGHTS.update(chosen)


#: Cases over some 30 × 40 km about 400 towns and villages; the newest open ones, and 300 of these at one spot.
SCATTER = """
    insert into community_case (district_id, opened_year, origin, origin_ref, category_code, state, description, lon,
        lat, area_code, area_path, area_names, generation_id, candidates, desk_path, reporter_kind, opened_at,
        updated_at, closed_at)
    select 1, 2026, 'report', 'generated ' || n, (array['litter', 'rubble', 'road_damage', 'greenery'])[1 + n % 4],
        case when is_open then 'filed' else 'closed' end, '路边堆放生活垃圾',
        case when $1 - n < 300 then 120.18 else 119.9 + h % 20 * 0.017 + (h / 20 % 4096) * 0.004 / 4096 end,
        case when $1 - n < 300 then 35.96 else 35.7 + h / 20 % 20 * 0.018 + (h / 400 % 4096) * 0.004 / 4096 end,
        grid, path, array['区', '街道', '社区', '网格'], 1, array[grid], path, 'rider', opened, opened,
        case when not is_open then opened + interval '2 days' end
    from generate_series(1, $1::int) n
    cross join lateral (select hashint4(n) & 2147483647 as h) spread
    cross join lateral (select to_char(h % 23, 'FM000') street, to_char(h / 23 % 53, 'FM000') community,
        to_char(h / 1219 % 4, 'FM000') grid) code
    cross join lateral (select '370211/' || street || '/' || community || '/' || code.grid path) located
    cross join lateral (select timestamptz '2026-12-01' - ($1 - n) * interval '1 second' opened) moment
    cross join lateral (select n > $1 * (1 - $2::float8) is_open) standing
"""


async def report_speed(rows: int) -> None:
    """Print the plan of one search and medians of what is asked, in a database made for it and deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
        async with running(Path(folder)) as server, connected(server.owner_dsn) as conn:
            await migrate(conn)
            async with connected(server.superuser_dsn) as superuser:
                await superuser.execute("set session_replication_role = replica")  # keys that hold need no checking
                await superuser.execute(SCATTER, rows, 0.02 if rows <= 1_000_000 else 0.003)
            await conn.execute("vacuum analyze")
            async with connected(server.app_dsn) as app, app.transaction():
                await tell_caller(app, ADMIN)
                await _measure_speed(app, rows)


async def _measure_speed(conn: Connection, rows: int) -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    asked: list[object] = []
    newest = await conn.fetch(
        "select id, lon, lat from community_case where closed_at is null order by id desc offset 300 limit 2000"
    )
    ids = [row["id"] for row in newest]
    crowd = await conn.fetchval("select max(id) from community_case")
    with conn.query_logger(lambda query: asked.append(query)):
        await get_duplicates(conn, case_id=ids[0], actor=ADMIN)
    (search,) = [query for query in asked if "jsonb_to_recordset" in query.query]  # type: ignore[attr-defined]
    plan = await conn.fetch(f"explain (analyze, buffers) {search.query}", *search.args)
    size = await conn.fetchval("select pg_size_pretty(pg_relation_size('community_case_place'))")
    is_open = await conn.fetchval("select count(*) from community_case where closed_at is null")
    print(f"\n{rows:,} cases, {is_open:,} open, index by place {size}")
    print("\n".join(row[0] for row in plan))
    places = [Point(row["lon"], row["lat"]) for row in newest]
    page = [await count_suggestions(conn, case_ids=ids[n : n + 50], actor=ADMIN) for n in range(0, 1000, 50)]
    mean = sum(line.suggestions for lines in page for line in lines) / 1000
    print(f"suggestions a case {mean:.2f}; p50 and p99 in ms:")
    await _time("a case with its suggestions", 500, lambda n: get_duplicates(conn, case_id=ids[n], actor=ADMIN))
    await _time("the same, 300 at one spot", 50, lambda n: get_duplicates(conn, case_id=crowd - n, actor=ADMIN))
    await _time(
        "counts of a page of 50",
        100,
        lambda n: count_suggestions(conn, case_ids=ids[n * 15 : n * 15 + 50], actor=ADMIN),
    )
    await _time(
        "the same, 300 at one spot",
        20,
        lambda n: count_suggestions(conn, case_ids=range(crowd - n - 49, crowd - n + 1), actor=ADMIN),
    )
    await _time(
        "nearby, for a rider",
        500,
        lambda n: find_nearby_cases(conn, district_id=1, point=places[n], category_code="litter", now=now),
    )


async def _time(what: str, times: int, ask: Callable[[int], Awaitable[object]]) -> None:
    taken = []
    for number in range(times):
        start = time.perf_counter()
        await ask(number)
        taken.append((time.perf_counter() - start) * 1e3)
    print(f"  {what:34}{np.median(taken):8.2f}{np.quantile(taken, 0.99):8.2f}", flush=True)


def main() -> None:
    """Print the ranking, then the speed for each number of rows."""
    if DATA.exists():
        report_ranking()
    for rows in [int(word) for word in sys.argv[1:]] or [300_000]:
        if rows:
            asyncio.run(report_speed(rows))


if __name__ == "__main__":
    main()
