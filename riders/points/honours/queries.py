"""All SQL about honours: what a month looked like, what was awarded, and what fell later."""

from dataclasses import asdict
from datetime import date, datetime, timedelta

import asyncpg

from core.database import Connection
from core.errors import Text
from core.masking import mask_name
from core.sealing.ring import KeyRing
from riders.models import RIDER
from riders.points.honours.models import Figures, HonourKind, HonourLine, HonourRecord, Winner

_RECORD = """
    select id, month, area_path, rider_id, place, kind, figures, awarded_at, revoked_at, revoke_reason_zh,
        revoke_reason_en
    from honour
"""


async def list_areas_to_honour(
    conn: Connection, *, district_id: int, month: date, begins_at: datetime, ends_at: datetime, limit: int
) -> list[str]:
    """List areas with reporters in the month that were not yet looked at."""
    rows = await conn.fetch(
        """
        select distinct area_path from appointment
        where district_id = $1 and revoked_at is null and starts_at < $4 and appointment.ends_at > $3
            and not exists (
                select from honour_run
                where district_id = $1 and month = $2 and honour_run.area_path = appointment.area_path
            )
        order by area_path limit $5
        """,
        district_id,
        month,
        begins_at,
        ends_at,
        limit,
    )
    return [row["area_path"] for row in rows]


async def begin_run(conn: Connection, *, district_id: int, month: date, area_path: str, now: datetime) -> bool:
    """Claim the month of an area; False where it is done, or is just being done by another process."""
    claimed = await conn.fetchval(
        """
        insert into honour_run (district_id, month, area_path, reporters, run_at) values ($1, $2, $3, 0, $4)
        on conflict do nothing returning true
        """,
        district_id,
        month,
        area_path,
        now,
    )
    return claimed is not None


async def end_run(conn: Connection, *, district_id: int, month: date, area_path: str, reporters: int) -> None:
    await conn.execute(
        "update honour_run set reporters = $4 where district_id = $1 and month = $2 and area_path = $3",
        district_id,
        month,
        area_path,
        reporters,
    )


#: The riders appointed in the area ($2) at some time of the month ($3 to $4).
_REPORTER = """
    reporter as (
        select distinct rider_id from appointment
        where district_id = $1 and area_path = $2 and revoked_at is null and starts_at < $4
            and appointment.ends_at > $3
    )
"""


async def list_figures(
    conn: Connection,
    *,
    district_id: int,
    area_path: str,
    begins_at: datetime,
    ends_at: datetime,
    prompt_within: timedelta,
) -> list[Figures]:
    """Count the month of each of the area's reporters: what ended within it, and which looks he answered."""
    span = (district_id, area_path, begins_at, ends_at)
    answers = {row["rider_id"]: (row["answers"], row["prompt"]) for row in await _answers(conn, span, prompt_within)}
    found = []
    for row in await _reports(conn, span):
        answered, prompt = answers.get(row["rider_id"], (0, 0))
        found.append(Figures(**row, answers=answered, prompt=prompt))
    return found


_Span = tuple[int, str, datetime, datetime]


async def _reports(conn: Connection, span: _Span) -> list[asyncpg.Record]:
    """Count each reporter's cases that ended, inside the area.

    A case that staff took points back for does not stand. A duplicate of one's own case counts neither way.
    """
    return await conn.fetch(
        f"""
        with {_REPORTER}, ended as materialized (
            select reporter.rider_id, ended_case.category_code, ended_case.area_path, ended_case.state,
                ended_case.state in ('closed', 'followed_up') and not exists (
                    select from point_entry as reversal
                    where reversal.district_id = $1 and reversal.case_id = ended_case.id
                        and reversal.rider_id = reporter.rider_id and reversal.by_kind = 'staff' and reversal.points < 0
                        and not exists (
                            select from point_entry as undone
                            where undone.district_id = $1 and undone.reverses = reversal.id
                        )
                ) as stands
            from reporter
            join community_case as ended_case
                on ended_case.district_id = $1 and ended_case.reporter_kind = 'rider'
                and ended_case.reporter_id = reporter.rider_id and ended_case.origin = 'report'
            left join community_case as original
                on original.district_id = $1 and original.id = ended_case.duplicate_of
            where ended_case.closed_at >= $3 and ended_case.closed_at < $4
                and ($2 = '' or ended_case.area_path = $2 or starts_with(ended_case.area_path, $2 || '/'))
                and not (original.reporter_kind = 'rider' and original.reporter_id = reporter.rider_id) is true
        )
        select rider_id, count(state) filter (where state <> 'duplicate') as decided,
            count(*) filter (where stands) as stood, count(*) filter (where state = 'duplicate') as merged,
            count(distinct category_code) filter (where stands) as categories,
            count(distinct area_path) filter (where stands) as grids
        from reporter left join ended using (rider_id) group by rider_id order by rider_id
        """,  # noqa: S608
        *span,
    )


