"""Why points are withheld although a rule would pay: caps and the ways of being paid twice for one matter.

Asked while the rider's ledger is locked, so that two events worked off at once are counted one after the other.
"""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from community.models import Case
from core.database import Connection
from geo.frame import metres_between
from riders.points import queries
from riders.points.models import Ground, PointRule, Withheld

SAME_SPOT_M = 50.0
SAME_SPOT_WITHIN = timedelta(hours=24)


async def why_withheld(
    conn: Connection, *, rider_id: int, rule: PointRule, case: Case, day: date, zone: ZoneInfo
) -> Withheld | None:
    """Tell why `rule` gives this rider nothing for this case; None where it pays. `day` is local."""
    is_reporter = case.reporter_kind == "rider" and case.reporter_id == rider_id
    if rule.ground is Ground.VERIFIED and is_reporter:
        return Withheld.OWN_CASE
    if rule.ground is Ground.HELPFUL and await _reported_matter(conn, rider_id=rider_id, case=case):
        return Withheld.OWN_DUPLICATE
    if is_reporter and await _was_paid_at_spot(conn, rider_id=rider_id, ground=rule.ground, case=case, zone=zone):
        return Withheld.SAME_SPOT
    paid = await queries.count_paid_on(
        conn, district_id=case.district_id, rider_id=rider_id, ground=rule.ground, day=day
    )
    return Withheld.DAILY_CAP if paid >= rule.daily_cap else None


async def _reported_matter(conn: Connection, *, rider_id: int, case: Case) -> bool:
    return case.duplicate_of is not None and await queries.has_reported_matter(
        conn,
        district_id=case.district_id,
        rider_id=rider_id,
        original_id=case.duplicate_of,
        duplicate_id=case.id,
    )


async def _was_paid_at_spot(conn: Connection, *, rider_id: int, ground: Ground, case: Case, zone: ZoneInfo) -> bool:
    """Tell whether another case of his within 50 m and 24 hours, before or after, has brought points.

    Looking both ways makes it the same whichever of the two is worked off first: a spot pays once.
    """
    if case.lon is None or case.lat is None:
        return False
    opened_after = case.opened_at - SAME_SPOT_WITHIN
    spots = await queries.list_paid_spots(
        conn,
        district_id=case.district_id,
        rider_id=rider_id,
        ground=ground,
        other_than=case.id,
        category_code=case.category_code,
        paid_from=opened_after.astimezone(zone).date(),
        opened_after=opened_after,
        opened_before=case.opened_at + SAME_SPOT_WITHIN,
    )
    return any(metres_between(case.lon, case.lat, spot.lon, spot.lat) < SAME_SPOT_M for spot in spots)
