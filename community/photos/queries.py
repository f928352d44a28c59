"""SQL of the photos of a case."""

from datetime import datetime

from community.photos.models import CasePhoto, PhotoStage
from core.database import Connection


async def list_case_photos(conn: Connection, *, district_id: int, case_id: int) -> list[CasePhoto]:
    """List the photos of a case in the order in which they came."""
    rows = await conn.fetch(
        """
        select sha256, stage, media_type, size, by_kind, by_id, stored_at from case_photo
        where district_id = $1 and case_id = $2 order by stored_at, sha256
        """,
        district_id,
        case_id,
    )
    return [CasePhoto(**dict(row) | {"stage": PhotoStage(row["stage"])}) for row in rows]


async def insert_case_photo(
    conn: Connection,
    *,
    district_id: int,
    case_id: int,
    sha256: str,
    stage: PhotoStage,
    media_type: str,
    size: int,
    by_kind: str,
    by_id: int | None,
    now: datetime,
) -> bool:
    """Note a stored photo; False where the case had it already."""
    done = await conn.execute(
        """
        insert into case_photo (district_id, case_id, sha256, stage, media_type, size, by_kind, by_id, stored_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing
        """,
        *(district_id, case_id, sha256, stage.value, media_type, size, by_kind, by_id, now),
    )
    return done == "INSERT 0 1"
