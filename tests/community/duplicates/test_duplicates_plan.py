"""That looking around a place reads the index of open cases by place, and of it only what lies around."""

import json
from typing import Any

import pytest
from asyncpg.connection import LoggedQuery

from community.duplicates.suggest import count_suggestions, get_duplicates
from core.access.models import Actor, Grant, Role
from core.access.wall import tell_caller
from core.database import Connection, connected
from tests.conftest import DISTRICT, Database

ADMIN = Actor("staff", 1, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, ""),))

#: 40,000 cases over 40 × 40 km, one in ten open.
SCATTER = """
    insert into community_case (district_id, opened_year, origin, origin_ref, category_code, state, description, lon,
        lat, desk_path, reporter_kind, opened_at, updated_at, closed_at)
    select 1, 2026, 'report', 'generated ' || n, (array['litter', 'rubble', 'road_damage', 'greenery'])[1 + n % 4],
        case when n % 10 = 0 then 'filed' else 'closed' end, '路边堆放生活垃圾',
        119.95 + (hashint4(n) & 65535) * 0.45 / 65536, 35.78 + (hashint4(-n) & 65535) * 0.36 / 65536, '', 'system',
        moment, moment, case when n % 10 > 0 then moment end
    from generate_series(1, 40000) as n
    cross join lateral (select timestamptz '2026-03-01' - n * interval '1 minute' as moment) as opened
"""


@pytest.fixture
def queries_asked() -> list[LoggedQuery]:
    return []


async def plan_of(conn: Connection, asked: list[LoggedQuery]) -> list[dict[str, Any]]:
    """Give the nodes of the plan that the search just asked for ran by."""
    (search,) = [query for query in asked if "jsonb_to_recordset" in query.query]
    rows = await conn.fetchval(f"explain (analyze, format json) {search.query}", *search.args)
    nodes, waiting = [], [(rows if isinstance(rows, list) else json.loads(rows))[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        waiting += node.get("Plans", [])
    return nodes


@pytest.mark.parametrize("many", [1, 50])
async def test_a_search_reads_only_the_index_of_open_cases_by_place(
    database: Database, queries_asked: list[LoggedQuery], many: int
) -> None:
    async with connected(database.sweeper_dsn) as conn:
        await conn.execute(SCATTER)
    async with connected(database.owner_dsn) as conn:
        await conn.execute("analyze")
    async with connected(database.app_dsn) as conn, conn.transaction():
        await tell_caller(conn, ADMIN)
        case_ids = [
            row["id"]
            for row in await conn.fetch("select id from community_case where closed_at is null limit $1", many)
        ]
        with conn.query_logger(queries_asked.append):
            if many == 1:
                await get_duplicates(conn, case_id=case_ids[0], actor=ADMIN)
            else:
                await count_suggestions(conn, case_ids=case_ids, actor=ADMIN)
        nodes = [node for node in await plan_of(conn, queries_asked) if node.get("Relation Name") == "community_case"]
    reads = [node for node in nodes if node.get("Index Name") != "community_case_pkey"]  # whether a dismissal is seen
    assert ["community_case_place"] == [node.get("Index Name") for node in reads]
    assert "strips" in reads[0]["Index Cond"]
    assert "lon" in reads[0]["Index Cond"]
    assert 20 > reads[0].get("Rows Removed by Filter", 0)
