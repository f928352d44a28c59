"""SQL of the photos of a case."""

from datetime import datetime

from community.photos.models import CasePhoto, PhotoStage
from core.database import Connection
from core.photos import StoredPhoto


async def list_case_photos(conn: Connection, *, district_id: int, case_id: int) -> list[CasePhoto]:
    """List the photos of a case in the order in which they came."""
    rows = await conn.fetch(
        """
        select sha256, stored_sha256, stage, media_type, size, by_kind, by_id, stored_at from case_photo
        where district_id = $1 and case_id = $2 order by stored_at, sha256
        """,
        district_id,
        case_id,
    )
    return [CasePhoto(**dict(row) | {"stage": PhotoStage(row["stage"])}) for row in rows]


async def list_stored_after(conn: Connection, *, district_id: int, after: str, limit: int) -> list[str]:
    """List the hashes of stored files that come behind `after`, each once."""
    rows = await conn.fetch(
        """
        select distinct stored_sha256 from case_photo
        where district_id = $1 and stored_sha256 > $2 order by stored_sha256 limit $3
        """,
        *(district_id, after, limit),
    )
    return [row["stored_sha256"] for row in rows]


async def list_unnamed(conn: Connection, *, district_id: int, hashes: list[str]) -> set[str]:
    """Give those of the hashes that no photo of a case has; a photo of a report is one of its case."""
    rows = await conn.fetch(
        """
        select sha256 from unnest($2::text[]) as file (sha256)
        where not exists (
            select from case_photo where district_id = $1 and stored_sha256 = file.sha256 collate "C"
        )
        """,
        *(district_id, hashes),
    )
    return {row["sha256"] for row in rows}


async def insert_case_photo(
    conn: Connection,
    *,
    district_id: int,
    case_id: int,
    photo: StoredPhoto,
    stage: PhotoStage,
    by_kind: str,
    by_id: int | None,
    now: datetime,
) -> bool:
    """Note a stored photo; False where the case had it already."""
    done = await conn.execute(
        """
        insert into case_photo (
            district_id, case_id, sha256, stored_sha256, stage, media_type, size, by_kind, by_id, stored_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing
        """,
        *(district_id, case_id, photo.sha256, photo.stored_sha256, stage.value, photo.media_type, photo.size),
        *(by_kind, by_id, now),
    )
    return done == "INSERT 0 1"
