"""What becomes of an honour whose ground falls away later: it is marked as revoked with the reason, never rewritten."""

from datetime import datetime

from community.queries import find_case
from core.database import Connection
from core.errors import Text
from core.events import record_event
from riders.points.honours import queries
from riders.points.models import Ground, PointEntry


async def follow_reversal(
    conn: Connection, *, district_id: int, entry: PointEntry, reversal_id: int, reason: Text, now: datetime
) -> None:
    """Revoke the honour that counted the closed case of `entry`, or give back what `entry`, a reversal, had revoked."""
    if entry.ground is not Ground.CLOSED or entry.case_id is None:
        return
    if entry.points < 0:
        honour_ids = await queries.reinstate_honours(
            conn, district_id=district_id, rider_id=entry.rider_id, entry_id=entry.id
        )
        for honour_id in honour_ids:
            await _record(conn, "honour.reinstated", district_id, honour_id, reversal_id, now)
        return
    case = await find_case(conn, district_id=district_id, case_id=entry.case_id)
    honour_ids = await queries.revoke_honours(
        conn,
        district_id=district_id,
        rider_id=entry.rider_id,
        month=entry.earned_on.replace(day=1),
        area_path=None if case is None else case.area_path,
        entry_id=reversal_id,
        reason=reason,
        now=now,
    )
    for honour_id in honour_ids:
        await _record(conn, "honour.revoked", district_id, honour_id, reversal_id, now)


async def _record(
    conn: Connection, kind: str, district_id: int, honour_id: int, reversal_id: int, now: datetime
) -> None:
    await record_event(
        conn,
        district_id=district_id,
        kind=kind,
        subject="honour",
        subject_id=honour_id,
        actor=None,
        now=now,
        data={"entry_id": reversal_id},
    )
