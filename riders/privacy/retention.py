"""Photos whose time is over: their rows at once, their files next, so that none is forgotten."""

from datetime import datetime

from community.privacy.queries import delete_case_photos, list_cases_with_old_photos
from core.database import Connection
from core.privacy.queries import insert_removals
from riders.privacy import queries


async def forget_photos(conn: Connection, *, district_id: int, before: datetime, limit: int) -> int:
    """Delete the photos of some cases that ended before, and list their files for removal; give how many cases."""
    case_ids = await list_cases_with_old_photos(conn, district_id=district_id, before=before, limit=limit)
    hashes = await delete_case_photos(conn, district_id=district_id, case_ids=case_ids)
    await queries.delete_report_photos(conn, district_id=district_id, case_ids=case_ids)
    await insert_removals(conn, district_id=district_id, hashes=hashes)
    return len(case_ids)
