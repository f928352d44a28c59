"""SQL of duplicates: the rules, the open cases around places, and what people have ruled out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from community.duplicates.models import CategoryReach, Dismissal, DuplicateRules, Reach
from core.database import Connection
from geo.frame import metres_per_degree
from geo.models import Point

#: Strips of latitude that the index `community_case_place` cuts the ground into, for each degree.
_STRIPS_A_DEGREE = 500
#: Beyond so many cases around one place a list helps nobody: the nearest are taken.
_NEAREST = 200


@dataclass(frozen=True, slots=True)
class Search:
    """Where, when and for what to look. `case_id` is left out together with what was dismissed for it."""

    case_id: int | None
    point: Point
    radius_m: float
    category_codes: tuple[str, ...]
    opened_from: datetime
    opened_to: datetime


@dataclass(frozen=True, slots=True)
class Near:
    """An open case that the search with this number (from 0) found."""

    search: int
    case_id: int
    metres: float


async def list_open_near(conn: Connection, *, district_id: int, searches: Sequence[Search]) -> list[Near]:
    """List for each search the open cases within its radius, nearest first; the bounds are included.

    The box of each search is cut into the strips of the index, and within these the metres decide, measured in the
    metric frame that locating uses.
    """
    rows = await conn.fetch(
        """
        select search.n as search, near.id as case_id, near.metres
        from jsonb_to_recordset($2::jsonb) as search (
            n int, case_id bigint, lon float8, lat float8, strips int[], west float8, east float8, east_m float8,
            bend_m float8, north_m float8, radius_m float8, category_codes text[], opened_from timestamptz,
            opened_to timestamptz
        )
        cross join lateral (
            select id, metres from community_case
            cross join lateral (
                select sqrt(
                    power((community_case.lon - search.lon)
                        * (search.east_m - search.bend_m * (community_case.lat - search.lat)), 2)
                    + power((community_case.lat - search.lat) * search.north_m, 2)
                ) as metres
            ) as measured
            where district_id = $1 and closed_at is null and community_case.lat is not null
                and community_case.lat_strip = any(search.strips)
                and community_case.lon between search.west and search.east
                and metres <= search.radius_m
                and category_code = any(search.category_codes)
                and opened_at between search.opened_from and search.opened_to
                and id is distinct from search.case_id
                and not exists (
                    select from duplicate_dismissal
                    where duplicate_dismissal.district_id = $1 and low_id = least(community_case.id, search.case_id)
                        and high_id = greatest(community_case.id, search.case_id)
                )
            order by metres, id limit $3
        ) as near
        order by search.n, near.metres, near.id
        """,
        district_id,
        [_bounds(number, search) for number, search in enumerate(searches)],
        _NEAREST,
    )
    return [Near(**row) for row in rows]


def _bounds(number: int, search: Search) -> dict[str, object]:
    """Give the search with the box around its circle, a little wide so that only the metres cut."""
    point = search.point
    east_m, bend_m, north_m = metres_per_degree(point.lat)
    half_height = search.radius_m * 1.01 / north_m
    half_width = search.radius_m * 1.01 / max(east_m - abs(bend_m) * half_height, 1.0)
    low, high = (math.floor((point.lat + half) * _STRIPS_A_DEGREE) for half in (-half_height, half_height))
    return {
        "n": number,
        "case_id": search.case_id,
        "lon": point.lon,
        "lat": point.lat,
        "strips": list(range(low, high + 1)),
        "west": point.lon - half_width,
        "east": point.lon + half_width,
        "east_m": east_m,
        "bend_m": bend_m,
        "north_m": north_m,
        "radius_m": search.radius_m,
        "category_codes": search.category_codes,
        "opened_from": search.opened_from,
        "opened_to": search.opened_to,
    }


async def list_duplicate_ids(conn: Connection, *, district_id: int, case_id: int) -> list[int]:
    """List the cases that were merged into this one."""
    rows = await conn.fetch(
        "select id from community_case where district_id = $1 and duplicate_of = $2 order by id", district_id, case_id
    )
    return [row["id"] for row in rows]


async def insert_dismissal(
    conn: Connection, *, district_id: int, case_id: int, other_id: int, staff_id: int, now: datetime
) -> bool:
    """Remember that the two are not the same; False when that was known."""
    status = await conn.execute(
        """
        insert into duplicate_dismissal (district_id, low_id, high_id, dismissed_by, dismissed_at)
        values ($1, least($2::bigint, $3::bigint), greatest($2::bigint, $3::bigint), $4, $5)
        on conflict do nothing
        """,
        district_id,
        case_id,
        other_id,
        staff_id,
        now,
    )
    return status == "INSERT 0 1"


async def delete_dismissal(conn: Connection, *, district_id: int, case_id: int, other_id: int) -> bool:
    """Forget that the two are not the same; False when nobody had said so."""
    status = await conn.execute(
        """
        delete from duplicate_dismissal
        where district_id = $1 and low_id = least($2::bigint, $3::bigint)
            and high_id = greatest($2::bigint, $3::bigint)
        """,
        district_id,
        case_id,
        other_id,
    )
    return status == "DELETE 1"


async def list_dismissals(conn: Connection, *, district_id: int, case_id: int) -> list[Dismissal]:
    """List what was found not to be the same as this case, whichever of the two it was said of; newest first."""
    rows = await conn.fetch(
        """
        select case when low_id = $2 then high_id else low_id end as other_id, dismissed_by as staff_id, dismissed_at
        from duplicate_dismissal where district_id = $1 and (low_id = $2 or high_id = $2)
        order by dismissed_at desc, other_id
        """,
        district_id,
        case_id,
    )
    return [Dismissal(**row) for row in rows]


async def get_rules(conn: Connection, *, district_id: int) -> DuplicateRules:
    """Give the rules; the migration has laid the first ones, and the default cannot be taken away."""
    rows = await conn.fetch(
        """
        select category_code, radius_m, within_days from duplicate_rule
        where district_id = $1 order by category_code nulls first
        """,
        district_id,
    )
    pairs = await conn.fetch(
        "select low_code, high_code from related_category where district_id = $1 order by low_code, high_code",
        district_id,
    )
    default, *others = [CategoryReach(row["category_code"], row["radius_m"], row["within_days"]) for row in rows]
    return DuplicateRules(
        default=Reach(default.radius_m, default.within_days),
        categories=tuple(others),
        related=tuple((pair["low_code"], pair["high_code"]) for pair in pairs),
    )


async def lock_rules(conn: Connection, *, district_id: int) -> None:
    """Let one replace the rules after another; whoever reads them meanwhile does not wait."""
    await conn.execute(
        "select from duplicate_rule where district_id = $1 and category_code is null for update", district_id
    )


async def replace_rules(conn: Connection, *, district_id: int, rules: DuplicateRules) -> None:
    await conn.execute(
        "update duplicate_rule set radius_m = $2, within_days = $3 where district_id = $1 and category_code is null",
        district_id,
        rules.default.radius_m,
        rules.default.within_days,
    )
    await conn.execute("delete from duplicate_rule where district_id = $1 and category_code is not null", district_id)
    await conn.execute(
        """
        insert into duplicate_rule (district_id, category_code, radius_m, within_days)
        select $1, own.* from unnest($2::text[], $3::int[], $4::int[]) as own
        """,
        district_id,
        [row.category for row in rules.categories],
        [row.radius_m for row in rules.categories],
        [row.within_days for row in rules.categories],
    )
    await conn.execute("delete from related_category where district_id = $1", district_id)
    await conn.execute(
        """
        insert into related_category (district_id, low_code, high_code)
        select $1, pair.* from unnest($2::text[], $3::text[]) as pair
        """,
        district_id,
        [low for low, _ in rules.related],
        [high for _, high in rules.related],
    )


async def list_category_codes(conn: Connection, *, district_id: int) -> frozenset[str]:
    """Give the codes of all categories, of inactive ones too: their cases may still be open."""
    rows = await conn.fetch("select code from category where district_id = $1", district_id)
    return frozenset(row["code"] for row in rows)
