"""The sweep that keeps figures current: marked cases are tallied anew, and what changed is added to the sums.

What a case counts for is stored beside the sums and written with them in one transaction, so the sums are exactly those
of the stored cases at every moment, whoever sweeps, however often, however late, whoever is killed.
"""

from datetime import datetime

from community.figures import queries
from community.figures.cells import add_up
from community.figures.models import Tallied
from community.figures.tally import slots_of
from core.database import Connection
from core.queries import get_timezone

#: Few enough that counting them holds up nobody else in this process for long.
MAX_MARKS_PER_SWEEP = 500


async def sweep_figures(conn: Connection, *, district_id: int, now: datetime, limit: int = MAX_MARKS_PER_SWEEP) -> int:
    """Count marked cases anew and give the number of marks worked off; 0 also while another process sweeps.

    Needs a transaction of its own. Call again until it gives 0.
    """
    if not await queries.try_lock_sweep(conn, district_id=district_id):
        return 0
    marks, case_ids = await queries.take_marks(conn, district_id=district_id, limit=limit)
    if not marks:
        return 0
    zone = await get_timezone(conn, district_id=district_id)
    before = await queries.list_tallied(conn, district_id=district_id, case_ids=case_ids)
    after = [
        Tallied(
            case_id=record.case_id,
            opened_on=record.opened_at.astimezone(zone).date(),
            area_path=record.area_path,
            category_code=record.category_code,
            department_id=record.department_id,
            slots=slots_of(record, now),
        )
        for record in await queries.list_records(conn, district_id=district_id, case_ids=case_ids)
    ]
    same = set(before) & set(after)
    gone, come = [case for case in before if case not in same], [case for case in after if case not in same]
    await queries.replace_tallied(conn, district_id=district_id, gone=gone, come=come)
    await queries.add_to_cells(conn, district_id=district_id, sums=add_up(gone, come))
    return marks