async def _answers(conn: Connection, span: _Span, prompt_within: timedelta) -> list[asyncpg.Record]:
    """Count the looks inside the area that each reporter answered, none at a case of his own, and those in time."""
    return await conn.fetch(
        f"""
        with {_REPORTER}
        select reporter.rider_id, count(*) as answers,
            count(*) filter (where look.answered_at - look.asked_at <= $5) as prompt
        from reporter
        join verification_task as look on look.district_id = $1 and look.rider_id = reporter.rider_id
            and answered_by_kind = 'rider' and answered_at >= $3 and answered_at < $4
        join community_case as looked_at on looked_at.district_id = $1 and looked_at.id = look.case_id
        where ($2 = '' or looked_at.area_path = $2 or starts_with(looked_at.area_path, $2 || '/'))
            and not (looked_at.reporter_kind = 'rider' and looked_at.reporter_id = reporter.rider_id) is true
        group by reporter.rider_id
        """,  # noqa: S608
        *span,
        prompt_within,
    )


async def insert_honour(
    conn: Connection, *, district_id: int, month: date, area_path: str, winner: Winner, now: datetime
) -> int:
    counts = {name: count for name, count in asdict(winner.figures).items() if name != "rider_id"}
    honour_id: int = await conn.fetchval(
        """
        insert into honour (district_id, month, area_path, rider_id, place, kind, figures, awarded_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8) returning id
        """,
        district_id,
        month,
        area_path,
        winner.figures.rider_id,
        winner.place,
        winner.kind.value,
        counts | {"quality": round(winner.quality, 4), "evidence": round(winner.evidence, 4)},
        now,
    )
    return honour_id


async def revoke_honours(
    conn: Connection,
    *,
    district_id: int,
    rider_id: int,
    month: date,
    area_path: str | None,
    entry_id: int,
    reason: Text,
    now: datetime,
) -> list[int]:
    """Mark the rider's standing honours of a month that hold this area as revoked; give which."""
    rows = await conn.fetch(
        """
        update honour set revoked_at = $6, revoked_by_entry = $5, revoke_reason_zh = $7, revoke_reason_en = $8
        where district_id = $1 and rider_id = $2 and month = $3 and revoked_at is null
            and (area_path = '' or area_path = $4 or starts_with($4, area_path || '/'))
        returning id
        """,
        district_id,
        rider_id,
        month,
        area_path,
        entry_id,
        now,
        reason.zh,
        reason.en,
    )
    return [row["id"] for row in rows]


async def reinstate_honours(conn: Connection, *, district_id: int, rider_id: int, entry_id: int) -> list[int]:
    """Let the honours stand again that this reversal revoked; give which."""
    rows = await conn.fetch(
        """
        update honour set revoked_at = null, revoked_by_entry = null, revoke_reason_zh = null, revoke_reason_en = null
        where district_id = $1 and rider_id = $2 and revoked_by_entry = $3 returning id
        """,
        district_id,
        rider_id,
        entry_id,
    )
    return [row["id"] for row in rows]


async def list_honours(
    conn: Connection, *, ring: KeyRing, district_id: int, month: date, area_path: str, fewest_reporters: int
) -> list[HonourLine]:
    """List the standing honours of an area's month by place: of a name only its first sign is read.

    None where fewer than `fewest_reporters` were at work there that month.
    """
    rows = await conn.fetch(
        """
        select month, area_path, place, kind, rider.name, awarded_at, rider_id
        from honour join rider on rider.district_id = honour.district_id and rider.id = rider_id
        where honour.district_id = $1 and month = $2 and area_path = $3 and revoked_at is null and exists (
            select from honour_run
            where district_id = $1 and month = $2 and honour_run.area_path = $3 and reporters >= $4
        )
        order by place
        """,
        district_id,
        month,
        area_path,
        fewest_reporters,
    )
    return [_line(row, ring, district_id) for row in rows]


def _line(row: asyncpg.Record, ring: KeyRing, district_id: int) -> HonourLine:
    values = dict(row)
    place = RIDER.place("name", district_id=district_id, row_id=values.pop("rider_id"))
    name = mask_name(ring.open(values.pop("name"), place)) or "骑手"
    kind = HonourKind(values.pop("kind"))
    return HonourLine(**values, name=name, kind=kind, kind_text=kind.text)


async def list_records(conn: Connection, *, district_id: int, month: date, area_path: str) -> list[HonourRecord]:
    """List the honours of an area's month by place, revoked ones too."""
    sql = _RECORD + "where district_id = $1 and month = $2 and area_path = $3 order by place"
    return [_record(row) for row in await conn.fetch(sql, district_id, month, area_path)]


async def list_own_records(
    conn: Connection, *, district_id: int, rider_id: int, before: int | None, limit: int
) -> list[HonourRecord]:
    """List a rider's honours, newest first, with ids under `before`."""
    sql = _RECORD + (
        "where district_id = $1 and rider_id = $2 and ($3::bigint is null or id < $3) order by id desc limit $4"
    )
    return [_record(row) for row in await conn.fetch(sql, district_id, rider_id, before, limit)]


def _record(row: asyncpg.Record) -> HonourRecord:
    values = dict(row)
    zh, en = values.pop("revoke_reason_zh"), values.pop("revoke_reason_en")
    kind = HonourKind(values.pop("kind"))
    return HonourRecord(**values, kind=kind, kind_text=kind.text, revoke_reason=None if zh is None else Text(zh, en))
