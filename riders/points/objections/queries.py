"""All SQL about objections."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from core.access.queries import in_scopes
from core.database import Connection
from riders.points.objections.models import Contested, Objection, ObjectionStatus, ReportInQuestion

_OBJECTION = """
    select id, rider_id, entry_id, report_id, case_id, area_path, words, status, made_at, decided_at, answer
    from point_objection
"""


def _objection(row: asyncpg.Record) -> Objection:
    return Objection(**dict(row) | {"status": ObjectionStatus(row["status"])})


async def find_report_in_question(
    conn: Connection, *, district_id: int, rider_id: int, report_id: int
) -> ReportInQuestion | None:
    """Give a report of this rider's with its case."""
    row = await conn.fetchrow(
        """
        select case_id, community_case.area_path, updated_at as last_moved_at
        from report join community_case on community_case.district_id = $1 and community_case.id = case_id
        where report.district_id = $1 and rider_id = $2 and report.id = $3
        """,
        district_id,
        rider_id,
        report_id,
    )
    return None if row is None else ReportInQuestion(**row)


async def insert_objection(
    conn: Connection,
    *,
    district_id: int,
    rider_id: int,
    contested: Contested,
    words: str,
    now: datetime,
) -> int | None:
    """Give the new objection's id; None where this entry or report was contested before."""
    objection_id: int | None = await conn.fetchval(
        """
        insert into point_objection (district_id, rider_id, entry_id, report_id, case_id, area_path, words, made_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict do nothing returning id
        """,
        district_id,
        rider_id,
        contested.entry_id,
        contested.report_id,
        contested.case_id,
        contested.area_path,
        words,
        now,
    )
    return objection_id


async def find_objection(
    conn: Connection, *, district_id: int, objection_id: int, lock: bool = False
) -> Objection | None:
    """Give an objection; with `lock` nobody else decides it until this transaction ends."""
    sql = _OBJECTION + "where district_id = $1 and id = $2" + (" for update" if lock else "")
    row = await conn.fetchrow(sql, district_id, objection_id)
    return None if row is None else _objection(row)


async def list_objections(
    conn: Connection,
    *,
    district_id: int,
    scopes: Sequence[str],
    rider_id: int | None,
    status: ObjectionStatus | None,
    before: int | None,
    limit: int,
) -> list[Objection]:
    """Give objections inside the scopes, of one rider or of all, newest first, with ids under `before`."""
    sql = (
        _OBJECTION
        + """
        where district_id = $1
            and """
        + in_scopes()
        + """
            and ($3::bigint is null or rider_id = $3)
            and ($4::text is null or status = $4)
            and ($5::bigint is null or id < $5)
        order by id desc limit $6
        """
    )
    rows = await conn.fetch(sql, district_id, scopes, rider_id, status, before, limit)
    return [_objection(row) for row in rows]


async def decide_objection(
    conn: Connection,
    *,
    district_id: int,
    objection_id: int,
    status: ObjectionStatus,
    answer: str,
    decided_by: int,
    now: datetime,
) -> None:
    await conn.execute(
        """
        update point_objection set status = $3, answer = $4, decided_by = $5, decided_at = $6
        where district_id = $1 and id = $2
        """,
        district_id,
        objection_id,
        status.value,
        answer,
        decided_by,
        now,
    )
