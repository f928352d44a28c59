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
from community.models import Case, Origin
from community.queries import find_category, list_cases_by_id, list_categories
from core.database import Connection
from geo.frame import metres_between
from geo.models import Point

MOST_NEARBY = 5
#: Metres by which rounding to `_DECIMALS` may move a place.
_SLACK_M = 10.0
_DECIMALS = 4


async def find_nearby_cases(
    conn: Connection, *, district_id: int, point: Point, category_code: str | None, now: datetime
) -> tuple[NearbyCase, ...]:
    """Give open cases around a place, nearest first: at most five of the category or one akin to it.

    Without a category the nearest of each, as far as its own rule reaches. Raises `UnknownCategory`.
    """
    rules = await queries.get_rules(conn, district_id=district_id)
    if category_code is None:
        every = await list_categories(conn, district_id=district_id)
        asked: dict[str, tuple[str, ...]] = {category.code: (category.code,) for category in every}
    else:
        await _check_category(conn, district_id=district_id, code=category_code)
        asked = {category_code: rules.akin_to(category_code)}
    reaches = {code: rules.reach_of(code) for code in asked if rules.reach_of(code).radius_m > 0}
    searches = [
        Search(
            case_id=None,
            point=point,
            radius_m=reach.radius_m + _SLACK_M,
            category_codes=asked[code],
            opened_from=now - timedelta(days=reach.within_days),
            opened_to=now,
        )
        for code, reach in reaches.items()
    ]
    near = await queries.list_open_near(conn, district_id=district_id, searches=searches)
    cases = await list_cases_by_id(conn, district_id=district_id, case_ids=[row.case_id for row in near])
    radius_m = [reach.radius_m for reach in reaches.values()]
    within = {row.case_id: radius_m[row.search] for row in near}
    shown = [
        NearbyCase(case.category_code, case.state.text, 10 * round(metres / 10), case.opened_at)
        for case in cases.values()
        if (metres := _metres_to(case, point)) is not None and metres <= within[case.id]
    ]
    shown.sort(key=lambda found: (found.distance_m, found.opened_at))
    if category_code is None:
        codes = [case.category_code for case in shown]
        return tuple(case for place, case in enumerate(shown) if case.category_code not in codes[:place])
    return tuple(shown[:MOST_NEARBY])


async def _check_category(conn: Connection, *, district_id: int, code: str) -> None:
    category = await find_category(conn, district_id=district_id, code=code)
    if category is None or not category.is_active:
        raise UnknownCategory(pointer="/query/category", code=code)


def _metres_to(case: Case, point: Point) -> float | None:
    """Give how far a case is from a point, as closely as anyone may know; None where nobody may."""
    if case.origin is Origin.APPEAL or case.lon is None or case.lat is None:
        return None
    return metres_between(point.lon, point.lat, round(case.lon, _DECIMALS), round(case.lat, _DECIMALS))
