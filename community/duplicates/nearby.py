"""“Already reported nearby”: what a rider is shown of open cases around a place before he sends a report.

Only what anyone may know, and of the place no more than its nearest ten-thousandth of a degree (some 10 m): distances
are measured to that, so that no number of questions finds it more closely. Residents' appeals are not shown at all,
because where someone asked for help is nobody's business. Keeps nothing of the question.
"""

from datetime import datetime, timedelta

from community.duplicates import queries
from community.duplicates.models import NearbyCase
from community.duplicates.queries import Search
from community.errors import UnknownCategory
from community.models import Origin
from community.queries import find_category, list_cases_by_id
from core.database import Connection
from geo.frame import metres_between
from geo.models import Point

MOST_NEARBY = 5
#: Metres by which rounding to `_DECIMALS` may move a place.
_SLACK_M = 10.0
_DECIMALS = 4


async def find_nearby_cases(
    conn: Connection, *, district_id: int, point: Point, category_code: str, now: datetime
) -> tuple[NearbyCase, ...]:
    """Give at most five open cases of the category or one akin to it, nearest first. Raises `UnknownCategory`."""
    category = await find_category(conn, district_id=district_id, code=category_code)
    if category is None or not category.is_active:
        raise UnknownCategory(pointer="/query/category", code=category_code)
    rules = await queries.get_rules(conn, district_id=district_id)
    reach = rules.reach_of(category_code)
    if reach.radius_m == 0:
        return ()
    search = Search(
        case_id=None,
        point=point,
        radius_m=reach.radius_m + _SLACK_M,
        category_codes=rules.akin_to(category_code),
        opened_from=now - timedelta(days=reach.within_days),
        opened_to=now,
    )
    near = await queries.list_open_near(conn, district_id=district_id, searches=[search])
    cases = await list_cases_by_id(conn, district_id=district_id, case_ids=[row.case_id for row in near])
    shown = []
    for case in cases.values():
        if case.origin is Origin.APPEAL or case.lon is None or case.lat is None:
            continue
        metres = metres_between(point.lon, point.lat, round(case.lon, _DECIMALS), round(case.lat, _DECIMALS))
        if metres <= reach.radius_m:
            shown.append(NearbyCase(case.category_code, case.state.text, 10 * round(metres / 10), case.opened_at))
    return tuple(sorted(shown, key=lambda found: (found.distance_m, found.opened_at))[:MOST_NEARBY])
