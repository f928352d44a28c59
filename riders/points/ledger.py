"""The ledger: giving points by rule and taking entries back. Rows are only added; the balance is their sum.

Each writer first locks the rider, so caps hold under parallel work; unique indices make every entry and every reversal
one, however often its cause is worked off.
"""

from datetime import datetime

from community.models import Case, Origin
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import Text
from core.models import Event
from core.queries import get_timezone
from riders.points import queries
from riders.points.fairness import why_withheld
from riders.points.honours.standing import follow_reversal
from riders.points.models import EntryDraft, Ground, PointEntry
from riders.points.rules.queries import find_rule


async def give(conn: Connection, *, rider_id: int, ground: Ground, case: Case, event: Event, now: datetime) -> None:
    """Enter what the rule of that time gives for what happened; an entry of 0 says why it gives nothing."""
    rule = await find_rule(
        conn,
        district_id=case.district_id,
        ground=ground,
        category_code=case.category_code,
        at=event.occurred_at,
    )
    if rule is None or not await queries.lock_rider(conn, district_id=case.district_id, rider_id=rider_id):
        return
    zone = await get_timezone(conn, district_id=case.district_id)
    day = event.occurred_at.astimezone(zone).date()
    withheld = await why_withheld(conn, rider_id=rider_id, rule=rule, case=case, day=day, zone=zone)
    reason = Text(f"{rule.zh}（案件 {case.number}）", f"{rule.en} (case {case.number})")
    if withheld is not None:
        reason = Text(f"{reason.zh}：{withheld.text.zh}", f"{reason.en}: {withheld.text.en}")
    await queries.insert_entry(
        conn,
        district_id=case.district_id,
        entry=EntryDraft(
            rider_id=rider_id,
            ground=ground,
            points=0 if withheld else rule.points,
            reason=reason,
            area_path=await _area_of(conn, rider_id=rider_id, case=case, at=event.occurred_at),
            earned_on=day,
            rule_id=rule.id,
            withheld=withheld,
            case_id=case.id,
            report_id=report_of(case, rider_id),
            event_id=event.id,
        ),
        now=now,
    )


async def take_back(
    conn: Connection,
    *,
    district_id: int,
    entry: PointEntry,
    reason: Text,
    now: datetime,
    event_id: int | None = None,
    objection_id: int | None = None,
    by_id: int | None = None,
) -> int | None:
    """Reverse an entry, which may itself be a reversal; None where that has been done already.

    An honour that rested on the entry falls with it, and stands again with the reversal of the reversal.
    """
    await queries.lock_rider(conn, district_id=district_id, rider_id=entry.rider_id)
    reversal_id = await queries.insert_entry(
        conn,
        district_id=district_id,
        entry=EntryDraft(
            rider_id=entry.rider_id,
            ground=entry.ground,
            points=-entry.points,
            reason=reason,
            area_path=entry.area_path,
            earned_on=entry.earned_on,
            case_id=entry.case_id,
            report_id=entry.report_id,
            event_id=event_id,
            reverses=entry.id,
            objection_id=objection_id,
            by_id=by_id,
        ),
        now=now,
    )
    if reversal_id is not None:
        async with acting(conn, Work.CONSEQUENCE):
            await follow_reversal(
                conn, district_id=district_id, entry=entry, reversal_id=reversal_id, reason=reason, now=now
            )
    return reversal_id


def report_of(case: Case, rider_id: int) -> int | None:
    """Give the report a case was opened from, where it was this rider's."""
    is_his = case.origin is Origin.REPORT and case.reporter_kind == "rider" and case.reporter_id == rider_id
    return int(case.origin_ref) if is_his else None


async def _area_of(conn: Connection, *, rider_id: int, case: Case, at: datetime) -> str:
    """Give whose entry this is to answer for: the appointment it was earned under, else where the case lies."""
    appointed = await queries.find_appointed_area(
        conn, district_id=case.district_id, rider_id=rider_id, near=case.area_path, at=at
    )
    return appointed if appointed is not None else case.area_path or ""
