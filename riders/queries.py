"""All SQL about reports and their photos. Reads the number and state of a report's case, and changes no case."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from community.models import State
from core.database import Connection
from core.photos import StoredPhoto
from geo.models import AreaRef
from riders.models import Photo, Report, ReportLine, Submission

_REPORT = """
    select report.id, report.rider_id, report.case_id, community_case.number as case_number,
        report.category_code as category, report.description, report.area_path, report.area_names,
        report.needs_confirmation, report.is_trusted, report.submitted_at,
        array(
            select sha256 from report_photo
            where district_id = report.district_id and report_id = report.id and position is not null
            order by position
        ) as photos
    from report join community_case
        on community_case.district_id = report.district_id and community_case.id = report.case_id
"""


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """The report that a key belongs to, and the hash of its body."""

    report_id: int
    body_hash: bytes


async def insert_report(
    conn: Connection,
    *,
    district_id: int,
    rider_id: int,
    key: str,
    body_hash: bytes,
    submission: Submission,
    now: datetime,
) -> int | None:
    """Give the new report's id; None when the key is taken.

    While another transaction holds the key uncommitted, this waits for its end: then the key is either taken, or free.
    """
    sql = """
        insert into report (
            district_id, rider_id, key, body_hash, category_code, description, answers, received_lon, received_lat,
            received_datum, accuracy_m, observed_at, submitted_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        on conflict on constraint report_key_unique do nothing
        returning id
    """
    received = submission.received
    position = (None, None, None) if received is None else (received.lon, received.lat, received.datum.value)
    what = (submission.category, submission.description, submission.answers)
    when = (submission.observed_at, now)
    report_id: int | None = await conn.fetchval(
        sql, district_id, rider_id, key, body_hash, *what, *position, submission.accuracy_m, *when
    )
    return report_id


async def get_key_owner(conn: Connection, *, district_id: int, rider_id: int, key: str) -> KeyOwner:
    sql = "select id as report_id, body_hash from report where district_id = $1 and rider_id = $2 and key = $3"
    row = await conn.fetchrow(sql, district_id, rider_id, key)
    assert row is not None  # noqa: S101 — asked only after a conflict with this row
    return KeyOwner(**row)


async def complete_report(
    conn: Connection,
    *,
    district_id: int,
    report_id: int,
    case_id: int,
    area: AreaRef | None,
    needs_confirmation: bool,
    is_trusted: bool,
) -> None:
    """Write where the report was routed and which case it opened, in the transaction that inserted it."""
    sql = """
        update report
        set case_id = $3, area_path = $4, area_names = $5, needs_confirmation = $6, is_trusted = $7
        where district_id = $1 and id = $2
    """
    path, names = (None, None) if area is None else (area.path, list(area.names))
    await conn.execute(sql, district_id, report_id, case_id, path, names, needs_confirmation, is_trusted)


async def announce_photos(conn: Connection, *, district_id: int, report_id: int, photos: tuple[str, ...]) -> None:
    sql = """
        insert into report_photo (district_id, report_id, sha256, position)
        select $1, $2, sha256, position from unnest($3::text[]) with ordinality as announced (sha256, position)
    """
    await conn.execute(sql, district_id, report_id, list(photos))


async def find_report(conn: Connection, *, district_id: int, report_id: int) -> Report | None:
    sql = _REPORT + "where report.district_id = $1 and report.id = $2"
    row = await conn.fetchrow(sql, district_id, report_id)
    return None if row is None else Report(**row)


async def list_own_reports(
    conn: Connection, *, district_id: int, rider_id: int, before: int | None, limit: int
) -> list[ReportLine]:
    """Give the rider's reports, newest first, with ids under `before`."""
    sql = """
        select report.id, community_case.number as case_number, report.category_code as category, report.description,
            community_case.state, report.submitted_at, photo.expected, photo.received
        from report
        join community_case
            on community_case.district_id = report.district_id and community_case.id = report.case_id
        cross join lateral (
            select count(*) as expected, count(stored_at) as received from report_photo
            where district_id = $1 and report_id = report.id
        ) as photo
        where report.district_id = $1 and report.rider_id = $2 and ($3::bigint is null or report.id < $3)
        order by report.id desc
        limit $4
    """
    return [_line(row) for row in await conn.fetch(sql, district_id, rider_id, before, limit)]


def _line(row: asyncpg.Record) -> ReportLine:
    state = State(row["state"])
    return ReportLine(
        id=row["id"],
        case_number=row["case_number"],
        category=row["category"],
        description=row["description"],
        state=state,
        state_text=state.text,
        submitted_at=row["submitted_at"],
        photos_expected=row["expected"],
        photos_received=row["received"],
    )


async def lock_own_report(conn: Connection, *, district_id: int, rider_id: int, report_id: int) -> bool:
    """Hold a rider's report until the transaction ends, so that its photos are counted once; False if not his."""
    sql = "select true from report where district_id = $1 and rider_id = $2 and id = $3 for update"
    return await conn.fetchval(sql, district_id, rider_id, report_id) is not None


async def list_photos(conn: Connection, *, district_id: int, report_id: int) -> list[Photo]:
    """Give the photos of a report: those announced in their order, then those that came without."""
    sql = """
        select sha256, stored_sha256, media_type, size, stored_at from report_photo
        where district_id = $1 and report_id = $2
        order by position, stored_at, sha256
    """
    return [Photo(**row) for row in await conn.fetch(sql, district_id, report_id)]


async def store_photo(
    conn: Connection,
    *,
    district_id: int,
    report_id: int,
    photo: StoredPhoto,
    now: datetime,
) -> bool:
    """Mark a photo as safe on the disk; tell whether this was news."""
    sql = """
        insert into report_photo as photo (
            district_id, report_id, sha256, stored_sha256, media_type, size, stored_at
        )
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (district_id, report_id, sha256) do update set
            stored_sha256 = excluded.stored_sha256, media_type = excluded.media_type, size = excluded.size,
            stored_at = excluded.stored_at
        where photo.stored_at is null
        returning true
    """
    values = (district_id, report_id, photo.sha256, photo.stored_sha256, photo.media_type, photo.size, now)
    return await conn.fetchval(sql, *values) is not None


async def find_case_of_report(conn: Connection, *, district_id: int, report_id: int) -> int | None:
    case_id: int | None = await conn.fetchval(
        "select case_id from report where district_id = $1 and id = $2", district_id, report_id
    )
    return case_id
